"""seamark risk profiles, and seamark risk profile …: the weights behind the score."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from seamark.core.errors import InvalidSetting, SeamarkError
from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.files import settled
from seamark.interfaces.cli.table import Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from seamark.analysis.risk import Profile
    from seamark.pipeline.outlook import Outlook
    from seamark.store.models import BusinessUnit, ProfileUse

VERSIONS = (
    Column("Profile", least=10),
    Column("Stands", least=10, fit="wrap"),
    Column("Made", least=10),
    Column("By", least=6),
    Column("Comment", least=10, fit="wrap"),
)
USES = (
    Column("When", least=16),
    Column("Where", least=8),
    Column("Profile", least=10),
    Column("Instead of", least=10),
    Column("By", least=6),
    Column("Scores", least=8, fit="wrap"),
    Column("Comment", least=10, fit="wrap"),
)
BANDS = (
    Column("Priority"),
    Column("Now", right=True),
    Column("Then", right=True),
    Column("Difference", right=True),
)
MOVES = (
    Column("Issue", least=6),
    Column("Now", right=True),
    Column("Then", right=True),
    Column("Priority", least=8),
    Column("Alike", right=True),
    Column("Title", least=16),
    Column("Application", least=8),
)
COMMAND_LINE = "command line"
unit_option = click.option(
    "--unit", default="", metavar="NAME", help="Of this business unit and those below it that have none of their own."
)
comment_option = click.option("--comment", default="", metavar="WORDS", help="Why; kept in the history.")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object.")
lines_option = click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")


def read_profile(path: str) -> tuple[Profile, str]:
    """Return the profile in a file, and its text. Raises `InvalidSetting` with line and column."""
    from seamark.pipeline.profile_yaml import LONGEST, parse

    try:
        with settled(path) as file, file.open("rb") as stream:
            text = stream.read(4 * LONGEST + 1).decode("utf-8-sig")
    except (OSError, ValueError, SeamarkError) as error:
        raise InvalidSetting(f"The risk profile {output.named(path)} cannot be read: {error}") from None
    try:
        return parse(text), text
    except InvalidSetting as error:
        raise InvalidSetting(f"{output.named(path)}: {error}") from None


@click.command("profiles")
@lines_option
def profiles(*, as_lines: bool) -> None:
    """List the risk profiles: every version, and where it holds.

    \b
    Examples:
      seamark risk profiles
    """
    boot()
    from seamark.pipeline import profiles as kept
    from seamark.store.access import everything

    kept.active_profile()
    rows = list(kept.versions(everything(), drafts=True))
    standing = kept.standing(rows, everything())
    if as_lines:
        for row in rows:
            output.json_line(kept.as_json(row, standing[row.pk]))
        return
    output.table(
        VERSIONS,
        (
            [
                output.text(word)
                for word in (
                    row, standing[row.pk], row.created_at.date().isoformat(),
                    row.author.get_username() if row.author else COMMAND_LINE, row.comment,
                )
            ]
            for row in rows
        ),
    )  # fmt: skip


@click.group("profile")
def profile() -> None:
    """Show, check, preview and apply a risk profile.

    \b
    Examples:
      seamark risk profile show > ours.yaml
      seamark risk profile preview ours.yaml
      seamark risk profile apply ours.yaml --comment "Reach counts for more"
    """


@profile.command("show")
@click.argument("name", default="")
@click.option("--version", type=int, default=None, metavar="N", help="That version; by default the newest.")
@unit_option
@json_option
def show(name: str, version: int | None, unit: str, *, as_json: bool) -> None:
    """Print a profile as YAML: NAME, or the one that holds.

    \b
    Examples:
      seamark risk profile show
      seamark risk profile show --unit Retail
      seamark risk profile show default --version 3
    """
    if name and unit:
        raise click.UsageError("Either NAME or --unit")
    if version is not None and not name:
        raise click.UsageError("--version goes with a NAME")
    boot()
    from seamark.pipeline import profiles as kept
    from seamark.store.access import everything

    row = kept.known(name, version) if name else kept.holding(_unit(unit))
    if as_json:
        output.json_line(kept.as_json(row, kept.standing([row], everything())[row.pk]))
        return
    click.echo(kept.text_of(row), nl=False)


@profile.command("check")
@click.argument("file")
def check(file: str) -> None:
    """Say whether FILE is a valid profile, and what it leaves out. Needs no database.

    \b
    Examples:
      seamark risk profile check ours.yaml
    """
    from seamark.analysis.risk.factors import FACTORS

    found, _ = read_profile(file)
    silent = [factor.name for factor in FACTORS if not found.weights.get(factor.name)]
    output.say(f"{output.named(file)} is valid: {found.name} v{found.version}, {len(found.weights)} weights")
    if silent:
        output.paragraph(f"without weight: {', '.join(silent)}", "dim")


@profile.command("preview")
@click.argument("file")
@unit_option
@json_option
def preview(file: str, unit: str, *, as_json: bool) -> None:
    """Say what the profile in FILE would move, were it applied. Nothing is changed.

    \b
    Examples:
      seamark risk profile preview ours.yaml
      seamark risk profile preview ours.yaml --unit Retail
    """
    found, _ = read_profile(file)
    boot()
    from seamark.pipeline.outlook import outlook
    from seamark.pipeline.profiles import holding
    from seamark.store.access import everything

    place = _unit(unit)
    told = outlook(everything(), found, place)
    if as_json:
        output.json_line(told.as_json())
        return
    _print(told, f"{holding(place)} → {found.name} v{found.version}")


@profile.command("apply")
@click.argument("file")
@unit_option
@comment_option
def apply(file: str, unit: str, comment: str) -> None:
    """Keep the profile in FILE as a version, let it hold, and score the issues anew.

    A version that is kept already is applied again, to go back to it.

    \b
    Examples:
      seamark risk profile apply ours.yaml --comment "Reach counts for more"
      seamark risk profile apply retail.yaml --unit Retail
    """
    found, text = read_profile(file)
    boot()
    from seamark.pipeline import profiles as kept

    place = _unit(unit)
    row = kept.draft(None, found, text=text, comment=comment)
    _follow(kept.apply(None, row, place, comment), f"{row} holds for {place or 'everything'}")


@profile.command("withdraw")
@click.option("--unit", required=True, metavar="NAME", help="The business unit that has a profile of its own.")
@comment_option
def withdraw(unit: str, comment: str) -> None:
    """Let a business unit follow the profile above it again.

    \b
    Examples:
      seamark risk profile withdraw --unit Retail
    """
    boot()
    from seamark.pipeline import profiles as kept

    place = kept.unit_named(unit)
    use = kept.withdraw(None, place, comment)
    _follow(use, f"{kept.holding(place)} holds for {place} again")


@profile.command("history")
@lines_option
def history(*, as_lines: bool) -> None:
    """List who applied what, where and when.

    \b
    Examples:
      seamark risk profile history
    """
    boot()
    from seamark.pipeline import profiles as kept
    from seamark.store.access import everything

    kept.active_profile()
    rows = kept.history(everything())
    if as_lines:
        for use in rows.iterator():
            output.json_line(kept.use_as_json(use))
        return
    output.table(
        USES,
        (
            [
                output.text(word)
                for word in (
                    use.at.isoformat(" ", "minutes")[:16], use.unit or "everything", use.profile or "as above", use.before or "",
                    use.actor.get_username() if use.actor else COMMAND_LINE, scores_of(use), use.comment,
                )
            ]
            for use in rows.iterator()
        ),
    )  # fmt: skip


def scores_of(use: ProfileUse) -> str:
    """Return how far the scores have followed, in words."""
    if use.state == "done":
        return f"{use.moved:,} of {output.count(use.issues, 'issue')} moved"
    return use.error if use.state == "failed" else f"{use.progress} %" if use.state == "running" else str(use.state)


def _unit(name: str) -> BusinessUnit | None:
    from seamark.pipeline.profiles import unit_named

    return unit_named(name) if name else None


def _follow(use: ProfileUse, words: str) -> None:
    """Score anew here and now, however many issues that are."""
    from seamark.pipeline.rescoring import carry_out

    done = carry_out(use, _percent())
    if not done or use.state in {"queued", "running"}:
        output.say(f"{words}; a worker scores the issues anew" + (f" ({use.error})" if use.error else ""))
        return
    if use.state != "done":
        raise click.ClickException(f"{words}, but the issues were not scored anew: {use.error or use.state}")
    output.say(f"{words}; {scores_of(use)}")


def _percent() -> Callable[[int], None]:
    """Return what tells how far it is, where a person watches."""
    watched = sys.stderr is not None and sys.stderr.isatty()
    return lambda percent: click.echo(f"\rscored anew: {percent} %", err=True, nl=percent == 100) if watched else None


def _print(told: Outlook, title: str) -> None:
    found = told.preview
    output.paragraph(title, "bold")
    output.say(f"{output.count(found.issues, 'open issue')}, {found.moved:,} with another score")
    output.table(
        BANDS,
        [
            [output.text(word) for word in (f"P{number}", f"{was:,}", f"{now:,}", f"{now - was:+,}")]
            for number, (was, now) in enumerate(zip(found.before, found.after, strict=True))
        ],
    )
    output.say(f"{told.enter:,} become P0 or P1, {told.leave:,} are so no longer")
    dates = told.deadlines
    output.say(
        f"Of those with another priority {dates.dated:,} have a due date, {dates.overdue:,} are overdue; "
        f"{dates.undated:,} that become P0 or P1 have none"
    )
    if told.shifts:
        click.echo()
        output.table(
            MOVES,
            [
                [
                    output.text(word)
                    for word in (
                        one.issue.reference, f"{one.move.before / 10:.1f}", f"{one.move.after / 10:.1f}",
                        f"P{one.move.priority_before} → P{one.move.priority_after}", f"{one.alike:,}", one.issue.title,
                        one.issue.application.name,
                    )
                ]
                for one in told.shifts
            ],
        )  # fmt: skip
