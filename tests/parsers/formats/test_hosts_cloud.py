"""Failed runs, other pages, and what a person has set aside: what goldens of the hosts' and clouds' formats do not show alone."""

from __future__ import annotations

import json

import pytest

from seamark.core.errors import UnreadableReport
from seamark.core.finding import Finding
from seamark.core.report import Run
from seamark.intake.parsers.kit.read import open_bytes


def read(text: str, format: str = "auto") -> tuple[Run, list[Finding]]:
    items = list(open_bytes(text.encode(), format=format).items())
    (run,) = [item for item in items if isinstance(item, Run)]
    return run, [item for item in items if isinstance(item, Finding)]


def test_nmap_without_its_end_has_failed() -> None:
    run, findings = read('<nmaprun scanner="nmap" args="nmap host" version="7.9"><verbose level="0"/></nmaprun>')
    assert run.successful is False
    assert run.problems
    assert findings == []


def test_nessus_policy_is_no_report() -> None:
    with pytest.raises(UnreadableReport, match="policy"):
        read("<NessusClientData_v2><Policy><policyName>Weekly</policyName></Policy></NessusClientData_v2>")


def test_openvas_scan_that_was_stopped_has_failed() -> None:
    run, findings = read(
        "<report><report><gmp><version>22.5</version></gmp><scan_run_status>Interrupted</scan_run_status><results/></report></report>"
    )
    assert run.successful is False
    assert run.problems == ("The scan's state is Interrupted",)
    assert findings == []


def test_benchmark_without_results_is_no_report() -> None:
    with pytest.raises(UnreadableReport, match="no results"):
        read('<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2" id="b"><Rule id="r"/></Benchmark>')


def test_benchmark_that_ran_no_rule_has_failed() -> None:
    run, _ = read(
        '<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2" id="b"><TestResult id="t" end-time="2025-10-09T08:00:00">'
        '<rule-result idref="r"><result>notapplicable</result></rule-result></TestResult></Benchmark>'
    )
    assert run.successful is False


def test_wazuh_error_is_no_empty_report() -> None:
    answer = {"data": {"affected_items": [], "total_affected_items": 0}, "error": 1, "message": "Agent does not exist"}
    with pytest.raises(UnreadableReport, match="Agent does not exist"):
        read(json.dumps(answer))


def test_satellite_error_is_no_empty_report() -> None:
    answer = {"error": {"message": "denied"}, "results": [{"errata_id": "RHSA-2025:1", "cves": []}]}
    with pytest.raises(UnreadableReport, match="denied"):
        read(json.dumps(answer))


@pytest.mark.parametrize("format", ["asff", "aws-inspector2"])
def test_empty_answer_of_amazon_needs_a_name(format: str) -> None:
    text = '{"findings": []}'
    with pytest.raises(UnreadableReport):
        read(text)
    assert read(text, format)[1] == []


def test_answer_with_a_next_page_is_incomplete() -> None:
    answer = {
        "@odata.context": "https://api.security.microsoft.com/api/$metadata#x",
        "value": [],
        "@odata.nextLink": "x",
    }
    run, findings = read(json.dumps(answer))
    assert run.complete is False
    assert findings == []


def test_nessus_table_joins_the_rows_of_one_answer_only() -> None:
    head = "Plugin ID,CVE,CVSS,Risk,Host,Protocol,Port,Name,Plugin Output\n"
    rows = [
        "1,CVE-2024-10001,5.0,High,h,tcp,443,A,x",
        "1,CVE-2024-10002,9.0,High,h,tcp,443,A,x",
        "1,CVE-2024-10001,5.0,High,h,tcp,8443,A,x",
    ]
    _, findings = read(head + "\n".join(rows) + "\n")
    assert [finding.vulnerabilities for finding in findings] == [
        ("CVE-2024-10001", "CVE-2024-10002"),
        ("CVE-2024-10001",),
    ]
    assert findings[0].cvss[0].score == 9.0


def test_passed_checks_of_security_hub_are_no_findings() -> None:
    row = {"SchemaVersion": "2018-10-08", "Id": "1", "ProductArn": "arn:aws:securityhub:eu::product/aws/securityhub", "GeneratorId": "g", "Title": "t",
           "Resources": [{"Type": "AwsAccount", "Id": "a"}], "Compliance": {"Status": "PASSED"}}  # fmt: skip
    assert read(json.dumps([row]))[1] == []
    assert len(read(json.dumps([{**row, "Compliance": {"Status": "FAILED"}}]))[1]) == 1


def test_events_close_nothing() -> None:
    line = {"node_name": "n", "time": "2025-10-09T08:00:00Z", "process_exec": {"process": {"binary": "/bin/ls"}}}
    run, findings = read(json.dumps(line) + "\n" + json.dumps(line))
    assert run.complete is False
    assert findings == []
