"""seamark user."""

from __future__ import annotations

import click

from seamark.interfaces.cli.database import application_named, boot, user_named

ROLES = ["viewer", "developer", "analyst", "approver", "auditor", "admin"]


@click.group("user")
def command() -> None:
    """Add people and make tokens.

    \b
    Examples:
      seamark user add mia --role analyst
      seamark user token mia --name "CI of shop" --days 30
      seamark user password mia
    """


@command.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="viewer", show_default=True, help="What the person may do.")
@click.option("--application", default="", metavar="NAME", help="Only in this application.")
def add(name: str, role: str, application: str) -> None:
    """Add a person, with a password that is shown once."""
    boot()
    from seamark.pipeline.people import add_user
    from seamark.store.models.people import Role

    login = add_user(name, Role(role), application=application_named(application) if application else None)
    click.echo(f"{login.name} may log in with the password {login.password}")


@command.command("password")
@click.argument("name")
def password(name: str) -> None:
    """Give a person a new password."""
    boot()
    from seamark.pipeline.people import reset_password

    login = reset_password(user_named(name))
    click.echo(f"{login.name} may log in with the password {login.password}")


@command.command("token")
@click.argument("name")
@click.option("--name", "label", default="command line", show_default=True, help="What the token is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(["read", "import", "write", "admin"]),
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
