"""Rows that are known are not read again, and the outcome is the same as if they were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from seamark.pipeline.ingest import Outcome
from seamark.store.models import Finding

from .reports import RULES, hit, sarif

Load = Callable[..., Outcome]


def report(count: int = 30, **more: Any) -> dict[str, Any]:
    return sarif([hit(RULES[at % 3], f"src/{at % 5}.py", 10 + at, snippet=f"run({at})") for at in range(count)], **more)


@pytest.mark.parametrize("known", [True, False])
def test_knowing_rows_changes_nothing_but_the_time(load: Load, monkeypatch: pytest.MonkeyPatch, known: bool) -> None:
    if not known:
        monkeypatch.setattr(
            "seamark.pipeline.ingest.stream.OpenScan.known",
            property(lambda _: lambda _row: False, lambda *_: None),
            raising=False,
        )
    load(report())
    changed = report()
    changed["runs"][0]["results"][3]["message"]["text"] = "other words"
    del changed["runs"][0]["results"][7]
    changed["runs"][0]["results"].append(report(31)["runs"][0]["results"][30])
    outcome = load(changed)
    assert (outcome.findings, outcome.new, outcome.unchanged, outcome.fixed) == (30, 1, 29, 1)


def test_an_unchanged_report_with_another_time_reads_no_row(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    load(report())
    later = report()
    later["runs"][0]["invocations"][0]["endTimeUtc"] = "2026-06-01T00:00:00Z"
    monkeypatch.setattr(
        "seamark.intake.parsers.formats.sarif.results.Findings.finding", lambda *_: pytest.fail("a row was read")
    )
    outcome = load(later)
    assert (outcome.findings, outcome.unchanged, outcome.fixed) == (30, 30, 0)


def test_another_rule_text_reads_every_row_again(load: Load) -> None:
    load(report())
    changed = report()
    changed["runs"][0]["tool"]["driver"]["rules"][0]["properties"]["security-severity"] = "9.8"
    outcome = load(changed)
    assert (outcome.unchanged, outcome.new, outcome.fixed) == (30, 0, 0)
    assert Finding.objects.filter(severity=5).count() == 10


def test_equal_rows_are_all_kept(load: Load) -> None:
    double = report(2)
    double["runs"][0]["results"] *= 2
    assert load(double).new == 4
    double["properties"] = {"again": True}
    outcome = load(double)
    assert (outcome.findings, outcome.unchanged, outcome.fixed) == (4, 4, 0)
    assert Finding.objects.filter(closed_in=None).count() == 4
