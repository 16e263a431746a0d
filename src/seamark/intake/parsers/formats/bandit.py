"""Bandit: weaknesses in Python code; JSON, XML and CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import Raw, Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Csv,
    Finding,
    Item,
    Kind,
    Probe,
    Reading,
    Rule,
    Run,
    UnreadableReport,
    Xml,
    confidence,
    csv_header,
    cwe_ids,
    first_line,
    json_object,
    moment,
    parser,
    references,
    severity,
    variant,
    xml_root,
)

_NUMBER = re.compile(r"^\d+[ \t]?", re.MULTILINE)
_PASSWORD = re.compile(r"password: '(.+)'$", re.DOTALL)
_PASSWORD_TESTS = {"B105", "B106", "B107"}
_IN_XML = re.compile(r"Test ID: (?P<test>\S+) Severity: (?P<severity>\S+) Confidence: (?P<confidence>\S+)")
_CWE_IN_XML = re.compile(r"^CWE: (.*)$", re.MULTILINE)
_PLACE_IN_XML = re.compile(r"Location (?P<path>.*):(?P<line>\d+)\s*$")


class Cwe(Struct):
    id: int | str = 0
    link: str = ""


class Result(Struct):
    filename: str
    test_id: str
    issue_text: str
    issue_severity: str
    line_number: int | None = None
    issue_confidence: str = ""
    test_name: str = ""
    issue_cwe: Cwe | None = None
    code: str | None = ""
    line_range: list[int] | None = None
    col_offset: int = -1
    end_col_offset: int | None = None
    more_info: str | None = ""


class Severity(Struct):
    issue_severity: str


class Failure(Struct):
    filename: str = ""
    reason: str = ""


class Report(Struct):
    results: Raw
    metrics: dict[str, dict[str, Any]]
    errors: list[Failure] = field(default_factory=list)
    generated_at: str = ""


def _is_json(probe: Probe) -> bool:
    if probe.get("results.0"):
        return bool(probe.get("results.0.test_id"))
    return probe.get("results") == [] and bool(probe.get("metrics._totals"))


@parser(
    "bandit",
    title="Bandit",
    kind=Kind.CODE,
    looks=json_object("results", "metrics", where=_is_json),
    made_with="bandit -r . -f json -o bandit.json",
    url="https://bandit.readthedocs.io/en/latest/formatters/json.html",
    versions="1.4 to 1.9",
    lift=("results",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    problems = [f"{failure.filename}: {failure.reason}" for failure in report.errors]
    totals = report.metrics.get("_totals", {})
    for key, text in (("nosec", "lines"), ("skipped_tests", "tests on single lines")):
        if isinstance(count := totals.get(key), int | float) and count:
            problems.append(f"{int(count)} {text} set aside by #nosec")
    failed = {failure.filename for failure in report.errors}
    if left_out := _left_out(totals, sum(1 for _ in reading.rows(report.results, Severity, where="$.results"))):
        problems.insert(0, f"{left_out} issues were found but left out of the report")
    yield Run(
        tool="Bandit",
        successful=True,
        complete=not report.errors and not left_out,
        problems=tuple(problems[:50]),
        scope=tuple(path for path in report.metrics if path != "_totals" and path not in failed),
        finished=moment(report.generated_at),
    )
    for result in reading.rows(report.results, Result, where="$.results"):
        yield _finding(result)


def _left_out(totals: dict[str, Any], listed: int) -> int:
    """Return how many issues a filter (-l, -i, --baseline) kept out of the report: the totals are counted before it."""
    counts = [count for key, count in totals.items() if key.startswith("SEVERITY.")]
    found = sum(count for count in counts if isinstance(count, int | float))
    return max(0, int(found) - listed)


def _finding(result: Result) -> Finding:
    cwes = cwe_ids(result.issue_cwe.id) if result.issue_cwe else ()
    lines = result.line_range or []
    title = first_line(result.issue_text)
    return Finding(
        rule=result.test_id,
        title=title,
        severity=severity(result.issue_severity),
        severity_given=result.issue_severity,
        kind=Kind.SECRET if result.test_id in _PASSWORD_TESTS else None,
        location=CodeLocation(
            path=result.filename,
            line=result.line_number,
            column=result.col_offset + 1 if result.col_offset >= 0 else None,
            end_line=max(lines) if lines else None,
            end_column=result.end_col_offset + 1
            if result.end_col_offset is not None and result.end_col_offset >= 0
            else None,
            snippet_line=None
            if result.test_id in _PASSWORD_TESTS
            else _first_number(result.code or "", result.line_number),
            snippet=_snippet(result.code or "", lines if result.test_id in _PASSWORD_TESTS else []),
        ),
        about=_about(result.test_id, result.test_name, cwes, result.more_info or ""),
        description="" if result.issue_text.strip() == title else result.issue_text,
        confidence=confidence(result.issue_confidence),
        cwes=cwes,
        secret=_password(result.test_id, result.issue_text),
    )


def _first_number(code: str, line: int | None) -> int | None:
    """Return the number printed before the first line of code, None where that is the finding's own line."""
    number = code.lstrip().split(" ", 1)[0]
    return int(number) if number.isdigit() and int(number) != line else None


