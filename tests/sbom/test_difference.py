"""What changed between two inventories."""

from __future__ import annotations

from typing import Any

from seamark.analysis.software.difference import Change, Difference, by_severity, difference, risk
from seamark.core.component import Component
from seamark.core.finding import Finding
from seamark.core.sbom import Sbom
from seamark.core.severity import Severity
from seamark.intake.parsers.kit.source import from_bytes
from seamark.intake.sbom.read import sbom_in

from .documents import FORMS, cyclonedx, encoded, library


def bom(*components: dict[str, Any], edges: dict[str, list[str]] | None = None) -> Sbom:
    rows = [{"ref": ref, "dependsOn": targets} for ref, targets in (edges or {}).items()]
    return sbom_in(from_bytes(encoded(cyclonedx(components=list(components), dependencies=rows)), "x"))


def moves(changes: tuple[Change, ...]) -> list[tuple[str, str, str]]:
    return [(one.package, one.before.version, one.after.version) for one in changes]


def test_one_inventory_in_two_formats_is_the_same() -> None:
    documents = [sbom_in(from_bytes(encoded(FORMS[form]), "x")) for form in FORMS]
    for one in documents[1:]:
        assert difference(documents[0], one) == Difference(unchanged=2)


def test_added_removed_upgraded_downgraded() -> None:
    before = bom(library("a", "1.9.0"), library("b", "2.0.0"), library("gone", "1.0.0"), library("same", "1.0.0"))
    after = bom(library("a", "1.10.0"), library("b", "2.0.0-rc.1"), library("come", "1.0.0"), library("same", "1.0.0"))
    found = difference(before, after)
    assert moves(found.upgraded) == [("npm/a", "1.9.0", "1.10.0")]
    assert moves(found.downgraded) == [("npm/b", "2.0.0", "2.0.0-rc.1")]
    assert [one.name for one in found.added] == ["come"]
    assert [one.name for one in found.removed] == ["gone"]
    assert (found.unchanged, found.changed) == (1, ())


def test_the_ecosystem_decides_what_is_newer() -> None:
    before = bom(library("x", "1.0.0.RELEASE", ecosystem="maven"), library("y", "1.0-1", ecosystem="deb"))
    after = bom(library("x", "1.0.1-SNAPSHOT", ecosystem="maven"), library("y", "1.0~rc1-1", ecosystem="deb"))
    found = difference(before, after)
    assert (len(found.upgraded), len(found.downgraded)) == (1, 1)


def test_several_versions_are_paired_from_the_newest_down() -> None:
    before = bom(library("a", "1.0.0"), library("a", "2.0.0"), library("a", "3.0.0"))
    found = difference(before, bom(library("a", "2.0.0"), library("a", "3.1.0")))
    assert moves(found.upgraded) == [("npm/a", "3.0.0", "3.1.0")]
    assert [one.version for one in found.removed] == ["1.0.0"]
    assert found.unchanged == 1


def test_versions_that_cannot_be_compared() -> None:
    found = difference(bom(library("a", "main")), bom(library("a", "develop")))
    assert moves(found.changed) == [("npm/a", "main", "develop")]


def test_licences_of_one_version_and_of_the_next() -> None:
    before = bom(library("a", "1.0.0", "MIT"), library("b", "1.0.0", "MIT"))
    after = bom(library("a", "1.0.0", "GPL-3.0-only"), library("b", "2.0.0", "GPL-3.0-only"))
    found = difference(before, after)
    assert [(one.package, one.before.licences, one.after.licences) for one in found.relicensed] == [
        ("npm/a", ("MIT",), ("GPL-3.0-only",)), ("npm/b", ("MIT",), ("GPL-3.0-only",)),
    ]  # fmt: skip


def test_an_upgrade_draws_no_new_edges() -> None:
    before = bom(
        library("a", "1.0.0"),
        library("b", "1.0.0"),
        edges={"app": ["pkg:npm/a@1.0.0"], "pkg:npm/a@1.0.0": ["pkg:npm/b@1.0.0"]},
    )
    after = bom(library("a", "2.0.0"), library("b", "1.0.0"), edges={"app": ["pkg:npm/a@2.0.0", "pkg:npm/b@1.0.0"]})
    found = difference(before, after)
    assert found.edges_added == (("", "npm/b"),)
    assert found.edges_removed == (("npm/a", "npm/b"),)


def flaw(name: str, version: str, rule: str, severity: Severity) -> Finding:
    component = Component(name=name, version=version, purl=f"pkg:npm/{name}@{version}")
    return Finding(rule=rule, title=rule, severity=severity, component=component)


def test_vulnerabilities_that_came_and_went() -> None:
    before = [flaw("a", "1", "V1", Severity.LOW), flaw("a", "1", "V2", Severity.HIGH)]
    after = [
        flaw("a", "2", "V1", Severity.LOW),
        flaw("b", "1", "V3", Severity.LOW),
        flaw("b", "1", "V4", Severity.CRITICAL),
    ]
    found = risk(before, after)
    assert [one.rule for one in found.introduced] == ["V4", "V3"]
    assert [one.rule for one in found.resolved] == ["V2"]
    assert found.remaining == 1
    assert by_severity(after) == {"critical": 1, "low": 2}
