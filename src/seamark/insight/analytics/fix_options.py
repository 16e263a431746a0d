"""To which version to move: what tools name as fixed, and how many of a fix's issues each of those versions clears."""

from __future__ import annotations

from collections import defaultdict
from typing import Final, NamedTuple

from django.db.models import QuerySet

from seamark.analysis.correlation.versions import clears, version_key
from seamark.store.models import Finding, Fix, Issue

MOST_ROWS: Final = 2_000
"""Findings that are looked at."""
MOST: Final = 8
_STEPS: Final = ("major", "minor", "patch")


class Option(NamedTuple):
    """A version, how many issues it clears and leaves open, and the largest part of the number that changes: `major`, `minor` or `patch`."""

    version: str
    clears: int
    leaves: int
    step: str
    chosen: bool
    """It is the fix's own target: the least that clears all that can be cleared."""


class Options(NamedTuple):
    """The versions that may be moved to, the least first; `without` issues have no version that fixes them."""

    current: list[str]
    choices: list[Option]
    issues: int
    without: int


def options_of(fix: Fix, cleared: QuerySet[Issue], findings: QuerySet[Finding]) -> Options | None:
    """Return the versions that tools name for a fix's open issues, None where it is no move to a version."""
    rows = list(
        findings.filter(issue__in=cleared.values("pk"), closed_in=None).order_by()
        .values_list("issue", "fixed_version", "component").distinct()[:MOST_ROWS]
    )  # fmt: skip
    fixed: dict[int, set[str]] = defaultdict(set)
    current: set[str] = set()
    for issue, named, component in rows:
        fixed[issue].update(one for one in named.split(" ") if one)
        current.add(component.rpartition(" ")[2])
    current.discard("")
    versions = {one for those in fixed.values() for one in those}
    if not versions:
        return None
    highest = max(map(version_key, current), default=())
    above = sorted((one for one in versions if version_key(one) > highest), key=version_key)[-MOST * 4 :]
    choices = [_option(fix, one, fixed, current) for one in above]
    best = [one for one in choices if one.clears]
    return Options(sorted(current, key=version_key), _telling(best), len(fixed), sum(not one for one in fixed.values()))


def _option(fix: Fix, version: str, fixed: dict[int, set[str]], current: set[str]) -> Option:
    cleared = sum(clears(version, tuple(versions)) for versions in fixed.values())
    return Option(version, cleared, len(fixed) - cleared, _step(current, version), version == fix.target)


def _telling(choices: list[Option]) -> list[Option]:
    """Leave out versions that clear no more than a lower one."""
    kept: list[Option] = []
    for one in choices:
        if one.chosen or not kept or one.clears > kept[-1].clears:
            kept.append(one)
    return kept[-MOST:]


def _step(current: set[str], version: str) -> str:
    """Return the first of the three numbers that differs, seen from the lowest version in use."""
    if not current:
        return _STEPS[0]
    lowest = min(current, key=version_key)
    before, after = (_numbers(one) for one in (lowest, version))
    return next((step for step, one, other in zip(_STEPS, before, after, strict=True) if one != other), _STEPS[-1])


def _numbers(version: str) -> tuple[int, int, int]:
    found = [place for sort, place, _ in version_key(version)[1:] if sort == 1][:3]
    return (*found, 0, 0, 0)[:3]  # type: ignore[return-value]
