"""What a change of version asks of those who use the package: how far it goes, what hints at a break, what it costs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from seamark.analysis.software.order import compare
from seamark.intake.connectors.registries.release import Release
from seamark.response.remediation.project import SYSTEMS, Move
from seamark.response.remediation.ranges import is_prerelease

_NUMBERS = re.compile(r"\d+")
MOST_WORDS: Final = 300


class Distance(StrEnum):
    """How far apart two versions are, as semantic versions promise."""

    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"
    UNKNOWN = "unknown"


EFFORT: Final = {Distance.PATCH: 1.0, Distance.MINOR: 2.0, Distance.MAJOR: 6.0, Distance.UNKNOWN: 4.0}
LEAST: Final = min(EFFORT.values())
"""What any move costs at least."""
OVERRIDE: Final = 1.5
"""What an override costs more: somebody has to take it away again one day."""
HINT: Final = 1.0
"""What each hint at a break costs more."""


def distance(ecosystem: str, before: str, after: str) -> Distance:
    """Return how far two versions are apart. Below 1.0 the second number promises what the first does above."""
    if compare(ecosystem, before, after) is None:
        return Distance.UNKNOWN
    if ecosystem in SYSTEMS:
        # Distributions carry fixes back: what stands before their own revision tells of a new release.
        return Distance.PATCH if _upstream(before) == _upstream(after) else Distance.MINOR
    old, new = _numbers(before), _numbers(after)
    if old[0] != new[0] or (old[0] == 0 and old[1] != new[1] and ecosystem in {"npm", "cargo"}):
        return Distance.MAJOR
    return Distance.PATCH if old[:2] == new[:2] else Distance.MINOR


def _upstream(version: str) -> str:
    return version.rpartition("-")[0] or version


def _numbers(version: str) -> tuple[int, ...]:
    release = version.partition("!")[2] or version
    return (*(int(one) for one in _NUMBERS.findall(re.split(r"[-+]", release, maxsplit=1)[0])[:3]), 0, 0, 0)[:3]


def hints(ecosystem: str, move: Move, releases: Iterable[Release] | None) -> tuple[str, ...]:
    """Return sentences on what may break, from the version numbers and from what the registry says."""
    found = []
    apart = distance(ecosystem, move.from_version, move.version)
    if apart is Distance.MAJOR:
        found.append("a new major version: its interface may have changed")
    if compare(ecosystem, move.from_version, move.version) == 1:
        found.append("an older version than the present one")
    if is_prerelease(ecosystem, move.version):
        found.append("published ahead of its release")
    if ecosystem == "golang" and apart is Distance.MAJOR and _numbers(move.version)[0] >= 2:
        found.append("a new major version of a Go module has another import path")
    known = {one.version: one for one in releases or ()}
    new, old = known.get(move.version), known.get(move.from_version)
    if new is not None:
        if new.yanked:
            found.append(f"taken back by its publisher{_words(new.yanked)}")
        if new.deprecated:
            found.append(f"deprecated by its publisher{_words(new.deprecated)}")
        if new.runtime and (old is None or old.runtime != new.runtime):
            found.append(
                f"runs on {new.runtime[:60]}{f', before on {old.runtime[:60]}' if old and old.runtime else ''}"
            )
    return tuple(found)


def _words(text: str) -> str:
    told = " ".join(text.split())
    return "" if told in {"", "yes"} else f": {told[:MOST_WORDS]}"


def effort(ecosystem: str, move: Move, told: tuple[str, ...] = ()) -> float:
    """Return what a move costs: 1 for a patch, 2 for a minor, 6 for a major version, more for overrides and hints."""
    return EFFORT[distance(ecosystem, move.from_version, move.version)] + OVERRIDE * move.forced + HINT * len(told)
