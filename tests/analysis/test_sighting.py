"""What the matcher gets to see of a finding."""

from __future__ import annotations

import pytest

from seamark.analysis.correlation.evidence import Sighting
from seamark.analysis.correlation.sighting import sighting
from seamark.core.component import Component
from seamark.core.finding import Finding, Rule
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
    assert (one.path, one.line, one.end_line, one.column, one.scope, one.snippet) == ("a.py", 3, 5, 2, "f", "run(x)")
    assert (one.tool, one.rule, one.asset, one.stream, one.cwes) == ("Acme", "R1", "shop", 3, (89,))


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
