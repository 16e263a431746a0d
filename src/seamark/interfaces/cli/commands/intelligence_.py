"""seamark intelligence."""

from __future__ import annotations

import click

from seamark.core.errors import UnreadableReport
from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.files import settled


@click.group("intelligence")
def command() -> None:
    """Load facts about exploitation (EPSS, KEV) from files.

    \b
    Examples:
      seamark intelligence import epss_scores-current.csv.gz
      seamark intelligence import known_exploited_vulnerabilities.json
      seamark intelligence status
    """


@command.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def load(files: tuple[str, ...]) -> None:
    """Load an EPSS table (CSV, also gzip), a KEV catalogue (JSON) or a table of facts (JSON), and score anew what they concern."""
    boot()
    from seamark.pipeline.intelligence import load_file

    unreadable = False
    for path in files:
        name = output.named(path)
        try:
            with settled(path) as file:
                loaded = load_file(file)
        except UnreadableReport as error:
            unreadable = True
            output.complain(f"{name}: {error}")
            continue
        day = loaded.date or "an unknown day"
        rescored = output.count(loaded.rescored, "issue")
        output.say(f"{name}: {loaded.kind}, {output.count(loaded.rows, 'row')} as of {day}; {rescored} scored anew")
    if unreadable:
        raise click.exceptions.Exit(2)


@command.command("status")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def status(*, as_lines: bool) -> None:
    """Say which snapshots are loaded."""
    boot()
    from seamark.pipeline.intelligence import snapshots

    found = snapshots()
    if as_lines:
        for one in found:
            output.json_line(one)
    elif not found:
        click.echo("No intelligence is loaded; scores do not know what is exploited.")
    else:
        for one in found:
            output.say(f"{one['snapshot']}: {one['entries']:,} entries")
