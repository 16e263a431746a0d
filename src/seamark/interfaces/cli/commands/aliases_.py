"""seamark aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.table import Column

if TYPE_CHECKING:
    from seamark.pipeline.aliasing import Assertion

COLUMNS = (
    Column("Name", least=12),
    Column("Is", least=12),
    Column("Says", least=8, most=40),
    Column("Since", least=10),
    Column("Revoked", least=8, fit="wrap"),
)


@click.command("aliases")
@click.argument("name")
@click.option("--revoke", default="", metavar="OTHER", help="Say that OTHER is not the same flaw, whoever says so.")
@click.option("--restore", default="", metavar="OTHER", help="Take a revocation back.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def command(name: str, revoke: str, restore: str, *, as_lines: bool) -> None:
    """Show which names mean one flaw with NAME, and who says so; revoke what is wrong.

    \b
    Examples:
      seamark aliases CVE-2021-44228
      seamark aliases CVE-2021-44228 --revoke GHSA-7rjr-3q55-vv33
    """
    if revoke and restore:
        raise click.UsageError("Either --revoke or --restore")
    boot()
    from seamark.pipeline import aliasing

    if revoke or restore:
        changed = aliasing.revoke(None, name, revoke) if revoke else aliasing.restore(None, name, restore)
        words = f"{name} is not {revoke}" if revoke else f"{name} is {restore} again"
        issues = ", ".join(f"SM-{number}" for number in changed)
        output.say(f"{words}; {issues} changed" if issues else f"{words}; no issue changed")
        return
    told = aliasing.assertions_of(name)
    if as_lines:
        for one in told:
            output.json_line(one._asdict())
        return
    if not told:
        click.echo(f"Nobody says that {name} has another name.")
        return
    output.table(
        COLUMNS,
        (
            [output.text(word) for word in (one.left, one.right, one.asserter, one.since[:10], _revoked(one))]
            for one in told
        ),
    )


def _revoked(one: Assertion) -> str:
    return "" if one.revoked_at is None else f"{one.revoked_at[:10]} by {one.revoked_by or 'command line'}"
