"""Frameworks as data: every control is covered by something or says openly why not; crosswalks fit; uploads are bounded."""

from __future__ import annotations

import pytest

from seamark.governance.compliance.check import checks
from seamark.governance.compliance.crosswalk import matches, topics
from seamark.governance.compliance.framework import LARGEST, Framework, InvalidFramework, read, shipped
from seamark.governance.compliance.installation import FACTS
from seamark.governance.compliance.words import needs, reasons
from seamark.governance.policy.facts import GROUPS
from seamark.governance.policy.shapes import fields

NAMED = {
    "nist-ssdf-1.1", "cisa-ssdf-attestation", "nist-800-204d", "nist-800-53-r5", "iso-27001-2022", "soc-2", "pci-dss-4", "hipaa-security",
    "owasp-asvs-5", "owasp-samm-2", "owasp-top-10-2021", "owasp-top-10-2025", "cis-controls-8.1", "eu-cra", "eu-dora", "slsa-1.1",
    "openssf-scorecard", "openssf-baseline",
}  # fmt: skip
OWN = """
name: acme-rules
title: Rules of Acme
version: "3"
publisher: Acme
source: Written by the security team.
families:
  - id: "1"
    title: Software
    controls:
      - {id: 1.10, title: Packages are current, checks: [packages-in-90-days], like: [pci-dss-4/6.3.3]}
      - {id: 1.1, title: People know the rules, need: training}
      - {id: 1.2, title: Servers stand in a locked room, need: A photo of the lock, days: 30}
      - {id: 1.3, title: Lunch is served, none: Nobody measures lunch}
"""


def test_all_that_the_product_promises_are_there() -> None:
    assert set(shipped()) == NAMED


@pytest.mark.parametrize("framework", shipped().values(), ids=lambda one: one.name)
def test_every_control_has_checks_evidence_or_an_open_statement(framework: Framework) -> None:
    for control in framework.controls.values():
        covered = bool(control.checks) or control.evidence is not None
        assert covered != bool(control.reason), control.id
        assert control.evidence is None or (control.evidence.what and control.evidence.days > 0), control.id
        assert not control.reason or " " in control.reason, control.id
        assert control.title.strip() == control.title, control.id


@pytest.mark.parametrize("framework", shipped().values(), ids=lambda one: one.name)
def test_a_framework_says_where_its_ids_come_from(framework: Framework) -> None:
    assert "our own words" in framework.source
    assert framework.url.startswith("https://")


def test_every_check_names_facts_that_exist() -> None:
    for check in checks().values():
        assert check.facts, check.name
        for fact in check.facts:
            group, _, field = fact.partition(".")
            assert field in (FACTS if group == "installation" else fields(GROUPS[group])), fact


def test_every_check_and_word_is_used_by_a_control() -> None:
    controls = [one for framework in shipped().values() for one in framework.controls.values()]
    assert set(checks()) == {name for one in controls for name in one.checks}
    assert set(needs()) == {one.need for one in controls if one.need}
    assert set(reasons()) == {one.none for one in controls if one.none}


def test_the_crosswalk_is_symmetric_and_names_what_exists() -> None:
    frameworks = tuple(shipped().values())
    found = matches(frameworks)
    there = {f"{one.name}/{number}" for one in frameworks for number in one.controls}
    assert {name for topic in topics() for name in topic.controls} <= there
    for left, several in found.items():
        assert left not in several
        for right in several:
            assert left in found[right]
            assert left.partition("/")[0] != right.partition("/")[0]
    assert {name.partition("/")[0] for name in found} == set(shipped())


def test_an_own_framework_is_read_and_its_numbers_stay_texts() -> None:
    own = read(OWN, checks())
    assert list(own.controls) == ["1.10", "1.1", "1.2", "1.3"]
    need = own.controls["1.2"].evidence
    assert need is not None
    assert need.days == 30
    assert own.controls["1.3"].reason == "Nobody measures lunch"


def test_an_own_framework_joins_the_crosswalk_on_both_sides() -> None:
    own = read(OWN, checks())
    found = matches((*shipped().values(), own))
    assert found["acme-rules/1.10"] == ("pci-dss-4/6.3.3",)
    assert "acme-rules/1.10" in found["pci-dss-4/6.3.3"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("packages-in-90-days", "nothing-of-the-sort"), "no check nothing-of-the-sort"),
        (("need: training", "title2: x"), "unknown field"),
        (("id: 1.1,", "id: 1.10,"), "twice"),
        (("none: Nobody measures lunch", "none: Nobody measures lunch, need: training"), "not both"),
        ((", need: training", ""), "not both"),
        (("need: A photo of the lock, days: 30", "need: A photo of the lock"), "`days`"),
        (("name: acme-rules", "name: Acme Rules!"), "small letters"),
        (("title: Rules of Acme", 'title: "Rules\\nof Acme"'), "no single line"),
        (("id: 1.1,", "id: '<script>',"), "an id has"),
        (("title: People know the rules", "title: &a x"), ""),
    ],
)
def test_what_is_wrong_with_an_own_framework_is_said(change: tuple[str, str], said: str) -> None:
    text = OWN.replace(*change)
    assert text != OWN
    if not said:
        assert read(text, checks()).controls["1.1"].title == "x"
        return
    with pytest.raises(InvalidFramework, match=said.replace("`", ".")):
        read(text, checks())


def test_a_small_file_cannot_become_large() -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    with pytest.raises(InvalidFramework, match="aliases"):
        read(bomb, checks())
    with pytest.raises(InvalidFramework, match="bytes at most"):
        read("#" * (LARGEST + 1), checks())
    with pytest.raises(InvalidFramework):
        read("[" * 100_000, checks())
