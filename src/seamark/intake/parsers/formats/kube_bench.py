"""kube-bench: the CIS benchmarks for Kubernetes, checked on a node.

A check that nobody automated is a reminder, not a result: those are counted as problems of the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    json_object,
    json_rows,
    parser,
    variant,
)

_LEVELS = {"FAIL": Severity.MEDIUM, "WARN": Severity.INFO}


class Result(Struct):
    test_number: str
    status: str
    test_desc: str = ""
    audit: str | None = ""
    type: str | None = ""
    remediation: str | None = ""
    actual_value: str | None = ""
    expected_result: str | None = ""
    reason: str | None = ""
    scored: bool = True

    @property
    def by_hand(self) -> bool:
        """Tell whether the benchmark leaves this check to people."""
        return self.status == "WARN" and self.type == "manual"


class Section(Struct):
    section: str = ""
    desc: str = ""
    results: list[Result] | None = None


class Control(Struct):
    id: str
    tests: list[Section] | None
    version: str = ""
    detected_version: str = ""
    text: str = ""
    node_type: str = ""


class Report(Struct):
    controls: list[Control] = field(name="Controls")


@parser(
    "kube-bench",
    title="kube-bench",
    kind=Kind.MISCONFIGURATION,
    looks=json_object("Controls", "Totals"),
    made_with="kube-bench --json",
    url="https://github.com/aquasecurity/kube-bench",
    versions="0.2 to 0.12",
)
def read(report: Report) -> Iterator[Item]:
    for control in report.controls:
        yield from _control(control)


@variant("kube-bench", looks=json_rows("id", "node_type", "tests"))
def read_list(controls: list[Control]) -> Iterator[Item]:
    for control in controls:
        yield from _control(control)


@variant("kube-bench", looks=json_object("id", "node_type", "tests"))
def read_one(control: Control) -> Iterator[Item]:
    yield from _control(control)


def _control(control: Control) -> Iterator[Item]:
    """Yield one benchmark's part for one sort of node: all its checks are listed, the passed ones too."""
    sections = control.tests or []
    results = [result for section in sections for result in section.results or ()]
    manual = [result.test_number for result in results if result.by_hand]
    yield Run(
        tool="kube-bench",
        configuration=" ".join(word for word in (control.version, control.node_type) if word),
        problems=(f"To be checked by hand: {', '.join(manual)}",) if manual else (),
        ruleset=frozenset(result.test_number for result in results if not result.by_hand) or None,
    )
    for section in sections:
        for result in section.results or ():
            if result.status in _LEVELS and not result.by_hand:
                yield _finding(result, section, control)


def _finding(result: Result, section: Section, control: Control) -> Finding:
    lines = (
        ("Expected", result.expected_result),
        ("Found", result.actual_value),
        ("Reason", result.reason),
        ("Audit", result.audit),
    )
    return Finding(
        rule=result.test_number,
        title=result.test_desc or result.test_number,
        severity=_LEVELS[result.status],
        severity_given=result.status,
        about=_about(result.test_number, result.test_desc, (result.remediation or "").strip(), section.desc),
        description="\n".join(f"{name}: {text.strip()}" for name, text in lines if text and text.strip()),
        tags=tuple(
            word for word in (control.node_type, control.version, "" if result.scored else "not scored") if word
        ),
    )


@lru_cache(maxsize=1024)
def _about(rule: str, title: str, remedy: str, section: str) -> Rule:
    return Rule(id=rule, title=title, remedy=remedy, tags=(section,) if section else ())
