"""seamark tickets."""

from __future__ import annotations

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.people import told
from seamark.interfaces.cli.references import ROW
from seamark.interfaces.cli.table import Column, Words


@click.group("tickets")
def command() -> None:
    """List tickets at other services, and open those of fixes and issues.

    \b
    Examples:
      seamark tickets list
      seamark tickets open SM-1042
      seamark tickets open --fix 17
    """


@command.command("list")
@click.option("--application", default="", metavar="SLUG", help="Only of this one.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many, the newest first."
)
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def show(application: str, limit: int, *, as_lines: bool) -> None:
    """List tickets, the newest first."""
    boot()
    from seamark.pipeline.tickets import reading
    from seamark.store.access import everything

    rows = reading.tickets(everything()).order_by("-pk")
    rows = rows.filter(application__slug=application) if application else rows
    found = [
        {
            "ticket": row.pk, "reference": row.reference, "url": row.url, "state": str(row.state), "application": row.application.slug if row.application else "",
            "title": row.title, "connection": row.connection.name, "issues": reading.size_of(row),
        }
        for row in rows[:limit]
    ]  # fmt: skip
    if as_lines:
        for one in found:
            output.json_line(one)
        return
    columns = [
        Column("ticket", least=8, most=20),
        Column("state", least=7),
        Column("application", least=10, most=30),
        Column("what", least=20),
    ]
    output.table(
        columns,
        [
            [
                Words(str(one["reference"] or one["ticket"])),
                Words(str(one["state"])),
                Words(str(one["application"])),
                Words(str(one["title"])),
            ]
            for one in found
        ],
    )


@command.command("open")
@click.argument("reference", required=False, default="")
@click.option("--fix", "number", type=ROW, help="The number of a fix, instead of an issue.")
def make(reference: str, number: int | None) -> None:
    """Open the ticket of a fix, or of what fixes an issue (SM-1042); one that is there is only named."""
    boot()
    from seamark.pipeline.tickets import opening
    from seamark.store.access import everything

    seen = everything()
    digits = reference.upper().removeprefix("SM-")
    fix = seen.fixes().filter(pk=number).first() if number else None
    issue = (
        seen.issues().filter(pk=int(digits)).first()
        if fix is None and digits.isdecimal() and len(digits) < 19
        else None
    )
    if fix is None and issue is None:
        raise click.ClickException("There is no such fix or issue; `seamark fixes` and `seamark issues` show them")
    with told():
        row = opening.open_by_hand(None, fix=fix, issue=issue)
    output.say(f"{row.reference or 'The ticket is on its way'}: {row.title} ({row.connection.name})")
