"""Closed sets whose numbers and words are kept in databases and reports."""

from __future__ import annotations

import msgspec

from seamark.core.assets import AssetKind, AssetRef, Relation, RelationKind
from seamark.core.finding import Finding
from seamark.core.kind import KIND_CODES, KINDS_BY_CODE, Kind
from seamark.core.location import CodeLocation, HostLocation, ImageLocation, Location, ResourceLocation, WebLocation
from seamark.core.report import Run
from seamark.core.severity import Severity


def test_numbers_of_kinds_stay() -> None:
    assert {kind.value: number for kind, number in KIND_CODES.items()} == {
        "code": 1, "dependency": 2, "secret": 3, "misconfiguration": 4, "web": 5, "container": 6, "cloud": 7, "host": 8,
        "runtime": 9, "pentest": 10, "licence": 11,
    }  # fmt: skip
    assert {number: kind for kind, number in KIND_CODES.items()} == KINDS_BY_CODE
    assert set(KIND_CODES) == set(Kind)


def test_places_tell_themselves_apart() -> None:
    places = [
        CodeLocation(path="a.py", line=3), WebLocation(url="https://shop.example/"), ResourceLocation(resource="arn:aws:s3:::a"),
        HostLocation(host="10.0.0.1", port=22), ImageLocation(image="shop:1", digest="sha256:0"),
    ]  # fmt: skip
    words = [msgspec.to_builtins(place)["place"] for place in places]
    assert words == ["code", "web", "resource", "host", "image"]
    assert [msgspec.convert(msgspec.to_builtins(place), Location) for place in places] == places


def test_a_finding_survives_its_way_through_bytes() -> None:
    finding = Finding(
        rule="r", title="t", severity=Severity.HIGH, kind=Kind.CODE, location=CodeLocation(path="a.py"), cwes=(79,)
    )
    packed = msgspec.msgpack.encode(finding)
    assert msgspec.msgpack.decode(packed, type=Finding) == finding
    assert b"remedy" not in packed


def test_unknown_is_not_no() -> None:
    run = Run(tool="Acme")
    assert (run.successful, run.complete, run.ruleset, run.scope) == (None, None, None, None)


def test_relations_are_values() -> None:
    image, workload = AssetRef(AssetKind.IMAGE, "shop"), AssetRef(AssetKind.WORKLOAD, "prod/shop")
    assert Relation(kind=RelationKind.RUNS, source=workload, target=image) == Relation(
        kind=RelationKind.RUNS, source=workload, target=image, confidence=1.0
    )
