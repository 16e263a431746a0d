"""Severity as every tool's scale is mapped to it."""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    """Five steps; the number orders them (5 is worst) and is what the database stores."""

    INFO = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5

    @property
    def word(self) -> str:
        """The word in lower case, as in JSON and in the query language."""
        return self.name.lower()

    @classmethod
    def from_word(cls, word: str) -> Severity:
        """Return the severity of `critical`, `high`, `medium`, `low` or `info`. Raises `KeyError`."""
        return cls[word.upper()]

    @classmethod
    def from_cvss(cls, score: float) -> Severity:
        """Return the band of a CVSS base score from 0.0 to 10.0 (CVSS 3.1 specification, section 5)."""
        for floor, severity in CVSS_BANDS:
            if score >= floor:
                return severity
        return cls.INFO


CVSS_BANDS = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW))
