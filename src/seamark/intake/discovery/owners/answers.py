"""Answers to the question who owns something, and how several about one owner become one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from seamark.core.assets import AssetRef
from seamark.intake.discovery.history.people import owner_ref
from seamark.intake.discovery.owners.codeowners import CodeOwners


class Owner(Struct, frozen=True, kw_only=True):
    """One answer: who, how sure, and why."""

    ref: AssetRef
    confidence: float
    """From 0 to 1."""
    reason: str
    """A sentence."""
    at: str = ""
    """Where it is said, `CODEOWNERS:5`; empty where no line says it."""
    origin: str
    """`people`, `seamark.yaml`, `catalog`, `codeowners`, `owners`, `maintainers`, `on-call`, `history`, `manifest` or `admins`."""


class Owners(Struct, frozen=True):
    """All who come into question, the first most; `gap` says what was looked at where there is nobody."""

    ranked: tuple[Owner, ...]
    gap: str = ""


_SOURCES: Final = {
    "people": "What somebody set", "seamark.yaml": "The business context", "catalog": "The catalogue", "codeowners": "CODEOWNERS", "owners": "An OWNERS file",
    "maintainers": "A list of maintainers",
    "on-call": "The on-call schedule", "history": "The history", "manifest": "A manifest", "admins": "The list of administrators",
}  # fmt: skip


def joined_answers(found: Iterable[Owner], mark: Callable[[AssetRef], str]) -> tuple[Owner, ...]:
    """Put the answers about one owner together: the first source that names one gives the rank, others that agree add certainty.

    `mark` returns what is equal for the several names of one owner.
    """
    kept: dict[str, Owner] = {}
    agreed: set[tuple[str, str]] = set()
    for owner in found:
        key = mark(owner.ref)
        first = kept.get(key)
        if first is None:
            kept[key] = owner
        elif first.origin != owner.origin and (key, owner.origin) not in agreed:
            agreed.add((key, owner.origin))
            sure = round(1 - (1 - first.confidence) * (1 - 0.3 * owner.confidence), 2)
            where = f" ({owner.at})" if ":" in owner.at else ""
            kept[key] = replace(
                first, confidence=sure, reason=f"{first.reason} {_SOURCES[owner.origin]} agrees{where}."
            )
    return tuple(kept.values())


def by_codeowners(codeowners: CodeOwners, files: list[str]) -> Iterator[Owner]:
    """Yield the owners of most of several files first, each with the line that names them for most."""
    votes: Counter[tuple[str, int]] = Counter()
    lines: dict[tuple[str, int], tuple[int, str, float]] = {}
    for path in files:
        for order, match in enumerate(codeowners.match(path)):
            section = f", section {match.section.name}" if match.section.name else ""
            # What fits everything says little of one file; an optional section only proposes.
            sure = (0.9 if match.weight else 0.6) * (0.8 if match.section.optional else 1.0)
            for name in match.rule.owners:
                votes[name, match.rule.line] += 1
                lines.setdefault((name, match.rule.line), (order, f"{match.rule.pattern}{section}", sure))
    for (name, line), count in sorted(votes.items(), key=lambda item: (-item[1], lines[item[0]][0], item[0][1])):
        _, pattern, sure = lines[name, line]
        part = "" if len(files) == 1 else f", for {count} of {len(files)} files"
        yield Owner(
            ref=owner_ref(name), confidence=round(sure * count / len(files), 2), at=f"{codeowners.path}:{line}", origin="codeowners",
            reason=f"{codeowners.path} line {line} ({pattern}) names this owner{part}.",
        )  # fmt: skip
