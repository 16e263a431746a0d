"""Words that Coverity's analysis and its server share."""

from __future__ import annotations

from functools import lru_cache

from seamark.intake.parsers.kit import Severity, Suppression, severity

_SET_ASIDE = {"false positive", "intentional", "no test needed"}


@lru_cache(maxsize=64)
def impact(word: str | None) -> Severity:
    """Return the severity for an impact; `Audit` marks what somebody should look at."""
    return Severity.INFO if (word or "").lower() == "audit" else severity(word or None)


def verdict(classification: str | None, action: str | None, comment: str = "") -> Suppression | None:
    """Return the decision against an issue, where its classification or action is one."""
    for word in (classification or "", action or ""):
        if word.lower() in _SET_ASIDE or word.lower() == "ignore":
            return Suppression(origin="tool", justification="\n".join(part for part in (word, comment) if part))
    return None
