"""Qualys: flaws of hosts; the XML and CSV of scan-based and host-based reports, VMDR's CSV, and Hacker Guardian's CSV."""

from seamark.intake.parsers.formats.qualys import assets, guardian, scan, tables

__all__ = ["assets", "guardian", "scan", "tables"]
