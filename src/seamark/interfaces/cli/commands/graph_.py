"""seamark graph."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from seamark.analysis.graph.answers import Node, Toxic, Way
from seamark.analysis.graph.question import QUESTIONS, Question, check
from seamark.core.errors import NotAllowed
from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.table import Column

if TYPE_CHECKING:
    from seamark.insight.analytics.questions import Reply

NODES = (
    Column("Steps", right=True),
    Column("Kind", least=8),
    Column("Asset", least=16, fit="cut start"),
    Column("Application", least=8),
    Column("Exposure", least=8),
    Column("Owner", least=8),
)
ASSET = (Column("Kind", least=8), Column("Asset", least=16, fit="cut start"))
WHY = Column("Why", least=12)


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
    asked = Question(
        name=question, thing=thing or "", to=goal or "", at=at.date() if at is not None else None, limit=limit
    )
    try:
        check(asked)
    except NotAllowed as error:
        raise click.UsageError(str(error)) from None
    boot()
    from seamark.insight.analytics.questions import ask
    from seamark.store.access import everything

    reply = ask(everything(), asked)
    match question:
        case "blast" | "origins":
            _radius(reply, as_lines=as_lines)
        case "path" | "exposure":
            _ways(reply, as_lines=as_lines)
        case "line":
            _nodes(reply.nodes, as_lines=as_lines)
        case "toxic":
            _toxic(reply.combinations, as_lines=as_lines)
        case "order":
            said = [
                (str(step.turn), step.asset.kind, step.asset.name, "in a circle" if step.circle else ", ".join(step.waits_for))
                for step in reply.steps
            ]  # fmt: skip
            _rows(reply.steps, (Column("Turn", right=True), *ASSET, Column("After", least=8)), said, as_lines=as_lines)
        case "coverage":
            lacking = [(gap.asset.kind, gap.asset.name, gap.missing, gap.why) for gap in reply.gaps]
            _rows(reply.gaps, (*ASSET, Column("Missing", least=8), WHY), lacking, as_lines=as_lines)
        case "orphans":
            hanging = [(each.asset.kind, each.asset.name, each.why) for each in reply.orphans]
            _rows(reply.orphans, (*ASSET, WHY), hanging, as_lines=as_lines)


def _ways(reply: Reply, *, as_lines: bool) -> None:
    way = Way(nodes=reply.nodes, hops=reply.hops)
    if as_lines:
        output.json_line(way)
    else:
        _way(way, "no way is known" if reply.question == "path" else "no way from the internet is known")


def _toxic(combinations: list[Toxic], *, as_lines: bool) -> None:
    for combination in combinations:
        if as_lines:
            output.json_line(combination)
            continue
        output.paragraph(f"{combination.risk:5.1f}  {combination.issue}  {combination.title}", "bold")
        _way(combination.exposure, "")
        _way(combination.data, "")


def _radius(found: Reply, *, as_lines: bool) -> None:
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
