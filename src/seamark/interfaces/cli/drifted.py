"""Prints what came of dumps: what runs, and how it drifted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from seamark.core.assets import AssetKind, AssetRef, Found, Relation
from seamark.intake.dumps.dump import Dump
from seamark.interfaces.cli import output
from seamark.interfaces.cli.table import Column, Words

if TYPE_CHECKING:
    from seamark.pipeline.runtime import Taken

_MOST_ROWS: Final = 60


def tell(taken: Sequence[Taken], *, as_lines: bool) -> None:
    """Print what came of dumps, for people or as one JSON object a line."""
    for one in taken:
        (_plain if as_lines else _show)(one)


def lines(found: Sequence[Dump]) -> None:
    """Print what dumps say, one JSON object a line."""
    for dump in found:
        for asset in dump.discovery.assets:
            output.json_line(_asset(asset, dump.source))
        for relation in dump.discovery.relations:
            output.json_line(_relation(relation, dump.source))
        output.json_line({"dump": dump.source, "complete": dump.complete, "partial": list(dump.partial)})


def _asset(each: Found, source: str) -> dict[str, Any]:
    """Return a node as `seamark discover --json` prints it, with the dump's source. A dump has no lines."""
    return {
        "asset": each.ref.kind, "kind": each.ref.kind, "key": each.ref.key, "name": each.name, "path": "", "line": None, "origin": each.origin, "at": each.at,
        "confidence": each.confidence, "facts": each.facts, "said_in": source,
    }  # fmt: skip


def _relation(each: Relation, source: str) -> dict[str, Any]:
    def ref(one: AssetRef) -> dict[str, str]:
        return {"kind": one.kind, "key": one.key}

    return {
        "relation": each.kind, "source": ref(each.source), "target": ref(each.target), "origin": each.origin, "at": each.at, "confidence": each.confidence,
        "said_in": source,
    }  # fmt: skip


def _plain(one: Taken) -> None:
    import msgspec

    for judged in one.drift.images:
        output.json_line(
            {"image": judged.image, **msgspec.to_builtins(judged), "application": one.applications.get(judged.workload)}
        )
    for difference in one.drift.differences:
        output.json_line({"difference": difference.field, **msgspec.to_builtins(difference)})
    for image in one.drift.idle:
        output.json_line({"runs_nowhere": image.name})
    output.json_line({
        "dump": one.source, "complete": one.complete, "partial": list(one.partial), "running": len(one.running), "added": one.added, "ended": one.ended,
        "outcomes": [msgspec.to_builtins(each) for each in one.outcomes], "without_application": [each.key for each in one.running if each.key not in one.applications],
    })  # fmt: skip


def _show(one: Taken) -> None:
    whole = "the whole of it" if one.complete else f"not the whole: {'; '.join(one.partial)}"
    output.say(
        f"{one.source}: {output.count(len(one.running), 'workload')}, {one.added:,} new facts, {one.ended:,} ended ({whole})"
    )
    kinds = Counter("workload" if each.kind == AssetKind.WORKLOAD else "cloud resource" for each in one.running)
    if len(kinds) > 1:
        output.say("  " + ", ".join(output.count(number, word) for word, number in sorted(kinds.items())))
    short = one.source.rpartition(" ")[2] + "/"
    rows = [
        (each.workload.removeprefix(short), f"{each.image}{':' + each.tag if each.tag else ''}", each.digest[7:19], each.state.value.replace("-", " "), "; ".join(each.reasons[state.value] for state in each.states))
        for each in one.drift.images
    ]  # fmt: skip
    _table("What runs", ("workload", "image", "digest", "state", "why"), rows)
    _table("Otherwise than git declares", ("workload", "what", "runs", "git says"), [
        (each.workload.removeprefix(short), each.field, each.runs, f"{each.says} ({each.at})" if each.at else each.says) for each in one.drift.differences
    ])  # fmt: skip
    _table("Scanned, and running nowhere", ("image",), [(image.name,) for image in one.drift.idle])
    for outcome in one.outcomes:
        if outcome.findings or outcome.fixed:
            output.say(f"{outcome.application}: {output.count(outcome.findings, 'finding')} of drift, {outcome.new:,} new, {outcome.fixed:,} fixed, {output.count(outcome.issues, 'new issue')}")  # fmt: skip
    nobody = [each.key for each in one.running if each.key not in one.applications]
    if nobody:
        output.say(
            f"{output.count(len(nobody), 'workload')} belong to no application, so their drift is not imported: name it with --application"
        )


def _table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    if not rows:
        return
    output.say("")
    output.say(title)
    output.table(
        [Column(column, least=8, fit="wrap") for column in columns],
        [[Words(str(cell)) for cell in row] for row in rows[:_MOST_ROWS]],
    )
    if len(rows) > _MOST_ROWS:
        output.say(f"… and {len(rows) - _MOST_ROWS:,} more; --json lists all")
