"""VEX of a product: what each form says, and which word counts where several were said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from seamark.core.component import Component
from seamark.core.finding import Vex
from seamark.core.kind import VexState
from seamark.core.sbom import Entry, Sbom, Statement
from seamark.insight.exports.pack.vex import csaf, cyclonedx, openvex
from seamark.insight.exports.pack.vex.product import Author, Product, product_of

AUTHOR = Author("acme.example", "https://acme.example")
AT = "2026-09-30T12:00:00Z"


def entry(name: str) -> Entry:
    return Entry(component=Component(name=name, version="1.0", purl=f"pkg:npm/{name}@1.0", ref=f"{name}@1.0"))


def said(state: VexState, *names: str, vulnerability: str = "CVE-2024-1111", **more: Any) -> Statement:
    refs = tuple(f"{name}@1.0" for name in names)
    return Statement(
        vulnerability=vulnerability, aliases=("GHSA-aaaa-bbbb-cccc",), vex=Vex(state=state, **more), refs=refs
    )


def whole(*statements: Statement) -> Sbom:
    subject = Entry(component=Component(name="Pay & Go", ref="Pay & Go"), type="application")
    entries = tuple(entry(name) for name in ("left", "right", "third"))
    return Sbom(format="cyclonedx", subject=subject, entries=entries, statements=statements, tools=("seamark 1",))


def product(*statements: Statement) -> Product:
    return product_of("Pay & Go", whole(*statements), AUTHOR, AT)


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        (VexState.NOT_AFFECTED, VexState.AFFECTED, VexState.AFFECTED),
        (VexState.FIXED, VexState.UNDER_INVESTIGATION, VexState.UNDER_INVESTIGATION),
        (VexState.FALSE_POSITIVE, VexState.FIXED, VexState.FIXED),
        (VexState.NOT_AFFECTED, VexState.FALSE_POSITIVE, VexState.NOT_AFFECTED),
    ],
)
def test_the_worse_word_counts_in_either_order(first: VexState, second: VexState, counts: VexState) -> None:
    for order in ((first, second), (second, first)):
        told = product(*(said(state, "left") for state in order)).said
        assert [one.vex.state for one in told] == [counts]


def test_openvex_has_what_each_status_must_have() -> None:
    document = json.loads(
        openvex.write(
            product(
                said(VexState.NOT_AFFECTED, "left", justification="component_not_present"),
                said(VexState.FALSE_POSITIVE, "right"),
                said(VexState.AFFECTED, "third", detail="The risk is accepted"),
            )
        )
        or b""
    )
    told = {one["products"][0]["subcomponents"][0]["@id"]: one for one in document["statements"]}
    assert told["pkg:npm/left@1.0"]["justification"] == "component_not_present"
    assert told["pkg:npm/right@1.0"]["status"] == "not_affected"
    assert "false positive" in told["pkg:npm/right@1.0"]["impact_statement"]
    assert told["pkg:npm/third@1.0"]["action_statement"] == "The risk is accepted"
    assert {one["products"][0]["@id"] for one in document["statements"]} == {"pkg:generic/pay-go"}
    assert document["timestamp"] == AT


def test_csaf_groups_a_vulnerability_once_with_flags_threats_and_remedies() -> None:
    document = json.loads(
        csaf.write(
            product(
                said(VexState.NOT_AFFECTED, "left", justification="inline_mitigations_already_exist"),
                said(VexState.NOT_AFFECTED, "right", justification="because", detail="We looked"),
                said(VexState.AFFECTED, "third"),
                said(VexState.FIXED, "left", vulnerability="GHSA-only"),
            )
        )
        or b""
    )
    assert (document["document"]["category"], document["document"]["csaf_version"]) == ("csaf_vex", "2.0")
    first, second = document["vulnerabilities"]
    assert (first["cve"], first["ids"][0]["text"]) == ("CVE-2024-1111", "GHSA-aaaa-bbbb-cccc")
    assert "cve" not in second
    assert sorted(len(ids) for ids in first["product_status"].values()) == [1, 2]
    assert [one["label"] for one in first["flags"]] == ["inline_mitigations_already_exist"]
    assert [one["details"] for one in first["threats"]] == ["We looked"], "an unknown word is no flag"
    assert first["remediations"][0]["product_ids"] == first["product_status"]["known_affected"]
    known = {one["product_id"] for one in document["product_tree"]["full_product_names"]}
    known |= {one["full_product_name"]["product_id"] for one in document["product_tree"]["relationships"]}
    named = {one for row in document["vulnerabilities"] for ids in row["product_status"].values() for one in ids}
    assert named <= known


def test_cyclonedx_lists_only_what_is_spoken_of() -> None:
    statement = said(VexState.FIXED, "left")
    document = json.loads(cyclonedx.write(product(statement), whole(statement)))
    assert [one["name"] for one in document["components"]] == ["left"]
    assert document["vulnerabilities"][0]["analysis"]["state"] == "resolved"


def test_what_nothing_is_said_of_has_no_document_where_the_form_has_none() -> None:
    empty = product()
    assert (openvex.write(empty), csaf.write(empty)) == (None, None)
    assert json.loads(cyclonedx.write(empty, whole()))["components"] == []


def test_another_word_makes_another_document() -> None:
    one, other = product(said(VexState.FIXED, "left")), product(said(VexState.AFFECTED, "left"))
    assert one.id("openvex") != other.id("openvex")
    assert one.id("openvex") == product(said(VexState.FIXED, "left")).id("openvex")
    assert one.id("openvex") != one.id("csaf")
