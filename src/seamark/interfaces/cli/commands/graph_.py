"""seamark graph."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.table import Column

if TYPE_CHECKING:
    from seamark.analysis.graph.answers import Node, Radius, Way

QUESTIONS = {
    "blast": "what a flaw in THING reaches",
    "origins": "everything whose flaw would be felt in THING",
    "path": "the shortest way from THING to the one named by --to",
    "exposure": "how the internet reaches THING",
    "line": "the line from THING's code to cloud and data",
    "order": "in which order what THING reaches is mended",
    "toxic": "severe issues that the internet reaches and that lead to sensitive data",
    "coverage": "assets without a scan that they should have, and those that nobody owns",
    "orphans": "images that run nowhere, workloads nobody builds, assets without relations",
}
ABOUT_A_THING = ("blast", "origins", "path", "exposure", "line", "order")
NODES = (
    Column("Steps", right=True),
    Column("Kind", least=8),
    Column("Asset", least=16, fit="cut start"),
    Column("Application", least=8),
    Column("Exposure", least=8),
    Column("Owner", least=8),
)


@click.command("graph")
@click.argument("question", type=click.Choice(list(QUESTIONS)))
@click.argument("thing", required=False)
@click.option("--to", "goal", metavar="THING", help="Where the path ends.")
@click.option("--at", type=click.DateTime(["%Y-%m-%d"]), help="As it was at the end of a day (UTC).")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many are shown.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def command(
    question: str, thing: str | None, goal: str | None, at: datetime | None, limit: int, *, as_lines: bool
) -> None:
    """Ask how assets hang together.

    QUESTION is one of blast, origins, path, exposure, line, order (about a THING), toxic, coverage, orphans (about all).
    THING is an issue (SM-12), a package (log4j-core, pkg:npm/lodash@4.17.20), an asset's name or key, or kind:key.

    \b
    Examples:
      seamark graph blast pkg:pypi/flask
      seamark graph exposure SM-12
      seamark graph path SM-12 --to data_class:PII
      seamark graph coverage --json
    """
    if question in ABOUT_A_THING and not thing:
        raise click.UsageError(f"{question} needs a THING: {QUESTIONS[question]}")
    if question not in ABOUT_A_THING and thing:
        raise click.UsageError(f"{question} is about everything and takes no THING")
    if (question == "path") != (goal is not None):
        raise click.UsageError("path needs --to" if question == "path" else "--to belongs to path")
    if at is not None and question in {"coverage", "orphans"}:
        raise click.UsageError(f"{question} knows only today")
    when = datetime.combine(at.date(), time.max, UTC) if at is not None else None
    boot()
    if thing is not None:
        _about(question, thing, goal, when, limit, as_lines=as_lines)
    else:
        _estate(question, when, limit, as_lines=as_lines)


def _about(question: str, thing: str, goal: str | None, at: datetime | None, limit: int, *, as_lines: bool) -> None:
    from seamark.analysis.graph.asked import Asked
    from seamark.analysis.graph.estate import order
    from seamark.analysis.graph.lens import Lens
    from seamark.store.access import everything

    asked = Asked(everything(), at)
    starts = asked.find(thing)
    if question in {"blast", "origins"}:
        lens = Lens.IMPACT if question == "blast" else Lens.ORIGIN
        _radius(asked.radius(starts, lens, limit=limit), as_lines=as_lines)
    elif question in {"path", "exposure"}:
        way = asked.path(starts, asked.find(goal)) if goal is not None else asked.exposure(starts)
        if as_lines:
            output.json_line(way)
        else:
            _way(way, "no way is known" if goal is not None else "no way from the internet is known")
    elif question == "line":
        _nodes(asked.code_to_cloud(starts), as_lines=as_lines)
    else:
        steps = order(everything(), starts, at=at)[:limit]
        _rows(
            steps,
            (Column("Turn", right=True), Column("Kind", least=8), Column("Asset", least=16, fit="cut start"), Column("After", least=8)),
            [
                (str(step.turn), step.asset.kind, step.asset.name, "in a circle" if step.circle else ", ".join(step.waits_for))
                for step in steps
            ],
            as_lines=as_lines,
        )  # fmt: skip


def _estate(question: str, at: datetime | None, limit: int, *, as_lines: bool) -> None:
    from django.utils import timezone

    from seamark.analysis.graph.estate import coverage, orphans, toxic
    from seamark.store.access import everything

    columns = (
        Column("Kind", least=8),
        Column("Asset", least=16, fit="cut start"),
        Column("Missing", least=8),
        Column("Why", least=12),
    )
    if question == "coverage":
        gaps = coverage(everything(), timezone.now(), limit=limit)
        _rows(gaps, columns, [(g.asset.kind, g.asset.name, g.missing, g.why) for g in gaps], as_lines=as_lines)
    elif question == "orphans":
        found = orphans(everything(), limit=limit)
        rows = [(each.asset.kind, each.asset.name, each.why) for each in found]
        _rows(found, (*columns[:2], columns[3]), rows, as_lines=as_lines)
    else:
        for combination in toxic(everything(), at=at, limit=limit):
            if as_lines:
                output.json_line(combination)
                continue
            output.paragraph(f"{combination.risk:5.1f}  {combination.issue}  {combination.title}", "bold")
            _way(combination.exposure, "")
            _way(combination.data, "")


def _radius(found: Radius, *, as_lines: bool) -> None:
    if as_lines:
        output.json_line(found)
        return
    total = f"{found.total:,}" if found.complete else f"more than {found.total:,}"
    output.paragraph(
        f"{total} assets" + (f", {found.exposed:,} of them in the internet" if found.exposed else ""), "bold"
    )
    for title, words in (
        ("kinds", [f"{count:,} {kind}" for kind, count in found.kinds.items()]),
        ("applications", found.applications),
        ("data", found.data_classes),
    ):
        if words:
            output.paragraph(f"  {title}: {', '.join(words)}")
    _nodes(found.nodes, as_lines=False)
    if found.total > len(found.nodes):
        click.echo(f"\n{len(found.nodes):,} of {total} assets; --limit shows more")


def _nodes(nodes: list[Node], *, as_lines: bool) -> None:
    if as_lines:
        for node in nodes:
            output.json_line(node)
    elif nodes:
        output.table(
            NODES,
            [
                [output.text(word) for word in (node.depth, node.kind, node.name, node.application, node.exposure, node.owner)]
                for node in nodes
            ],
        )  # fmt: skip
    else:
        click.echo("nothing is known")


def _way(way: Way, nothing: str) -> None:
    if not way.nodes:
        click.echo(nothing)
        return
    names = {node.id: node.name for node in way.nodes}
    output.paragraph(f"  {way.nodes[0].kind} {way.nodes[0].name}")
    for hop, node in zip(way.hops, way.nodes[1:], strict=True):
        said = f"{names[hop.source]} {hop.kind.replace('_', ' ')} {names[hop.target]}, says {hop.origin or 'a report'}"
        output.paragraph(f"  → {node.kind} {node.name}")
        output.paragraph(f"      {said}{f' in {hop.at}' if hop.at else ''}", "dim")


def _rows(found: list[Any], columns: tuple[Column, ...], rows: Sequence[tuple[str, ...]], *, as_lines: bool) -> None:
    if as_lines:
        for each in found:
            output.json_line(each)
    elif rows:
        output.table(columns, [[output.text(word) for word in row] for row in rows])
    else:
        click.echo("none")
