"""Scanners of packages that failed, or that only took stock: neither may read as a clean scan."""

from __future__ import annotations

import json
from typing import Any

import pytest

from seamark.core.errors import UnknownFormat, UnreadableReport
from seamark.core.finding import Finding
from seamark.core.report import Run
from seamark.intake.parsers.kit.read import open_bytes, open_report

from .samples import SAMPLES


def _runs(value: Any) -> list[Run]:
    return [item for item in open_bytes(json.dumps(value).encode()).items() if type(item) is Run]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"error": {"code": "ENOLOCK", "summary": "This command requires an existing lockfile.", "detail": ""}},
            "existing lockfile",
        ),
        (
            {
                "message": "405 Method Not Allowed",
                "statusCode": 405,
                "body": "",
                "error": {"summary": "", "detail": ""},
            },
            "405",
        ),
        ({"error": {"code": "ERR_PNPM_AUDIT_BAD_RESPONSE", "message": "The audit endpoint responded with 503"}}, "503"),
        ({"ok": False, "error": "Not authorised", "path": "/builds/shop"}, "Not authorised"),
        ([{"ok": False, "error": "No supported files", "path": "docs"}], "No supported files"),
    ],
)
def test_error_body_is_refused_with_what_it_says(body: Any, said: str) -> None:
    with pytest.raises(UnreadableReport, match=said):
        list(open_bytes(json.dumps(body).encode()).items())


@pytest.mark.parametrize(
    "foreign",
    [
        {"error": "x"},
        {"results": []},
        {"dependencies": [{"name": "x"}]},
        {"vulnerabilities": []},
        {"ok": True},
        {"advisories": {}},
        {"matches": []},
    ],
)
def test_foreign_json_is_nobodys_clean_report(foreign: Any) -> None:
    with pytest.raises(UnknownFormat):
        open_bytes(json.dumps(foreign).encode())


def test_pip_audit_that_skipped_everything_failed() -> None:
    (run,) = _runs({"dependencies": [{"name": "inhouse", "skip_reason": "not on the index"}], "fixes": []})
    assert run.successful is False
    assert run.complete is False


def test_yarn_that_broke_off_failed() -> None:
    runs = [
        item for item in open_report(SAMPLES / "yarn-audit" / "yarn-1-broke-off.jsonl").items() if type(item) is Run
    ]
    assert [run.successful for run in runs] == [False]


@pytest.mark.parametrize(
    ("listed", "ruleset"),
    [({}, frozenset()), ({"vulnerabilities": None}, frozenset()), ({"vulnerabilities": []}, None)],
)
def test_inventory_ran_no_rules(listed: dict[str, Any], ruleset: frozenset[str] | None) -> None:
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "components": [{"type": "library", "name": "coil"}],
        **listed,
    }
    (run,) = _runs(bom)
    assert run.ruleset == ruleset


def test_vex_document_is_not_a_whole_scan() -> None:
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "vulnerabilities": [{"id": "CVE-2030-1", "affects": [{"ref": "x"}]}],
    }
    (run,) = _runs(bom)
    assert run.complete is False


def test_each_snyk_project_is_a_run_and_a_failed_one_says_so() -> None:
    runs = [item for item in open_report(SAMPLES / "snyk" / "all-projects.json").items() if type(item) is Run]
    assert [(run.configuration, run.successful) for run in runs] == [
        ("web\\package-lock.json", None),
        ("api/pom.xml", None),
        ("docs", False),
    ]


def test_passed_checks_are_known_as_rules_and_are_no_findings() -> None:
    items = list(open_report(SAMPLES / "trivy" / "config-all-checks.json").items())
    (run,) = (item for item in items if type(item) is Run)
    assert run.ruleset == {"AVD-AWS-0089", "AVD-AWS-0090"}
    assert [item.rule for item in items if type(item) is Finding] == ["AVD-AWS-0089"]


def test_same_image_under_another_tag_is_the_same_stream() -> None:
    def configuration(name: str) -> str:
        (run,) = _runs({"SchemaVersion": 2, "ArtifactName": name, "ArtifactType": "container_image"})
        return run.configuration

    assert configuration("registry.example.org/shop:1") == configuration("registry.example.org/shop:2")
