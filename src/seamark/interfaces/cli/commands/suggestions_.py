"""seamark suggestions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import application_named, boot
from seamark.interfaces.cli.table import Cell, Column

if TYPE_CHECKING:
    from seamark.pipeline.inbox import Side, Suggestion
    from seamark.store.models import Match

ROOMY = 100
"""From this width on, tool and reasons have columns of their own."""
COLUMNS = (
    Column("Number", right=True),
    Column("Sure", right=True),
    Column("Issue", least=12),
    Column("What and where", least=20, most=100, fit="wrap"),
    Column("Tool", least=8, most=20),
    Column("Because", least=12, most=40, fit="wrap"),
)


@click.command("suggestions")
@click.option("--application", default="", metavar="NAME", help="Of this application only.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=25, show_default=True, help="How many.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
@click.option(
    "--accept", type=click.IntRange(1, 2**63 - 1), metavar="NUMBER", help="Make the two issues of a suggestion one."
)
@click.option(
    "--reject", type=click.IntRange(1, 2**63 - 1), metavar="NUMBER", help="Keep the two issues of a suggestion apart."
)
@click.option("--reason", default="", metavar="TEXT", help="Why, with --accept or --reject.")
def command(
    application: str, limit: int, accept: int | None, reject: int | None, reason: str, *, as_lines: bool
) -> None:
    """List pairs of findings that may be one problem, the surest first; accept or reject one.

    \b
    Examples:
      seamark suggestions --application shop
      seamark suggestions --accept 31
      seamark suggestions --reject 32 --reason "two parameters"
    """
    if accept is not None and reject is not None:
        raise click.UsageError("Accept a suggestion, or reject it, not both at once")
    boot()
    if accept is not None:
        _accept(accept, reason)
    elif reject is not None:
        _reject(reject, reason)
    else:
        _list(application, limit, as_lines=as_lines)


def _accept(number: int, reason: str) -> None:
    from seamark.pipeline.merging import accept

    match = _pending(number)
    gone = {match.left.issue_id, match.right.issue_id}
    kept = accept(None, match, reason)
    other = next(iter(gone - {kept.pk}), kept.pk)
    output.say(f"SM-{other} is part of {kept.reference} now; `seamark unmerge SM-{other}` takes that back")


def _reject(number: int, reason: str) -> None:
    from seamark.pipeline.merging import reject

    decision = reject(None, _pending(number), reason)
    left, right = decision.left.reference, decision.right.reference
    output.say(f"{left} and {right} stay two; `seamark apart {left} {right} --undo` takes that back")


def _pending(number: int) -> Match:
    from seamark.store.access import everything

    rows = everything().matches().filter(pending=True, pk=number)
    match = rows.select_related("left__issue", "right__issue").first()
    if match is None:
        raise click.ClickException(f"No suggestion {number} waits; `seamark suggestions` lists those that do")
    return match


def _list(application: str, limit: int, *, as_lines: bool) -> None:
    from seamark.pipeline.inbox import pending, suggestions
    from seamark.store.access import everything

    rows = pending(everything())
    if application:
        rows = rows.filter(application=application_named(application))
    found = suggestions(list(rows.select_related("application").order_by("-confidence", "-id")[:limit]))
    if as_lines:
        for one in found:
            output.json_line(one.as_json())
    elif not found:
        click.echo("Nothing waits for a decision.")
    else:
        roomy = output.width() >= ROOMY
        lines = (line for one in found for line in _rows(one, roomy=roomy))
        output.table(COLUMNS if roomy else COLUMNS[:4], lines)


def _rows(one: Suggestion, *, roomy: bool) -> Iterator[Sequence[Cell]]:
    """Yield two lines: each finding has its own, so that they stand below each other at any width."""
    because = ", ".join(str(words) for words, _ in one.match.reasons)
    yield _line(one.left, str(one.match.pk), f"{one.confidence:.2f}", because, roomy=roomy)
    yield _line(one.right, "", "", "", roomy=roomy)


def _line(side: Side, number: str, sure: str, because: str, *, roomy: bool) -> Sequence[Cell]:
    start = output.text(number), output.text(sure, "bold"), output.text(side.reference)
    what, tool, why = (
        (output.text(side.title), output.text(side.place)),
        side.row.stream.tool,
        output.text(because, "dim"),
    )
    if roomy:
        return (*start, what, output.text(tool), why)
    return (*start, (*what, output.text(tool, "dim"), *([why] if because else [])))
