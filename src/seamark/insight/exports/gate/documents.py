"""The outcome of a gate for other tools: SARIF, JUnit, GitLab's Code Quality, JSON."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from html import escape
from typing import Any, Final
from urllib.parse import quote

import msgspec

from seamark import __version__
from seamark.insight.exports.gate.outcome import Breach, Outcome, by_policy, place, sentence, undecided_facts, words
from seamark.insight.exports.markup import for_xml

_LEVELS: Final = {"block": "error", "warn": "warning"}
_SCORES: Final = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0", "info": "1.0"}
_QUALITY: Final = {"critical": "blocker", "high": "critical", "medium": "major", "low": "minor", "info": "info"}
_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


def fingerprint(breach: Breach) -> str:
    """Return what tells a breach apart, the same from run to run while the issue is the same."""
    return hashlib.sha256(f"{breach.policy}\0{breach.subject}\0{breach.ref}".encode("utf-8", "replace")).hexdigest()


def shown(outcome: Outcome) -> list[Breach]:
    """Return the breaches that other tools are told of: those that block or warn, each once."""
    seen = {fingerprint(one): one for one in reversed(outcome.breaches) if one.effect in _LEVELS}
    return list(reversed(seen.values()))


def as_json(outcome: Outcome) -> str:
    """Return the outcome as one line of JSON with sorted keys."""
    return _ENCODER.encode(outcome).decode() + "\n"


def sarif(outcome: Outcome) -> str:
    """Return the outcome as SARIF 2.1.0: policies are the rules, breaches that block or warn the results."""
    rules = {one.name: number for number, one in enumerate(outcome.policies)}
    run = {
        "tool": {"driver": {
            "name": "Seamark gate", "version": __version__, "semanticVersion": __version__,
            "rules": [
                {
                    "id": one.name,
                    "shortDescription": {"text": one.description or one.name},
                    "fullDescription": {"text": one.explanation or one.description or one.name},
                    "help": {"text": one.remediation or one.description or one.name},
                    "properties": {"security-severity": _SCORES.get(one.severity, "5.5"), "tags": ["security", "policy"], "mode": one.mode},
                }
                for one in outcome.policies
            ],
        }},
        "automationDetails": {"id": f"seamark-gate/{outcome.stage}/"},
        "properties": {
            "outcome": outcome.outcome, "bundle": outcome.bundle, "commit": outcome.commit, "facts": outcome.facts, "summary": sentence(outcome),
        },
        "results": [_result(one, rules) for one in shown(outcome)],
    }  # fmt: skip
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(log), indent=1).decode() + "\n"


def _result(one: Breach, rules: dict[str, int]) -> dict[str, Any]:
    # Code scanning needs a place: what has none stands for the whole repository.
    artifact: dict[str, Any] = {"artifactLocation": {"uri": quote(one.path or ".", safe="/._-~")}}
    if one.line:
        artifact["region"] = {"startLine": one.line, "endLine": max(one.end_line, one.line)}
    found: dict[str, Any] = {
        "ruleId": one.policy, "level": _LEVELS[one.effect], "message": {"text": _words(one)},
        "locations": [{"physicalLocation": artifact}],
        "partialFingerprints": {"seamarkIssue/v1": fingerprint(one)},
        "properties": {"issue": one.ref, "decided": one.decided},
    }  # fmt: skip
    if one.policy in rules:
        found["ruleIndex"] = rules[one.policy]
    return found


def _words(one: Breach) -> str:
    said = words(one) or one.ref
    unknown = f" Not known: {undecided_facts([one])}." if not one.decided else ""
    return f"{said}{unknown}" + (f" Fix: {one.fix}." if one.fix else "")


def junit(outcome: Outcome) -> str:
    """Return the outcome as JUnit XML: a test case a policy; what blocks fails, what was not decided is an error."""
    breaches = dict(by_policy(shown(outcome)))
    cases = []
    failures = errors = 0
    for asked in outcome.policies:
        several = breaches.get(asked.name, [])
        blocking = [one for one in several if one.effect == "block" and one.decided]
        unsure = [one for one in several if one.effect == "block" and not one.decided]
        told = [one for one in several if one.effect == "warn"]
        inner = ""
        if blocking:
            failures += 1
            inner = _element("failure", f"{len(blocking)} violations", blocking)
        elif unsure:
            errors += 1
            inner = _element("error", f"not known: {undecided_facts(unsure)}", unsure)
        if told:
            inner += f"<system-out>{_xml(_listed(told))}</system-out>"
        cases.append(
            f'<testcase classname="seamark.{_attribute(asked.severity)}" name={_quoted(asked.name)} time="0">{inner}</testcase>'
        )
    head = f'<testsuite name="seamark gate" tests="{len(cases)}" failures="{failures}" errors="{errors}" skipped="0" timestamp={_quoted(outcome.at[:19])}>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>{head}\n' + "\n".join(cases) + "\n</testsuite></testsuites>\n"  # fmt: skip


def _element(name: str, message: str, breaches: Iterable[Breach]) -> str:
    return f"<{name} message={_quoted(message)}>{_xml(_listed(breaches))}</{name}>"


def _listed(breaches: Iterable[Breach]) -> str:
    return "\n".join(f"{one.issue_severity or one.severity} {place(one)} {_words(one)} [{one.ref}]" for one in breaches)


def _xml(text: str) -> str:
    return escape(for_xml(text, "?"), quote=False)


def _quoted(text: str) -> str:
    return f'"{escape(for_xml(text, "?").replace(chr(10), " "))}"'


def _attribute(text: str) -> str:
    return re.sub(r"[^a-z]", "", text)


def code_quality(outcome: Outcome) -> str:
    """Return what blocks or warns as a GitLab Code Quality report."""
    found = [
        {
            "description": _words(one), "check_name": one.policy, "fingerprint": fingerprint(one),
            "severity": _QUALITY.get(one.issue_severity or one.severity, "major"),
            "location": {"path": one.path or ".", "lines": {"begin": max(one.line, 1)}},
        }
        for one in shown(outcome)
    ]  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(found), indent=1).decode() + "\n"


def gitlab_sast(outcome: Outcome) -> str:
    """Return what blocks or warns and stands in a file as a GitLab SAST report (schema 15)."""
    seamark = {"id": "seamark-gate", "name": "Seamark gate", "version": __version__, "vendor": {"name": "Seamark"}}
    moment = outcome.at[:19]
    found = [
        {
            "id": fingerprint(one), "name": (one.title or one.policy)[:255], "description": _words(one),
            "severity": (one.issue_severity or one.severity).capitalize(), "solution": one.fix,
            "location": {"file": one.path, "start_line": max(one.line, 1), "end_line": max(one.end_line, one.line, 1)},
            "identifiers": [{"type": "seamark_policy", "name": f"Policy {one.policy}", "value": one.policy}],
        }
        for one in shown(outcome) if one.path and one.line
    ]  # fmt: skip
    report = {
        "version": "15.2.1",
        "scan": {"analyzer": seamark, "scanner": seamark, "type": "sast", "start_time": moment, "end_time": moment, "status": "success"},
        "vulnerabilities": found,
    }  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(report), indent=1).decode() + "\n"