def _snippet(code: str, only: list[int]) -> str:
    """Return the code without its line numbers; of places with passwords no other lines, which may hold more of them."""
    if only:
        numbers = tuple(f"{number} " for number in only)
        code = "\n".join(line for line in code.split("\n") if line.startswith(numbers)) or ""
    return _NUMBER.sub("", code).rstrip("\n")


@lru_cache(maxsize=2048)
def _about(test: str, name: str, cwes: tuple[int, ...], link: str) -> Rule:
    return Rule(id=test, name=name, cwes=cwes, references=references(link))


def _password(test: str, text: str) -> str:
    """Return the password that the tests for hard-coded ones repeat in their message."""
    found = _PASSWORD.search(text) if test in _PASSWORD_TESTS else None
    return found[1] if found else ""


class Row(Struct):
    filename: str
    test_id: str
    issue_text: str
    issue_severity: str
    line_number: int
    issue_confidence: str = ""
    test_name: str = ""
    issue_cwe: str = ""
    line_range: str = ""
    col_offset: str = ""
    end_col_offset: str = ""
    more_info: str = ""


@variant("bandit", looks=csv_header("filename", "test_name", "test_id", "issue_severity", "issue_confidence"))
def read_csv(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="Bandit")
    for row in rows:
        yield _finding(
            Result(
                filename=row.filename,
                test_id=row.test_id,
                issue_text=row.issue_text,
                issue_severity=row.issue_severity,
                line_number=row.line_number,
                issue_confidence=row.issue_confidence,
                test_name=row.test_name,
                issue_cwe=Cwe(id=next(iter(cwe_ids(row.issue_cwe)), 0)),
                line_range=[int(number) for number in re.findall(r"\d{1,9}", row.line_range)],
                col_offset=_number(row.col_offset),
                end_col_offset=_number(row.end_col_offset),
                more_info=row.more_info,
            )
        )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


class Error(Struct):
    type: str = field(name="@type")
    message: str = field(name="@message")
    text: str = field(name="#text")
    more_info: str = field(name="@more_info", default="")


class Case(Struct):
    path: str = field(name="@classname")
    name: str = field(name="@name")
    error: Error


@variant("bandit", looks=xml_root("testsuite", where=lambda probe: b'name="bandit"' in probe.source.head(4096)))
def read_xml(document: Xml) -> Iterator[Item]:
    yield Run(tool="Bandit")
    for case in document.each("testcase", row=Case):
        details, place = _IN_XML.search(case.error.text), _PLACE_IN_XML.search(case.error.text)
        if details is None or place is None:
            raise UnreadableReport(f"The test case of {case.path} does not say which test failed where")
        weakness = _CWE_IN_XML.search(case.error.text)
        yield _finding(
            Result(
                filename=case.path,
                test_id=details["test"],
                issue_text=case.error.message,
                issue_severity=details["severity"],
                line_number=int(place["line"][:9]),
                issue_confidence=details["confidence"],
                test_name=case.name,
                issue_cwe=Cwe(id=next(iter(cwe_ids(weakness[1])), 0)) if weakness else None,
                more_info=case.error.more_info,
            )
        )
