"""Prowler: checks of cloud accounts, clusters and SaaS; OCSF and native JSON, CSV of versions 2 to 5."""

from seamark.intake.parsers.formats.prowler import json, old, table

__all__ = ["json", "old", "table"]
