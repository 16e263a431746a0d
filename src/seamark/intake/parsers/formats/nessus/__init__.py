"""Nessus and Tenable: flaws of hosts and web applications; .nessus (XML version 2), and the CSV of Nessus, Tenable.io and Tenable.sc."""

from seamark.intake.parsers.formats.nessus import xml  # isort: skip - declares the format
from seamark.intake.parsers.formats.nessus import table

__all__ = ["table", "xml"]
