"""What tools that look at packages say of failed and partial runs, of what was set aside, and in forms of older versions."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from seamark.core.errors import UnreadableReport
from seamark.core.finding import Finding
from seamark.core.kind import Kind, Reach, VexState
from seamark.core.report import Item, Run
from seamark.core.severity import Severity
from seamark.intake.parsers.formats._sca import ecosystem, first_versions, of_coordinates
from seamark.intake.parsers.formats.jfrog_xray.findings import component_of
from seamark.intake.parsers.kit.read import open_bytes
from tests.parsers.samples import SAMPLES

from .reading import findings, read, run, sample, text_of


def _pretty(name: str) -> str:
    """Return a sample of JSON lines as govulncheck prints it: each message over several lines."""
    return "\n".join(json.dumps(json.loads(line), indent=2) for line in text_of(name).splitlines())


def test_govulncheck_reads_messages_over_several_lines_like_those_on_one() -> None:
    assert read(_pretty("govulncheck/lines.json"), "govulncheck") == sample("govulncheck/lines.json")


def test_govulncheck_that_stopped_after_its_configuration_did_not_succeed() -> None:
    first = text_of("govulncheck/lines.json").splitlines()[0]
    said = run(read(first))
    assert said.successful is False
    assert said.problems


def test_govulncheck_cut_in_the_middle_of_a_message_is_refused() -> None:
    whole = _pretty("govulncheck/lines.json")
    with pytest.raises(UnreadableReport):
        read(whole[: len(whole) - 40], "govulncheck")


def test_govulncheck_joins_the_levels_at_which_it_meets_a_flaw() -> None:
    found = {one.rule: one for one in findings(sample("govulncheck/lines.json"))}
    assert {name: one.reach for name, one in found.items()} == {
        "GO-2030-0113": Reach.STATIC,
        "GO-2030-0200": Reach.UNREACHABLE,
        "GO-2030-0300": Reach.UNREACHABLE,
    }
    assert [step.message for step in found["GO-2030-0113"].flow] == [
        "example.org/shop.main",
        "example.org/lamps/text/language.Tag.Parse",
    ]


def test_govulncheck_of_a_binary_does_not_prove_calls() -> None:
    called, _ = findings(sample("govulncheck/binary.json"))
    assert called.reach is Reach.POTENTIAL
    assert called.location is None


def test_dotnet_list_that_was_not_asked_about_vulnerabilities_is_no_clean_scan() -> None:
    report = {"version": 1, "parameters": "--include-transitive", "projects": [{"path": "a.csproj"}]}
    with pytest.raises(UnreadableReport, match="not asked"):
        read(report)


def test_dotnet_list_without_transitive_packages_is_not_complete() -> None:
    report = {"version": 1, "parameters": "--vulnerable", "projects": [{"path": "a.csproj"}]}
    assert run(read(report)).complete is False
    assert run(read({**report, "parameters": "--vulnerable --include-transitive"})).complete is None


def test_dotnet_list_with_an_error_failed() -> None:
    assert run(sample("dotnet-list/problems.json")).successful is False


def test_xray_that_looked_at_nothing_is_refused_with_its_reason() -> None:
    report = {"artifacts": [], "errors": [{"identifier": "libs/gone.jar", "error": "Artifact doesn't exist"}]}
    with pytest.raises(UnreadableReport, match=r"gone\.jar"):
        read(report)


def test_xray_scan_that_failed_did_not_succeed() -> None:
    runs = [item for item in sample("jfrog-xray/scan.json") if isinstance(item, Run)]
    assert [one.successful for one in runs] == [None, False]


@pytest.mark.parametrize(
    ("name", "complete"),
    [
        ("jfrog-xray/report.json", False),
        ("jfrog-xray/violations.json", False),
        ("jfrog-xray/empty.json", None),
        ("black-duck/page.json", False),
        ("mend/api_3.json", False),
        ("mend/empty.json", None),
        ("nancy/report.json", False),
        ("retirejs/report.json", False),
        ("composer-audit/unreachable.json", False),
        ("dependency-track/without_findings.json", False),
        ("cargo-audit/report.json", False),
        ("openvex/v0_2.json", False),
        ("csaf/advisory_2_0.json", False),
    ],
)
def test_partial_report_is_not_complete(name: str, complete: bool | None) -> None:
    assert run(sample(name)).complete is complete


def test_wiz_scan_that_failed_did_not_succeed() -> None:
    assert run(sample("wizcli/failed.json")).successful is False


def _suppressed(items: list[Item]) -> dict[str, str]:
    return {one.rule: one.suppression.justification for one in findings(items) if one.suppression is not None}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("composer-audit/report.json", {"PKSA-7777-8888-9999": "logs are not shown to anybody"}),
        ("nancy/report.json", {"CVE-2030-6002": ""}),
        ("safety/check.json", {"70003": "no clocks here"}),
        ("safety/scan.json", {"PVE-2030-100": "not reachable"}),
        ("dependency-track/report.json", {"CVE-2030-1201": "code_not_reachable"}),
        ("sonatype/raw.json", {"sonatype-2030-0035": "Not Applicable"}),
        ("black-duck/binary.csv", {"CVE-2030-2421": "False positive: Not compiled in"}),
        ("mend/api_3.json", {"CVE-2030-2505": "Tests only"}),
        ("spectra-assure/report.rl.json", {"CVE-2030-2103": "triaged"}),
    ],
)
def test_what_the_tool_set_aside_is_suppressed_with_the_reason(name: str, expected: dict[str, str]) -> None:
    assert _suppressed(sample(name)) == expected


def test_statements_of_vex_are_kept() -> None:
    states = [one.vex.state for one in findings(sample("csaf/advisory_2_0.json")) if one.vex is not None]
    assert states == [
        VexState.AFFECTED,
        VexState.AFFECTED,
        VexState.NOT_AFFECTED,
        VexState.FIXED,
        VexState.UNDER_INVESTIGATION,
    ]


def test_status_that_openvex_does_not_know_is_refused() -> None:
    report = json.loads(text_of("openvex/v0_2.json"))
    report["statements"][0]["status"] = "probably_fine"
    with pytest.raises(UnreadableReport, match="probably_fine"):
        read(report)


def test_what_is_gone_is_marked_absent() -> None:
    (gone,) = [one for one in findings(sample("mend/api_3.json")) if one.baseline]
    assert (gone.rule, gone.baseline) == ("CVE-2030-2504", "absent")
    resolved = [one for one in findings(sample("snyk-issues/report.json")) if one.baseline]
    assert {one.rule for one in resolved} == {"SNYK-CC-TF-1"}


def test_snyk_makes_a_run_of_each_project() -> None:
    runs = [item.configuration for item in sample("snyk-issues/report.json") if isinstance(item, Run)]
    assert runs == ["11111111-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"]


def test_empty_list_is_a_clean_run_of_the_php_checker_once_it_is_named() -> None:
    assert findings(read("[]", "php-security-checker")) == []
    assert run(read("[]", "php-security-checker")).tool == "PHP Security Checker"


def test_empty_report_of_mend_is_taken_on_trust_once_it_is_named() -> None:
    assert findings(read({"vulnerabilities": []}, "mend")) == []
    with pytest.raises(UnreadableReport):
        read({"vulnerabilities": []})


def test_clean_output_of_bundler_audit_is_taken_on_trust_once_it_is_named() -> None:
    assert findings(read("No vulnerabilities found\n", "bundler-audit")) == []
    with pytest.raises(UnreadableReport):
        read("No vulnerabilities found\n")


def test_entry_of_bundler_audit_without_its_advisory_is_refused() -> None:
    text = "Name: rack\nVersion: 1.0\nCriticality: High\nTitle: x\nSolution: upgrade to >= 2\n"
    with pytest.raises(UnreadableReport, match="rack"):
        read(text)


def test_spectra_reports_a_file_at_one_path_once() -> None:
    found = [one.rule for one in findings(sample("spectra-assure/report.rl.json"))]
    assert found.count("CVE-2030-2101") == 1
    assert not {"SQ31102", "SQ14122"} & set(found)


def _archive(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def test_archive_of_other_tables_is_no_report_of_black_duck() -> None:
    with pytest.raises(UnreadableReport):
        open_bytes(_archive({"security.csv": b"a,b\n1,2\n", "files.csv": b"a\n"}), format="black-duck")


def test_archive_of_black_duck_knows_files_and_policies() -> None:
    data = (SAMPLES / "black-duck/report.zip").read_bytes()
    found = [item for item in open_bytes(data).items() if isinstance(item, Finding)]
    assert [one.kind for one in found].count(Kind.LICENCE) == 2
    assert "/opt/lamp-compress.jar" in found[0].description


@pytest.mark.parametrize(
    ("level", "expected"),
    [(10, Severity.CRITICAL), (7, Severity.HIGH), (3, Severity.MEDIUM), (1, Severity.LOW), (0, Severity.INFO)],
)
def test_threat_levels_of_sonatype(level: int, expected: Severity) -> None:
    report: dict[str, Any] = json.loads(text_of("sonatype/policy.json"))
    report["components"][0]["violations"][0]["policyThreatLevel"] = level
    assert findings(read(report))[0].severity is expected


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ((">= 1.2, < 2.0",), ("1.2",)),
        (("~> 2.1.3", ">= 2.2.0"), ("2.1.3", "2.2.0")),
        (("^0.9.8, <1.0.0",), ("0.9.8",)),
        (("'>= 1.16.2'",), ("1.16.2",)),
        (("≥ 2:1.6.4-3+deb9u1",), ("2:1.6.4-3+deb9u1",)),
        (("1.26",), ("1.26",)),
        (("<0.0.0", "> 1.0", "*"), ()),
    ],
)
def test_first_versions_of_safe_ranges(ranges: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert first_versions(*ranges) == expected


@pytest.mark.parametrize(
    ("text", "purl", "name", "version"),
    [
        ("npm://@lamps/ip:2.0.0", "pkg:npm/%40lamps/ip@2.0.0", "@lamps/ip", "2.0.0"),
        ("gav://org.example:lamp:1.0", "pkg:maven/org.example/lamp@1.0", "org.example/lamp", "1.0"),
        ("gav://lamp", "pkg:maven/lamp", "lamp", ""),
        ("rpm://7:expat:17:2.1.0-10.el7_3", "pkg:rpm/expat@17:2.1.0-10.el7_3", "expat", "17:2.1.0-10.el7_3"),
        ("generic://sha256:aa/layer.tar", "", "layer.tar", ""),
    ],
)
def test_components_by_the_ids_of_xray(text: str, purl: str, name: str, version: str) -> None:
    one = component_of(text)
    assert (one.purl, one.name, one.version) == (purl, name, version)


def test_coordinates_that_are_no_package_url_keep_their_text() -> None:
    assert of_coordinates("lamp").name == "lamp"
    assert of_coordinates("pkg:lamp@1.0").version == "1.0"


def test_ecosystems_by_words_with_a_second_part() -> None:
    assert [ecosystem(word) for word in ("NPM", "java_archive", "python-wheel", "lamp")] == ["npm", "maven", "pypi", ""]
