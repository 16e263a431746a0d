"""Issues as SARIF 2.1.0, written while they are read: for code scanning and editors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote

import msgspec

from seamark import __version__
from seamark.insight.exports.issues import as_json
from seamark.store.models import Issue
from seamark.store.models.issues import State

TYPE: Final = "application/sarif+json"
_LEVELS: Final = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
_SCORES: Final = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0", "info": "1.0"}
_ORDER: Final = ("info", "low", "medium", "high", "critical")
_LINE: Final = re.compile(r"(.+):([1-9][0-9]{0,8})", re.DOTALL)


def as_sarif(issues: Iterable[Issue], *, complete: bool = True) -> Iterator[bytes]:
    """Write issues as one run: each a result under its rule, with its score and reference as properties."""
    yield b'{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"results":['
    rules: dict[str, str] = {}
    between = b"\n"
    for issue in issues:
        shown = as_json(issue)
        rule = shown["rule"] or shown["kind"]
        worst = max(rules.get(rule, "info"), shown["severity"], key=_rank)
        rules[rule] = worst
        yield between + msgspec.json.encode(_result(issue, shown, rule))
        between = b",\n"
    # The rules stand behind the results: only now is it known which there are.
    driver = {"name": "Seamark", "version": __version__, "rules": [_rule(name, word) for name, word in rules.items()]}
    rest = {"tool": {"driver": driver}, "properties": {"complete": complete}}
    yield b"\n]," + msgspec.json.encode(rest)[1:] + b"]}\n"


def _rank(word: str) -> int:
    return _ORDER.index(word) if word in _ORDER else 0


def _rule(name: str, severity: str) -> dict[str, Any]:
    return {"id": name, "properties": {"security-severity": _SCORES.get(severity, "0.0"), "tags": ["security"]}}


def _result(issue: Issue, shown: dict[str, Any], rule: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": rule,
        "level": _LEVELS.get(shown["severity"], "none"),
        "message": {"text": f"{shown['title'] or rule}: {shown['reason']}" if shown["reason"] else shown["title"] or rule},
        "locations": [_location(issue.place or issue.component)],
        "partialFingerprints": {"seamarkIssue/v1": shown["id"]},
        "rank": shown["risk"],
        "properties": {
            name: shown[name]
            for name in ("id", "risk", "priority", "severity", "kind", "application", "state", "component", "kev", "owner", "due")
        },
    }  # fmt: skip
    if issue.state == State.DISMISSED:
        # What nobody with the right has confirmed counts at gates, and so it does for whoever reads this.
        status = "underReview" if issue.dismissal_unconfirmed else "accepted"
        found["suppressions"] = [{"kind": "external", "status": status, "justification": issue.resolution}]
    return found


def _location(place: str) -> dict[str, Any]:
    split = _LINE.fullmatch(place)
    path, line = (split[1], int(split[2])) if split and not place.startswith(("http://", "https://")) else (place, 0)
    uri = quote(path, safe="/._-~" if "://" not in path else "/._-~:?&=%#+,;@[]()")
    # A relative address must not begin with what looks like a host.
    artifact: dict[str, Any] = {"artifactLocation": {"uri": uri.lstrip("/") or "."}}
    if line:
        artifact["region"] = {"startLine": line}
    return {"physicalLocation": artifact}
