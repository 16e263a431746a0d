"""`seamark sbom` and `seamark provenance`, as people call them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command, outside_of_ci, seamark

from .documents import CYCLONEDX_XML, cyclonedx, encoded, library, spdx
from .test_images import INSPECTED, LAYERS
from .test_matching import BELOW_2, record
from .test_provenance import THIRD, envelope, statement

__all__ = ["outside_of_ci", "seamark"]


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def to(name: str, value: Any) -> Path:
        path = tmp_path / name
        path.write_bytes(encoded(value))
        return path

    return to


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_check(seamark: Command, write: Any) -> None:
    result = seamark("sbom", "check", write("a.json", cyclonedx()), write("b.xml", CYCLONEDX_XML), "--json")
    assert (result.code, result.err) == (0, "")
    first, second = lines(result.out)
    assert {key: first[key] for key in ("format", "encoding", "version", "components", "edges", "created", "tools", "problems")} == {
        "format": "cyclonedx", "encoding": "json", "version": "1.6", "components": 2, "edges": 2, "created": "2026-01-02T03:04:05Z",
        "tools": ["bommer 2.0"], "problems": [],
    }  # fmt: skip
    assert first["subject"] == {"name": "shop", "version": "1.0", "purl": "", "type": "application"}
    assert (first["quality"]["score"], first["quality"]["grade"]) == (100, "A")
    assert first["quality"]["parts"][0] == {"name": "supplier", "weight": 8, "met": 2, "of": 2, "share": 1.0, "why": ""}
    assert second["encoding"] == "xml"


def test_check_for_people(seamark: Command, write: Any) -> None:
    result = seamark("sbom", "check", write("a.json", cyclonedx(components=[library("a", "1"), 7])))
    assert result.code == 0
    assert "CycloneDX 1.6 (json), 1 component, 2 edges, quality 77 of 100 (B)" in result.out
    assert "about: shop 1.0\nmade: 2026-01-02T03:04:05Z by bommer 2.0, Ada\n" in result.out
    assert "problem: components[1] was left out" in result.out


def test_what_is_no_sbom_ends_with_two(seamark: Command, write: Any) -> None:
    result = seamark("sbom", "check", write("a.json", {"a": 1}), write("b.json", cyclonedx()), "--json")
    assert result.code == 2
    assert "a.json: This JSON is no SBOM (its keys: a)" in result.err
    assert len(lines(result.out)) == 1
    assert seamark("sbom", "diff", write("a.json", "x"), write("b.json", cyclonedx())).code == 2
    assert seamark("sbom", "find", "a", write("a.json", "x")).code == 2
    assert seamark("sbom", "merge", write("a.json", "x")).code == 2


def test_check_with_advisories(seamark: Command, write: Any) -> None:
    osv = write(
        "osv.json",
        record(
            "npm",
            "lodash",
            {"introduced": "0"},
            {"fixed": "4.17.21"},
            summary="Bad",
            database_specific={"severity": "HIGH"},
        ),
    )
    bom = write("a.json", cyclonedx(components=[library("lodash", "4.17.20"), {"name": "bare"}]))
    (row,) = lines(seamark("sbom", "check", bom, "--advisories", osv, "--json").out)
    assert row["vulnerabilities"]["by_severity"] == {"high": 1}
    assert row["vulnerabilities"]["findings"] == [
        {"id": "OSV-1", "aliases": [], "severity": "high", "title": "Bad", "package": "lodash", "version": "4.17.20", "purl": "pkg:npm/lodash@4.17.20", "fixed": ["4.17.21"]}
    ]  # fmt: skip
    assert row["vulnerabilities"]["unplaced"] == [{"component": "bare", "purl": "", "why": "it has no package URL"}]
    said = seamark("sbom", "check", bom, "--advisories", osv).out
    assert (
        "high     lodash 4.17.20: OSV-1 Bad, fixed in 4.17.21\nvulnerabilities: 1 high; of 1 component nothing can be said\n"
        in said
    )
    broken = seamark("sbom", "check", bom, "--advisories", write("broken.json", "{"))
    assert (broken.code, "holds no OSV records" in broken.err) == (2, True)


def test_diff(seamark: Command, write: Any) -> None:
    before = write(
        "a.json",
        cyclonedx(
            components=[library("a", "1.9.0"), library("b", "2.0.0"), library("gone", "1"), library("r", "main")]
        ),
    )
    after = write(
        "b.json",
        cyclonedx(
            components=[
                library("a", "1.10.0", "GPL-3.0-only"),
                library("b", "1.0.0"),
                library("come", "1"),
                library("r", "next"),
            ]
        ),
    )
    osv = write(
        "osv.json",
        [record("npm", "a", {"introduced": "0"}, {"fixed": "1.10.0"}), record("npm", "b", *BELOW_2, id="OSV-2")],
    )
    (row,) = lines(seamark("sbom", "diff", before, after, "--advisories", osv, "--json").out)
    assert row["upgraded"] == [{"package": "a", "from": "1.9.0", "to": "1.10.0", "purl": "pkg:npm/a@1.10.0"}]
    assert [one["package"] for one in row["downgraded"]] == ["b"]
    assert [one["package"] for one in row["added"]] == ["come"]
    assert [one["package"] for one in row["removed"]] == ["gone"]
    assert [one["package"] for one in row["changed"]] == ["r"]
    assert row["licences"] == [{"package": "a", "version": "1.10.0", "from": ["MIT"], "to": ["GPL-3.0-only"]}]
    assert ([one["id"] for one in row["risk"]["introduced"]], [one["id"] for one in row["risk"]["resolved"]]) == (
        ["OSV-2"],
        ["OSV-1"],
    )
    said = seamark("sbom", "diff", before, after, "--advisories", osv).out
    assert "Upgraded   a 1.9.0 → 1.10.0\n" in said
    assert "Licence    a 1.10.0: MIT → GPL-3.0-only\n" in said
    assert said.endswith("0 unchanged; vulnerabilities: 1 introduced, 1 resolved, 0 remaining\n")


def test_diff_shows_edges(seamark: Command, write: Any) -> None:
    result = seamark("sbom", "diff", write("a.json", cyclonedx(dependencies=[])), write("b.json", cyclonedx()))
    assert "Edge +     the subject → npm/left-pad\nEdge +     npm/left-pad → npm/lodash\n" in result.out
    assert "risk" not in seamark("sbom", "diff", write("a.json", cyclonedx()), write("b.json", spdx()), "--json").out


def test_find(seamark: Command, write: Any) -> None:
    bom = write("a.json", cyclonedx(components=[library("lodash", "4.17.20"), library("lodash", "main")]))
    rows = lines(seamark("sbom", "find", "lodash < 4.17.21", bom, "--json").out)
    assert [(one["version"], one["answer"], one["licences"]) for one in rows] == [
        ("4.17.20", "yes", ["MIT"]),
        ("main", "unknown", ["MIT"]),
    ]
    assert "2 packages found" in seamark("sbom", "find", "lodash < 4.17.21", bom).out
    assert seamark("sbom", "find", "nothing", bom).out == "0 packages found\n"
    assert "1 package found" in seamark("sbom", "find", "shop", bom).out
    wrong = seamark("sbom", "find", "lodash <", bom)
    assert (wrong.code, "There is no version behind < (at character 9)" in wrong.err) == (2, True)


def test_merge(seamark: Command, write: Any, tmp_path: Path) -> None:
    first, second = write("a.json", cyclonedx()), write("b.json", spdx())
    vex = write("vex.json", {
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "x", "author": "Ada", "timestamp": "2026-01-01T00:00:00Z", "version": 1,
        "statements": [{"vulnerability": {"name": "CVE-2026-1"}, "products": [{"@id": name}], "status": "fixed"} for name in ("pkg:npm/lodash@4.17.20", "pkg:npm/x@1")],
    })  # fmt: skip
    result = seamark("sbom", "merge", first, second, "--name", "all", "--version", "1", "--vex", vex)
    merged = json.loads(result.out)
    assert (result.code, merged["specVersion"], merged["metadata"]["component"]["name"]) == (0, "1.6", "all")
    assert [one["analysis"]["state"] for one in merged["vulnerabilities"]] == ["resolved"]
    assert result.err == "note: the statement on CVE-2026-1 speaks of no component of the inventory\n"
    target = tmp_path / "out.json"
    said = seamark("sbom", "merge", second, first, "--format", "spdx", "--output", target)
    assert (said.code, json.loads(target.read_bytes())["spdxVersion"]) == (0, "SPDX-2.3")
    again = seamark("sbom", "merge", first, "--output", target)
    assert (again.code, "is there already" in again.err) == (1, True)
    assert seamark("sbom", "merge", first, "--vex", write("no.json", "x")).code == 2


def test_layers(seamark: Command, write: Any) -> None:
    rows = [
        {**library(name, "1"), "properties": [{"name": "syft:location:0:layerID", "value": layer}]}
        for name, layer in (("libc", LAYERS[0]), ("app", LAYERS[3]))
    ]
    bom = write("a.json", cyclonedx(components=[*rows, library("lost", "1")]))
    image = write("image.json", [INSPECTED])
    base = write("base.json", {"rootfs": {"diff_ids": LAYERS[:2]}})
    told = lines(seamark("sbom", "layers", bom, "--image", image, "--base", base, "--json").out)
    assert [(one["package"], one["index"], one["of"]) for one in told] == [
        ("libc", 0, "base"),
        ("app", 3, "own"),
        ("lost", None, "unknown"),
    ]
    assert seamark("sbom", "layers", bom, "--image", image, "--base", base).out.endswith(
        "2 of 4 layers from the base image\n"
    )
    assert seamark("sbom", "layers", bom, "--image", image).out.endswith("0 of 4 layers from no base image given\n")
    assert seamark("sbom", "layers", bom, "--image", bom).code == 2


def test_provenance(seamark: Command, write: Any, tmp_path: Path) -> None:
    path = write("a.att", envelope(statement(THIRD, "1"), [{"sig": base64.b64encode(b"x").decode()}]))
    (row,) = lines(seamark("provenance", path, "--json").out)
    assert (row["slsa"], row["repository"], row["signed"], row["verified"]) == ("1", "github.com/acme/shop", True, None)
    assert [(one["kind"], one["confidence"]) for one in row["relations"]] == [("built_from", 0.7), ("builds", 0.7)]
    said = seamark("provenance", path, write("b.json", {"a": 1}))
    assert said.code == 2
    assert "a.att: SLSA provenance 1, not verified\n" in said.out
    assert "  built from  github.com/acme/shop@" in said.out
    assert "b.json: This is no in-toto statement" in said.err
    assert seamark("provenance", path, "--key", tmp_path / "missing.pub").code == 2


def test_provenance_with_a_key(seamark: Command, write: Any, tmp_path: Path) -> None:
    from .test_provenance import IN_TOTO, pre_authentication, public_pem, signer

    key, sign = signer("ed25519")
    payload = statement(THIRD, "1")
    signature = base64.b64encode(sign(pre_authentication(IN_TOTO, json.dumps(payload).encode()))).decode()
    pem = tmp_path / "ours.pub"
    pem.write_bytes(public_pem(key))
    good = seamark("provenance", write("a.att", envelope(payload, [{"sig": signature}])), "--key", pem)
    assert (good.code, "verified with ours.pub" in good.out) == (0, True)
    bad = seamark("provenance", write("b.att", envelope(statement(THIRD, "1.0"), [{"sig": signature}])), "--key", pem)
    assert (bad.code, "NOT VERIFIED" in bad.out) == (1, True)
