"""seamark issues."""

from __future__ import annotations

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot


@click.command("issues")
@click.argument("query", nargs=-1)
@click.option("--limit", type=click.IntRange(1), default=None, help="How many; by default 50 for people, all with --json.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def command(query: tuple[str, ...], limit: int | None, *, as_lines: bool) -> None:
    """List issues, riskiest first; open ones, where the query says nothing else.

    \b
    Examples:
      seamark issues
      seamark issues severity:critical,high app:shop
      seamark issues kev:true fixable:true sort:age
      seamark issues state:any "sql injection" --json
    """
    boot()
    from seamark.insight.exports.issues import as_json
    from seamark.store.models import Issue
    from seamark.store.query import bounded_count, ordered, page, parse, select

    parsed = parse(" ".join(f'"{word}"' if " " in word and ":" not in word else word for word in query))
    rows = select(Issue.objects.select_related("application"), parsed)
    column, descending = ordered(parsed)
    wanted = limit if limit is not None else (None if as_lines else 50)
    shown, after = [], ""
    printed = 0
    while wanted is None or printed < wanted:
        size = 500 if wanted is None else min(500, wanted - printed)
        found = page(rows, column, descending=descending, size=size, after=after)
        for issue in found.rows:
            printed += 1
            if as_lines:
                output.json_line(as_json(issue))
            else:
                shown.append(as_json(issue))
        after = found.after
        if not after:
            break
    if as_lines:
        return
    if not shown:
        click.echo("No issue fits." if query else "There are no open issues. Import reports with `seamark import`.")
        return
    print_issues(shown)
    total = bounded_count(rows)
    if total.more or total.number > len(shown):
        click.echo(f"\n{len(shown)} of {total} issues; --limit shows more")


def print_issues(rows: list[dict[str, object]]) -> None:
    """Print issues as a table."""
    output.table(
        [
            ("Risk", {"justify": "right"}), ("", {}), ("Issue", {"no_wrap": True}), ("What and why", {"ratio": 3}),
            ("Place", {"ratio": 2, "overflow": "fold"}), ("Application", {"overflow": "ellipsis", "no_wrap": True, "max_width": 20}),
        ],
        (
            [
                output.text(f"{row['risk']:.0f}", "bold"), output.text(row["priority"], "dim"), output.text(row["id"]),
                output.text(f"{row['title']}\n") + output.text(row["reason"], "dim"), output.text(row["component"] or row["place"]),
                output.text(row["application"]),
            ]
            for row in rows
        ),
    )  # fmt: skip
