"""seamark intelligence."""

from __future__ import annotations

from pathlib import Path

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot


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
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
def load(files: tuple[Path, ...]) -> None:
    """Load an EPSS table (CSV, also gzip), a KEV catalogue (JSON) or a table of facts (JSON), and score anew what they concern."""
    boot()
    from seamark.pipeline.intelligence import load_file

    for path in files:
        loaded = load_file(path)
        click.echo(f"{path}: {loaded.kind}, {loaded.rows:,} entries as of {loaded.date or 'an unknown day'}; {loaded.rescored:,} issues scored anew")


@command.command("status")
@click.option("--json", "as_lines", is_flag=True)
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
            click.echo(f"{one['snapshot']}: {one['entries']:,} entries")
