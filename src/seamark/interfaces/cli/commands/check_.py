"""seamark check."""

from __future__ import annotations

import click

from seamark.core.errors import SeamarkError
from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot


@click.command("check")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def command(*, as_lines: bool) -> None:
    """Check settings, database and installation, and say what to mend.

    \b
    Exit codes: 0 all well, 1 something is wrong.
    """
    rows: list[tuple[str, str, str]] = []
    try:
        boot(migrate=False)
        from seamark.pipeline.health import checks

        rows = checks()
    except SeamarkError as error:
        rows.append(("settings", "wrong", str(error)))
    for name, state, sentence in rows:
        if as_lines:
            output.json_line({"check": name, "state": state, "sentence": sentence})
        else:
            output.say(f"{'✓' if state == 'well' else '!' if state == 'note' else '✗'} {name}: {sentence}")
    if any(state == "wrong" for _, state, _ in rows):
        raise click.exceptions.Exit(1)
