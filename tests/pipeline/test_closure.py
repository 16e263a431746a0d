"""Only proof closes: what a scan must show before a finding that it no longer reports counts as fixed, for each family of formats."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps

from seamark.core.errors import UnreadableReport
from seamark.pipeline.ingest import Outcome
from seamark.store.models import Event, Finding, Issue
from seamark.store.models.issues import State

from . import families as f
from .families import CHECKS, FAMILIES, FILES, Family
from .reports import RULES

Load = Callable[..., Outcome]
BOTH, ONE = (0, 1), (0,)
family = pytest.mark.parametrize("family", FAMILIES, ids=str)


def rows() -> dict[str, int]:
    """Return how many rows every table of ours has."""
    return {model.__name__: model._default_manager.count() for model in apps.get_app_config("store").get_models()}


def stand() -> tuple[list[Any], list[Any]]:
    """Return all that is kept of findings and of the standing of issues."""
    findings = Finding.objects.order_by("id").values_list(
        "id", "issue", "closed_in", "content", "path", "line", "flags"
    )
    return list(findings), list(Issue.objects.order_by("id").values_list("id", "state", "open", "resolution", "risk"))


def both_are_open() -> bool:
    """Tell whether the two findings of the first import, and their issues, still stand open."""
    first = Finding.objects.order_by("id")[:2]
    return all(one.closed_in is None and one.issue.open and one.issue.state == State.OPEN for one in first)


@family
def test_a_complete_scan_closes_what_is_gone(load: Load, family: Family) -> None:
    assert load(family.report(BOTH)).new == 2
    outcome = load(family.report(ONE))
    assert (outcome.unchanged, outcome.fixed, outcome.resolved) == (1, 1, 1)
    assert not both_are_open()


@family
def test_an_empty_report_without_proof_closes_nothing(load: Load, family: Family) -> None:
    load(family.report(BOTH))
    outcome = load(family.unproved)
    assert (outcome.findings, outcome.fixed, outcome.resolved) == (0, 0, 0)
    assert both_are_open()
    assert "2 findings stay open" in outcome.notes[0]


@family
def test_a_vouched_complete_scan_closes(load: Load, family: Family) -> None:
    load(family.report(BOTH))
    assert load(family.vouched, complete=True).fixed == 2
    assert not Issue.objects.filter(open=True).exists()


@family
@pytest.mark.parametrize(
    "where",
    [
        pytest.param({"ref": "feature/x"}, id="another branch"),
        pytest.param({"pull_request": "12"}, id="a pull request"),
        pytest.param({"configuration": "nightly"}, id="another configuration"),
        pytest.param({"repository": "https://git.example/acme/other"}, id="another repository"),
        pytest.param({"application": "billing", "repository": "https://git.example/acme/billing"}, id="another application"),
        pytest.param({"scanned_at": "2026-01-01"}, id="an older scan imported late"),
    ],
)  # fmt: skip
def test_a_scan_from_elsewhere_closes_nothing(load: Load, family: Family, where: dict[str, str]) -> None:
    load(family.report(BOTH), scanned_at="2026-02-01")
    assert load(family.report(ONE), **{"scanned_at": "2026-03-01"} | where).fixed == 0
    assert both_are_open()


@family
def test_another_tool_closes_nothing(load: Load, family: Family) -> None:
    load(family.report(BOTH))
    for other in FAMILIES:
        if other is not family:
            assert load(other.report(ONE)).fixed == 0
            assert load(other.vouched, complete=True).fixed == 1
    first = Finding.objects.order_by("id")[:2]
    assert all(one.closed_in is None and one.issue.open for one in first)


@family
@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_a_truncated_report_is_refused_and_changes_nothing(load: Load, family: Family, share: float) -> None:
    load(family.report(BOTH))
    before = rows(), stand()
    text = json.dumps(family.report(ONE))
    with pytest.raises(UnreadableReport):
        load(text[: int(len(text) * share)])
    assert (rows(), stand()) == before


@family
@pytest.mark.parametrize(
    "body",
    [
        {"message": "Bad credentials", "status": "401"},
        {"error": {"code": 500, "message": "engine missing"}},
        "<html><body><h1>502 Bad Gateway</h1></body></html>",
        "",
    ],
)
def test_an_error_instead_of_a_report_is_refused(load: Load, family: Family, body: Any) -> None:
    load(family.report(BOTH))
    before = rows(), stand()
    for format in ("auto", family.name):
        with pytest.raises(UnreadableReport):
            load(body, format=format)
    assert (rows(), stand()) == before


@family
def test_the_same_report_again_writes_a_scan_and_its_import_only(load: Load, family: Family) -> None:
    load(family.report(BOTH))
    before, standing = rows(), stand()
    outcome = load(family.report(BOTH))
    after = rows()
    assert (outcome.new, outcome.unchanged, outcome.fixed, outcome.repeated) == (0, 2, 0, True)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
        "Scan": 1,
        "Import": 1,
    }
    assert stand() == standing


@family
def test_the_same_findings_in_another_order_change_nothing(load: Load, family: Family) -> None:
    load(family.report(BOTH))
    before, standing = rows(), stand()
    outcome = load(family.report((1, 0)))
    after = rows()
    assert (outcome.new, outcome.unchanged, outcome.moved, outcome.fixed) == (0, 2, 0, 0)
    assert {name for name in after if after[name] != before[name]} == {"Scan", "Import", "Report", "ReportPart"}
    assert stand() == standing


FAILED = [
    pytest.param(f.of_sarif(BOTH), f.of_sarif((), success=False), id="SARIF: the run failed"),
    pytest.param(f.of_sarif(BOTH), f.of_sarif(ONE, success=False), id="SARIF: the run failed half way"),
    pytest.param(f.of_sarif(BOTH), f.of_sarif((), results=False), id="SARIF: no results computed"),
    pytest.param(
        f.of_sarif(BOTH),
        f.of_sarif(
            ONE, success=None,
            invocations=[{"executionSuccessful": True, "toolExecutionNotifications": [{"level": "error", "message": {"text": "b.py: parse error"}}]}],
        ),
        id="SARIF: an error beside the results",
    ),
    pytest.param(
        f.semgrep(BOTH),
        f.semgrep((), errors=[{"code": 2, "level": "error", "type": "Fatal error", "message": "No rules"}]),
        id="Semgrep: no rules",
    ),
    pytest.param(
        f.semgrep(BOTH),
        f.semgrep(ONE, errors=[{"code": 2, "level": "warn", "type": "Timeout", "message": "too slow", "path": FILES[1]}]),
        id="Semgrep: a file took too long",
    ),
    pytest.param(
        f.semgrep(BOTH),
        f.semgrep(ONE, paths={"scanned": list(FILES), "skipped": [{"path": FILES[1], "reason": "exceeded_size_limit"}]}),
        id="Semgrep: a file was skipped",
    ),
    pytest.param(
        f.bandit(BOTH),
        f.bandit(ONE, errors=[{"filename": FILES[1], "reason": "syntax error while parsing AST"}]),
        id="Bandit: a file could not be parsed",
    ),
    pytest.param(
        f.bandit(BOTH),
        f.bandit(ONE, metrics={"_totals": {"SEVERITY.LOW": 1.0, "SEVERITY.HIGH": 1.0}} | {path: {} for path in FILES}),
        id="Bandit: results below a severity are left out",
    ),
    pytest.param(
        f.checkov(BOTH),
        f.checkov(ONE, parsing_errors=["/infra/logs.tf"]),
        id="Checkov: a file could not be parsed",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("before", "failed"), FAILED)
def test_a_failed_or_broken_scan_closes_nothing(load: Load, before: Any, failed: Any) -> None:
    assert load(before).new == 2
    outcome = load(failed)
    assert (outcome.fixed, outcome.resolved) == (0, 0)
    assert both_are_open()


def test_not_even_a_caller_vouches_for_a_failed_scan(load: Load) -> None:
    load(f.of_sarif(BOTH))
    assert load(f.of_sarif((), success=False), complete=True).fixed == 0
    assert both_are_open()


def targets(*paths: str) -> list[dict[str, Any]]:
    return [{"location": {"uri": path}, "roles": ["analysisTarget"]} for path in paths]


PARTIAL = [
    pytest.param(
        f.of_sarif(BOTH, artifacts=targets(*FILES)), f.of_sarif(ONE, artifacts=targets(FILES[0])), id="SARIF: artifacts"
    ),
    pytest.param(f.of_sarif(BOTH), f.of_sarif(ONE, artifacts=targets(FILES[0])), id="SARIF: artifacts this time only"),
    pytest.param(f.semgrep(BOTH), f.semgrep(ONE, scanned=FILES[:1]), id="Semgrep: paths.scanned"),
    pytest.param(f.bandit(BOTH), f.bandit(ONE, scanned=FILES[:1]), id="Bandit: metrics"),
    pytest.param(
        f.checkov(BOTH, [("CKV_AWS_1", "infra/s3.tf"), ("CKV_AWS_21", "infra/iam.tf")]),
        f.checkov(ONE, [("CKV_AWS_1", "infra/s3.tf"), ("CKV_AWS_21", "infra/s3.tf")]),
        id="Checkov: files of all checks",
    ),
    pytest.param(f.zap(BOTH), f.zap(ONE, site="https://admin.shop.example"), id="ZAP: another site"),
]


@pytest.mark.parametrize(("before", "partial"), PARTIAL)
def test_a_scan_of_a_part_closes_nothing_elsewhere(load: Load, before: Any, partial: Any) -> None:
    load(before)
    outcome = load(partial)
    assert (outcome.fixed, outcome.resolved) == (0, 0)
    assert both_are_open()
    assert "not looked at again" in outcome.notes[0]


def test_a_scan_of_a_part_closes_what_is_gone_in_it(load: Load) -> None:
    load(f.of_sarif(BOTH, artifacts=targets(*FILES)))
    assert load(f.of_sarif((), artifacts=targets(FILES[0]))).fixed == 1
    assert Finding.objects.get(closed_in=None).path == FILES[1]


RULESETS = [
    pytest.param(f.of_sarif(BOTH), f.of_sarif(ONE, rules=[RULES[0], RULES[3]]), id="SARIF: rules of the driver"),
    pytest.param(
        f.checkov(BOTH, [("CKV_AWS_1", path) for path in ("infra/s3.tf", "infra/logs.tf")]),
        f.checkov(ONE, [("CKV_AWS_1", path) for path in ("infra/s3.tf", "infra/logs.tf")]),
        id="Checkov: names of passed checks",
    ),
]


@pytest.mark.parametrize(("before", "narrower"), RULESETS)
def test_a_rule_that_no_longer_runs_is_no_longer_checked_not_fixed(load: Load, before: Any, narrower: Any) -> None:
    load(before)
    outcome = load(narrower)
    assert (outcome.fixed, outcome.resolved, outcome.unchecked) == (0, 0, 1)
    assert both_are_open()
    left = Finding.objects.order_by("id")[1]
    assert Event.objects.get(kind="unchecked").issue_id == left.issue_id
    again = load(narrower | {"note": "another run"})
    assert (again.fixed, again.unchecked) == (0, 1)
    assert Event.objects.filter(kind="unchecked").count() == 1, "it is told once"


def test_a_rule_that_runs_again_and_finds_nothing_fixes(load: Load) -> None:
    passed = [(CHECKS[1], "infra/s3.tf"), ("CKV_AWS_1", "infra/logs.tf")]
    load(f.checkov(BOTH, passed))
    load(f.checkov(ONE, [("CKV_AWS_1", path) for path in ("infra/s3.tf", "infra/logs.tf")]))
    assert load(f.checkov(ONE, [*passed, (CHECKS[1], "infra/logs.tf")])).fixed == 1


def pip_audit(skipped: tuple[str, ...] = ()) -> dict[str, Any]:
    vulnerable = [{"id": "PYSEC-2024-1", "fix_versions": ["2.0"], "aliases": ["CVE-2024-1"], "description": ""}]
    rows = [("flask", vulnerable), ("jinja2", vulnerable)]
    return {
        "dependencies": [
            {"name": name, "skip_reason": "not found on the index"} if name in skipped else {"name": name, "version": "1.0", "vulns": vulns}
            for name, vulns in rows
        ],
        "fixes": [],
    }  # fmt: skip


@pytest.mark.parametrize("skipped", [("flask", "jinja2"), ("jinja2",)], ids=["all", "some"])
def test_skipped_dependencies_close_nothing(load: Load, skipped: tuple[str, ...]) -> None:
    load(pip_audit())
    assert load(pip_audit(skipped)).fixed == 0
    assert both_are_open()


def dependency_check(places: tuple[int, ...], exceptions: list[Any]) -> dict[str, Any]:
    return {
        "reportSchema": "1.1", "scanInfo": {"engineVersion": "10.0.0", "analysisExceptions": exceptions}, "projectInfo": {"name": "shop"},
        "dependencies": [
            {
                "fileName": f"lib{at}.jar", "filePath": f"/src/lib{at}.jar", "packages": [{"id": f"pkg:maven/org.acme/lib{at}@1.0"}],
                "vulnerabilities": [{"source": "NVD", "name": f"CVE-2024-100{at}", "severity": "HIGH", "description": "A flaw."}],
            }
            for at in places
        ],
    }  # fmt: skip


def test_an_analysis_exception_of_dependency_check_closes_nothing(load: Load) -> None:
    assert load(dependency_check(BOTH, [])).new == 2
    assert load(dependency_check(ONE, [{"exception": {"message": "the index could not be reached"}}])).fixed == 0
    assert both_are_open()
    assert load(dependency_check(ONE, [])).fixed == 1
