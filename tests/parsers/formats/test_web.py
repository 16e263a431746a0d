"""Scanners of web applications, services and TLS: failed runs, marks of people, and whose report it is."""

from __future__ import annotations

import json

import pytest

from seamark.core.errors import UnknownFormat, UnreadableReport
from seamark.core.kind import Verification
from seamark.core.location import WebLocation
from seamark.core.report import Item, Run
from seamark.core.severity import Severity

from .reading import findings, read, run, sample, text_of


@pytest.mark.parametrize(
    "name",
    [
        "burp/failed.json",
        "wpscan/aborted.json",
        "hydra/failed.json",
        "sslscan/failed.xml",
        "testssl/failed.csv",
        "testssl/pretty.json",
    ],
)
def test_failed_scans_never_read_as_clean(name: str) -> None:
    said = run(sample(name))
    assert (said.successful, said.complete) == (False, False)
    assert said.problems


def test_aborted_acunetix_scan_does_not_spoil_the_other() -> None:
    first, second = (item for item in sample("acunetix/scan.xml") if isinstance(item, Run))
    assert (first.successful, second.successful) == (None, False)


@pytest.mark.parametrize(
    "name", ["wpscan/without_token.json", "testssl/table.csv", "sslyze/version_5.json", "ssl-labs/hosts.json"]
)
def test_what_was_not_tested_makes_a_scan_incomplete(name: str) -> None:
    said = run(sample(name))
    assert said.complete is False
    assert said.successful is not False


@pytest.mark.parametrize("status", ["auditing", "crawling", "paused"])
def test_running_burp_scan_is_incomplete(status: str) -> None:
    report = json.loads(text_of("burp/rest.json"))
    report["scan_status"] = status
    assert (run(read(report)).successful, run(read(report)).complete) == (None, False)


def test_error_of_burps_graphql_is_refused() -> None:
    report = json.loads(text_of("burp/graphql.json"))
    report["errors"] = [{"message": "Unauthorized"}]
    with pytest.raises(UnreadableReport, match="Unauthorized"):
        read(report)


def test_burp_html_that_describes_fewer_issues_than_it_counts_is_refused() -> None:
    text = text_of("burp/report.html").replace('<td class="value">2</td>', '<td class="value">3</td>')
    with pytest.raises(UnreadableReport, match="counts 3 issues"):
        read(text)


def test_failed_observatory_scan_is_refused() -> None:
    report = json.loads(text_of("mozilla-observatory/mdn.json"))
    report["scan"]["error"] = "site-down"
    with pytest.raises(UnreadableReport, match="site-down"):
        read(report)


def test_passed_checks_are_no_findings() -> None:
    titles = {each.rule for each in findings(sample("mozilla-observatory/scan.json"))}
    assert "redirection" not in titles
    assert not any("192.0.2.11" in each.description for each in findings(sample("ssl-labs/hosts.json")))
    assert {each.severity_given for each in findings(sample("testssl/table.csv"))} <= {
        "INFO",
        "LOW",
        "MEDIUM",
        "HIGH",
        "CRITICAL",
    }


@pytest.mark.parametrize(
    ("state", "justification", "baseline"),
    [
        ("Present", None, ""),
        ("Present, FalsePositive", "false positive", ""),
        ("Present, AcceptedRisk", "accepted risk", ""),
        ("FixedConfirmed", None, "absent"),
        ("FixedUnconfirmed", None, ""),
    ],
)
def test_invicti_states(state: str, justification: str | None, baseline: str) -> None:
    report = json.loads(text_of("invicti/acunetix360.json"))
    report["Vulnerabilities"][0]["State"] = state
    (found,) = findings(read(report))
    assert (found.suppression.justification if found.suppression else None) == justification
    assert found.baseline == baseline


def test_the_same_shape_is_of_acunetix_360_where_its_texts_say_so() -> None:
    assert run(sample("invicti/acunetix360.json")).tool == "Acunetix 360"
    assert run(sample("invicti/netsparker.json")).tool == "Invicti"


def test_false_positive_of_burp_is_set_aside() -> None:
    found = findings(sample("burp/suite.xml"))[2]
    assert found.suppression is not None
    assert found.verification is Verification.REFUTED


def test_message_of_stackhawk_that_tells_twice_counts_once() -> None:
    assert len(findings(sample("stackhawk/webhook.json"))) == 3


def test_guessed_passwords_stay_hidden() -> None:
    for name in ("hydra/guessed.json", "wpscan/site.json", "nettacker/report.json"):
        text = repr(sample(name))
        assert "sunny-day-4711" not in text
        assert "correct horse battery" not in text


def test_parameter_and_method_are_read() -> None:
    for name in ("burp/suite.xml", "acunetix/scan.xml", "arachni/report.json", "wapiti/report.json", "sqlmap/log.txt"):
        place = findings(sample(name))[0].location
        assert isinstance(place, WebLocation)
        assert place.method
        assert place.parameter


def test_sslyze_does_not_tell_of_recommended_suites() -> None:
    suites = next(each for each in findings(sample("sslyze/version_5.json")) if each.rule == "suites/TLS 1.2")
    assert "GCM" not in suites.description


@pytest.mark.parametrize("score", [-60, -50, -20, -5, 0])
def test_observatory_rates_by_what_a_test_costs(score: int) -> None:
    report = json.loads(text_of("mozilla-observatory/mdn.json"))
    report["tests"]["cookies"]["scoreModifier"] = score
    expected = {-60: Severity.HIGH, -50: Severity.HIGH, -20: Severity.MEDIUM, -5: Severity.LOW, 0: Severity.INFO}
    assert findings(read(report))[0].severity is expected[score]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"items": []},
        {"results": []},
        {"findings": {}},
        {"collection": []},
        {"message": "Unauthorized"},
        {"success": False, "errors": [{"message": "bad"}], "result": None},
        {"data": {"scan": None}},
        "<Vulnerabilities/>",
        "<issues/>",
        "<report/>",
        "<document/>",
        "<testsuites/>",
    ],
)
def test_bodies_that_say_nothing_are_nobodys_report(body: object) -> None:
    with pytest.raises(UnknownFormat):
        read(body)


def test_gobuster_without_answers_says_where_it_looked_or_is_refused() -> None:
    text = text_of("gobuster/paths.txt")
    clean = "\n".join(line for line in text.splitlines() if "(Status:" not in line)
    assert findings(read(clean)) == []
    silent = "\n".join(line for line in clean.splitlines() if "Url:" not in line)
    with pytest.raises(UnreadableReport):
        read(silent)


def test_each_place_is_a_finding() -> None:
    def places(items: list[Item]) -> int:
        return len({each.location for each in findings(items)})

    assert places(sample("intsights/alerts.json")) == 3
    assert places(sample("whitehat-sentinel/vulnerabilities.json")) == 3


@pytest.mark.parametrize(
    "text",
    [
        '<niktoscan><niktoscan hoststest="0" version="2.1.6"></niktoscan></niktoscan>',
        "<ScanGroup/>",
        "<VulnSummary><AppVersion>7</AppVersion></VulnSummary>",
    ],
)
def test_reports_without_a_scan_are_refused(text: str) -> None:
    with pytest.raises(UnreadableReport):
        read(text)
