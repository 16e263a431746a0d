"""seamark issues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from seamark.core.errors import InvalidQuery
from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.remote import client, server_options
from seamark.interfaces.cli.table import Cell, Column

if TYPE_CHECKING:
    from seamark.client import Client


@click.command("issues")
@click.argument("query", nargs=-1)
@click.option(
    "--limit",
    type=click.IntRange(1, 1_000_000),
    default=None,
    help="How many; by default 50 for people, all with --json.",
)
@server_options
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def command(query: tuple[str, ...], limit: int | None, url: str, token: str, *, as_lines: bool) -> None:
    """List issues, riskiest first; open ones, where the query says nothing else.

    \b
    Examples:
      seamark issues
      seamark issues severity:critical,high app:shop
      seamark issues kev:true fixable:true sort:age
      seamark issues state:any "sql injection" --json
    """
    words = " ".join(f'"{word}"' if " " in word and ":" not in word else word for word in query)
    wanted = limit if limit is not None else (None if as_lines else 50)
    remote = client(url, token)
    if remote is not None:
        with remote as server:
            _print_remote(server, words, wanted, as_lines=as_lines)
        return
    boot()
    from seamark.insight.exports.issues import as_json
    from seamark.store.access import everything
    from seamark.store.query import bounded_count, ordered, page, parse, select

    try:
        parsed = parse(words)
        rows = select(everything().issues().select_related("application"), parsed)
        column, descending = ordered(parsed)
    except InvalidQuery as error:
        raise click.UsageError(pointed(words, error)) from None
    shown: list[dict[str, Any]] = []
    printed, after = 0, ""
    while wanted is None or printed < wanted:
        size = 500 if wanted is None else min(500, wanted - printed)
        found = page(rows, column, descending=descending, size=size, after=after)
        printed += len(found.rows)
        for issue in found.rows:
            if as_lines:
                output.json_line(as_json(issue))
            else:
                shown.append(as_json(issue))
        after = found.after
        if not after:
            break
    if as_lines:
        return
    total = bounded_count(rows)
    _print(shown, words, str(total), more=total.more or total.number > len(shown))


def _print_remote(server: Client, words: str, wanted: int | None, *, as_lines: bool) -> None:
    """Print what a server lists."""
    try:
        rows = server.rows("/issues", {"q": words}, limit=wanted)
        if as_lines:
            for row in rows:
                output.json_line(row)
            return
        shown = list(rows)
        number, more = server.count(words)
    except InvalidQuery as error:
        raise click.UsageError(pointed(words, error)) from None
    _print(shown, words, f"{number:,}{'+' if more else ''}", more=more or number > len(shown))


def _print(shown: Sequence[Mapping[str, Any]], words: str, total: str, *, more: bool) -> None:
    if not shown:
        click.echo("No issue fits." if words else "There are no open issues. Import reports with `seamark import`.")
        return
    print_issues(shown)
    if more:
        click.echo(f"\n{len(shown)} of {total} issues; --limit shows more")


def pointed(words: str, error: InvalidQuery) -> str:
    """Return what is wrong with a query, with an arrow below the place where it is."""
    return f"{error}\n\n  {words}\n  {' ' * error.position}^"


ROOMY = 100
"""From this width on, place and application have columns of their own."""
COLUMNS = (
    Column("Risk", right=True),
    Column("", least=2),
    Column("Issue", least=12),
    Column("What and why", least=24, most=90, fit="wrap"),
    Column("Place", least=16, most=60, fit="cut start"),
    Column("Application", least=8, most=20),
)


def print_issues(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print issues as a table; on narrow terminals the place stands below the title."""
    roomy = output.width() >= ROOMY
    output.table(COLUMNS if roomy else COLUMNS[:4], (_roomy(row) if roomy else _narrow(row) for row in rows))


def _roomy(row: Mapping[str, Any]) -> list[Cell]:
    what = (output.text(row["title"]), output.text(row["reason"], "dim"))
    return [*_start(row), what, output.text(row["component"] or row["place"]), output.text(row["application"])]


def _narrow(row: Mapping[str, Any]) -> list[Cell]:
    where = " · ".join(words for words in (row["component"] or row["place"], row["application"]) if words)
    return [*_start(row), (output.text(row["title"]), output.text(where), output.text(row["reason"], "dim"))]


def _start(row: Mapping[str, Any]) -> list[Cell]:
    return [output.text(f"{row['risk']:.0f}", "bold"), output.text(row["priority"], "dim"), output.text(row["id"])]
