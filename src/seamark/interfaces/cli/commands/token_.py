"""seamark token."""

from __future__ import annotations

from datetime import timedelta

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot, user_named
from seamark.interfaces.cli.people import applications_named, told
from seamark.interfaces.cli.references import ROW
from seamark.interfaces.cli.table import Column, Words

SCOPES = ["read", "import", "gate", "write", "admin"]


@click.group("token")
def command() -> None:
    """Make, list and revoke API tokens, and let pipelines get theirs by themselves.

    \b
    Examples:
      seamark token make ci-shop --scope import --scope gate --application shop --days 30
      seamark token list
      seamark token revoke 12
      seamark token federate "shop on GitHub" --account ci-shop --issuer https://token.actions.githubusercontent.com \\
          --audience https://seamark.example --claim repository=acme/shop --claim ref=refs/heads/main
    """


@command.command("make")
@click.argument("owner")
@click.option("--name", "label", default="command line", show_default=True, help="What the token is for.")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(SCOPES), default=("read", "import"), show_default=True,
    help="What it may be used for; can be given several times.",
)  # fmt: skip
@click.option(
    "--application", "names", multiple=True, metavar="NAME", help="Only for this one; can be given several times."
)
@click.option("--days", type=click.IntRange(1, 3650), default=90, show_default=True, help="How long it is good.")
def make(owner: str, label: str, scopes: tuple[str, ...], names: tuple[str, ...], days: int) -> None:
    """Make a token of a person or a service account; it is shown once."""
    boot()
    from django.utils import timezone

    from seamark.governance.access import tokens

    with told():
        made = tokens.make(
            user_named(owner), label, scopes=scopes, applications=applications_named(names), expires_at=timezone.now() + timedelta(days=days)
        )  # fmt: skip
    click.echo(made.text)


@command.command("list")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def show(*, as_lines: bool) -> None:
    """List the tokens that are good now."""
    boot()
    from django.utils import timezone

    from seamark.governance.access import reading
    from seamark.store.access import everything

    rows = [
        {
            "token": row.pk, "owner": row.user.get_username(), "name": row.name, "scopes": row.scopes, "applications": row.applications,
            "expires_at": row.expires_at.isoformat(), "last_used_at": row.last_used_at.isoformat() if row.last_used_at else None,
        }
        for row in reading.tokens(everything()).filter(revoked_at=None, expires_at__gt=timezone.now()).order_by("pk")
    ]  # fmt: skip
    if as_lines:
        for row in rows:
            output.json_line(row)
        return
    columns = [
        Column("token", least=5), Column("owner", least=10, most=40), Column("name", least=12, most=40), Column("scopes", least=10),
        Column("expires", least=10), Column("last used", least=10),
    ]  # fmt: skip
    output.table(
        columns,
        [
            [
                Words(str(row["token"])), Words(str(row["owner"])), Words(str(row["name"])), Words(" ".join(row["scopes"])),
                Words(str(row["expires_at"])[:10]), Words(str(row["last_used_at"] or "never")[:10]),
            ]
            for row in rows
        ],
    )  # fmt: skip


@command.command("revoke")
@click.argument("number", type=ROW)
def revoke(number: int) -> None:
    """End a token, by the number that `list` shows."""
    boot()
    from seamark.governance.access import reading, tokens
    from seamark.store.access import everything

    row = reading.tokens(everything()).filter(pk=number).first()
    if row is None:
        raise click.ClickException(f"There is no token {number}; `seamark token list` shows them")
    tokens.revoke(row)
    output.say(f"The token {row.name} of {row.user.get_username()} is revoked")


@command.command("federate")
@click.argument("name")
@click.option("--account", required=True, metavar="NAME", help="The service account whose tokens pipelines get.")
@click.option("--issuer", required=True, metavar="URL", help="Who issues their identity tokens.")
@click.option("--audience", required=True, metavar="TEXT", help="What they ask their identity token for.")
@click.option(
    "--claim",
    "claims",
    multiple=True,
    required=True,
    metavar="NAME=PATTERN",
    help="What it must say; * stands for anything.",
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(["import", "gate"]),
    default=("import", "gate"),
    show_default=True,
    help="What the tokens may do; can be given several times.",
)
@click.option(
    "--application", "names", multiple=True, metavar="NAME", help="Only for this one; can be given several times."
)
@click.option(
    "--minutes", type=click.IntRange(1, 60), default=15, show_default=True, help="How long their tokens are good."
)
def federate(
    name: str, account: str, issuer: str, audience: str, claims: tuple[str, ...], scopes: tuple[str, ...], names: tuple[str, ...], minutes: int
) -> None:  # fmt: skip
    """Let pipelines of GitHub Actions or GitLab get short-lived tokens of a service account."""
    boot()
    from seamark.governance.access import federation

    wanted = {}
    for one in claims:
        claim, sign, pattern = one.partition("=")
        if not sign:
            raise click.UsageError(f"--claim {one!r} is not NAME=PATTERN")
        wanted[claim] = pattern
    with told():
        row = federation.create(
            None, name, issuer=issuer, audience=audience, claims=wanted, account=user_named(account), scopes=scopes,
            applications=applications_named(names), minutes=minutes,
        )  # fmt: skip
    output.say(f"Pipelines of {row.issuer} get tokens of {row.account.get_username()} for {row.minutes} minutes")
