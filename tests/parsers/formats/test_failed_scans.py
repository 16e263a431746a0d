"""A scanner that failed, in part or as a whole, never reads as a clean scan."""

from __future__ import annotations

import json

import pytest

from seamark.core.errors import UnknownFormat, UnreadableReport

from .reading import findings, read, run, sample, text_of


def test_semgrep_with_broken_rules_did_not_succeed() -> None:
    said = run(sample("semgrep/broken_rules.json"))
    assert said.successful is False
    assert said.scope == ()


@pytest.mark.parametrize(
    ("kind", "path", "successful"),
    [
        ("Fatal error", None, False),
        ("Invalid YAML", None, False),
        (["PatternParseError", ["rules", "1"]], None, False),
        ("Timeout", "a.py", True),
        ("Timeout", None, True),
        ("Syntax error", "a.py", True),
    ],
)
def test_semgrep_error(kind: object, path: str | None, successful: bool) -> None:
    report = json.loads(text_of("semgrep/ce.json"))
    report["errors"] = [{"code": 2, "level": "error", "type": kind, "message": "it broke", "path": path}]
    said = run(read(report))
    assert (said.successful, said.complete) == (successful, False)
    assert "it broke" in said.problems[0]


def test_semgrep_that_skipped_a_rule_is_incomplete() -> None:
    report = json.loads(text_of("semgrep/ce.json"))
    assert run(read(report)).complete is None
    report["skipped_rules"] = [{"rule_id": "r", "details": "too new", "position": {"line": 1, "col": 1}}]
    assert run(read(report)).complete is False


def test_bandit_leaves_files_that_it_could_not_parse_out_of_the_scope() -> None:
    said = run(sample("bandit/report.json"))
    assert said.complete is False
    assert said.scope == ("shop/query.py", "shop/login.py")


def test_eslint_that_could_not_parse_a_file_is_incomplete() -> None:
    said = run(sample("eslint/version_9.json"))
    assert said.complete is False
    assert "/src/shop/web/broken.js" not in (said.scope or ())


def test_hadolint_that_could_not_parse_a_file_is_incomplete() -> None:
    assert run(sample("hadolint/not_parsed.json")).complete is False


def test_checkov_counts_files_that_it_could_not_parse() -> None:
    report = json.loads(text_of("checkov/one_type.json"))
    report["summary"]["parsing_errors"] = 3
    assert run(read(report)).complete is False


def test_checkov_lists_its_rules_only_where_passed_checks_are_listed() -> None:
    assert run(sample("checkov/one_type.json")).ruleset is None


def test_github_error_beside_the_data_is_refused() -> None:
    report = json.loads(text_of("github-dependabot/graphql_repository.json"))
    report["errors"] = [{"message": "Something went wrong", "type": "TIMEOUT"}]
    with pytest.raises(UnreadableReport, match="Something went wrong"):
        read(report)


@pytest.mark.parametrize(
    "body",
    [
        {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest", "status": "401"},
        {"data": {"repository": None}, "errors": [{"message": "Could not resolve to a Repository"}]},
        {"findings": []},
        {"results": [], "error": "engine missing"},
    ],
)
def test_bodies_of_errors_are_nobodys_report(body: dict[str, object]) -> None:
    with pytest.raises(UnknownFormat):
        read(body)


def test_null_is_believed_of_gitleaks_only_by_name() -> None:
    with pytest.raises(UnreadableReport):
        read("null")
    assert findings(read("null", "gitleaks")) == []


@pytest.mark.parametrize("name", ["prowler", "semgrep-platform", "generic", "eslint", "nuclei"])
def test_empty_reports_are_believed_by_name(name: str) -> None:
    empty = "[]" if name in {"prowler", "eslint", "nuclei"} else '{"findings": []}'
    assert findings(read(empty, name)) == []


def test_falco_alerts_and_pages_of_an_interface_never_close_anything() -> None:
    for name in ("falco/alerts.jsonl", "semgrep-platform/findings.json", "semgrep-platform/supply_chain.json"):
        assert run(sample(name)).complete is False
