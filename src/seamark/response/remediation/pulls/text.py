"""Title and text of a fix's pull request. What comes from reports is shown as it is, never as mark-up."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from seamark.insight.exports.gate.markdown import code, plain
from seamark.response.remediation.pulls.facts import Facts
from seamark.response.remediation.pulls.naming import mark, trailer

_TITLE: Final = 200
_SHOWN: Final = 20


class Told(Struct, frozen=True, kw_only=True):
    """What there is to say of a fix."""

    key: str
    title: str
    url: str = ""
    """The fix's page."""
    risk: float = 0.0
    """The sum of the scores that it clears."""
    issues: tuple[tuple[str, int, str, bool], ...] = ()
    """The riskiest: reference, priority, title, whether it is known to be exploited."""
    number: int = 0
    """How many issues there are."""
    evidence: tuple[tuple[str, str, str], ...] = ()
    """Who reports what where: tool, rule, place."""
    references: tuple[str, ...] = ()
    """Addresses where the flaw or the new version is described."""


def title_of(told: Told, facts: Facts) -> str:
    """Return the title."""
    if len(facts.moves) == 1:
        name, before, after, _ = facts.moves[0]
        words = f"{name}: {before} → {after}" if before else f"{name}: {after}"
    else:
        words = told.title
    return f"Security: {_line(words)}"[:_TITLE]


def message_of(told: Told, facts: Facts) -> str:
    """Return the message of the commit."""
    lines = [f"{_line(name)} {_line(before)} -> {_line(after)}" for name, before, after, _ in facts.moves]
    lines += [_line(one) for one in facts.titles]
    if facts.clears:
        lines.append(f"Clears {', '.join(_line(one) for one in facts.clears[:_SHOWN])}")
    return "\n".join([title_of(told, facts), "", *lines, "", trailer(told.key), ""])


def body_of(told: Told, facts: Facts, base: str) -> str:
    """Return the text."""
    parts = [
        _what(facts), _why(told, facts), _evidence(told), _references(told), _verified(facts), _hints(facts),
        f"### Rolling back\n\nRevert the merge: `git revert <commit>` on {code(base)}, or the forge's own button. Nothing else was changed.",
        _foot(told), mark(told.key),
    ]  # fmt: skip
    return "\n\n".join(one for one in parts if one) + "\n"


def _what(facts: Facts) -> str:
    rows = [
        f"| {code(name)} | {code(before) or 'none'} | {code(after)} | {plain(how)} |" for name, before, after, how in facts.moves
    ]  # fmt: skip
    table = "\n".join(["| What | From | To | Distance |", "|---|---|---|---|", *rows]) if rows else ""
    done = "\n".join(f"- {plain(one)}" for one in facts.titles)
    files = ", ".join(code(one) for one in facts.files[:_SHOWN])
    return "\n\n".join(one for one in (table, done, f"Files: {files}") if one)


def _why(told: Told, facts: Facts) -> str:
    lines = [
        f"- {reference} (P{priority}) {plain(title)}{', **known to be exploited**' if kev else ''}" for reference, priority, title, kev in told.issues[:_SHOWN]
    ]  # fmt: skip
    more = told.number - len(told.issues[:_SHOWN])
    lines += [f"- and {more:,} more"] if more > 0 else []
    clears = f"Clears {', '.join(code(one) for one in facts.clears[:_SHOWN])}." if facts.clears else ""
    left = f"Leaves {', '.join(code(one) for one in facts.still[:_SHOWN])}." if facts.still else ""
    issues = "1 issue" if told.number == 1 else f"{told.number:,} issues"
    head = f"### Why\n\nRemoves {told.risk:.1f} risk: {issues}."
    return "\n\n".join(one for one in (head, " ".join(filter(None, (clears, left))), "\n".join(lines)) if one)


def _evidence(told: Told) -> str:
    lines = [f"- {plain(tool)}: {code(rule)} at {code(place)}" for tool, rule, place in told.evidence[:_SHOWN]]
    return "\n".join(["### Evidence", "", *lines]) if lines else ""


def _references(told: Told) -> str:
    good = [one for one in told.references if one.startswith("https://") and not set(one) & set(" <>()[]`\"'\\")]
    return "\n".join(["### What others say of it", "", *(f"- <{one[:500]}>" for one in good[:5])]) if good else ""


def _verified(facts: Facts) -> str:
    return f"### How it was verified\n\n{plain(facts.verified, 2_000)}" if facts.verified else ""


def _hints(facts: Facts) -> str:
    lines = [f"- {plain(one)}" for one in facts.hints[:_SHOWN]]
    return "\n".join(["### Before it is merged", "", *lines]) if lines else ""


def _foot(told: Told) -> str:
    more = f" [The fix]({told.url})." if told.url else ""
    return f"Opened by Seamark, which keeps this branch up to date until somebody else pushes to it.{more}"


def _line(text: str) -> str:
    """Return a text as one line without signs that nobody sees."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
