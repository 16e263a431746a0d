"""Words of SonarQube that all its reports share."""

from __future__ import annotations

import html
import re
from functools import lru_cache

from seamark.intake.parsers.kit import Component, Kind, Rule, Severity, Suppression, cwe_ids, references, severity

_SEVERITIES = {
    "BLOCKER": Severity.CRITICAL,
    "CRITICAL": Severity.HIGH,
    "MAJOR": Severity.MEDIUM,
    "MINOR": Severity.LOW,
    "INFO": Severity.INFO,
}
_FIXED = {"FIXED", "REMOVED", "CLOSED"}
_SET_ASIDE = {
    "FALSE-POSITIVE": "false positive",
    "FALSE_POSITIVE": "false positive",
    "WONTFIX": "won't fix",
    "ACCEPTED": "accepted",
    "SAFE": "safe",
    "ACKNOWLEDGED": "acknowledged",
}
_TAG = re.compile(r"<[^<>]{0,2000}>")
_BLANK_LINES = re.compile(r"\n\s*\n\s*\n+")
_LINK = re.compile(r"""href=["'](https?://[^"'\s]+)""")
_DEPENDENCY = re.compile(r"Filename: ([^|]+?)\s*(?:\||$)")
_ID = re.compile(r"Reference: ([^|\s]+)")
_SCORE = re.compile(r"CVSS Score: ([\d.]+)")


@lru_cache(maxsize=64)
def grade(word: str | None) -> Severity:
    """Return the severity for a word of SonarQube's: its old scale calls the second highest critical."""
    text = (word or "").upper()
    return _SEVERITIES.get(text) or severity(text or None)


def is_fixed(status: str | None, resolution: str | None) -> bool:
    """Tell whether an issue is gone from the code."""
    return (resolution or "").upper() in _FIXED or (not resolution and (status or "").upper() in _FIXED)


def set_aside(status: str | None, resolution: str | None) -> Suppression | None:
    """Return the decision of a person against an issue or hotspot, where there is one."""
    said = _SET_ASIDE.get((resolution or "").upper()) or _SET_ASIDE.get((status or "").upper())
    return Suppression(origin="tool", justification=said) if said else None


@lru_cache(maxsize=4096)
def about(key: str, name: str, description: str, tags: tuple[str, ...] = ()) -> Rule:
    """Return what is said once of a rule; its description may be HTML."""
    return Rule(
        id=key,
        title=name,
        description=plain(description),
        cwes=cwe_ids(description) if description else (),
        tags=tags,
        references=references(tuple(html.unescape(link) for link in _LINK.findall(description))),
    )


def plain(text: str) -> str:
    """Return the text of a piece of HTML."""
    if "<" not in text and "&" not in text:
        return text.strip()
    return _BLANK_LINES.sub("\n\n", html.unescape(_TAG.sub("", text))).strip()


def kind_of(rule: str, kind: str | None) -> Kind:
    """Return the kind of an issue: the analyzers for secrets and for infrastructure write into the same list."""
    repository = rule.partition(":")[0].lower()
    if repository == "secrets":
        return Kind.SECRET
    if repository in {"terraform", "cloudformation", "kubernetes", "docker", "azureresourcemanager", "ansible"}:
        return Kind.MISCONFIGURATION
    return Kind.DEPENDENCY if rule.startswith("OWASP:") or (kind or "").upper() == "SCA_ISSUE" else Kind.CODE


def dependency(message: str) -> tuple[Component | None, str, float | None]:
    """Return package, vulnerability id and score of a message of the dependency-check plug-in, as far as it says them."""
    found, named, scored = _DEPENDENCY.search(message), _ID.search(message), _SCORE.search(message)
    component = None
    if found:
        name, _, version = found[1].rpartition(":")
        component = Component(name=name or version, version=version if name else "")
    try:
        score = float(scored[1]) if scored else None
    except ValueError:
        score = None
    return component, named[1] if named else "", score
