"""Several inventories as one document, the same bytes whatever their order."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from seamark.core.finding import Vex
from seamark.core.kind import VexState
from seamark.core.sbom import Sbom, Statement
from seamark.intake.parsers.kit.source import from_bytes
from seamark.intake.sbom import write_cyclonedx, write_spdx
from seamark.intake.sbom.merge import TOOL, merge
from seamark.intake.sbom.quality import quality
from seamark.intake.sbom.read import sbom_in
from seamark.intake.sbom.vex import statements_in

from .documents import FORMS, SHA, cyclonedx, encoded, library


def read(document: Any) -> Sbom:
    return sbom_in(from_bytes(encoded(document) if not isinstance(document, bytes) else document, "x"))


WRITERS = {"cyclonedx": write_cyclonedx.write, "spdx": write_spdx.write}


@pytest.mark.parametrize("writer", WRITERS)
def test_any_order_gives_the_same_bytes(writer: str) -> None:
    documents = [read(FORMS[form]) for form in ("cyclonedx json", "spdx rdf", "syft")]
    written = {WRITERS[writer](merge(order, "all", "1.0")) for order in permutations(documents)}
    assert len(written) == 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("writer", WRITERS)
def test_what_is_written_is_read_as_it_was(form: str, writer: str) -> None:
    before = read(FORMS[form])
    after = read(WRITERS[writer](merge([before])))
    assert (after.format, after.version) == (writer, "1.6" if writer == "cyclonedx" else "2.3")
    assert [(one.component.name, one.component.version, one.component.purl) for one in after.entries] == [
        ("left-pad", "1.3.0", "pkg:npm/left-pad@1.3.0"), ("lodash", "4.17.20", "pkg:npm/lodash@4.17.20"),
    ]  # fmt: skip
    assert [one.component.licences for one in after.entries] == [("MIT",), ("MIT",)]
    assert [one.component.supplier for one in after.entries] == ["Acme", "Acme"]
    assert [[digest for _, digest in one.component.hashes] for one in after.entries] == [[SHA], [SHA]]
    assert after.subject is not None
    assert after.subject.component.name == "shop"
    assert sum(len(edge.targets) for edge in after.edges) == 2
    assert quality(after).score >= quality(before).score


def test_one_component_of_several_documents_is_one() -> None:
    first = read(
        cyclonedx(
            components=[library("a", "1.0.0", "MIT")], dependencies=[{"ref": "app", "dependsOn": ["pkg:npm/a@1.0.0"]}]
        )
    )
    more = {
        **library("a", "1.0.0", "Apache-2.0"),
        "bom-ref": "x",
        "cpe": "cpe:2.3:a:a:a:1.0.0:*:*:*:*:*:*:*",
        "scope": "optional",
    }
    second = read(
        cyclonedx(
            components=[more, library("b", "2.0.0")],
            dependencies=[{"ref": "x", "dependsOn": ["pkg:npm/b@2.0.0", "nobody"]}],
        )
    )
    merged = merge([first, second], "all", "1.0")
    a = next(one for one in merged.entries if one.component.name == "a")
    assert a.component.licences == ("Apache-2.0", "MIT")
    assert a.cpes == ("cpe:2.3:a:a:a:1.0.0:*:*:*:*:*:*:*",)
    assert a.component.scope == ""
    assert [one.component.name for one in merged.entries] == ["a", "b", "shop"]
    edges = {edge.ref: edge.targets for edge in merged.edges}
    assert edges == {
        "all@1.0": ("shop@1.0",),
        "shop@1.0": ("pkg:npm/a@1.0.0",),
        "pkg:npm/a@1.0.0": ("pkg:npm/b@2.0.0",),
    }
    assert (merged.created, merged.authors) == ("2026-01-02T03:04:05Z", ("Ada",))
    assert merged.tools == ("bommer 2.0", TOOL)


def test_names_that_are_taken_get_a_number() -> None:
    rows = [{"name": "x", "version": "1", "type": "library"}, {"name": "x", "version": "1", "type": "file"}]
    merged = merge([read(cyclonedx(components=rows))], "x", "1")
    assert sorted(one.component.ref for one in merged.entries) == ["shop@1.0", "x@1", "x@1#2"]
    assert merged.roots == ("x@1#3",)


def test_nothing_cannot_be_merged() -> None:
    with pytest.raises(ValueError, match="nothing to merge"):
        merge([])


def statement(
    *refs: str, state: VexState = VexState.NOT_AFFECTED, justification: str = "vulnerable_code_not_in_execute_path"
) -> Statement:
    return Statement(
        vulnerability="CVE-2026-1",
        aliases=("GHSA-1",),
        vex=Vex(state=state, justification=justification, detail="why"),
        refs=refs,
    )


def test_statements_are_embedded() -> None:
    lodash, unknown = statement("pkg:npm/lodash@4.17.20"), statement("pkg:npm/other@1")
    merged = merge([read(cyclonedx())], statements=[lodash, unknown, lodash])
    assert merged.problems == ("the statement on CVE-2026-1 speaks of no component of the inventory",)
    (again,) = read(write_cyclonedx.write(merged)).statements
    assert (again.vulnerability, again.aliases, again.refs) == ("CVE-2026-1", ("GHSA-1",), ("pkg:npm/lodash@4.17.20",))
    assert (again.vex.state, again.vex.justification, again.vex.detail) == (
        VexState.NOT_AFFECTED,
        "code_not_reachable",
        "why",
    )
    package = next(one for one in json.loads(write_spdx.write(merged))["packages"] if one["name"] == "lodash")
    assert json.loads(package["annotations"][0]["comment"])["vex"] == "not_affected"


@pytest.mark.parametrize("state", VexState)
def test_every_state_has_its_word(state: VexState) -> None:
    merged = merge(
        [read(cyclonedx())],
        statements=[statement("pkg:npm/lodash@4.17.20", state=state, justification="no word of the format")],
    )
    (again,) = read(write_cyclonedx.write(merged)).statements
    assert (again.vex.state, again.vex.justification) == (state, "")


def test_a_package_without_version_means_all_of_them() -> None:
    rows = [library("a", "1.0.0"), library("a", "2.0.0")]
    merged = merge([read(cyclonedx(components=rows))], statements=[statement("pkg:npm/a")])
    assert merged.statements[0].refs == ("pkg:npm/a@1.0.0", "pkg:npm/a@2.0.0")


def test_statements_of_a_vex_document(tmp_path: Path) -> None:
    path = tmp_path / "vex.json"
    path.write_text(json.dumps({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "x", "author": "Ada", "timestamp": "2026-01-01T00:00:00Z", "version": 1,
        "statements": [{"vulnerability": {"name": "CVE-2026-1"}, "products": [{"@id": "pkg:npm/lodash@4.17.20"}], "status": "fixed"}],
    }))  # fmt: skip
    (one,) = statements_in(path)
    assert (one.vulnerability, one.vex.state, one.refs[0]) == ("CVE-2026-1", VexState.FIXED, "pkg:npm/lodash@4.17.20")
    assert merge([read(cyclonedx())], statements=[one]).statements[0].refs == ("pkg:npm/lodash@4.17.20",)


ODD = {
    **library("x", "1"), "type": "unheard-of", "licenses": [{"license": {"name": "My licence"}}, {"expression": "MIT OR LicenseRef-own"}],
    "hashes": [{"alg": "SHA3-256", "content": SHA}, {"alg": "CRC", "content": "1"}, {"alg": "MD5", "content": "zz"}], "cpe": "cpe:2.3:a:not whole",
}  # fmt: skip


def test_what_a_format_does_not_allow_is_not_written() -> None:
    merged = merge(
        [
            read(
                cyclonedx(
                    components=[ODD, {"name": "pay", "type": "service"}], services=[{"name": "bank", "bom-ref": "s"}]
                )
            )
        ]
    )
    cdx = json.loads(write_cyclonedx.write(merged))
    component = next(one for one in cdx["components"] if one["name"] == "x")
    assert (component["type"], component["hashes"]) == ("library", [{"alg": "SHA3-256", "content": SHA}])
    assert component["licenses"] == [
        {"license": {"name": "MIT OR LicenseRef-own"}},
        {"license": {"name": "My licence"}},
    ]
    assert sorted(one["name"] for one in cdx["services"]) == ["bank", "pay"]
    spdx = json.loads(write_spdx.write(merged))
    package = next(one for one in spdx["packages"] if one["name"] == "x")
    assert package["licenseDeclared"] == "(MIT OR LicenseRef-own) AND LicenseRef-1-My-licence"
    assert {one["licenseId"] for one in spdx["hasExtractedLicensingInfos"]} == {
        "LicenseRef-own",
        "LicenseRef-1-My-licence",
    }
    assert package["checksums"] == [{"algorithm": "SHA3-256", "checksumValue": SHA}]
    assert [one["referenceType"] for one in package["externalRefs"]] == ["purl"]


def test_names_in_the_package_url_are_groups() -> None:
    row = {**library("core", "7.0.0"), "group": "@babel", "purl": "pkg:npm/%40babel/core@7.0.0"}
    component = json.loads(write_cyclonedx.write(merge([read(cyclonedx(components=[row]))])))["components"][0]
    assert (component["group"], component["name"]) == ("@babel", "core")


def test_a_document_without_a_time_has_one_that_stays() -> None:
    merged = merge([read(cyclonedx(metadata={}))])
    assert "timestamp" not in json.loads(write_cyclonedx.write(merged))["metadata"]
    assert json.loads(write_spdx.write(merged))["creationInfo"]["created"] == "1970-01-01T00:00:00Z"
