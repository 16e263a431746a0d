"""seamark discover."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import click

from seamark.core.assets import AssetKind, AssetRef, Discovery, Found, Relation, RelationKind
from seamark.intake.discovery.discover import discover
from seamark.intake.discovery.listed import packages
from seamark.intake.discovery.registry import extractors
from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.table import Column, Words

_MOST_ROWS = 60
"""Rows of a table of the summary; `--json` has all."""


@click.command("discover")
@click.argument("path", type=click.Path(path_type=Path), metavar="PATH")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line: every asset, relation and trouble.")
@click.option(
    "--repository",
    default="",
    metavar="NAME",
    help="The repository's natural key; else git's remote or the folder's name.",
)
@click.option("--application", default="", metavar="NAME", help="Keep what is found, as this application's.")
@click.option("--keep", is_flag=True, help="Keep what is found, as the application's that seamark.yaml names.")
@click.option("--commit", default="", metavar="SHA", help="The commit that is looked at, where it is kept.")
@click.option("--only", multiple=True, metavar="EXTRACTOR", help="Run this extractor only; may be given several times.")
def command(
    path: Path, repository: str, application: str, commit: str, only: tuple[str, ...], *, keep: bool, as_lines: bool
) -> None:
    """Say what a folder with source code holds: services, APIs, images, workloads, packages, data, and how they hang together.

    Reads files only: nothing is run or fetched. With --application or --keep what is found becomes part of the inventory, with
    owners and business context; what the same repository held before and holds no longer ends.

    \b
    Examples:
      seamark discover .
      seamark discover . --json | jq 'select(.kind == "service")'
      seamark discover ../shop --repository github.com/acme/shop --only services --only endpoints
      seamark discover . --application shop

    \b
    Exit codes: 0 done, 1 it could not be kept, 2 no such folder.
    """
    if not path.is_dir():
        raise click.UsageError(f"There is no folder {output.named(str(path))!r}.")
    known = [each.name for each in extractors()]
    if unknown := next((each for each in only if each not in known), ""):
        raise click.UsageError(f"There is no extractor called {unknown!r}. There are: {', '.join(known)}.")
    if application or keep:
        if only:
            raise click.UsageError("A part alone is not kept: leave --only out.")
        found = _keep(path, application, repository, commit, as_lines=as_lines)
    else:
        found = discover(path, repository, only=only)
    if as_lines:
        _lines(found)
    else:
        _summary(found)


def _keep(path: Path, application: str, repository: str, commit: str, *, as_lines: bool) -> Discovery:
    """Take what is found into the inventory, and say what that changed."""
    boot()
    from seamark.pipeline.trees import survey_tree

    survey, found = survey_tree(path, application, repository=repository, commit=commit)
    if not as_lines:
        name = survey.application.name if survey.application is not None else ""
        output.say(f"{name}: {survey.added:,} statements and relations are new, {survey.ended:,} ended")
    return found


def _lines(found: Discovery) -> None:
    listed, edges = packages(found.listings)
    for asset in [*found.assets, *listed]:
        output.json_line(_asset(asset, found.repository))
    seen = {(each.kind, each.source, each.target) for each in found.relations}
    for relation in [*found.relations, *(each for each in edges if (each.kind, each.source, each.target) not in seen)]:
        output.json_line(_relation(relation))
    for trouble in found.troubles:
        output.json_line({"trouble": trouble.text, "at": trouble.at})


def _place(at: str) -> tuple[str, int | None]:
    path, colon, line = at.rpartition(":")
    return (path, int(line)) if colon and line.isascii() and line.isdecimal() and len(line) < 10 else (at, None)


def _asset(asset: Found, repository: str) -> dict[str, Any]:
    path, line = _place(asset.at)
    mark = f"{repository}//"
    if asset.ref.kind in {
        AssetKind.SERVICE,
        AssetKind.MANIFEST,
        AssetKind.API,
        AssetKind.PIPELINE,
    } and asset.ref.key.startswith(mark):
        own = asset.ref.key.removeprefix(mark)
        path, line = own, line if path == own else None
    row: dict[str, Any] = {
        "asset": asset.ref.kind, "kind": asset.ref.kind, "key": asset.ref.key, "name": asset.name, "path": path, "line": line, "origin": asset.origin,
        "at": asset.at, "confidence": asset.confidence, "facts": asset.facts,
    }  # fmt: skip
    if asset.ref.kind is AssetKind.PACKAGE:
        row |= {
            "purl": asset.ref.key,
            "version": asset.facts.get("version", ""),
            "manifest": asset.facts["manifests"][0],
        }
    return row


def _ref(ref: AssetRef) -> dict[str, str]:
    return {"kind": ref.kind, "key": ref.key}


def _relation(each: Relation) -> dict[str, Any]:
    return {
        "relation": each.kind, "source": _ref(each.source), "target": _ref(each.target), "origin": each.origin, "at": each.at, "confidence": each.confidence
    }  # fmt: skip


def _summary(found: Discovery) -> None:
    listed, _ = packages(found.listings)
    counted = Counter(each.ref.kind for each in found.assets)
    counted[AssetKind.PACKAGE] = len(listed)
    told = [
        f"{counted[kind]:,} {_plural(kind, counted[kind])}"
        for kind in AssetKind
        if counted[kind] and kind is not AssetKind.REPOSITORY
    ]
    output.say(f"{found.repository}: {', '.join(told) or 'nothing that is known'}")
    by_kind: defaultdict[AssetKind, list[Found]] = defaultdict(list)
    for each in found.assets:
        by_kind[each.ref.kind].append(each)
    edges = _Edges(found, f"{found.repository}//")
    _services(by_kind[AssetKind.SERVICE], edges)
    _table("What runs", ("workload", "image", "exposure", "why"), [
        (edges.short(each.ref), ", ".join(edges.targets(each.ref, RelationKind.RUNS)), _fact(each, "exposure"), _fact(each, "exposure_why"))
        for each in by_kind[AssetKind.WORKLOAD]
    ])  # fmt: skip
    _table("Images that are built here", ("image", "from", "based on"), [
        (edges.short(each.ref), ", ".join(edges.targets(each.ref, RelationKind.BUILT_FROM)), ", ".join(edges.targets(each.ref, RelationKind.BASED_ON)))
        for each in by_kind[AssetKind.IMAGE] if edges.targets(each.ref, RelationKind.BUILT_FROM)
    ])  # fmt: skip
    _table("Data stores", ("data store", "engine", "exposure", "data"), [
        (edges.short(each.ref), _fact(each, "engine") or _fact(each, "type"), _fact(each, "exposure"), ", ".join(edges.targets(each.ref, RelationKind.HANDLES)))
        for each in by_kind[AssetKind.DATA_STORE]
    ])  # fmt: skip
    _table("Pipelines", ("pipeline", "builds", "deploys", "scanners", "actions not pinned"), [
        (
            edges.short(each.ref), ", ".join(edges.targets(each.ref, RelationKind.BUILDS)), ", ".join(edges.targets(each.ref, RelationKind.DEPLOYS)),
            ", ".join(each.facts.get("scanners", ())), _fact(each, "actions_unpinned"),
        )
        for each in by_kind[AssetKind.PIPELINE]
    ])  # fmt: skip
    sizes = Counter(path for each in listed for path in each.facts["manifests"])
    _table("Manifests", ("manifest", "packages"), [
        (edges.short(each.ref), f"{sizes[edges.short(each.ref)]:,}") for each in by_kind[AssetKind.MANIFEST]
    ])  # fmt: skip
    for trouble in found.troubles:
        output.complain(f"note: {trouble.at + ': ' if trouble.at else ''}{trouble.text}")


def _plural(kind: AssetKind, number: int) -> str:
    word = kind.replace("_", " ")
    word = {"api": "API", "data class": "data class"}.get(word, word)
    if number == 1:
        return word
    return {"repository": "repositories", "data class": "data classes"}.get(word, f"{word}s")


def _fact(found: Found, name: str) -> str:
    value = found.facts.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


class _Edges:
    """The edges of a discovery by their source, with names short enough for a table."""

    def __init__(self, found: Discovery, mark: str) -> None:
        self._mark = mark
        self._by_source: defaultdict[tuple[AssetRef, RelationKind], list[AssetRef]] = defaultdict(list)
        for each in found.relations:
            self._by_source[each.source, each.kind].append(each.target)

    def short(self, ref: AssetRef) -> str:
        return ref.key.removeprefix(self._mark)

    def targets(self, ref: AssetRef, kind: RelationKind, only: AssetKind | None = None) -> list[str]:
        return [self.short(each) for each in self._by_source.get((ref, kind), ()) if only is None or each.kind is only]


def _services(services: list[Found], edges: _Edges) -> None:
    _table("Services", ("service", "kind", "language", "frameworks", "endpoints", "data", "calls"), [
        (
            edges.short(each.ref), _fact(each, "kind"), _fact(each, "language"), ", ".join(each.facts.get("frameworks", ())),
            str(len(edges.targets(each.ref, RelationKind.SERVES, AssetKind.ENDPOINT)) or ""), ", ".join(edges.targets(each.ref, RelationKind.HANDLES)),
            ", ".join(edges.targets(each.ref, RelationKind.CALLS)),
        )
        for each in services
    ])  # fmt: skip


def _table(title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    if not rows:
        return
    output.say("")
    output.say(title)
    kept = [place for place in range(len(columns)) if place == 0 or any(row[place] for row in rows)]
    output.table(
        [Column(columns[place], least=8, fit="wrap") for place in kept],
        [[Words(row[place]) for place in kept] for row in rows[:_MOST_ROWS]],
    )
    if len(rows) > _MOST_ROWS:
        output.say(f"… and {len(rows) - _MOST_ROWS:,} more; --json lists all")
