"""The outcome of a gate as Markdown: for job summaries and comments on pull requests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from seamark.insight.exports.gate.outcome import (
    Breach,
    Outcome,
    by_policy,
    how_to_waive,
    place,
    rest,
    sections,
    sentence,
    undecided_facts,
    words,
)

SHOWN: Final = 25
"""Breaches of one policy."""
LARGEST: Final = 60_000
"""Characters: below what every forge takes for a comment."""
_LONGEST: Final = 300
_MARKS: Final = {"pass": "✅", "warn": "⚠️", "block": "⛔", "indeterminate": "❔"}
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()<>#+!|~&$@:/-])")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")


def plain(text: str, longest: int = _LONGEST) -> str:
    """Return text that came from outside so that it shows as it is: no mark-up, no link, no mention of people, no image."""
    short = _CONTROL.sub(" ", text).strip()
    if len(short) > longest:
        short = short[: longest - 1] + "…"
    # A mention or a reference needs its sign at a word's beginning; as an entity it is only shown.
    return _SPECIAL.sub(lambda found: f"&#{ord(found[1])};", short)


def code(text: str, longest: int = _LONGEST) -> str:
    """Return text from outside as code: nothing in it is mark-up."""
    short = _CONTROL.sub(" ", text).replace("`", "'").replace("|", "¦")[:longest].strip()
    return f"`{short}`" if short else ""


def markdown(outcome: Outcome) -> str:
    """Return the outcome as Markdown, cut to what comments may have."""
    found: list[str] = []
    size = 0
    for line in _lines(outcome):
        size += len(line) + 1
        if size > LARGEST:
            found.append("\nThere is more: the whole outcome is in the job's log and in its SARIF or JSON file.")
            break
        found.append(line)
    return "\n".join(found) + "\n"


def _lines(outcome: Outcome) -> Iterator[str]:
    yield f"### {_MARKS[outcome.outcome]} Seamark gate: {plain(sentence(outcome))}"
    for name, heading, found in sections(outcome):
        yield ""
        yield f"#### {heading}"
        for policy, several in by_policy(found):
            yield ""
            yield from _policy(outcome, policy, several, name)
    footer = [*outcome.notes, *([rest(outcome)] if rest(outcome) else [])]
    if footer:
        yield ""
        yield from (f"> {plain(one, 1000)}" for one in footer)
    yield ""
    told = f"policies {outcome.bundle[:12]}" + (f" of commit {outcome.commit[:12]}" if outcome.commit else "")
    # Nothing that changes with the time alone: the comment is written anew only where something else is told.
    yield f"<sub>{plain(told)}</sub>"


def _policy(outcome: Outcome, name: str, several: list[Breach], section: str) -> Iterator[str]:
    asked = outcome.policy(name)
    described = f": {plain(asked.description)}" if asked is not None and asked.description else ""
    yield f"**{plain(name)}**{described}"
    yield ""
    yield "| severity | where | what | fix |"
    yield "|---|---|---|---|"
    for one in several[:SHOWN]:
        where = code(place(one) or one.ref)
        said = plain(words(one))
        link = f"[{said}]({one.url})" if one.url.startswith(("https://", "http://")) else said
        yield f"| {plain(one.issue_severity or one.severity)} | {where} | {link} | {plain(one.fix)} |"
    if len(several) > SHOWN:
        yield f"\nand {len(several) - SHOWN:,} more"
    yield ""
    if any(not one.decided for one in several):
        yield f"Not known: {plain(undecided_facts(several))}."
    if asked is not None and asked.explanation:
        yield f"Why: {plain(asked.explanation, 1000)}"
    if asked is not None and asked.remediation:
        yield f"What to do: {plain(asked.remediation, 1000)}"
    if section == "blocking":
        yield f"Otherwise {plain(how_to_waive(outcome, several[0]))}."
