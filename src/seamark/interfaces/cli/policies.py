"""What policies hold for, and would have held for, as the command line shows it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from seamark.interfaces.cli import output
from seamark.interfaces.cli.table import Column

if TYPE_CHECKING:
    from seamark.pipeline.facts import Hit, Replay, Simulated


def show_simulated(found: Simulated, limit: int) -> None:
    """Print what a policy holds for today."""
    doubts = f", {found.undecided:,} cannot be decided" if found.undecided else ""
    output.paragraph(f"{found.policy}: holds for {found.holds:,} of {found.looked_at:,}{doubts}", "bold")
    if found.applications:
        several = list(found.applications.items())
        more = f", {len(several) - 10:,} more" if len(several) > 10 else ""
        output.paragraph(
            "  " + ", ".join(f"{name or 'no application'} {number:,}" for name, number in several[:10]) + more, "dim"
        )
    for hit in _lines(found.hits, limit):
        output.paragraph(f"  {hit.message}")
    for hit in _lines(found.doubts, min(limit, 3)):
        output.paragraph(f"  ? {hit.ref}: not known: {', '.join(hit.unknown)}", "dim")


def _lines(hits: Iterable[Hit], limit: int) -> list[Hit]:
    return list(hits)[:limit]


def show_replay(found: Replay, limit: int) -> None:
    """Print what policies would have said to past builds."""
    whole = "" if found.complete else " (the latest ones only)"
    output.paragraph(
        f"{found.sentence[0].upper()}{found.sentence[1:]}{whole}; {found.warned:,} warned, {found.undecided:,} could not be decided",
        "bold",
    )
    columns = [
        Column("When"),
        Column("Application"),
        Column("Asset", fit="cut start"),
        Column("Commit"),
        Column("Outcome"),
        Column("Because of", fit="wrap"),
    ]
    rows = [
        (f"{one.at:%Y-%m-%d %H:%M}", one.application, one.asset, one.commit[:12], one.outcome + (", waived later" if one.waived_later else ""), ", ".join(one.blocking[:3]))
        for one in found.told[:limit]
    ]  # fmt: skip
    if rows:
        output.table(columns, [[output.text(word) for word in row] for row in rows])
    if found.not_replayed:
        output.paragraph(
            f"Not replayed, since no history is kept of what they are about: {', '.join(found.not_replayed)}", "dim"
        )
