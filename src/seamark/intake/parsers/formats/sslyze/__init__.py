"""SSLyze: protocols, ciphers, certificates and flaws of TLS services; JSON of versions 3 to 6, XML of 1 and 2."""

from seamark.intake.parsers.formats.sslyze import json  # isort: skip - declares the format
from seamark.intake.parsers.formats.sslyze import xml

__all__ = ["json", "xml"]
