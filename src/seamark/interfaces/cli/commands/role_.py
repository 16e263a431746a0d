"""seamark role."""

from __future__ import annotations

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.people import told
from seamark.interfaces.cli.table import Column, Words


@click.group("role")
def command() -> None:
    """Say what each role may do, and make roles of your own.

    \b
    Examples:
      seamark role list
      seamark role rights
      seamark role add triager issue.triage issue.dismiss
      seamark role change triager issue.triage issue.dismiss issue.merge
    """


@command.command("list")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def show(*, as_lines: bool) -> None:
    """List the roles and their rights."""
    boot()
    from seamark.governance.access import reading
    from seamark.store.access import everything
    from seamark.store.permissions import ROLES

    rows = [
        {"role": str(role), "custom": False, "permissions": sorted(map(str, rights))} for role, rights in ROLES.items()
    ]
    rows += [
        {"role": row.name, "custom": True, "permissions": sorted(row.permissions)}
        for row in reading.roles(everything())
    ]
    if as_lines:
        for row in rows:
            output.json_line(row)
        return
    columns = [Column("role", least=10, most=40), Column("may", least=30, fit="wrap")]
    output.table(columns, [[Words(str(row["role"])), Words(", ".join(row["permissions"]))] for row in rows])  # type: ignore[arg-type]


@command.command("rights")
def rights() -> None:
    """List the rights of which roles are made."""
    boot(migrate=False)
    from seamark.store.permissions import WORDS

    output.table(
        [Column("right", least=14), Column("what it allows", least=30, fit="wrap")],
        [[Words(str(right)), Words(words)] for right, words in WORDS.items()],
    )


@command.command("add")
@click.argument("name")
@click.argument("rights", nargs=-1, required=True)
@click.option("--description", default="", metavar="TEXT", help="What it is for.")
def add(name: str, rights: tuple[str, ...], description: str) -> None:
    """Make a role of these rights; to see what a right is about is part of every role."""
    boot()
    from seamark.governance.access import roles

    with told():
        row = roles.create(None, name, rights, description)
    output.say(f"The role {row.name} has {', '.join(row.permissions)}")


@command.command("change")
@click.argument("name")
@click.argument("rights", nargs=-1, required=True)
def change(name: str, rights: tuple[str, ...]) -> None:
    """Give a role these rights and no others, at once for everybody who holds it."""
    boot()
    from seamark.governance.access import roles

    with told():
        found = roles.named(name)
        if found.custom is None:
            raise click.ClickException(f"{found.name} comes with the product and never changes")
        row = roles.edit(None, found.custom, rights)
    output.say(f"The role {row.name} has {', '.join(row.permissions)}")


@command.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Remove a role that nobody holds."""
    boot()
    from seamark.governance.access import roles

    with told():
        found = roles.named(name)
        if found.custom is None:
            raise click.ClickException(f"{found.name} comes with the product and stays")
        roles.remove(None, found.custom)
    output.say(f"The role {found.name} is removed")
