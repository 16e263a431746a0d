"""A day's changes in a framework, as values and as text for a mail or a chat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from seamark.governance.compliance.outcome import Outcome
from seamark.insight.exports.pack.shapes import Gap, word


class Changed(Struct, frozen=True):
    """A control or a check that came to something else."""

    id: str
    title: str
    before: Outcome
    after: Outcome


class Delta(Struct, frozen=True, kw_only=True):
    """What changed in a scope between a day's beginning and its end (UTC)."""

    framework: str
    title: str
    scope: str
    day: str
    until: str
    """The end of the day, or the moment of asking where it still runs."""
    before: dict[str, int]
    """Controls by outcome, as the day began."""
    after: dict[str, int]
    controls: tuple[Changed, ...]
    checks: tuple[Changed, ...]
    opened: tuple[Gap, ...]
    closed: tuple[Gap, ...]
    overdue: tuple[Gap, ...]
    """Became overdue with this day."""
    evidence: tuple[str, ...]
    """Frozen or given on this day: reference and title."""
    lapsing: tuple[str, ...]
    """What has to be renewed within two weeks: reference, title and day."""

    @property
    def quiet(self) -> bool:
        """Tell whether nothing changed."""
        return not (self.controls or self.checks or self.opened or self.closed or self.overdue)


def markdown(told: Delta) -> str:
    """Return the report as Markdown."""
    return "\n".join(_lines(told)) + "\n"


def _lines(told: Delta) -> Iterator[str]:
    yield f"# {_plain(told.title)}: {told.day}"
    yield ""
    yield f"Scope: {_plain(told.scope)}. Until {told.until[:16].replace('T', ' ')} UTC."
    yield ""
    if told.quiet:
        yield "Nothing changed."
        yield ""
    yield "| Controls | as the day began | now |"
    yield "|---|---:|---:|"
    yield from (f"| {name.replace('_', ' ')} | {told.before.get(name, 0)} | {count} |" for name, count in told.after.items())  # fmt: skip
    yield from _section("Controls that changed", (_changed(one) for one in told.controls))
    yield from _section("Checks that changed", (_changed(one) for one in told.checks))
    yield from _section("New in the plan of action", (_gap(one) for one in told.opened))
    yield from _section("Done", (_gap(one) for one in told.closed))
    yield from _section("Overdue from today", (_gap(one) for one in told.overdue))
    yield from _section("Evidence", (_plain(one) for one in told.evidence))
    yield from _section("To be renewed within two weeks", (_plain(one) for one in told.lapsing))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield from ("", f"## {title}", "")
        yield from (f"- {one}" for one in found)


def _changed(one: Changed) -> str:
    return f"{_plain(one.id)}: {word(one.before)} → **{word(one.after)}**. {_plain(one.title)}"


def _gap(one: Gap) -> str:
    who = f"; {_plain(one.owner)}" if one.owner else "; nobody's"
    due = f", due {one.due}" if one.due and one.state == "open" else ""
    return f"{one.number}: {_plain(one.title)} ({', '.join(map(_plain, one.controls))}{who}{due})"


def _plain(text: str) -> str:
    """Return a text on one line, in which nothing is markup."""
    line = " ".join(text.split())
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]<>#|!" else sign for sign in line)
