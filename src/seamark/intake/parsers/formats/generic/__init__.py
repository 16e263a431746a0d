"""Findings of tools and people that no other format is for: our own JSON, and the generic JSON and CSV of DefectDojo."""

from seamark.intake.parsers.formats.generic import json, table

__all__ = ["json", "table"]
