"""Sysdig: its command-line scanner, and the vulnerability reports and runtime events of Sysdig Secure."""

from seamark.intake.parsers.formats.sysdig import reports, runtime, scanner

__all__ = ["reports", "runtime", "scanner"]
