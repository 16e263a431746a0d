"""seamark diff."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import click

from seamark.core.errors import UnknownFormat, UnreadableReport
from seamark.intake.parsers.kit.registry import Parser
from seamark.interfaces.cli import output
from seamark.interfaces.cli.reading import chosen_format, format_options
from seamark.pipeline.compare import Difference, State, Told, compare

_NEW = "seamark.new"
_VALUED = ("--format", "--mapping")


class TwoSides(click.Command):
    """Keeps what stands behind `--` apart: click itself would put both sides into one list."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Split the words; an option may also stand at the very end."""
        if "--" in args:
            at = args.index("--")
            ctx.meta[_NEW], options = _apart(args[at + 1 :])
            args = [*args[:at], *options]
        return super().parse_args(ctx, args)


def _apart(words: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the reports and the options among words, each option with its value."""
    reports: list[str] = []
    options: list[str] = []
    left = iter(words)
    for word in left:
        if word in _VALUED:
            options += [word, *islice(left, 1)]
        elif word == "--json" or word.startswith(tuple(f"{option}=" for option in _VALUED)):
            options.append(word)
        else:
            reports.append(word)
    return tuple(reports), options


@click.command("diff", cls=TwoSides)
@click.argument("reports", nargs=-1, metavar="OLD... -- NEW...")
@format_options
@click.option("--json", "as_lines", is_flag=True, help="As one JSON object.")
def command(reports: tuple[str, ...], format_: str, mapping: Path | None, *, as_lines: bool) -> None:
    """Compare the reports of two states without keeping anything: new, fixed, moved.

    Findings are recognised as an import recognises them. What is gone counts as fixed only where the new scan proves it. Two
    reports need no `--` between them.

    \b
    Examples:
      seamark diff before.sarif after.sarif
      seamark diff old/*.json -- new/*.json
      seamark diff old.sarif -- new.sarif --json
      seamark diff --mapping acme.yaml monday.json friday.json

    \b
    Exit codes: 0 compared, 2 something unreadable, 3 unknown or ambiguous format.
    """
    old, new = _two_sides(reports)
    known = chosen_format(format_, mapping)
    difference = compare(_read(old, known), _read(new, known))
    if as_lines:
        output.json_line(_plain(difference))
    else:
        _show(difference)


def _two_sides(words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    new: tuple[str, ...] | None = click.get_current_context().meta.get(_NEW)
    if new is None:
        if len(words) != 2:
            raise click.UsageError("Write OLD... -- NEW...: which reports are of the new state?")
        return words[:1], words[1:]
    if not words:
        raise click.UsageError("There is no report of the old state in front of the --")
    if not new:
        raise click.UsageError("There is no report of the new state behind the --")
    return words, new


def _read(paths: Iterable[str], known: str | Parser) -> State:
    state = State()
    for path in paths:
        try:
            state.read(path, known)
        except UnreadableReport as error:
            output.complain(f"{path}: {error}")
            raise click.exceptions.Exit(3 if isinstance(error, UnknownFormat) else 2) from None
    return state


def _plain(difference: Difference) -> dict[str, object]:
    return {
        "new": [one.plain() for one in difference.new],
        "fixed": [one.plain() for one in difference.fixed],
        "moved": [{"before": before.plain(), "after": after.plain()} for before, after in difference.moved],
        "gone_without_proof": [{**one.plain(), "reason": reason} for one, reason in difference.unproved],
        "unchanged": len(difference.unchanged),
    }


def _show(difference: Difference) -> None:
    for title, found in (("New", difference.new), ("Fixed", difference.fixed)):
        for one in found:
            output.say(f"{title:<7}{_line(one)}")
    for before, after in difference.moved:
        output.say(f"{'Moved':<7}{_line(after)}, was {_place(before)}")
    for one, reason in difference.unproved:
        output.say(f"{'Gone':<7}{_line(one)}: {reason}")
    output.say(
        f"{len(difference.new):,} new, {len(difference.fixed):,} fixed, {len(difference.moved):,} moved, "
        f"{len(difference.unproved):,} gone without proof, {len(difference.unchanged):,} unchanged"
    )


def _line(one: Told) -> str:
    return f"{one.finding.severity.word:<9}{_place(one)}  {one.finding.title} ({one.tool} {one.finding.rule})"


def _place(one: Told) -> str:
    location = one.plain()["location"]
    line = f":{location['line']}" if location.get("line") else ""
    return f"{location.get('path') or location.get('url') or location.get('resource') or location.get('image') or ''}{line}"
