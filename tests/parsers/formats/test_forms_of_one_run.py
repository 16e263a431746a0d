"""One run in several forms gives the same findings."""

from __future__ import annotations

import pytest

from seamark.core.finding import Finding
from seamark.core.location import CodeLocation

from .reading import findings, sample


def essence(finding: Finding) -> tuple[object, ...]:
    assert isinstance(finding.location, CodeLocation)
    return (
        finding.rule,
        finding.title,
        finding.severity,
        finding.severity_given,
        finding.kind,
        finding.confidence,
        finding.cwes,
        finding.about,
        finding.secret_digest,
        finding.location.path,
        finding.location.line,
    )


@pytest.mark.parametrize("other", ["bandit/report.csv", "bandit/report.xml"])
def test_bandit(other: str) -> None:
    shared = [essence(finding) for finding in findings(sample("bandit/report.json"))][:2]
    assert [essence(finding) for finding in findings(sample(other))] == shared


def test_bandit_columns_are_the_same_in_json_and_csv() -> None:
    in_json, in_csv = findings(sample("bandit/report.json"))[0], findings(sample("bandit/report.csv"))[0]
    for finding in (in_json, in_csv):
        assert isinstance(finding.location, CodeLocation)
        assert (finding.location.column, finding.location.end_line, finding.location.end_column) == (14, 43, 41)


def test_gitleaks() -> None:
    in_json, in_csv = findings(sample("gitleaks/version_8.json"))[0], findings(sample("gitleaks/version_8.csv"))[0]
    assert in_json.secret_digest == in_csv.secret_digest
    assert in_json.fingerprints == in_csv.fingerprints
    assert in_json.rule == in_csv.rule


def test_prowler() -> None:
    forms = ["version_5.ocsf.json", "version_5.csv", "version_3.json", "version_3.ocsf.json"]
    first = [findings(sample(f"prowler/{form}"))[0] for form in forms]
    assert {(finding.rule, finding.title, finding.severity, finding.location) for finding in first} == {
        (first[0].rule, first[0].title, first[0].severity, first[0].location)
    }


def test_nuclei() -> None:
    lines = findings(sample("nuclei/version_3.jsonl"))[:1]
    assert findings(sample("nuclei/array.json")) == lines
    assert findings(sample("nuclei/single.json")) == lines


def test_falco() -> None:
    lines = findings(sample("falco/alerts.jsonl"))[:1]
    assert findings(sample("falco/list.json")) == lines
    assert findings(sample("falco/single.json")) == lines
