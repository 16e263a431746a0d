"""The outcome of a gate for a terminal."""

from __future__ import annotations

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

SHOWN: Final = 20
"""Breaches of one policy; JSON and SARIF have them all."""


def lines(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Yield lines with the style of each: `bold`, `dim`, a severity, or none."""
    for name, heading, found in sections(outcome):
        yield f"{heading}:", "bold"
        for policy, several in by_policy(found):
            yield from _policy(outcome, policy, several, name)
        yield "", ""
    for note in outcome.notes:
        yield f"Note: {note}", "dim"
    if told := rest(outcome):
        yield told, "dim"
    yield sentence(outcome), "bold"


def _policy(outcome: Outcome, name: str, several: list[Breach], section: str) -> Iterator[tuple[str, str]]:
    asked = outcome.policy(name)
    described = f": {asked.description}" if asked is not None and asked.description else ""
    yield f"  {name}{described}", ""
    for one in several[:SHOWN]:
        yield f"    {_line(one)}", one.issue_severity or one.severity
        if one.fix:
            yield f"      fix: {one.fix}", ""
    if len(several) > SHOWN:
        yield f"    and {len(several) - SHOWN:,} more", "dim"
    if section == "undecided" or any(not one.decided for one in several):
        yield f"    not known: {undecided_facts(several)}", "dim"
    if asked is not None and asked.remediation:
        yield f"    what to do: {asked.remediation}", ""
    if section == "blocking":
        yield f"    otherwise {how_to_waive(outcome, several[0])}", "dim"


def _line(one: Breach) -> str:
    said = words(one)
    told = [one.issue_severity or one.severity, place(one) or one.ref, said]
    if one.tools:
        told.append(f"({', '.join(one.tools)})")
    if one.ref and place(one) and one.ref not in said:
        told.append(f"[{one.ref}]")
    return "  ".join(part for part in told if part)
