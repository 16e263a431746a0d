"""What samples cannot show of the commercial code scanners: archives, failed runs, and reports that prove nothing."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from seamark.core.errors import UnknownFormat, UnreadableReport
from seamark.core.finding import Finding
from seamark.core.report import Run
from seamark.intake.parsers.kit.read import open_bytes
from tests.parsers.samples import SAMPLES

AUDIT = """<?xml version="1.0" encoding="UTF-8"?>
<ns2:Audit xmlns:ns2="xmlns://www.fortify.com/schema/audit" version="4.4"><ns2:IssueList>
<ns2:Issue instanceId="I1" revision="0"><ns2:Tag id="87f2364f-dcd4-49e6-861d-f8d3f351686b"><ns2:Value>Not an Issue</ns2:Value></ns2:Tag></ns2:Issue>
<ns2:Issue instanceId="I2" suppressed="true" revision="0"><ns2:ThreadedComments><ns2:Comment><ns2:Content>Only a word</ns2:Content></ns2:Comment></ns2:ThreadedComments></ns2:Issue>
<ns2:Issue instanceId="I3" revision="0"><ns2:Tag id="87f2364f-dcd4-49e6-861d-f8d3f351686b"><ns2:Value>Exploitable</ns2:Value></ns2:Tag></ns2:Issue>
</ns2:IssueList></ns2:Audit>"""


def _zipped(**files: str | bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return packed.getvalue()


def _read(data: bytes, format: str = "auto") -> tuple[list[Run], list[Finding]]:
    items = list(open_bytes(data, format=format).items())
    return [item for item in items if isinstance(item, Run)], [item for item in items if isinstance(item, Finding)]


def _sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text("utf-8"))


def test_fpr_is_its_results_with_what_the_auditors_said() -> None:
    fvdl = (SAMPLES / "fortify/audit.fvdl.xml").read_bytes()
    archive = _zipped(audit__fvdl=fvdl, audit__xml=AUDIT, VERSION="1.3")
    assert open_bytes(archive).parser.name == "fortify"
    runs, findings = _read(archive)
    assert [run.version for run in runs] == ["24.2.0.0150"]
    justifications = [finding.suppression.justification if finding.suppression else None for finding in findings]
    assert justifications == ["Not an Issue", "Only a word", None]
    assert "analysis: Exploitable" in findings[2].tags


def test_fpr_without_audit_reads_as_its_fvdl_alone() -> None:
    fvdl = (SAMPLES / "fortify/audit.fvdl.xml").read_bytes()
    assert _read(_zipped(audit__fvdl=fvdl, VERSION="1.3")) == _read(fvdl)


def test_damaged_fpr_is_refused() -> None:
    archive = bytearray(_zipped(audit__fvdl=(SAMPLES / "fortify/audit.fvdl.xml").read_bytes(), VERSION="1.3"))
    archive[60:200] = bytes(140)
    with pytest.raises(UnreadableReport):
        _read(bytes(archive))


def test_fortify_report_without_a_list_of_issues_is_refused() -> None:
    text = (SAMPLES / "fortify/report.xml").read_text("utf-8").replace('listing="true"', 'listing="false"')
    with pytest.raises(UnreadableReport, match="no list of issues"):
        _read(text.encode())


def test_zip_of_answers_of_sonarqube_is_all_of_them() -> None:
    issues, hotspots = _sample("sonarqube/issues.json"), _sample("sonarqube/hotspots.json")
    archive = _zipped(a__json=json.dumps(issues), b__json=json.dumps(hotspots))
    runs, findings = _read(archive)
    assert [run.complete for run in runs] == [False]
    assert len(findings) == 3 + 2


def test_zip_with_another_file_is_not_one_of_sonarqube() -> None:
    archive = _zipped(a__json=json.dumps(_sample("sonarqube/issues.json")), b__json="{}")
    with pytest.raises(UnknownFormat):
        _read(archive)


@pytest.mark.parametrize("report", ["[[], []]", '{"issues": []}', '{"findings": []}'])
def test_nothing_at_all_does_not_say_whose_it_is(report: str) -> None:
    with pytest.raises(UnknownFormat):
        _read(report.encode())


@pytest.mark.parametrize(("report", "format"), [("[[], []]", "checkmarx-osa"), ('{"vulnerabilities": []}', "gitlab")])
def test_nothing_is_believed_where_a_person_names_the_tool(report: str, format: str) -> None:
    runs, findings = _read(report.encode(), format)
    assert len(runs) == 1
    assert not findings


def test_osa_without_the_library_is_refused() -> None:
    vulnerabilities, libraries = _sample("checkmarx-osa/both-files.json")
    with pytest.raises(UnreadableReport, match="not in the list of libraries"):
        _read(json.dumps([vulnerabilities, libraries[:1]]).encode())


def test_coverity_that_stopped_is_refused() -> None:
    report = {**_sample("coverity/nothing-found.json"), "error": {"message": "no licence"}}
    with pytest.raises(UnreadableReport, match="no licence"):
        _read(json.dumps(report).encode())


def test_pipeline_scan_that_failed_is_no_successful_run() -> None:
    report = {**_sample("veracode/pipeline.json"), "scan_status": "FAILURE", "message": "Scan failed", "findings": []}
    runs, findings = _read(json.dumps(report).encode())
    assert [(run.successful, run.problems) for run in runs] == [(False, ("Scan failed",))]
    assert not findings


def test_gitlab_scan_that_failed_is_no_successful_run() -> None:
    report = _sample("gitlab/nothing-found.json")
    report["scan"]["status"] = "failure"
    report["scan"]["messages"] = [{"level": "fatal", "value": "out of memory"}]
    runs, _ = _read(json.dumps(report).encode())
    assert [(run.successful, run.problems) for run in runs] == [(False, ("fatal: out of memory",))]


def test_husky_that_failed_altogether_is_no_successful_run() -> None:
    report = {"RID": "r", "status": "error running", "errorFound": "no host", "containers": [], "huskyciresults": {}}
    runs, _ = _read(json.dumps(report).encode())
    assert [(run.successful, run.problems) for run in runs] == [(False, ("no host",))]


def test_vulnerability_of_the_agent_that_points_nowhere_is_refused() -> None:
    report = _sample("veracode-sca/agent.json")
    report["records"][0]["vulnerabilities"][0]["libraries"][0]["_links"]["ref"] = "/records/0/libraries/9/versions/0"
    with pytest.raises(UnreadableReport, match="points to no library"):
        _read(json.dumps(report).encode())
