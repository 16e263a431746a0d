"""Clair 2 and 4: the reports of Clair itself, clair-scanner, Klar, clairctl and Quay's API."""

from seamark.intake.parsers.formats.clair import report, scanners

__all__ = ["report", "scanners"]
