"""What a dump says: where it is from, what runs there, and whether that is all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from seamark.core.assets import AssetKind, AssetRef, Discovery, Found, Relation, RelationKind
from seamark.intake.discovery.infrastructure.images import Image, read_image
from seamark.intake.discovery.infrastructure.values import plain, without_empty
from seamark.intake.discovery.merging import merged, surest

DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
GOES_ON: Final = "a list goes on where the dump ends"
"""Why a dump is partial, whatever anybody says of it."""
MOST_DEPTH: Final = 12
"""Levels of facts that are kept."""
_LONGEST: Final = 2_000
_UNWRITABLE: Final = re.compile("[\x00\ud800-\udfff]")


class Given(Struct, frozen=True):
    """One document of one file."""

    name: str
    value: Any


class Said(Struct, frozen=True, kw_only=True):
    """What the caller says of all dumps; empty where nothing."""

    cluster: str = ""
    account: str = ""
    environment: str = ""
    partial: bool = False
    complete: bool = False
    """The caller vouches that the dumps are the whole of their sources."""


class Dump(Struct, frozen=True, kw_only=True):
    """What one source says, put together from all files that speak of it."""

    source: str
    """As surveys name it: `kubernetes prod-eu`, `aws 123456789012 eu-west-1 lambda`."""
    discovery: Discovery
    partial: tuple[str, ...] = ()
    """Why it is not the whole, a sentence each; empty where what it does not tell of is not there."""
    runs: bool = True
    """Whether it is of a sort that runs images."""

    @property
    def complete(self) -> bool:
        """Whether what it does not tell of is not there."""
        return not self.partial


class Told:
    """Gathers what is found in a source."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.found: list[Found] = []
        self.relations: list[Relation] = []
        self.partial: list[str] = []

    def add(
        self, ref: AssetRef, name: str, facts: dict[str, Any], *, at: str = "", confidence: float = 1.0
    ) -> AssetRef:
        """Keep a node, and return its reference."""
        self.found.append(
            Found(ref=ref, name=name, origin=self.origin, at=at, confidence=confidence, facts=without_empty(facts))
        )
        return ref

    def edge(self, kind: RelationKind, source: AssetRef, target: AssetRef, *, at: str = "", sure: float = 1.0) -> None:
        """Keep an edge."""
        self.relations.append(
            Relation(kind=kind, source=source, target=target, origin=self.origin, at=at, confidence=sure)
        )

    def runs(self, source: AssetRef, images: Iterable[dict[str, Any]]) -> None:
        """Keep that something runs images, as `image_entry` describes them."""
        for each in images:
            ref = AssetRef(AssetKind.IMAGE, each["name"])
            digest = each.get("digest", "")
            self.add(ref, ref.key, {"running": True, "running_digests": [digest] if digest else []})
            self.edge(
                RelationKind.RUNS,
                source,
                ref,
                at=f"{each['name']}@{digest}" if digest else plain(each.get("reference")),
            )

    def dump(self, source: str, *, runs: bool = True) -> Dump:
        """Return all of it, each node and edge once, as values that every store can keep."""
        found = [_kept(each) for each in merged(each for each in self.found if _is_key(each.ref))]
        known = {each.ref for each in found}
        # An edge's ends are all told of, so that whoever reads the lines alone can follow it.
        edges = [each for each in surest(self.relations) if each.source in known and each.target in known]
        discovery = Discovery(
            repository="", assets=tuple(found), relations=tuple(replace(each, at=_text(each.at)) for each in edges),
        )  # fmt: skip
        return Dump(source=source, discovery=discovery, partial=tuple(dict.fromkeys(self.partial))[:20], runs=runs)


def image_entry(reference: str, *, container: str = "", digest: str = "") -> dict[str, Any] | None:
    """Return an image as facts list it, None for what names none. A given digest outweighs the one in the reference."""
    image: Image | None = read_image(reference)
    if image is None:
        return None
    sure = digest if DIGEST.fullmatch(digest) else image.digest
    return without_empty(
        {"container": container, "reference": reference, "name": image.ref.key, "tag": image.tag, "digest": sure}
    )


def unique(entries: Iterable[dict[str, Any] | None]) -> list[dict[str, Any]]:
    """Return the images, each container's once, in a fixed order; a container that is known by digest is not told without."""
    found = {tuple(sorted(each.items())): each for each in entries if each is not None}
    by_digest = {(each.get("container"), each["name"]) for each in found.values() if each.get("digest")}
    kept = [
        each for each in found.values() if each.get("digest") or (each.get("container"), each["name"]) not in by_digest
    ]
    return sorted(
        kept, key=lambda each: (each.get("container", ""), each["name"], each.get("tag", ""), each.get("digest", ""))
    )[:500]


def rows(value: Any, most: int = 200_000) -> list[dict[str, Any]]:
    """Return the mappings of a list; nothing for anything else."""
    return [each for each in value[:most] if isinstance(each, dict)] if isinstance(value, list) else []


def _is_key(ref: AssetRef) -> bool:
    return bool(ref.key.strip()) and len(ref.key) <= 500 and ref.key.isprintable()


def _kept(found: Found) -> Found:
    facts = {name: value for name, value in found.facts.items() if name != "said_by"}
    return replace(found, name=_text(found.name)[:500], at=_text(found.at), facts=_plainly(facts, MOST_DEPTH))


def _text(text: str) -> str:
    return _UNWRITABLE.sub("?", text)[:_LONGEST]


def _plainly(value: Any, depth: int) -> Any:
    """Return a value as JSON in a database may hold it: no NUL, no half characters, no numbers that are none."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return {_text(str(key)): _plainly(each, depth - 1) for key, each in value.items()} if depth else {}
    if isinstance(value, list | tuple):
        return [_plainly(each, depth - 1) for each in value[:2_000]] if depth else []
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < 2**63 else str(value)[:_LONGEST]
    if isinstance(value, float):
        return value if abs(value) < 1e300 else None
    return value if value is None or isinstance(value, bool) else _text(str(value))
