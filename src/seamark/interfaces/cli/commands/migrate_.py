"""seamark migrate."""

from __future__ import annotations

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot, migrate_database


@click.command("migrate")
def command() -> None:
    """Create or update the database. The other commands do so by themselves when they need it."""
    boot(migrate=False)
    steps = migrate_database(quiet=False)
    click.echo(f"{output.count(steps, 'step')} applied" if steps else "The database is up to date")
