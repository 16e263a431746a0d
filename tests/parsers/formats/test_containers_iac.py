"""What goldens do not show of the formats for containers, clusters and infrastructure as code: failures, trust, places."""

from __future__ import annotations

import json
from typing import Any

import pytest

from seamark.core.assets import AssetKind
from seamark.core.errors import UnknownFormat, UnreadableReport
from seamark.core.finding import Finding
from seamark.core.report import Run
from seamark.core.severity import Severity
from seamark.intake.parsers.kit import Kind, Relation
from seamark.intake.parsers.kit.read import open_bytes

DIGEST = "sha256:" + "3f" * 32


def items(report: Any, format: str = "auto") -> list[Any]:
    return list(open_bytes(json.dumps(report).encode(), format=format).items())


def findings(report: Any, format: str = "auto") -> list[Finding]:
    return [item for item in items(report, format) if isinstance(item, Finding)]


def the_run(report: Any, format: str = "auto") -> Run:
    (run,) = [item for item in items(report, format) if isinstance(item, Run)]
    return run


OPERATOR = "aquasecurity.github.io/v1alpha1"
NO_RESULTS = {
    "an operator that has stored nothing": {"apiVersion": OPERATOR, "kind": "VulnerabilityReportList", "items": []},
    "an empty dump": {"vulnerabilityreports.aquasecurity.github.io": []},
    "a report without its body": {
        "apiVersion": OPERATOR,
        "kind": "VulnerabilityReport",
        "metadata": {"name": "x"},
        "report": None,
    },
    "compliance that was never checked": {
        "apiVersion": OPERATOR,
        "kind": "ClusterComplianceReport",
        "metadata": {"name": "nsa"},
        "status": {},
    },
    "no policy reports": {"apiVersion": "openreports.io/v1alpha1", "kind": "ReportList", "items": []},
    "an image that waits in Quay": {"status": "queued", "data": None},
    "Popeye without sections": {"popeye": {"score": 0, "grade": "F", "sections": None}},
}


@pytest.mark.parametrize("what", NO_RESULTS)
def test_a_report_without_results_is_no_empty_success(what: str) -> None:
    with pytest.raises(UnreadableReport):
        items(NO_RESULTS[what])


def test_an_empty_object_is_not_aquas() -> None:
    with pytest.raises(UnknownFormat):
        items({})
    with pytest.raises(UnreadableReport):
        items({}, format="aqua")


FAILED = {
    "aqua": {"status": "FAIL", "image_name": "shop:1", "registry": "r", "cves": None, "errorMsg": "no such image"},
    "aws-ecr": {"repositoryName": "shop", "imageId": {}, "imageScanStatus": {"status": "FAILED", "description": "x"}},
    "neuvector": {"report": {"vulnerabilities": None, "base_os": ""}, "error_message": "no such image"},
    "twistlock": {"results": [{"id": DIGEST, "distro": "", "vulnerabilities": None, "err": "too large"}]},
    "kubesec": [{"object": "Unknown", "valid": False, "message": "not supported", "score": 0, "scoring": {}}],
    "google-artifact": {
        "image_summary": {"digest": DIGEST, "fully_qualified_digest": f"r/shop@{DIGEST}"},
        "discovery_summary": {"discovery": [{"discovery": {"analysisStatus": "FINISHED_UNSUPPORTED"}}]},
    },
}


@pytest.mark.parametrize("format", FAILED)
def test_a_failed_scan_closes_nothing(format: str) -> None:
    run = the_run(FAILED[format])
    assert run.successful is False
    assert run.problems


def test_a_scan_that_has_not_started_is_not_successful() -> None:
    run = the_run({"repositoryName": "shop", "imageId": {}, "imageScanStatus": {"status": "IN_PROGRESS"}})
    assert (run.successful, run.problems) == (False, ("IN_PROGRESS",))


def test_what_tfsec_writes_for_nothing_is_believed_only_where_it_is_named() -> None:
    with pytest.raises(UnknownFormat):
        items({"results": []})
    assert findings({"results": []}, format="tfsec") == []
    with pytest.raises(UnreadableReport):
        items({"results": [{"check_id": "x"}]}, format="tfsec")


