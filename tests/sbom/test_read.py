"""Inventories in all their forms say the same; what is none is refused with a sentence."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from seamark.core.errors import UnreadableReport
from seamark.core.kind import VexState
from seamark.core.sbom import Sbom, with_problem
from seamark.intake.parsers.kit.source import from_bytes
from seamark.intake.sbom.read import sbom_in
from tests.parsers.spoiler import spoil

from .documents import CYCLONEDX_XML, FORMS, SHA, SWID, cyclonedx, encoded, library, relationship, spdx


def read(document: Any) -> Sbom:
    return sbom_in(from_bytes(encoded(document), "document"))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same(form: str) -> None:
    sbom = read(FORMS[form])
    assert [
        (one.component.name, one.component.version, one.component.purl, one.component.licences, one.component.supplier)
        for one in sbom.entries
    ] == [
        ("left-pad", "1.3.0", "pkg:npm/left-pad@1.3.0", ("MIT",), "Acme"),
        ("lodash", "4.17.20", "pkg:npm/lodash@4.17.20", ("MIT",), "Acme"),
    ]
    assert [[digest for _, digest in one.component.hashes] for one in sbom.entries] == [[SHA], [SHA]]
    assert sbom.subject is not None
    assert (sbom.name, sbom.subject.component.name, sbom.subject.component.version) == ("shop", "shop", "1.0")
    assert sbom.roots == (sbom.subject.component.ref,)
    names = {one.component.ref: one.component.name for one in (sbom.subject, *sbom.entries)}
    edges = [(names[edge.ref], [names[target] for target in edge.targets]) for edge in sbom.edges]
    assert sorted(edges) == [("left-pad", ["lodash"]), ("shop", ["left-pad"])]
    assert sbom.tools in {("bommer 2.0",), ("bommer-2.0",)}
    assert sbom.problems == ()
    if form != "syft":
        assert (sbom.created, sbom.authors) == ("2026-01-02T03:04:05Z", ("Ada",))


def test_form_and_version_are_told() -> None:
    told = {form: (one.format, one.encoding, one.version) for form, value in FORMS.items() for one in [read(value)]}
    assert told == {
        "cyclonedx json": ("cyclonedx", "json", "1.6"),
        "cyclonedx xml": ("cyclonedx", "xml", "1.6"),
        "spdx json": ("spdx", "json", "2.3"),
        "spdx tag-value": ("spdx", "tag-value", "2.3"),
        "spdx yaml": ("spdx", "yaml", "2.3"),
        "spdx rdf": ("spdx", "rdf", "2.3"),
        "spdx 3": ("spdx", "json", "3.0.1"),
        "syft": ("syft", "json", "16.0.0"),
    }


def test_swid() -> None:
    sbom = read(SWID)
    (entry,) = sbom.entries
    assert (entry.component.name, entry.component.supplier, entry.identifiers) == (
        "shop",
        "Acme",
        ("acme.example/shop-1.0",),
    )
    assert (sbom.format, sbom.version, sbom.authors, sbom.roots) == (
        "swid",
        "2015",
        ("Ada",),
        ("acme.example/shop-1.0",),
    )
    assert [(edge.ref, edge.targets) for edge in sbom.edges] == [("acme.example/shop-1.0", ("acme.example/left-pad",))]


def test_old_xml_and_nested_components() -> None:
    old = (
        '<bom xmlns="http://cyclonedx.org/schema/bom/1.0"><components><component type="library"><group>org.x</group><name>a</name>'
        "<version>1</version><components><component type='library'><name>b</name><version>2</version></component></components>"
        "</component></components></bom>"
    )
    sbom = read(old)
    assert (sbom.version, [one.component.name for one in sbom.entries]) == ("1.0", ["org.x/a", "b"])
    assert [(edge.ref, edge.targets) for edge in sbom.edges] == [("org.x/a@1", ("b@2",))]


def test_nested_in_json_and_services() -> None:
    parent = {**library("a", "1"), "components": [{"name": "b"}]}
    nested = {
        "name": "pay",
        "bom-ref": "s1",
        "provider": {"name": "Bank"},
        "services": [{"name": "risk", "bom-ref": "s2"}],
    }
    sbom = read(cyclonedx(components=[parent], services=[nested], dependencies=None))
    assert [(one.component.name, one.type) for one in sbom.entries] == [
        ("a", "library"),
        ("b", ""),
        ("pay", "service"),
        ("risk", "service"),
    ]
    assert [(edge.ref, edge.targets) for edge in sbom.edges] == [("pkg:npm/a@1", ("b@",)), ("s1", ("s2",))]


def test_identifiers_layers_and_scopes_of_components() -> None:
    row = {
        "name": "x", "cpe": "cpe:2.3:a:x", "swid": {"tagId": "t"}, "swhid": ["swh:1"], "omniborId": ["gitoid:1"], "scope": "excluded",
        "author": "Bo", "purl": "pkg:NPM/X@1", "properties": [{"name": "syft:location:0:layerID", "value": "sha256:1"}],
    }  # fmt: skip
    (entry,) = read(cyclonedx(components=[row])).entries
    assert (entry.cpes, entry.identifiers, entry.layer) == (("cpe:2.3:a:x",), ("t", "gitoid:1", "swh:1"), "sha256:1")
    assert (entry.component.scope, entry.component.supplier) == ("development", "Bo")
    assert (entry.given_purl, entry.component.purl) == ("pkg:NPM/X@1", "pkg:npm/x@1")


ANALYSED = {
    "id": "GHSA-1", "references": [{"id": "CVE-2026-1"}], "affects": [{"ref": "pkg:npm/lodash@4.17.20"}],
    "analysis": {"state": "not_affected", "justification": "code_not_reachable", "response": ["will_not_fix"], "detail": "never called"},
}  # fmt: skip


def test_statements_in_json_and_xml() -> None:
    rows = [ANALYSED, {"id": "CVE-2026-2"}, {"id": "CVE-2026-3", "analysis": {"state": "perhaps"}}]
    xml = CYCLONEDX_XML.replace(
        "</bom>",
        "<vulnerabilities><vulnerability><id>GHSA-1</id><references><reference><id>CVE-2026-1</id></reference></references><analysis>"
        "<state>not_affected</state><justification>code_not_reachable</justification><responses><response>will_not_fix</response></responses>"
        "<detail>never called</detail></analysis><affects><target><ref>pkg:npm/lodash@4.17.20</ref></target></affects></vulnerability>"
        "<vulnerability><id>CVE-2026-2</id></vulnerability></vulnerabilities></bom>",
    )
    for sbom in (read(cyclonedx(vulnerabilities=rows)), read(xml)):
        (one,) = sbom.statements
        assert (one.vulnerability, one.aliases, one.refs) == ("GHSA-1", ("CVE-2026-1",), ("pkg:npm/lodash@4.17.20",))
        assert (one.vex.state, one.vex.justification, one.vex.response) == (
            VexState.NOT_AFFECTED, "code_not_reachable", ("will_not_fix",),
        )  # fmt: skip
        assert one.vex.detail == "never called"


def test_statements_of_spdx_3() -> None:
    document = json.loads(encoded(FORMS["spdx 3"]))
    document["@graph"] += [
        {"type": "security_Vulnerability", "spdxId": "urn:v", "externalIdentifier": [{"externalIdentifierType": "cve", "identifier": "CVE-2026-1"}]},
        {"type": "security_VexFixedVulnAssessmentRelationship", "spdxId": "urn:f", "from": "urn:v", "to": ["urn:lodash"], "relationshipType": "fixedIn", "security_statusNotes": "patched"},
    ]  # fmt: skip
    (one,) = read(document).statements
    assert (one.vulnerability, one.vex.state, one.vex.detail, one.refs) == (
        "CVE-2026-1",
        VexState.FIXED,
        "patched",
        ("urn:lodash",),
    )


def test_a_wrong_row_costs_itself() -> None:
    sbom = read(
        cyclonedx(
            components=[library("a", "1"), {"name": ["no", "text"]}, 7, library("b", "2")],
            dependencies=[{"dependsOn": []}],
        )
    )
    assert [one.component.name for one in sbom.entries] == ["a", "b"]
    assert [sentence.partition(" was left out")[0] for sentence in sbom.problems] == [
        "components[1]",
        "components[2]",
        "dependencies[0]",
    ]
    many = read(cyclonedx(components=list(range(200))))
    assert len(many.problems) == 50
    assert len(with_problem(many, "one more").problems) == 50


def test_files_and_other_documents_are_no_components_of_spdx() -> None:
    rows = [
        relationship("DOCUMENT", "DESCRIBES", "app"),
        relationship("app", "CONTAINS", "readme"),
        relationship("app", "CONTAINS", "File-1"),
        {
            "spdxElementId": "SPDXRef-app",
            "relationshipType": "DEPENDS_ON",
            "relatedSpdxElement": "DocumentRef-x:SPDXRef-y",
        },
        {"spdxElementId": "SPDXRef-app", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "NONE"},
        relationship("lodash", "DEV_DEPENDENCY_OF", "app"),
        relationship("lodash", "OTHER", "app"),
    ]
    sbom = read(spdx(relationships=rows, files=[{"SPDXID": "SPDXRef-readme"}], documentDescribes=["SPDXRef-app"]))
    assert [(edge.ref, edge.targets) for edge in sbom.edges] == [("SPDXRef-app", ("SPDXRef-lodash",))]
    assert [one.component.scope for one in sbom.entries] == ["", "development"]


def test_several_things_described_are_all_listed() -> None:
    sbom = read(spdx(documentDescribes=["SPDXRef-app", "SPDXRef-lodash"]))
    assert (sbom.subject, sbom.roots, len(sbom.entries)) == (None, ("SPDXRef-app", "SPDXRef-lodash"), 3)


def test_github_wraps_its_export() -> None:
    assert len(read({"sbom": spdx()}).entries) == 2


def envelope(statement: object, **changes: Any) -> dict[str, Any]:
    payload = base64.b64encode(encoded(statement)).decode()
    return {"payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": [], **changes}


def test_an_inventory_is_taken_out_of_its_attestation() -> None:
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": "https://cyclonedx.org/bom",
        "predicate": cyclonedx(),
    }
    for document in (statement, envelope(statement), {"mediaType": "x", "dsseEnvelope": envelope(statement)}):
        sbom = read(document)
        assert len(sbom.entries) == 2
        assert "taken out of an attestation" in sbom.problems[0]


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"hello": 1}, "This JSON is no SBOM (its keys: hello)"),
        ("[]", "This JSON is no SBOM"),
        ("<html/>", "This XML is no SBOM (root <html>)"),
        ("<bom", "looks like XML but is not"),
        ("a,b\n1,2\n", "This is no SBOM"),
        ("SPDXVersion: SPDX-1.2\n", "This is SPDX-1.2"),
        ('{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [', "cut off"),
        (cyclonedx(metadata=7), "Expected `object"),
        ({"spdxVersion": "SPDX-9", "packages": []}, "This says to be SPDX-9"),
        ("SPDXID: a\nspdxVersion: [", "The YAML is damaged"),
        ("SPDXID: &a [x]\nspdxVersion: SPDX-2.3\nname: {a: *a, b: *a}\n", "repeats parts of itself"),
        ('<!DOCTYPE x [<!ENTITY a "b">]>' + CYCLONEDX_XML.partition("?>")[2], "document type"),
        ('<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>', "describes no SPDX document"),
        ("<SoftwareIdentity name='x'/>", "no name or no tagId"),
        (envelope({"_type": "x", "predicate": "text"}), "no predicate that is an SBOM"),
        (envelope({"_type": "x", "predicate": {"a": 1}}), "This JSON is no SBOM"),
        (envelope({"_type": "x", "predicate": envelope({})}), "holds another attestation"),
        ({"payloadType": "x", "payload": "*"}, "no base64"),
        (CYCLONEDX_XML[:900], "damaged or cut off"),
    ],
)  # fmt: skip
def test_what_is_no_inventory_is_refused_with_a_sentence(document: Any, sentence: str) -> None:
    with pytest.raises(UnreadableReport) as refused:
        read(document)
    assert sentence.replace("`", "") in str(refused.value)


def test_wrappings() -> None:
    plain = encoded(cyclonedx())
    for data in (gzip.compress(plain), b"\xef\xbb\xbf" + plain, plain.decode().encode("utf-16")):
        assert len(sbom_in(from_bytes(data, "x")).entries) == 2


def test_depth_is_bounded() -> None:
    deep = '{"name":"a","components":[' * 3000 + "{}" + "]}" * 3000
    for document in (
        '{"bomFormat":"CycloneDX","specVersion":"1.6","components":[' + deep + "]}",
        '<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components>' + "<component><components>" * 3000,
        "spdxVersion: SPDX-2.3\nname: x\npackages: " + "[" * 50_000 + "]" * 50_000 + "\n",
    ):
        with pytest.raises(UnreadableReport):
            read(document)


@pytest.mark.parametrize("form", [*FORMS, "swid"])
def test_spoiled_documents_are_refused_or_read(form: str) -> None:
    data = encoded(FORMS.get(form, SWID))
    failures, was_read = [], 0
    for what, spoiled in spoil(data, form):
        if not spoiled:
            continue
        try:
            sbom_in(from_bytes(spoiled, "x"))
            was_read += 1
        except UnreadableReport as refused:
            if "wrongly made (" in str(refused):
                failures.append(f"{what}: {refused}")
        except Exception as error:  # noqa: BLE001 - any other failure is the very thing looked for
            failures.append(f"{what}: {type(error).__name__}: {error}")
    assert not failures, "\n".join(failures[:10])
    assert was_read
