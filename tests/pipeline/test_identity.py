"""What makes a finding the same over time: the failures of the established tools, each turned into a test."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps

from seamark.core.errors import UnreadableReport
from seamark.pipeline.ingest import Outcome
from seamark.store.models import Event, Finding, Issue, Scan
from seamark.store.models.issues import State

from .reports import RULES, grype, hit, osv, sarif, trivy

Load = Callable[..., Outcome]
LOG4SHELL = {
    "id": "CVE-2021-44228",
    "ghsa": "GHSA-jfh8-c2jp-5v3q",
    "package": "org.apache.logging.log4j:log4j-core",
    "version": "2.14.1",
    "fixed": "2.15.0",
}


def rows() -> dict[str, int]:
    """Return how many rows every table of ours has."""
    return {model.__name__: model.objects.count() for model in apps.get_app_config("store").get_models()}


def hits(count: int = 20, shift: int = 0, **more: Any) -> list[dict[str, Any]]:
    return [hit(RULES[at % 3], f"src/file_{at % 4}.py", 10 + at * 3 + shift, **more) for at in range(count)]


def counts(outcome: Outcome) -> tuple[int, int, int, int]:
    return outcome.new, outcome.unchanged, outcome.fixed, outcome.reopened


def test_first_import_is_new(load: Load) -> None:
    outcome = load(sarif(hits()))
    assert counts(outcome) == (20, 0, 0, 0)
    assert outcome.issues == Issue.objects.filter(open=True).count() == 20


def test_the_same_report_again_writes_one_scan_row_and_its_import(load: Load) -> None:
    load(sarif(hits()))
    before = rows()
    outcome = load(sarif(hits()))
    after = rows()
    assert counts(outcome) == (0, 20, 0, 0)
    assert outcome.repeated
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
        "Scan": 1,
        "Import": 1,
    }


def test_the_same_findings_in_another_file_write_no_finding(load: Load) -> None:
    load(sarif(hits()))
    before = rows()
    outcome = load(sarif(hits(), columnKind="utf16CodeUnits"))
    after = rows()
    assert counts(outcome) == (0, 20, 0, 0)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"Scan", "Import", "Report", "ReportPart"}


def test_the_order_of_results_does_not_matter(load: Load) -> None:
    load(sarif(hits()))
    assert counts(load(sarif(reversed(hits())))) == (0, 20, 0, 0)


@pytest.mark.parametrize("snippet", [None, "execute(query)"])
def test_seven_lines_inserted_at_the_top_close_and_open_nothing(load: Load, snippet: str | None) -> None:
    more = {"snippet": snippet} if snippet else {}
    load(sarif(hits(**more)))
    outcome = load(sarif(hits(shift=7, **more)))
    assert counts(outcome) == (0, 20, 0, 0)
    assert outcome.moved == 20
    assert set(Finding.objects.values_list("line", flat=True)) == {17 + at * 3 for at in range(20)}


def test_one_of_several_equal_findings_goes_and_the_others_stay_themselves(load: Load) -> None:
    load(sarif([hit(line=line) for line in (10, 20, 30, 40)]))
    kept = dict(Finding.objects.filter(line__in=[10, 30, 40]).values_list("line", "id"))
    outcome = load(sarif([hit(line=line + 7) for line in (10, 30, 40)]))
    assert counts(outcome) == (0, 3, 1, 0)
    assert dict(Finding.objects.filter(closed_in=None).values_list("line", "id")) == {
        line + 7: number for line, number in kept.items()
    }


def test_a_renamed_file_keeps_its_findings(load: Load) -> None:
    load(sarif([hit(path="old.py", line=line, snippet=f"execute(query_{line})") for line in (3, 9)]))
    outcome = load(sarif([hit(path="new.py", line=line, snippet=f"execute(query_{line})") for line in (3, 9)]))
    assert counts(outcome) == (0, 2, 0, 0)
    assert set(Issue.objects.values_list("place", flat=True)) == {"new.py:3", "new.py:9"}


def test_a_reindented_block_keeps_its_findings(load: Load) -> None:
    load(sarif([hit(snippet="if a:\n    execute(q)")]))
    assert counts(load(sarif([hit(line=12, snippet="    if a:\n        execute(q)")]))) == (0, 1, 0, 0)


def test_a_new_rating_recreates_nothing_and_is_told(load: Load) -> None:
    load(sarif(hits(level="warning")))
    outcome = load(sarif(hits(level="error")))
    assert counts(outcome) == (0, 20, 0, 0)
    assert set(Finding.objects.values_list("severity", flat=True)) == {4}
    assert Event.objects.filter(kind="severity").count() == 20


def test_triage_survives_a_moved_line(load: Load) -> None:
    load(sarif([hit()]))
    Issue.objects.update(state=State.DISMISSED, resolution="false_positive", open=False)
    load(sarif([hit(line=90, snippet="x")]))
    issue = Issue.objects.get()
    assert (issue.state, issue.resolution) == (State.DISMISSED, "false_positive")


def test_only_what_is_gone_is_fixed(load: Load) -> None:
    load(sarif(hits()))
    outcome = load(sarif(hits()[:15]))
    assert counts(outcome) == (0, 15, 5, 0)
    assert Issue.objects.filter(state=State.RESOLVED, resolution="fixed").count() == 5


def test_a_returning_finding_is_a_regression_of_its_issue(load: Load) -> None:
    load(sarif([hit(snippet="execute(q)"), hit(line=99)]))
    issue = Issue.objects.get(place="app.py:10")
    load(sarif([hit(line=99)]))
    issue.refresh_from_db()
    assert (issue.state, issue.open) == (State.RESOLVED, False)
    outcome = load(sarif([hit(line=14, snippet="execute(q)"), hit(line=99)]))
    issue.refresh_from_db()
    assert counts(outcome) == (0, 1, 0, 1)
    assert (issue.state, issue.open, issue.regression) == (State.OPEN, True, True)
    assert list(Event.objects.filter(issue=issue).order_by("id").values_list("kind", flat=True)) == [
        "fixed",
        "moved",
        "reopened",
    ]


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(sarif([], success=False), id="failed"),
        pytest.param(sarif([hit()], success=False), id="failed with some results"),
        pytest.param(sarif([], success=True, results=False), id="no results computed"),
        pytest.param(sarif([], success=None, rules=()), id="empty without proof"),
        pytest.param(sarif(hits(), tool="Other"), id="another tool"),
        pytest.param(trivy([LOG4SHELL]), id="another format"),
    ],
)
def test_what_proves_nothing_closes_nothing(load: Load, report: dict[str, Any]) -> None:
    load(sarif(hits()))
    outcome = load(report)
    assert outcome.fixed == 0
    assert Finding.objects.filter(stream__tool="Acme", closed_in=None).count() >= 20


def test_a_complete_empty_scan_closes_everything(load: Load) -> None:
    load(sarif(hits()))
    assert load(sarif([], success=True)).fixed == 20


def test_the_callers_word_proves_an_empty_scan(load: Load) -> None:
    load(sarif(hits()))
    assert load(sarif([], success=None, rules=()), complete=True).fixed == 20


def test_another_ruleset_does_not_fix(load: Load) -> None:
    load(sarif(hits()))
    outcome = load(sarif([one for one in hits() if one["rule"] == RULES[0]], rules=[RULES[0], RULES[3]]))
    assert outcome.fixed == 0
    assert outcome.unchecked == sum(one["rule"] != RULES[0] for one in hits())
    assert Event.objects.filter(kind="unchecked").count() == outcome.unchecked


def test_another_branch_changes_nothing_on_the_default_branch(load: Load) -> None:
    load(sarif(hits()))
    outcome = load(sarif([*hits()[:1], hit("py/new", "new.py", 5)]), ref="feature/x")
    assert outcome.fixed == 0
    assert Issue.objects.filter(open=True).count() == 20
    assert Issue.objects.filter(branch_only=True, open=False).count() == 1


def test_a_pull_request_changes_nothing_on_the_default_branch(load: Load) -> None:
    load(sarif(hits()))
    outcome = load(sarif([]), pull_request="12")
    assert outcome.fixed == 0
    assert Issue.objects.filter(open=True).count() == 20


@pytest.mark.parametrize("share", [0.2, 0.6, 0.99])
def test_a_truncated_report_leaves_everything_as_it_was(load: Load, share: float) -> None:
    load(sarif(hits()))
    before = rows()
    text = json.dumps(sarif(hits(40)))
    with pytest.raises(UnreadableReport):
        load(text[: int(len(text) * share)])
    assert rows() == before


def test_log4shell_of_three_scanners_is_one_issue(load: Load) -> None:
    load(trivy([LOG4SHELL]))
    load(grype([LOG4SHELL]))
    load(osv([LOG4SHELL]))
    issue = Issue.objects.get()
    assert Finding.objects.filter(issue=issue, closed_in=None).count() == 3
    assert issue.tools == 3
    assert issue.fix is not None
    assert issue.fix.target == "2.15.0"


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_the_order_of_tools_does_not_matter(load: Load, order: tuple[int, ...]) -> None:
    reports = [trivy([LOG4SHELL]), grype([LOG4SHELL]), osv([LOG4SHELL])]
    for at in order:
        load(reports[at])
    assert Issue.objects.count() == 1


def test_an_alias_learnt_later_joins_the_issues(load: Load) -> None:
    load(trivy([LOG4SHELL]))
    only_ghsa = osv([LOG4SHELL])
    package = only_ghsa["results"][0]["packages"][0]
    package["vulnerabilities"][0]["aliases"] = []
    package["groups"] = [{"ids": [LOG4SHELL["ghsa"]]}]
    load(only_ghsa)
    assert Issue.objects.filter(open=True).count() == 2
    load(grype([LOG4SHELL]))
    issue = Issue.objects.get(open=True)
    assert Finding.objects.filter(issue=issue, closed_in=None).count() == 3
    assert Event.objects.filter(issue=issue, kind="merged").count() == 1


def test_one_tool_still_reporting_keeps_the_issue_open(load: Load) -> None:
    load(trivy([LOG4SHELL, LOG4SHELL | {"id": "CVE-2021-45046"}]))
    load(grype([LOG4SHELL]))
    load(trivy([LOG4SHELL | {"id": "CVE-2021-45046"}]))
    issue = Issue.objects.get(vulnerability__names__name="CVE-2021-44228")
    assert issue.open
    assert issue.tools == 1


def test_the_same_weakness_on_the_same_line_is_one_issue(load: Load) -> None:
    load(sarif([hit(line=118)], tool="Semgrep OSS"))
    load(sarif([hit(line=118, message="Possible SQL injection")], tool="Bandit"))
    load(sarif([hit(RULES[2], line=118)], tool="CodeQL"))
    assert Issue.objects.count() == 2


def test_a_version_bump_that_does_not_help_keeps_the_issue(load: Load) -> None:
    load(trivy([LOG4SHELL]))
    outcome = load(trivy([LOG4SHELL | {"version": "2.14.2"}]))
    assert counts(outcome) == (0, 1, 0, 0)
    assert Finding.objects.get().component.endswith("2.14.2")


def test_every_manifest_of_a_package_is_evidence_of_one_issue(load: Load) -> None:
    report = trivy([LOG4SHELL])
    report["Results"] += trivy([LOG4SHELL], "services/a/pom.xml")["Results"]
    outcome = load(report)
    assert (outcome.findings, outcome.issues) == (2, 1)


def test_suppressed_in_the_source_is_dismissed_and_returns_with_the_comment_gone(load: Load) -> None:
    load(sarif([hit(suppressed=True)]))
    issue = Issue.objects.get()
    assert (issue.state, issue.resolution, issue.open) == (State.DISMISSED, "suppressed", False)
    load(sarif([hit()]))
    issue.refresh_from_db()
    assert (issue.state, issue.open) == (State.OPEN, True)


def test_a_repeated_report_of_an_older_state_is_a_scan_of_its_own(load: Load) -> None:
    load(sarif(hits()))
    load(sarif(hits()[:5]))
    outcome = load(sarif(hits()))
    assert not outcome.repeated
    assert outcome.reopened == 15
    assert Scan.objects.count() == 3


def test_an_older_scan_that_arrives_late_closes_nothing(load: Load) -> None:
    load(sarif(hits()), scanned_at="2026-06-01")
    outcome = load(sarif(hits()[:5]), scanned_at="2026-05-01")
    assert outcome.fixed == 0
    assert "newer scan" in outcome.notes[0]


def test_issues_open_and_close_when_the_scan_ran(load: Load) -> None:
    load(sarif([hit(), hit(line=50)]), scanned_at="2026-05-01")
    load(sarif([hit()]), scanned_at="2026-06-01T12:00:00Z")
    fixed = Issue.objects.get(state=State.RESOLVED)
    assert fixed.resolved_at is not None
    assert (fixed.opened_at.date().isoformat(), fixed.resolved_at.date().isoformat()) == ("2026-05-01", "2026-06-01")


def test_a_scan_from_the_future_is_of_now(load: Load) -> None:
    load(sarif([hit()]), scanned_at="2999-01-01")
    assert Issue.objects.get().opened_at.year < 2999


def bandit(paths: dict[str, list[int]], scanned: list[str]) -> dict[str, Any]:
    return {
        "errors": [], "generated_at": "2026-05-04T10:00:00Z", "metrics": {"_totals": {}} | {path: {} for path in scanned},
        "results": [
            {
                "code": f"{line} run(x)\n", "col_offset": 0, "end_col_offset": 6, "filename": path, "issue_confidence": "HIGH", "issue_severity": "LOW",
                "issue_cwe": {"id": 78, "link": ""}, "issue_text": "Unsafe.", "line_number": line, "line_range": [line], "more_info": "", "test_id": "B602",
                "test_name": "x",
            }
            for path, lines in paths.items() for line in lines
        ],
    }  # fmt: skip


FILES = [f"src/{name}.py" for name in "abcdefghij"]


def test_a_deleted_file_is_fixed_where_the_rest_was_looked_at_again(load: Load) -> None:
    load(bandit({"src/a.py": [3], "src/b.py": [4]}, FILES))
    outcome = load(bandit({"src/b.py": [4]}, FILES[1:]))
    assert counts(outcome) == (0, 1, 1, 0)


def test_a_scan_of_a_few_files_fixes_nothing_in_the_others(load: Load) -> None:
    load(bandit({"src/a.py": [3], "src/b.py": [4], "src/c.py": [5]}, FILES))
    outcome = load(bandit({"src/b.py": [4]}, ["src/b.py", "src/c.py"]))
    assert counts(outcome) == (0, 1, 1, 0)
    assert Finding.objects.get(path="src/a.py").closed_in is None
    assert outcome.notes == ("Bandit: Their places were not looked at again; 1 findings stay open",)


def test_a_row_that_says_by_chance_what_another_said_before_is_not_taken_for_it(load: Load) -> None:
    """After two inserted lines the second finding stands, to the letter, where the third one stood."""
    load(sarif([hit(line=10), hit(line=12), hit(line=14)]))
    before = dict(Finding.objects.values_list("line", "id"))
    outcome = load(sarif([hit(line=12), hit(line=14), hit(line=16)]))
    assert counts(outcome) == (0, 3, 0, 0)
    after = dict(Finding.objects.values_list("line", "id"))
    assert after == {line + 2: number for line, number in before.items()}
