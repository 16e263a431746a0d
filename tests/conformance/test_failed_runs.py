"""What real tools left behind when they failed: none of it may close a finding, or read as a clean scan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seamark.core.errors import UnreadableReport
from seamark.pipeline.imports import import_file
from seamark.pipeline.target import Target
from seamark.store.models import Finding, Issue

pytestmark = pytest.mark.corpus
SHOP = Target(application="shop", repository="https://git.example/acme/shop", ref="main")


def _good_sarif(failed: Any) -> Any:
    """Return the log of a run of the same tool that went well and found something."""
    run = failed["runs"][0]
    place = {"physicalLocation": {"artifactLocation": {"uri": "app.js"}, "region": {"startLine": 3}}}
    result = {"ruleId": "node_sqli", "level": "error", "message": {"text": "Injection"}, "locations": [place]}
    return failed | {"runs": [run | {"invocations": [{"executionSuccessful": True}], "results": [result]}]}


def _good_pip_audit(_failed: Any) -> Any:
    flaw = {"id": "PYSEC-2024-1", "fix_versions": ["4.0"], "aliases": ["CVE-2024-1"], "description": ""}
    return {"dependencies": [{"name": "aiohttp", "version": "3.5.3", "vulns": [flaw]}], "fixes": []}


def _good_bom(failed: Any) -> Any:
    part = {"type": "library", "bom-ref": "a", "name": "aiohttp", "version": "3.5.3", "purl": "pkg:pypi/aiohttp@3.5.3"}
    flaw = {"id": "CVE-2024-1", "ratings": [{"severity": "high"}], "affects": [{"ref": "a"}]}
    return failed | {"components": [part], "vulnerabilities": [flaw]}


READ = {
    "njsscan-engine-missing.sarif": _good_sarif,
    "njsscan-juice-shop-execution-failed.sarif": _good_sarif,
    "pip-audit-all-skipped.json": _good_pip_audit,
    "pip-audit-all-skipped.cdx.json": _good_bom,
}
"""Failures that look like reports, with the report of a run of the same tool that went well."""
REFUSED = ("njsscan-engine-missing.json", "npm-audit-405.json", "npm-audit.err")


@pytest.fixture(scope="module")
def folder(corpus: Path) -> Path:
    """Return the folder of failures."""
    found = corpus / "realscan" / "_failed_runs"
    if not found.is_dir():
        pytest.skip("there are no failed runs")
    return found


def test_every_failure_is_tried(folder: Path) -> None:
    assert {path.name for path in folder.iterdir() if path.is_file()} == {*READ, *REFUSED}


@pytest.mark.django_db
@pytest.mark.parametrize("name", READ)
def test_a_failed_run_closes_nothing(folder: Path, tmp_path: Path, name: str) -> None:
    good = tmp_path / "good.json"
    good.write_text(json.dumps(READ[name](json.loads((folder / name).read_text("utf-8")))), "utf-8")
    before = import_file(good, SHOP)
    assert (before.new, before.issues) == (1, 1)
    outcome = import_file(folder / name, SHOP)
    assert outcome.tools == before.tools
    assert (outcome.findings, outcome.fixed, outcome.resolved) == (0, 0, 0)
    assert outcome.notes, "it is told why nothing was closed"
    assert Finding.objects.filter(closed_in=None).count() == Issue.objects.filter(open=True).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_report_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(UnreadableReport):
        import_file(folder / name, SHOP)
