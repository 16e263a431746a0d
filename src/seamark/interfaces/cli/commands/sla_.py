"""seamark sla."""

from __future__ import annotations

import json
from datetime import timedelta

import click

from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.references import issue_number

_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")


@click.group("sla")
def command() -> None:
    """Service levels: how agreements are kept, and when an issue is due.

    \b
    Examples:
      seamark sla kept --by application
      seamark sla due SM-12
    """


@command.command("kept")
@click.option(
    "--by",
    type=click.Choice(["priority", "application", "policy"]),
    default="priority",
    show_default=True,
    help="What the numbers are for.",
)
@click.option(
    "--days", type=click.IntRange(1, 3650), default=90, show_default=True, help="Of what was fixed: how far back."
)
@_json
def kept(by: str, days: int, *, as_json: bool) -> None:
    """Say how agreements are kept; what is late and still open counts as missed."""
    boot()
    import msgspec
    from django.utils import timezone

    from seamark.governance.automation.attainment import attainment, total
    from seamark.store.access import everything

    now = timezone.now()
    parts = attainment(everything(), now, by=by, since=now - timedelta(days=days))
    names = {str(row.pk): row.slug for row in everything().applications()} if by == "application" else {}
    for one in [*parts, total(parts)]:
        if as_json:
            told = msgspec.to_builtins(one) | {"name": names.get(one.name, one.name), "share": one.share}
            click.echo(json.dumps(told))
            continue
        share = "nothing yet" if one.share is None else f"{one.share:.0%}"
        click.echo(
            f"{names.get(one.name, one.name)}: {share} kept ({one.kept:,} in time, {one.missed:,} late, {one.overdue:,} overdue and open; "
            f"{one.at_risk:,} at risk, {one.stopped:,} stopped)"
        )


@command.command("due")
@click.argument("reference", metavar="SM-NUMBER")
@_json
def due(reference: str, *, as_json: bool) -> None:
    """Say until when an issue is to be fixed, and why then."""
    number = issue_number(reference)
    boot()
    from seamark.core.errors import NotFound
    from seamark.pipeline.automation import reading
    from seamark.store.access import everything

    issue = everything().issues().filter(pk=number).first()
    if issue is None:
        raise NotFound(f"There is no issue SM-{number}")
    found = reading.clock_of(issue)
    if found is None:
        raise NotFound(f"No agreement on service levels is about SM-{number}")
    click.echo(json.dumps(found) if as_json else found["explanation"])
