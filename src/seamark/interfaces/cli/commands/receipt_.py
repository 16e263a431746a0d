"""seamark receipt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from seamark.core.errors import UnreadableReport
from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.files import settled
from seamark.interfaces.cli.references import issue_named, issue_number
from seamark.interfaces.cli.table import Column

if TYPE_CHECKING:
    from seamark.analysis.risk.account import Account, Difference

DIFFERENCES = (
    Column("What", least=10, fit="wrap"),
    Column("Stated", least=10, fit="wrap"),
    Column("Worked out", least=10, fit="wrap"),
)


@click.group("receipt")
def command() -> None:
    """Take the account of a score with you, and check it anywhere.

    \b
    Examples:
      seamark receipt show SM-12 --output SM-12.json
      seamark receipt verify SM-12.json
    """


@command.command("show")
@click.argument("reference", metavar="SM-NUMBER")
@click.option("--output", "path", metavar="FILE", help="Write it into this file; by default it is printed.")
def show(reference: str, path: str | None) -> None:
    """Write the account of an issue's score: its facts, the whole risk profile, and the receipt, as one JSON document.

    \b
    Examples:
      seamark receipt show SM-12
      seamark receipt show SM-12 --output SM-12.json
    """
    number = issue_number(reference)
    boot()
    from seamark.analysis.risk.account import write_account
    from seamark.pipeline.scoring import document_of

    content = write_account(document_of(issue_named(number)))
    if path is None:
        click.echo(content, nl=False)
        return
    try:
        Path(path).write_bytes(content)
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{output.named(path)} cannot be written: {error}") from None


@command.command("verify")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def verify(files: tuple[str, ...], *, as_lines: bool) -> None:
    """Work scores out anew from documents of `seamark receipt show`, and compare every part, the score and the priority.

    Needs no database and no network: only the document and this program.

    \b
    Examples:
      seamark receipt verify SM-12.json
      seamark receipt verify receipts/*.json --json

    \b
    Exit codes: 0 all agree, 1 something differs, 2 something is unreadable.
    """
    from seamark.analysis.risk.account import verify as compare

    differs = unreadable = False
    for path in files:
        name = output.named(path)
        try:
            told = _read(path)
        except UnreadableReport as error:
            output.complain(f"{name}: {error}")
            unreadable = True
            continue
        found = compare(told)
        differs |= bool(found)
        if as_lines:
            output.json_line(_plain(name, told, found))
        else:
            _print(name, told, found)
    if unreadable:
        raise click.exceptions.Exit(2)
    if differs:
        raise click.exceptions.Exit(1)


def _read(path: str) -> Account:
    from seamark.analysis.risk.account import MOST_BYTES, read_account

    try:
        with settled(path) as file, file.open("rb") as content:
            return read_account(content.read(MOST_BYTES + 1))
    except (OSError, ValueError) as error:
        raise UnreadableReport(f"It cannot be read: {error}") from None


def _plain(name: str, told: Account, found: tuple[Difference, ...]) -> dict[str, Any]:
    from seamark.analysis.risk.engine import ENGINE

    return {
        "file": name, "issue": told.issue, "score": told.receipt.score / 10, "profile": told.profile.title, "agrees": not found,
        "engine": told.engine, "engine_here": ENGINE, "differences": msgspec.to_builtins(found),
    }  # fmt: skip


def _print(name: str, told: Account, found: tuple[Difference, ...]) -> None:
    from seamark.analysis.risk.engine import ENGINE

    what = f"{name}: {told.issue} {told.receipt.score / 10:.1f}, profile {told.profile.title}"
    if not found:
        output.say(f"{what}: agrees in all {len(told.receipt.parts)} parts")
        return
    output.say(f"{what}: differs")
    if told.engine != ENGINE:
        output.paragraph(f"It was worked out by engine {told.engine}, and this is engine {ENGINE}.")
    output.table(DIFFERENCES, [[output.text(word) for word in (one.what, one.stated, one.worked_out)] for one in found])
