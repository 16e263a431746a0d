"""Compensating controls: which are in force, and what each of them covers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Final, NamedTuple

from django.db.models import Q

from seamark.analysis.correlation.weakness import ancestors
from seamark.store.models import Control

MOST: Final = 10
"""Controls that are named of one issue."""


class Spot(NamedTuple):
    """What a control may be asked about."""

    path: str
    """Without a line."""
    cwe: int
    services: frozenset[str]
    """Names of the services that the place is in: as people call them, and by folder."""
    assets: frozenset[str]
    """Keys and names of the asset and of the parts of it."""


class Covering(NamedTuple):
    """A control in force."""

    words: str
    services: frozenset[str]
    weaknesses: frozenset[int]
    paths: tuple[str, ...]
    assets: frozenset[str]

    def covers(self, spot: Spot) -> bool:
        """Tell whether it fits each of its lists that holds something."""
        return (
            (not self.services or not self.services.isdisjoint(spot.services))
            and (not self.assets or not self.assets.isdisjoint(spot.assets))
            and (not self.weaknesses or self._weakness(spot.cwe))
            and (not self.paths or any(_holds(pattern, spot.path) for pattern in self.paths))
        )

    def _weakness(self, cwe: int) -> bool:
        """A control against a weakness covers its special cases."""
        return cwe in self.weaknesses or (cwe > 0 and not self.weaknesses.isdisjoint(ancestors(cwe)))


def in_force(applications: Collection[int], today: date) -> dict[int, list[Covering]]:
    """Return the controls of applications that have not expired; the last day counts."""
    found: dict[int, list[Covering]] = defaultdict(list)
    rows = Control.objects.filter(Q(expires=None) | Q(expires__gte=today), application__in=applications)
    for row in rows.order_by("name", "id"):
        until = f" (until {row.expires.isoformat()})" if row.expires else ""
        covers = row.covers if isinstance(row.covers, dict) else {}
        found[row.application_id].append(
            Covering(
                words=f"{row.name}{until}", services=_names(covers.get("services")), assets=_names(covers.get("assets")),
                weaknesses=frozenset(_numbers(covers.get("weaknesses"))), paths=tuple(sorted(_names(covers.get("paths")))),
            )
        )  # fmt: skip
    return dict(found)


def expired_since(day: date, today: date) -> set[int]:
    """Return the applications of which a control has expired since a day, which was the last that anybody looked."""
    return set(Control.objects.filter(expires__gte=day, expires__lt=today).values_list("application", flat=True))


def _names(value: Any) -> frozenset[str]:
    return frozenset(str(each) for each in value) if isinstance(value, list | tuple) else frozenset()


def _numbers(value: Any) -> Iterable[int]:
    """Yield the numbers of weaknesses; -1, which nothing has, for what names none: it must not widen the control."""
    for each in _names(value):
        digits = each.upper().removeprefix("CWE-")
        yield int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 7 else -1


def _holds(pattern: str, path: str) -> bool:
    """Tell whether a path is meant: the file itself, what lies in the folder, or what fits the pattern."""
    folder = pattern.rstrip("/")
    return path == folder or path.startswith(f"{folder}/") or fnmatchcase(path, pattern)
