"""Sysdig: its command-line scanner and the vulnerability reports of Sysdig Secure."""

from seamark.intake.parsers.formats.sysdig import reports, scanner

__all__ = ["reports", "scanner"]
