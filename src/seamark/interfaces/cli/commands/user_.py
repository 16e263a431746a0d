"""seamark user."""

from __future__ import annotations

from typing import Any

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import application_named, boot, user_named
from seamark.interfaces.cli.people import told
from seamark.interfaces.cli.table import Column, Words

ROLES = ["viewer", "developer", "analyst", "approver", "auditor", "admin"]


@click.group("user")
def command() -> None:
    """Add people and service accounts, switch them off, and make tokens.

    \b
    Examples:
      seamark user add mia --role analyst
      seamark user service ci-shop --responsible mia
      seamark user token mia --name "CI of shop" --days 30
      seamark user password mia
      seamark user off mia
    """


@command.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="viewer", show_default=True, help="What the person may do.")
@click.option("--application", default="", metavar="NAME", help="Only in this application.")
def add(name: str, role: str, application: str) -> None:
    """Add a person, with a password that is shown once."""
    boot()
    from seamark.pipeline.people import add_user

    login = add_user(name, role, application=application_named(application) if application else None)
    click.echo(f"{login.name} may log in with the password {login.password}")


@command.command("service")
@click.argument("name")
@click.option("--responsible", default="", metavar="USER", help="Who answers for it.")
def service(name: str, responsible: str) -> None:
    """Add a service account, which has no password; `seamark grant give` and `seamark token make` do the rest."""
    boot()
    from seamark.governance.access import accounts

    with told():
        row = accounts.create_service(None, name, responsible=user_named(responsible) if responsible else None)
    output.say(f"{row.get_username()} is a service account without any grant")


@command.command("password")
@click.argument("name")
def password(name: str) -> None:
    """Give a person a new password."""
    boot()
    from seamark.pipeline.people import reset_password

    login = reset_password(user_named(name))
    click.echo(f"{login.name} may log in with the password {login.password}")


@command.command("off")
@click.argument("name")
def off(name: str) -> None:
    """Switch an account off; its sessions and tokens end for good."""
    _switch(name, on=False)


@command.command("on")
@click.argument("name")
def on(name: str) -> None:
    """Switch an account on again."""
    _switch(name, on=True)


def _switch(name: str, *, on: bool) -> None:
    boot()
    from seamark.governance.access import accounts

    row = user_named(name)
    with told():
        accounts.switch(None, row, on=on)
    output.say(f"{row.get_username()} is switched {'on' if on else 'off'}")


@command.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Let somebody leave: no way in, no grant, no group. The name stays under what was done."""
    boot()
    from seamark.governance.access import accounts

    row = user_named(name)
    with told():
        accounts.remove(None, row)
    output.say(f"{row.get_username()} has left")


@command.command("list")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def show(*, as_lines: bool) -> None:
    """List people and service accounts, and what each holds."""
    boot()
    from seamark.governance.access import grants, reading
    from seamark.governance.access.places import grants_of, place_of
    from seamark.store.access import everything

    rows: list[dict[str, Any]] = [
        {
            "user": row.get_username(), "active": row.is_active, "service": row.is_service,
            "holds": [f"{grants.role_of(one)} on {place_of(one)}" for one in grants_of(row)],
        }
        for row in reading.accounts(everything()).order_by("username")
    ]  # fmt: skip
    if as_lines:
        for row in rows:
            output.json_line(row)
        return
    columns = [Column("user", least=12, most=50), Column("", least=8), Column("holds", least=20, fit="wrap")]
    output.table(
        columns,
        [
            [Words(str(row["user"])), Words("off" if not row["active"] else "service" if row["service"] else ""), Words("; ".join(row["holds"]))]
            for row in rows
        ],
    )  # fmt: skip


@command.command("token")
@click.argument("name")
@click.option("--name", "label", default="command line", show_default=True, help="What the token is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(["read", "import", "gate", "write", "admin"]),
    default=("read", "import"),
    show_default=True,
    help="What the token may be used for; can be given several times.",
)
@click.option("--days", type=click.IntRange(1, 3650), default=90, show_default=True, help="How long it is good.")
def token(name: str, label: str, scopes: tuple[str, ...], days: int) -> None:
    """Make an API token for a person; it is shown once."""
    boot()
    from seamark.pipeline.people import make_token

    click.echo(make_token(user_named(name), label, scopes=scopes, days=days))
