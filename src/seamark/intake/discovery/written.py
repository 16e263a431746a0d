"""Reads back what `seamark discover --json` writes, so that a survey made elsewhere can be sent in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from seamark.core.assets import AssetKind, AssetRef, Discovery, Found, Listing, Relation, RelationKind, Trouble
from seamark.core.component import Component, DependsOn, canonical_purl
from seamark.core.errors import UnreadableReport

LARGEST: Final = 32 * 1024 * 1024
"""Bytes of a survey; a larger one is refused."""
MOST_ROWS: Final = 300_000
LONGEST_ROW: Final = 1024 * 1024
_MADE_WITH: Final = "seamark discover . --json > survey.jsonl"

Sure = Annotated[float, Meta(ge=0, le=1)]
Word = Annotated[str, Meta(max_length=2_000)]


class _Row(Struct):
    """A line: an asset, a relation or a trouble, by which of the three words it has."""

    asset: AssetKind | None = None
    relation: RelationKind | None = None
    trouble: str | None = None
    key: Word = ""
    name: Word = ""
    origin: Word = ""
    at: Word = ""
    confidence: Sure = 1.0
    facts: dict[str, Any] = {}
    source: AssetRef | None = None
    target: AssetRef | None = None


class _Whole(Struct):
    """The same as one object."""

    assets: list[_Row] = []
    relations: list[_Row] = []
    troubles: list[_Row] = []


_ROW: Final = msgspec.json.Decoder(_Row)
_ROWS: Final = msgspec.json.Decoder(list[_Row] | _Whole)


def read_survey(data: bytes) -> Discovery:
    """Return the discovery in JSON lines, a list of the same rows, or an object with `assets`, `relations` and `troubles`.

    Packages become the listings of their manifests again. Raises `UnreadableReport` with the line of what is wrong.
    """
    if len(data) > LARGEST:
        raise UnreadableReport(f"The survey is larger than {LARGEST // 1024**2} MB")
    if b"\\u0000" in data or b"\0" in data:
        raise UnreadableReport("The survey holds a NUL character")
    assets: list[Found] = []
    relations: list[Relation] = []
    troubles: list[Trouble] = []
    for number, row in enumerate(_rows(data), start=1):
        if number > MOST_ROWS:
            raise UnreadableReport(f"The survey has more than {MOST_ROWS:,} rows")
        if row.asset is not None and row.key:
            ref = AssetRef(row.asset, row.key)
            assets.append(
                Found(ref=ref, name=row.name, origin=row.origin, at=row.at, confidence=row.confidence, facts=row.facts)
            )
        elif row.relation is not None and row.source is not None and row.target is not None:
            relations.append(
                Relation(
                    kind=row.relation, source=row.source, target=row.target, origin=row.origin, at=row.at, confidence=row.confidence
                )
            )  # fmt: skip
        elif row.trouble is not None:
            troubles.append(Trouble(row.at, row.trouble[:2_000]))
        else:
            raise UnreadableReport(
                "This is neither an asset, a relation nor a trouble", where=f"row {number}", hint=_MADE_WITH
            )
    if not assets and not relations:
        raise UnreadableReport("The survey tells of nothing", hint=_MADE_WITH)
    return _discovery(assets, relations, troubles)


def _rows(data: bytes) -> Iterator[_Row]:
    text = data.strip()
    lines = text.split(b"\n")
    try:
        whole = _ROWS.decode(text) if text[:1] == b"[" or _is_whole(lines) else None
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UnreadableReport(f"This is no survey: {error}", hint=_MADE_WITH) from None
    if whole is not None:
        rows = whole if isinstance(whole, list) else [*whole.assets, *whole.relations, *whole.troubles]
        yield from rows
        return
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if len(line) > LONGEST_ROW:
            raise UnreadableReport("The row is longer than 1 MB", where=f"line {number}")
        try:
            yield _ROW.decode(line)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise UnreadableReport(
                f"This is no row of a survey: {error}", where=f"line {number}", hint=_MADE_WITH
            ) from None


def _is_whole(lines: list[bytes]) -> bool:
    """Tell one object over many lines, or without the words of a row, from a first line."""
    try:
        row = _ROW.decode(lines[0])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        # A first line that is no object of its own begins one; a wrong row is told with its line.
        return lines[0].strip() == b"{" or b'"assets"' in lines[0]
    return row.asset is None and row.relation is None and row.trouble is None


def _discovery(assets: list[Found], relations: list[Relation], troubles: list[Trouble]) -> Discovery:
    packages = {one.ref.key: one for one in assets if one.ref.kind is AssetKind.PACKAGE}
    repository = next((one.ref.key for one in assets if one.ref.kind is AssetKind.REPOSITORY), "")
    paths = {one.ref.key.partition("//")[2]: one.ref for one in assets if one.ref.kind is AssetKind.MANIFEST}
    listed: dict[AssetRef, list[Found]] = {}
    for package in packages.values():
        told = package.facts.get("manifests")
        for path in told if isinstance(told, list) else ():
            if isinstance(path, str):
                manifest = paths.get(path) or AssetRef(AssetKind.MANIFEST, f"{repository}//{path}")
                listed.setdefault(manifest, []).append(package)
    edges: dict[AssetRef, list[AssetRef]] = {}
    for relation in relations:
        if relation.kind is RelationKind.DEPENDS_ON and relation.target.kind is AssetKind.PACKAGE:
            edges.setdefault(relation.source, []).append(relation.target)
    return Discovery(
        repository=repository, assets=tuple(one for one in assets if one.ref.kind is not AssetKind.PACKAGE),
        relations=tuple(one for one in relations if AssetKind.PACKAGE not in {one.source.kind, one.target.kind}),
        listings=tuple(_listing(manifest, found, edges) for manifest, found in listed.items()), troubles=tuple(troubles),
    )  # fmt: skip


def _listing(manifest: AssetRef, found: list[Found], edges: dict[AssetRef, list[AssetRef]]) -> Listing:
    inside = {one.ref for one in found}
    direct = set(edges.get(manifest, ())) & inside
    beyond = {one.ref.key: sorted({ref.key for ref in edges.get(one.ref, ()) if ref in inside}) for one in found}
    depends = [DependsOn("", tuple(sorted(ref.key for ref in direct)))] if direct else []
    depends += [DependsOn(key, tuple(targets)) for key, targets in beyond.items() if targets]
    facts = found[0].facts
    return Listing(
        manifest=manifest, ecosystem=_text(facts.get("ecosystem")), locked=facts.get("locked") is True,
        components=tuple(_component(one, direct=one.ref in direct) for one in found), edges=tuple(depends),
    )  # fmt: skip


def _component(found: Found, *, direct: bool) -> Component:
    licences = found.facts.get("licences")
    return Component(
        name=found.name or found.ref.key, version=_text(found.facts.get("version")), purl=canonical_purl(found.ref.key), ref=found.ref.key,
        direct=direct, scope=_text(found.facts.get("scope")),
        licences=tuple(one for one in licences if isinstance(one, str)) if isinstance(licences, list) else (),
    )  # fmt: skip


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
