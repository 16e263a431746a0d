"""Xygeni: flaws in code, vulnerable dependencies and secrets, each with a report of its own."""

from seamark.intake.parsers.formats.xygeni import code, dependencies, secrets

__all__ = ["code", "dependencies", "secrets"]