def test_a_workload_is_told_by_annotations_where_its_name_is_too_long_for_a_label() -> None:
    report = {
        "apiVersion": OPERATOR,
        "kind": "VulnerabilityReport",
        "metadata": {
            "name": "replicaset-5d8",
            "namespace": "shop",
            "labels": {"trivy-operator.resource.kind": "ReplicaSet", "trivy-operator.resource.name-hash": "5d8"},
            "annotations": {"trivy-operator.resource.name": "a-very-long-name"},
        },
        "report": {"artifact": {"repository": "shop/web", "tag": "1"}, "vulnerabilities": []},
    }
    (relation,) = [item for item in items(report) if isinstance(item, Relation)]
    assert (relation.source.kind, relation.source.key) == (AssetKind.WORKLOAD, "shop/ReplicaSet/a-very-long-name")
    assert (relation.target.kind, relation.target.key) == (AssetKind.IMAGE, "shop/web:1")


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (10, Severity.CRITICAL),
        (9, Severity.CRITICAL),
        (8, Severity.HIGH),
        (7, Severity.HIGH),
        (6, Severity.MEDIUM),
        (4, Severity.MEDIUM),
        (3, Severity.LOW),
        (1, Severity.LOW),
    ],
)
def test_kubescape_grades_by_the_base_score(score: float, expected: Severity) -> None:
    report = {
        "summaryDetails": {"controls": {"C-1": {"name": "One", "status": "failed", "scoreFactor": score}}},
        "results": [{"resourceID": "v1/a/Pod/b", "controls": [{"controlID": "C-1", "status": {"status": "failed"}}]}],
    }
    (finding,) = findings(report)
    assert finding.severity is expected


def test_the_token_that_kube_hunter_shows_is_masked() -> None:
    row = {
        "vulnerability": "Token",
        "vid": "KHV050",
        "hunter": "Access Secrets",
        "evidence": "eyJhbGciOiJSUzI1NiIsImtpZCI6",
    }
    (finding,) = findings({"nodes": [], "services": [], "vulnerabilities": [row]})
    assert "eyJhbGciOiJSUzI1NiIsImtpZCI6" not in json.dumps([finding.description, finding.secret])
    assert finding.secret_digest


def test_what_clair_calls_defcon_is_critical() -> None:
    row = {"Name": "CVE-2014-0160", "FeatureName": "openssl", "FeatureVersion": "1.0.1"}
    (finding,) = findings({"LayerCount": 1, "Vulnerabilities": {"Defcon1": [row]}})
    assert finding.severity is Severity.CRITICAL


def test_java_packages_of_prisma_cloud_are_maven_coordinates() -> None:
    row = {
        "id": "CVE-2021-44228",
        "packageName": "org.example_core_2.12",
        "packageVersion": "1",
        "packagePath": "a.jar",
    }
    image = {"id": DIGEST, "distro": "Debian GNU/Linux 12", "vulnerabilities": [row], "vulnerabilityDistribution": {}}
    (finding,) = findings({"results": [image]})
    assert finding.component is not None
    assert finding.component.purl == "pkg:maven/org.example/core_2.12@1"
    assert finding.kind is Kind.DEPENDENCY


def test_a_page_of_aquas_api_that_holds_not_all_is_incomplete() -> None:
    row = {"name": "CVE-2021-44228", "aqua_severity": "high", "resource": {"name": "x", "version": "1"}}
    page = {"count": 2, "page": 1, "pagesize": 1, "result": [row], "query": {"image_name": "shop:1"}}
    assert the_run(page).complete is False
    assert the_run({**page, "count": 1}).complete is None


def test_a_rule_of_cfn_nag_that_names_two_resources_gives_two_findings() -> None:
    row = {"id": "W1", "type": "WARN", "message": "m", "logical_resource_ids": ["A", "B"], "line_numbers": [3]}
    report = [{"filename": "t.yaml", "file_results": {"failure_count": 0, "violations": [row]}}]
    assert [(one.location.scope, one.location.line) for one in findings(report)] == [("A", 3), ("B", None)]  # type: ignore[union-attr]
