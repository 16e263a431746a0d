"""Kiuwan: defects of its code analysis, and vulnerable components of its Insights."""

from seamark.intake.parsers.formats.kiuwan import code, insights

__all__ = ["code", "insights"]
