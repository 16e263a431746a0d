"""What all of Burp's reports share: rules, severities, and the entry point in brackets behind an address."""

from __future__ import annotations

import re
from functools import lru_cache

from seamark.intake.parsers.formats._web import links, plain
from seamark.intake.parsers.kit import (
    Finding,
    Location,
    Rule,
    Severity,
    Suppression,
    Verification,
    WebLocation,
    cwe_ids,
)
from seamark.intake.parsers.kit import confidence as confidence_of
from seamark.intake.parsers.kit import severity as severity_of

_ENTRY = re.compile(r"^(?P<path>.*?)\s*\[(?P<entry>[^\[\]]+)\]\s*$", re.DOTALL)
_SORT = re.compile(r"\s+(?:(?:JSON|XML|body|URL|multipart)\s+)?(?:parameter|cookie|HTTP header|header|attribute)$")
_CAPEC = re.compile(r"CAPEC-\d+")
_REQUEST_LINE = re.compile(r"([A-Z]{3,10}) ")


@lru_cache(maxsize=16384)
def entry_point(text: str) -> tuple[str, str]:
    """Return path and parameter of a text such as `/login [username parameter]`."""
    found = _ENTRY.match(text)
    if found is None:
        return text.strip(), ""
    return found["path"].strip(), _SORT.sub("", found["entry"].strip())


@lru_cache(maxsize=4096)
def rule(identifier: str, name: str, background: str, remedy: str, sources: str, classes: str) -> Rule:
    """Return the shared rule of an issue type; all texts may be HTML."""
    return Rule(
        id=identifier or name,
        name=name,
        title=name,
        description=plain(background),
        remedy=plain(remedy),
        cwes=cwe_ids(classes),
        tags=tuple(dict.fromkeys(_CAPEC.findall(classes))),
        references=links(sources) or links(background),
    )


def graded(word: str) -> tuple[Severity, Suppression | None, Verification | None]:
    """Return severity, suppression and verification: a false positive is a severity of its own."""
    if word.strip().lower().replace("_", " ") == "false positive":
        return Severity.INFO, Suppression(origin="tool", justification="false positive"), Verification.REFUTED
    return severity_of(word), None, None


def method_of(request: str) -> str:
    """Return the method of a request's first line, where it has one."""
    found = _REQUEST_LINE.match(request)
    return found[1] if found else ""


def web(url: str, method: str = "", parameter: str = "") -> Location | None:
    return WebLocation(url=url, method=method.upper(), parameter=parameter) if url else None


__all__ = ["Finding", "confidence_of", "entry_point", "graded", "method_of", "rule", "web"]
