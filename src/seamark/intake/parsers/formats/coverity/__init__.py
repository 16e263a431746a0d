"""Coverity: issues of an analysis as JSON, and views of Coverity Connect."""

from seamark.intake.parsers.formats.coverity import analysis, view

__all__ = ["analysis", "view"]
