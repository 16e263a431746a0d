"""seamark grant."""

from __future__ import annotations

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.people import held_by, holder_named, place_named, placed, told
from seamark.interfaces.cli.references import ROW
from seamark.interfaces.cli.table import Column, Words


@click.group("grant")
def command() -> None:
    """Give roles to people, groups and service accounts, and take them away.

    A role holds on everything, in a business unit with those below it, or on one application.

    \b
    Examples:
      seamark grant give analyst --user mia --unit Retail
      seamark grant give developer --group payments --application shop
      seamark grant list --user mia
      seamark grant withdraw 12
    """


@command.command("give")
@click.argument("role")
@held_by
@placed
def give(role: str, user: str, group: str, unit: str, application: str) -> None:
    """Give a role."""
    boot()
    from seamark.governance.access import grants, roles

    holder, place = holder_named(user, group), place_named(unit, application)
    with told():
        row = grants.give(None, holder, roles.named(role), place)
    output.say(f"{grants.holder_of(row)} is {grants.role_of(row)} on {place} (grant {row.pk})")


@command.command("withdraw")
@click.argument("number", type=ROW)
def withdraw(number: int) -> None:
    """Take a role away, by the number that `list` shows."""
    boot()
    from seamark.governance.access import grants, reading
    from seamark.governance.access.places import place_of
    from seamark.store.access import everything

    row = reading.grants(everything()).filter(pk=number).first()
    if row is None:
        raise click.ClickException(f"There is no grant {number}; `seamark grant list` shows them")
    words = f"{grants.holder_of(row)} is {grants.role_of(row)} on {place_of(row)} no more"
    with told():
        grants.withdraw(None, row)
    output.say(words)


@command.command("list")
@held_by
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def show(user: str, group: str, *, as_lines: bool) -> None:
    """List who holds which role where; what somebody holds in groups too, where one person is named."""
    boot()
    from seamark.governance.access import grants, reading
    from seamark.governance.access.places import grants_of, place_of
    from seamark.interfaces.cli.database import user_named
    from seamark.interfaces.cli.people import group_named
    from seamark.store.access import everything

    rows = list(reading.grants(everything()).order_by("pk")) if not user else grants_of(user_named(user))
    if group:
        wanted = group_named(group).pk
        rows = [row for row in rows if row.group_id == wanted]
    lines = [
        {"grant": row.pk, "holder": grants.holder_of(row), "role": grants.role_of(row), "on": str(place_of(row))} for row in rows
    ]  # fmt: skip
    if as_lines:
        for line in lines:
            output.json_line(line)
        return
    columns = [
        Column("grant", least=5),
        Column("who", least=16, most=60),
        Column("role", least=8),
        Column("on", least=12, most=60),
    ]
    output.table(columns, [[Words(str(value)) for value in line.values()] for line in lines])
