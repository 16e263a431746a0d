"""What the matcher gets to see of a finding."""

from __future__ import annotations

import pytest

from seamark.analysis.correlation.evidence import Sighting
from seamark.analysis.correlation.sighting import flaws_of, sighting
from seamark.core.component import Component
from seamark.core.finding import Finding, FlowStep, Rule
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation, HostLocation, ImageLocation, Location, ResourceLocation, WebLocation
from seamark.core.severity import Severity


def seen(location: Location | None = None, kind: Kind = Kind.CODE, **more: object) -> Sighting:
    finding = Finding(
        rule="R1", title="SQL is built from input", severity=Severity.HIGH, kind=kind, location=location, **more
    )  # type: ignore[arg-type]
    return sighting(finding, "Acme", asset="shop", stream=3)


def test_a_place_in_code() -> None:
    one = seen(CodeLocation(path="./a.py", line=3, end_line=5, column=2, scope="f", snippet="  run( x )"), cwes=(89,))
    assert (one.path, one.line, one.end_line, one.column, one.scope, one.snippet) == (
        "a.py",
        3,
        5,
        2,
        "f",
        "  run( x )",
    )
    assert (one.tool, one.rule, one.asset, one.stream, one.cwes) == ("Acme", "R1", "shop", 3, (89,))


def test_a_flow_is_known_by_its_ends_in_the_finding_s_file() -> None:
    def step(path: str, line: int | None) -> FlowStep:
        return FlowStep(location=CodeLocation(path=path, line=line))

    here = CodeLocation(path="./a.py", line=30)
    assert seen(here, flow=(step("./a.py", 12), step("./a.py", 20), step("./a.py", 30))).flow == (12,)
    assert seen(here, flow=(step("b.py", 12), step("./a.py", 40))).flow == (40,)
    assert seen(here, flow=(step("./a.py", None),)).flow == ()


def test_weaknesses_come_from_the_rule_where_the_finding_has_none() -> None:
    assert seen(CodeLocation(path="a"), about=Rule(id="R1", cwes=(79,))).cwes == (79,)


@pytest.mark.parametrize(
    ("location", "field", "value"),
    [
        (WebLocation(url="https://a/orders/7?q=1", method="GET", parameter="q"), "url", "/orders/{id}"),
        (ResourceLocation(resource="arn:aws:s3:::b"), "resource", "arn:aws:s3:::b"),
        (HostLocation(host="h", port=22), "resource", "h:22"),
        (ImageLocation(image="i", path="/x"), "resource", "i:/x"),
    ],
)
def test_other_places(location: Location, field: str, value: str) -> None:
    assert getattr(seen(location), field) == value


def test_a_package_is_told_by_its_flaw_and_bare_name() -> None:
    component = Component(name="log4j-core", purl="pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1")
    one = seen(kind=Kind.DEPENDENCY, component=component, vulnerabilities=("CVE-2021-44228",))
    assert (one.flaw, one.component, one.path) == ("CVE-2021-44228", "log4j-core", "")


@pytest.mark.parametrize(
    ("about", "title"),
    [
        (None, "SQL is built from input"),
        (Rule(id="R1"), "SQL is built from input"),
        (Rule(id="R1", name="blocklist"), "blocklist: SQL is built from input"),
        (Rule(id="R1", title="SQL injection"), "SQL injection"),
        (Rule(id="R1", name="sqli", title="SQL injection"), "sqli: SQL injection"),
        (Rule(id="R1", name="sqli", title="sqli"), "sqli"),
    ],
)
def test_a_rule_is_known_by_its_own_title_before_the_finding_s(about: Rule | None, title: str) -> None:
    assert seen(CodeLocation(path="a"), about=about).title == title


def advisory(*names: str, **more: object) -> Finding:
    given = {"kind": Kind.CONTAINER, "component": Component(name="openssl", version="1.1")} | more
    return Finding(rule=names[-1], title="openssl", severity=Severity.HIGH, vulnerabilities=names, **given)  # type: ignore[arg-type]


def test_an_advisory_of_several_flaws_is_a_finding_for_each() -> None:
    whole = advisory(
        "CVE-2020-1", "CVE-2020-2", "GHSA-aaaa-bbbb-cccc", "RHSA-2020:9", fingerprints=(("f", "1"),), row=7,
        references=("https://example.org",),
    )  # fmt: skip
    one, two = flaws_of(whole)
    assert one.vulnerabilities == ("CVE-2020-1", "RHSA-2020:9")
    assert two.vulnerabilities == ("CVE-2020-2", "RHSA-2020:9")
    assert one.references == ("https://example.org", "GHSA-aaaa-bbbb-cccc"), "whose alias it is, nobody says"
    assert (one.rule, one.title, one.component) == (whole.rule, whole.title, whole.component)
    assert one.fingerprints != two.fingerprints
    assert len({whole.row, one.row, two.row}) == 3
    assert flaws_of(whole) == (one, two), "the same every time"
    assert flaws_of(one) == (one,)


@pytest.mark.parametrize(
    "finding",
    [
        advisory("CVE-2020-1"),
        advisory("CVE-2020-1", "GHSA-aaaa-bbbb-cccc", "RHSA-2020:9"),
        advisory("CVE-2020-1", "CVE-2020-1"),
        advisory("CVE-2020-1", "CVE-2020-2", component=None, kind=Kind.HOST),
        advisory("CVE-2020-1", "CVE-2020-2", kind=Kind.CODE),
        advisory("RHSA-2020:9"),
    ],
)
def test_all_other_findings_stay_themselves(finding: Finding) -> None:
    (same,) = flaws_of(finding)
    assert same is finding
