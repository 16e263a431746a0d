"""Checkmarx: SAST of the server (XML), CxFlow, OSA, and Checkmarx One with all its engines."""

from seamark.intake.parsers.formats.checkmarx import cxflow, one, one_report, osa, sast

__all__ = ["cxflow", "one", "one_report", "osa", "sast"]
