"""Real inventories and attestations by the hundred: each is read, or refused with a sentence."""

from __future__ import annotations

import bz2
import json
import lzma
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seamark.analysis.software.difference import difference
from seamark.core.errors import UnreadableReport
from seamark.core.sbom import Sbom
from seamark.intake.parsers.kit.source import from_bytes
from seamark.intake.sbom import write_cyclonedx
from seamark.intake.sbom.merge import merge
from seamark.intake.sbom.provenance import read_provenance, told
from seamark.intake.sbom.quality import quality
from seamark.intake.sbom.read import sbom_in

pytestmark = pytest.mark.corpus
UNPACK = {".xz": lzma.decompress, ".bz2": bz2.decompress}


def files(corpus: Path, *folders: str) -> Iterator[tuple[str, bytes]]:
    for folder in folders:
        for path in sorted((corpus / "sbom" / folder).iterdir()):
            data = path.read_bytes()
            yield path.name, UNPACK[path.suffix](data) if path.suffix in UNPACK else data


@pytest.fixture(scope="module")
def readable(corpus: Path) -> dict[str, Sbom]:
    """Return every inventory that is read, by its file's name."""
    found, mistakes = {}, []
    for name, data in files(corpus, "sbom", "vex", "attestations"):
        try:
            found[name] = sbom_in(from_bytes(data, name))
        except UnreadableReport as refused:
            if "wrongly made (" in str(refused) or not str(refused):
                mistakes.append(f"{name}: {refused}")
    assert not mistakes
    return found


def test_every_inventory_is_read(corpus: Path, readable: dict[str, Sbom]) -> None:
    missing = {name for name, _ in files(corpus, "sbom")} - readable.keys()
    assert not missing
    assert len(readable) >= 206


def test_other_documents_are_refused(readable: dict[str, Sbom]) -> None:
    assert not [name for name in readable if name.startswith(("csaf", "openvex"))]


def listed(value: Any) -> int:
    """Return how many components a decoded document lists, nested ones and services as well."""
    rows = value.get("components") or value.get("packages") or value.get("artifacts") or value.get("services") or []
    count = sum(1 + (listed(row) if "SPDXID" not in row else 0) for row in rows)
    if "components" in value and value.get("services"):
        count += listed({"services": value["services"]})
    subject = (value.get("metadata") or {}).get("component") if isinstance(value.get("metadata"), dict) else None
    return count + (listed(subject) if subject else 0)


def test_no_component_is_lost(corpus: Path, readable: dict[str, Sbom]) -> None:
    wrong, tried = [], 0
    for name, data in files(corpus, "sbom"):
        value = json.loads(data) if data[:1] == b"{" else {}
        value = value.get("sbom", value)
        if "@graph" in value or not value:
            continue
        sbom = readable[name]
        found = len(sbom.entries) + (sbom.format == "spdx" and sbom.subject is not None)
        tried += 1
        if found != listed(value) and not sbom.problems:
            wrong.append((name, listed(value), found))
    assert not wrong
    assert tried >= 150


def test_what_is_read_can_be_judged_compared_and_written(readable: dict[str, Sbom]) -> None:
    wrong = []
    for name, sbom in readable.items():
        graded = quality(sbom)
        same = difference(sbom, sbom)
        if not 0 <= graded.score <= 100 or same.added or same.removed or same.upgraded or same.edges_added:
            wrong.append(name)
        merged = merge([sbom])
        again = sbom_in(from_bytes(write_cyclonedx.write(merged), name))
        if len(again.entries) != len(merged.entries) or again.edges != merged.edges:
            wrong.append(f"{name} written")
    assert not wrong


def test_every_attestation_is_read(corpus: Path) -> None:
    types = {}
    for name, data in files(corpus, "attestations"):
        for one in read_provenance(from_bytes(data, name)):
            types[name] = one.predicate_type
            list(told(one))
            assert one.verified is None
    assert len(types) == len(list(files(corpus, "attestations")))


def test_cut_and_changed_inventories_are_refused_or_read(corpus: Path) -> None:
    chance = random.Random(7)
    mistakes = []
    for name, data in files(corpus, "sbom"):
        if len(data) > 200_000:
            continue
        at = chance.randrange(len(data))
        for spoiled in (data[:at], data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]):
            try:
                sbom_in(from_bytes(spoiled or b" ", name))
            except UnreadableReport as refused:
                if "wrongly made (" in str(refused):
                    mistakes.append(f"{name} at {at}: {refused}")
    assert not mistakes


def test_retyped_values_are_refused_or_read(corpus: Path) -> None:
    chance = random.Random(8)
    mistakes = []
    for name, data in files(corpus, "sbom"):
        if data[:1] != b"{" or len(data) > 100_000:
            continue
        value = json.loads(data)
        key = chance.choice(sorted(value))
        for odd in (None, 7, "text", [], {}, [[]], [None]):
            try:
                sbom_in(from_bytes(json.dumps({**value, key: odd}).encode(), name))
            except UnreadableReport as refused:
                if "wrongly made (" in str(refused):
                    mistakes.append(f"{name} {key}={odd!r}: {refused}")
    assert not mistakes
