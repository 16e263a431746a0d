"""Fortify: project results (FPR, and the FVDL inside) and the XML of its reports."""

from seamark.intake.parsers.formats.fortify import fvdl, report

__all__ = ["fvdl", "report"]
