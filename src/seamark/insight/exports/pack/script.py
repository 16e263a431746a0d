"""The verifier as a file of its own."""

from __future__ import annotations

from importlib.resources import files


def verifier() -> bytes:
    """Return the script that verifies a pack with Python's standard library alone."""
    return files("seamark.insight.exports.pack").joinpath("verifier.py").read_bytes()
