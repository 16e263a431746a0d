"""What all forms of Qualys have in common: its scale of five, its kinds of detections, its ratings."""

from __future__ import annotations

import re
from functools import lru_cache

from seamark.intake.parsers.kit import Confidence, Cvss, Severity, cvss

LEVELS = {
    "1": Severity.INFO,
    "2": Severity.LOW,
    "3": Severity.MEDIUM,
    "4": Severity.HIGH,
    "5": Severity.CRITICAL,
}
"""Qualys calls them minimal, medium, serious, critical and urgent."""
STATES = {"fixed": "absent", "new": "new", "active": "unchanged", "re-opened": "updated", "reopened": "updated"}
_RATING = re.compile(r"^\s*(\d{1,2}(?:\.\d+)?)?\s*\(?((?:AV|CVSS)[^)\s]*)?\)?\s*$")


def level(text: str) -> Severity:
    """Return the severity for Qualys's level from 1 to 5."""
    return LEVELS.get(text.strip(), Severity.MEDIUM)


def certainty(kind: str) -> Confidence | None:
    """Return how sure Qualys is: of what it calls potential (a practice) it is not."""
    word = kind.strip().lower()
    if word.startswith(("practice", "potential")):
        return Confidence.LOW
    return Confidence.HIGH if word.startswith(("vuln", "confirmed")) else None


@lru_cache(maxsize=8192)
def rating(text: str, version: str) -> Cvss | None:
    """Return the rating in `9.3 (AV:N/AC:M/Au:N/C:C/I:C/A:C)`, or in a number alone; `version` is `2` or `3`."""
    found = _RATING.match(text)
    if found is None:
        return None
    score, vector = found[1] or "", found[2] or ""
    if vector.startswith("AV:") and version == "3":
        vector = f"CVSS:3.1/{vector}"
    made = cvss(vector, score)
    if made is None or made.version:
        return made
    return Cvss(score=made.score, version="2.0" if version == "2" else "")
