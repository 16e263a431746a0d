"""seamark fixes."""

from __future__ import annotations

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import application_named, boot
from seamark.interfaces.cli.table import Column

COLUMNS = (
    Column("Risk removed", right=True),
    Column("Clears", right=True),
    Column("Fix", least=16, most=90, fit="wrap"),
    Column("Application", least=8, most=24),
    Column("Worst", right=True),
)


@click.command("fixes")
@click.option("--application", default="", metavar="NAME", help="Of this application only.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=25, show_default=True, help="How many.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def command(application: str, limit: int, *, as_lines: bool) -> None:
    """List the changes that remove most risk, with the issues each clears.

    \b
    Examples:
      seamark fixes
      seamark fixes --application shop --json
    """
    boot()
    from seamark.insight.analytics.fixes import ranked_fixes
    from seamark.store.access import everything

    rows = everything().fixes()
    if application:
        rows = rows.filter(application=application_named(application))
    ranked = ranked_fixes(rows, limit)
    if as_lines:
        for one in ranked:
            output.json_line(one)
        return
    if not ranked:
        click.echo("There is no fix that a tool names. `seamark issues fixable:true` lists single ones.")
        return
    output.table(
        COLUMNS,
        (
            (
                output.text(f"{one['risk_removed']:.0f}", "bold"),
                output.text(one["issues"]),
                output.text(one["title"] + (" (clears a part only)" if one["partial"] else "")),
                output.text(one["application"]),
                output.text(f"{one['worst']:.0f}"),
            )
            for one in ranked
        ),
    )
