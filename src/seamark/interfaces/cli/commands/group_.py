"""seamark group."""

from __future__ import annotations

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot, user_named
from seamark.interfaces.cli.people import group_named, told
from seamark.interfaces.cli.table import Column, Words


@click.group("group")
def command() -> None:
    """Make groups of people that are granted together.

    \b
    Examples:
      seamark group add payments mia tom
      seamark group members payments --add eve --remove tom
      seamark grant give developer --group payments --application shop
      seamark group list
    """


@command.command("add")
@click.argument("name")
@click.argument("members", nargs=-1)
def add(name: str, members: tuple[str, ...]) -> None:
    """Make a group, with these members."""
    boot()
    from seamark.governance.access import groups

    people = [user_named(one) for one in members]
    with told():
        row = groups.create(None, name, members=people)
    output.say(f"The group {row.name} has {len(people)} members")


@command.command("members")
@click.argument("name")
@click.option("--add", "added", multiple=True, metavar="USER", help="Let somebody in; can be given several times.")
@click.option(
    "--remove", "removed", multiple=True, metavar="USER", help="Let somebody out; can be given several times."
)
def members(name: str, added: tuple[str, ...], removed: tuple[str, ...]) -> None:
    """Let people into a group and out of it, and list who is in it."""
    boot()
    from seamark.governance.access import groups

    row = group_named(name)
    with told():
        groups.change_members(
            None, row, add=[user_named(one) for one in added], remove=[user_named(one) for one in removed]
        )
    for one in row.members.order_by("username"):
        click.echo(one.get_username())


@command.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Remove a group, and with it what it was granted."""
    boot()
    from seamark.governance.access import groups

    row = group_named(name)
    with told():
        groups.remove(None, row)
    output.say(f"The group {name} is removed")


@command.command("list")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def show(*, as_lines: bool) -> None:
    """List groups and their members."""
    boot()
    from seamark.governance.access import reading
    from seamark.store.access import everything

    rows = [
        {"group": row.name, "members": sorted(one.get_username() for one in row.members.all())}
        for row in reading.groups(everything()).order_by("name").prefetch_related("members")
    ]
    if as_lines:
        for row in rows:
            output.json_line(row)
        return
    columns = [Column("group", least=12, most=60), Column("members", least=20, fit="wrap")]
    output.table(columns, [[Words(str(row["group"])), Words(", ".join(row["members"]))] for row in rows])
