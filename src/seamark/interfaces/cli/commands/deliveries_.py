"""seamark deliveries."""

from __future__ import annotations

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.people import told
from seamark.interfaces.cli.references import ROW
from seamark.interfaces.cli.table import Column, Words

STATES = ["queued", "failed", "done", "dropped"]


@click.group("deliveries")
def command() -> None:
    """Say what went out to other services, and send again what was given up.

    \b
    Examples:
      seamark deliveries list --state failed
      seamark deliveries replay 12 13
      seamark deliveries replay --all
    """


@command.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only those.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many, the newest first."
)
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def show(state: str | None, limit: int, *, as_lines: bool) -> None:
    """List acts at other services, the newest first."""
    boot()
    from seamark.pipeline.outbox import log
    from seamark.store.access import everything

    rows = log.acts(everything()).order_by("-pk")
    rows = rows.filter(state=state) if state else rows
    found = [
        {
            "act": row.pk, "verb": row.verb, "connection": row.connection.name, "state": str(row.state), "attempts": row.attempt,
            "error": row.told, "created_at": row.created_at.isoformat(),
        }
        for row in rows[:limit]
    ]  # fmt: skip
    if as_lines:
        for one in found:
            output.json_line(one)
        return
    columns = [
        Column("act", least=5),
        Column("verb", least=7),
        Column("to", least=10, most=30),
        Column("state", least=7),
        Column("what went wrong", least=20),
    ]
    output.table(
        columns,
        [
            [
                Words(str(one["act"])),
                Words(str(one["verb"])),
                Words(str(one["connection"])),
                Words(str(one["state"])),
                Words(str(one["error"])),
            ]
            for one in found
        ],
    )


@command.command("replay")
@click.argument("numbers", nargs=-1, type=ROW)
@click.option("--all", "whole", is_flag=True, help="Everything that was given up, a thousand at most.")
def replay(numbers: tuple[int, ...], *, whole: bool) -> None:
    """Send acts again that were given up. A service that has one already does nothing."""
    boot()
    from seamark.pipeline.outbox import log
    from seamark.store.access import everything

    if not numbers and not whole:
        raise click.UsageError("Name acts, or --all")
    rows = log.acts(everything())
    chosen = rows.filter(state="failed").order_by("pk")[: log.MOST] if whole else rows.filter(pk__in=numbers)
    with told():
        sent = log.replay(None, chosen)
    output.say(f"{sent:,} sent again")
