"""seamark sso."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from seamark.core.errors import InvalidSetting, NotAllowed, NotFound
from seamark.interfaces.cli.database import boot, user_named


@click.group("sso")
def command() -> None:
    """Let people log in at a provider: OpenID Connect or SAML.

    \b
    Examples:
      seamark sso add oidc okta https://acme.okta.example --client-id 0oa1 --secret-file okta.secret --group appsec=Security
      seamark sso add saml entra --metadata federation.xml --create-people
      seamark sso list
      seamark sso emergency mia --hours 2
    """


@command.group("add")
def add() -> None:
    """Add a provider."""


def _common(function: Any) -> Any:
    for option in reversed(
        (
            click.option("--name", default="", metavar="TEXT", help="What the button says; by default the short name."),
            click.option(
                "--group",
                "groups",
                multiple=True,
                metavar="VALUE=GROUP",
                help="Members of VALUE there are members of GROUP here.",
            ),
            click.option(
                "--groups-claim", default="groups", show_default=True, help="The claim or attribute with the groups."
            ),
            click.option(
                "--trust-email", is_flag=True, help="A verified mail address finds the person who has it here."
            ),
            click.option("--create-people", is_flag=True, help="Make a person of somebody unknown, without any right."),
            click.option("--trust-second-factor", is_flag=True, help="It asks for a second factor itself."),
        )
    ):
        function = option(function)
    return function


@add.command("oidc")
@click.argument("slug")
@click.argument("issuer")
@click.option("--client-id", required=True, help="What the provider calls this installation.")
@click.option(
    "--secret-file",
    type=click.Path(path_type=Path),
    help="File with the client's secret; - reads it from standard input.",
)
@_common
def oidc(slug: str, issuer: str, client_id: str, secret_file: Path | None, **more: Any) -> None:
    """Add an OpenID Connect provider by its issuer's address."""
    _add(slug=slug, kind="oidc", address=issuer, client_id=client_id, secret=_content(secret_file), **_fields(more))


@add.command("saml")
@click.argument("slug")
@click.option("--metadata", required=True, type=click.Path(path_type=Path), help="The provider's metadata, a file.")
@_common
def saml(slug: str, metadata: Path, **more: Any) -> None:
    """Add a SAML provider from its metadata. Needs the extra: pip install 'seamark[saml]'."""
    from seamark.pipeline.signon.metadata import read_metadata

    try:
        told = read_metadata(metadata.read_bytes())
    except (OSError, InvalidSetting) as error:
        raise click.ClickException(f"{metadata}: {error}") from None
    _add(
        slug=slug,
        kind="saml",
        address=told.address,
        entity_id=told.entity_id,
        certificate=told.certificate,
        **_fields(more),
    )


@command.command("list")
def listed() -> None:
    """Show all providers."""
    boot()
    from seamark.pipeline.signon import providers

    for one in providers.every():
        state = "in use" if one.enabled else "switched off"
        click.echo(f"{one.slug}\t{one.kind}\t{one.address}\t{state}{', from the file' if one.declared else ''}")


@command.command("remove")
@click.argument("slug")
def remove(slug: str) -> None:
    """Remove a provider. People stay."""
    boot()
    from seamark.pipeline.signon import providers

    try:
        providers.remove(slug)
    except (NotFound, NotAllowed) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{slug} is removed")


@command.command("emergency")
@click.argument("name")
@click.option("--hours", type=click.IntRange(1, 72), default=4, show_default=True, help="How long.")
@click.option("--close", is_flag=True, help="End it instead.")
def emergency(name: str, hours: int, close: bool) -> None:
    """Let a person log in with a new password although only single sign-on does; on record."""
    boot()
    from seamark.pipeline.people import reset_password
    from seamark.pipeline.signon.emergency import close_for, open_for

    user = user_named(name)
    if close:
        close_for(user)
        click.echo(f"{user.get_username()} logs in by single sign-on only")
        return
    open_for(user, hours)
    login = reset_password(user)
    click.echo(f"{login.name} may log in for {hours} hours with the password {login.password}")


def _content(file: Path | None) -> str:
    if file is None:
        return ""
    if str(file) == "-":
        return sys.stdin.read().strip()
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise click.ClickException(f"{file} cannot be read: {error}") from None


def _fields(more: dict[str, Any]) -> dict[str, Any]:
    rules = {}
    for rule in more["groups"]:
        value, sign, group = rule.rpartition("=")
        if not (value and sign and group):
            raise click.BadParameter(f"{rule!r} is no rule: write VALUE=GROUP", param_hint="--group")
        rules[value] = group
    return {
        "name": more["name"],
        "groups": rules,
        "groups_claim": more["groups_claim"],
        "trusts_email": more["trust_email"],
        "creates_people": more["create_people"],
        "trusts_second_factor": more["trust_second_factor"],
    }


def _add(**fields: Any) -> None:
    boot()
    from seamark.pipeline.signon import providers
    from seamark.pipeline.signon.model import Provider

    try:
        made = providers.add(Provider(**fields))
    except (InvalidSetting, NotAllowed) as error:
        raise click.ClickException(str(error)) from None
    where = f"sso/{made.slug}/return/" if made.kind == "oidc" else f"sso/saml/{made.slug}/metadata/"
    click.echo(f"{made.slug} is added; tell the provider the address {where} of this server")
