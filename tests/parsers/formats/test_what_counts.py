"""What is a finding and what is not: passed checks, fixed alerts, places, things set aside."""

from __future__ import annotations

import json

import pytest

from seamark.core.errors import UnknownFormat, UnreadableReport
from seamark.core.kind import Kind, Reach
from seamark.core.location import CodeLocation, HostLocation, ResourceLocation, WebLocation
from seamark.core.report import Run
from seamark.core.severity import Severity

from .reading import findings, read, run, sample, text_of


def test_prowler_passes_are_rules_that_ran_and_no_findings() -> None:
    items = sample("prowler/version_5.ocsf.json")
    assert run(items).ruleset == frozenset({"s3_public", "s3_versioning", "s3_acl", "core_hostports"})
    assert [finding.rule for finding in findings(items)] == ["s3_public", "s3_acl", "core_hostports"]
    assert [finding.suppression is not None for finding in findings(items)] == [False, True, False]


def test_prowler_report_of_failures_only_does_not_tell_its_rules() -> None:
    rows = [row for row in json.loads(text_of("prowler/version_3.json")) if row["Status"] == "FAIL"]
    assert run(read(rows)).ruleset is None


def test_prowler_names_a_pod_by_its_namespace() -> None:
    assert findings(sample("prowler/version_5.ocsf.json"))[-1].location == ResourceLocation(
        resource="shop/Pod/mailer", type="KubernetesPod"
    )


def test_ocsf_passes_and_resolved_events_are_no_findings() -> None:
    assert [finding.rule for finding in findings(sample("ocsf/findings.json"))] == ["CVE-2099-20001", "C-7", "R7"]
    assert [finding.title for finding in findings(sample("ocsf/events.jsonl"))] == ["Old TLS"]


def test_zap_gives_a_finding_for_each_instance() -> None:
    places = [finding.location for finding in findings(sample("zap/traditional.xml"))]
    assert [place.url for place in places if isinstance(place, WebLocation)] == [
        "https://shop.example.org/",
        "https://shop.example.org/cart?item=7",
        "https://shop.example.org/search?q=x",
        "https://shop.example.org/app.js",
    ]


def test_zap_keeps_scripts_that_are_part_of_the_explanation() -> None:
    about = findings(sample("zap/traditional.xml"))[0].about
    assert about is not None
    assert about.description == "The header is missing.\nIt limits what <script> may run."


def test_nuclei_templates_that_did_not_match_are_no_findings() -> None:
    assert [finding.rule for finding in findings(sample("nuclei/version_3.jsonl"))].count("CVE-2099-20001") == 1


def test_nuclei_places() -> None:
    places = {finding.rule: finding.location for finding in findings(sample("nuclei/version_3.jsonl"))}
    assert places["redis"] == HostLocation(host="::1", port=6379, protocol="tcp")
    assert places["caa"] == HostLocation(host="example.org", protocol="dns")
    assert places["aws-key"] == CodeLocation(path="conf/app.env", line=4)


def test_github_alerts_that_were_fixed_are_no_findings() -> None:
    for name, expected in (("github-code-scanning/alerts.json", 4), ("github-dependabot/rest.json", 4)):
        rows = json.loads(text_of(name))
        assert len(rows) == expected + 1
        assert len(findings(read(rows))) == expected


def test_github_code_scanning_speaks_for_the_tool_that_looked() -> None:
    runs = [item for item in sample("github-code-scanning/alerts.json") if isinstance(item, Run)]
    assert [(item.tool, item.configuration) for item in runs] == [
        ("CodeQL", "/language:python"),
        ("Checkov", "checkov"),
    ]


def test_semgrep_supply_chain() -> None:
    used, transitive, lock_file = findings(sample("semgrep/pro.json"))[2:]
    assert [finding.kind for finding in (used, transitive, lock_file)] == [Kind.DEPENDENCY] * 3
    assert [finding.reach for finding in (used, transitive, lock_file)] == [Reach.STATIC, Reach.POTENTIAL, None]
    assert used.flow[0].location.path == "shop/load.py"
    assert used.fixed_versions == ("5.4.1", "6.0")


def test_semgrep_flow_goes_from_source_to_sink() -> None:
    flow = findings(sample("semgrep/pro.json"))[0].flow
    assert [step.location.line for step in flow] == [21, 8, 9, 22, 40]
    assert [flow[0].message, flow[-1].message] == ["source: call", "sink"]


def test_semgrep_rule_texts_are_shared() -> None:
    first, second = findings(sample("semgrep/ce.json"))[:2]
    assert first.about is second.about


def test_eslint_fix_is_at_its_line_and_column_behind_wide_characters() -> None:
    source = "// \N{GRINNING FACE}\nvar y = 2"
    message = {
        "ruleId": "semi",
        "severity": 2,
        "message": "m",
        "line": 2,
        "column": 10,
        "fix": {"range": [15, 15], "text": ";"},
    }
    file = {"filePath": "a.js", "messages": [message], "errorCount": 1, "source": source}
    (edit,) = findings(read([file]))[0].patches[0].replacements
    assert (edit.line, edit.column, edit.end_line, edit.end_column) == (2, 10, 2, 10)


@pytest.mark.parametrize("word", ["dreadful", "9", 0, 6])
def test_generic_severity_must_be_one(word: object) -> None:
    with pytest.raises(UnreadableReport, match="is no severity"):
        read({"findings": [{"title": "t", "severity": word, "description": "d"}]})


@pytest.mark.parametrize(
    ("word", "expected"),
    [("High", Severity.HIGH), ("informational", Severity.INFO), (5, Severity.CRITICAL), ("2", Severity.LOW)],
)
def test_generic_severity(word: object, expected: Severity) -> None:
    (finding,) = findings(read({"findings": [{"title": "t", "severity": word}]}))
    assert finding.severity is expected


def test_findings_of_somebody_else_are_not_generic() -> None:
    with pytest.raises(UnknownFormat):
        read({"findings": [{"title": "t", "severity": "High", "scannerSpecific": 1}]})
