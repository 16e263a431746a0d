"""Mozilla HTTP Observatory: tests of a site's headers, of the first interface and of MDN's; JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Location,
    Probe,
    Run,
    Severity,
    UnreadableReport,
    WebLocation,
    first_line,
    json_object,
    moment,
    parser,
    variant,
)


class Outcome(Struct):
    passed: bool = field(name="pass")
    result: str
    name: str | None = ""
    expectation: str | None = ""
    score_description: str | None = ""
    score_modifier: int | None = None
    description: str | None = field(name="scoreDescription", default="")
    modifier: int | None = field(name="scoreModifier", default=None)
    title: str | None = ""
    recommendation: str | None = ""
    output: Any = None
    destination: str | None = ""
    route: list[str] | None = None


class Scan(Struct):
    state: str | None = ""
    error: str | None = ""
    end_time: str | None = ""
    scanned_at: str | None = field(name="scannedAt", default="")
    algorithm_version: int | str | None = None


class Report(Struct):
    tests: dict[str, Outcome]
    scan: Scan | None = None


def _is_tests(tests: Any) -> bool:
    return (
        isinstance(tests, dict)
        and bool(tests)
        and all(isinstance(row, dict) and {"pass", "result", "expectation"} <= row.keys() for row in tests.values())
    )


def _is_alone(probe: Probe) -> bool:
    key = next(iter(probe.keys), "")
    if not (probe.has(f"{key}.pass") and probe.has(f"{key}.expectation")):
        return False
    return all(
        probe.has(f"{name}.pass") and probe.has(f"{name}.score_description") for name in probe.keys if "." not in name
    )


@parser(
    "mozilla-observatory",
    title="Mozilla Observatory",
    kind=Kind.WEB,
    looks=json_object("scan", "tests", where=lambda probe: _is_tests(probe.get("tests"))),
    made_with="npx @mdn/mdn-http-observatory-scan example.com",
    url="https://developer.mozilla.org/en-US/observatory",
    versions="both interfaces",
)
def read(report: Report) -> Iterator[Item]:
    scan = report.scan or Scan()
    state = (scan.state or "").upper()
    if scan.error or state in {"FAILED", "ABORTED"}:
        raise UnreadableReport(f"The scan failed: {scan.error or state}")
    yield Run(
        tool="Mozilla Observatory",
        successful=True if state == "FINISHED" else None,
        ruleset=frozenset(report.tests),
        finished=moment((scan.end_time or "").removesuffix(" GMT") or scan.scanned_at),
    )
    yield from _findings(report.tests)


@variant("mozilla-observatory", looks=json_object(where=_is_alone))
def read_tests(tests: dict[str, Outcome]) -> Iterator[Item]:
    """Read what the first interface answers about a scan: its tests alone, maybe only those that failed."""
    yield Run(tool="Mozilla Observatory")
    yield from _findings(tests)


def _findings(tests: dict[str, Outcome]) -> Iterator[Finding]:
    location = _site(tests.get("redirection"))
    for name, outcome in tests.items():
        if not outcome.passed:
            yield _finding(name, outcome, location)


def _site(redirection: Outcome | None) -> Location | None:
    """Return the site, which only the test of its redirection names."""
    if redirection is None:
        return None
    said = redirection.output if isinstance(redirection.output, dict) else {}
    url = redirection.destination or said.get("destination")
    return WebLocation(url=url) if isinstance(url, str) and url else None


def _finding(name: str, outcome: Outcome, location: Location | None) -> Finding:
    modifier = outcome.score_modifier if outcome.score_modifier is not None else outcome.modifier
    text = outcome.score_description or outcome.description or outcome.result
    title = first_line(text, 200)
    return Finding(
        rule=name,
        title=title,
        severity=_severity(modifier),
        severity_given="" if modifier is None else str(modifier),
        location=location,
        description="\n".join(line for line in (text if text != title else "", f"Result: {outcome.result}") if line),
        remedy=outcome.recommendation or (f"Expected: {outcome.expectation}" if outcome.expectation else ""),
    )


def _severity(modifier: int | None) -> Severity:
    """Return the severity for what a failed test takes off the score of 100."""
    if modifier is None:
        return Severity.MEDIUM
    if modifier <= -50:
        return Severity.HIGH
    return Severity.MEDIUM if modifier <= -20 else Severity.LOW if modifier < 0 else Severity.INFO
