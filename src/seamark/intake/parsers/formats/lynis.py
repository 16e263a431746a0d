"""Lynis: audits of hosts; its report file."""

from __future__ import annotations

from collections.abc import Iterator

from seamark.intake.parsers.formats._hosts import said
from seamark.intake.parsers.kit import (
    Component,
    Finding,
    HostLocation,
    Item,
    Kind,
    Probe,
    Run,
    Severity,
    Text,
    moment,
    parser,
    references,
)

_LEVELS = {"warning[]": Severity.MEDIUM, "suggestion[]": Severity.LOW, "vulnerable_package[]": Severity.HIGH}


def _is_report(probe: Probe) -> bool:
    head = probe.source.head(8192)
    return probe.form in {"text", "csv"} and b"report_version_major=" in head and b"lynis_version=" in head


@parser(
    "lynis",
    title="Lynis",
    kind=Kind.MISCONFIGURATION,
    looks=_is_report,
    made_with="lynis audit system --report-file lynis.dat",
    url="https://cisofy.com/documentation/lynis/#reporting",
    versions="2.4 to 3.1",
)
def read(text: Text) -> Iterator[Item]:
    facts: dict[str, str] = {}
    rows: dict[tuple[str, str], None] = {}
    problems: list[str] = []
    for line in text:
        name, sign, value = line.partition("=")
        if not sign or line.startswith("#"):
            continue
        if name in _LEVELS:
            # Lynis writes what it has found while it runs, and once more at its end.
            rows[name, value] = None
        elif name == "exception_event[]":
            problems.append(value.strip("|").replace("|", ": "))
        else:
            facts[name] = value
    done = facts.get("tests_executed", "")
    ended = facts.get("report_datetime_end", "")
    yield Run(
        tool="Lynis",
        version=facts.get("lynis_version", ""),
        successful=True if ended or facts.get("finish") == "true" else None,
        problems=tuple(dict.fromkeys(problems))[:50],
        ruleset=frozenset(test for test in done.split("|") if test) or None,
        started=moment(facts.get("report_datetime_start", "")),
        finished=moment(ended),
    )
    host = facts.get("hostname", "")
    for name, value in rows:
        yield _finding(name, value.split("|"), host)


def _finding(name: str, parts: list[str], host: str) -> Finding:
    location = HostLocation(host=host) if host else None
    if name == "vulnerable_package[]":
        package, version = parts[0], parts[1] if len(parts) > 1 else ""
        return Finding(
            rule="PKGS-7392",
            title=f"Vulnerable package: {package}",
            severity=_LEVELS[name],
            severity_given="vulnerable_package",
            kind=Kind.HOST,
            location=location,
            component=Component(name=package, version=said(version)),
        )
    test, message, details, solution = (*parts, "", "", "", "")[:4]
    return Finding(
        rule=test,
        title=message or test,
        severity=_LEVELS[name],
        severity_given=name.removesuffix("[]"),
        location=location,
        description=said(details),
        remedy=said(solution).removeprefix("text:"),
        references=references(f"https://cisofy.com/lynis/controls/{test}/" if test.count("-") == 1 else ""),
    )
