"""seamark formats."""

from __future__ import annotations

import click

from seamark.intake.parsers.kit.registry import parsers
from seamark.interfaces.cli import output
from seamark.interfaces.cli.table import Column

COLUMNS = (
    Column("Name", least=24),
    Column("Tool", least=8, fit="wrap"),
    Column("Kind", least=8),
    Column("Made with", least=12, fit="wrap"),
)


@click.command("formats")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def command(*, as_lines: bool) -> None:
    """List the report formats that can be read, and the command that makes each."""
    known = parsers().values()
    if as_lines:
        for one in known:
            output.json_line(
                {
                    "name": one.name,
                    "title": one.title,
                    "kind": one.kind.value,
                    "made_with": one.made_with,
                    "url": one.url,
                }
            )
        return
    output.table(
        COLUMNS,
        (
            (
                output.text(one.name, "bold"),
                output.text(one.title),
                output.text(one.kind.value),
                output.text(one.made_with),
            )
            for one in known
        ),
    )
