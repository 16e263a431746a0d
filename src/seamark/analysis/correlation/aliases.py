"""Groups of names of one flaw: connected components of "A is B". Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_IDENTITY = re.compile(r"^(CVE|GHSA|OSV|PYSEC|RUSTSEC|GO|MAL|SNYK|GSD|GMS|EUVD|HSEC|RSEC|BIT)-", re.IGNORECASE)


def same_flaw(names: tuple[str, ...]) -> list[str]:
    """Return those names of one finding that are surely aliases of each other.

    An advisory of a distribution speaks of many flaws, and a finding with two CVEs speaks of two.
    """
    identities = [name for name in names if _IDENTITY.match(name)]
    if sum(name.startswith("CVE-") for name in identities) > 1:
        identities = identities[:1]
    return identities or list(names[:1])


class AliasGroups:
    """Union-find over names. The least existing group number survives, so that numbers stay what they were."""

    def __init__(self, known: Mapping[str, int] | None = None) -> None:
        self._parent: dict[str, str] = {}
        self._number: dict[str, int] = {}
        heads: dict[int, str] = {}
        for name, number in (known or {}).items():
            head = heads.setdefault(number, name)
            self._parent[name] = head
            self._number[head] = number

    def join(self, names: Iterable[str]) -> None:
        """Say that these names mean the same."""
        first: str | None = None
        for name in names:
            head = self.head(name)
            if first is None or head == first:
                first = head
                continue
            first = self._union(first, head)

    def _union(self, left: str, right: str) -> str:
        numbers = [
            number for number in (self._number.pop(left, None), self._number.pop(right, None)) if number is not None
        ]
        head, other = (left, right) if left <= right else (right, left)
        self._parent[other] = head
        if numbers:
            self._number[head] = min(numbers)
        return head

    def head(self, name: str) -> str:
        """Return the name that stands for the group of `name`."""
        parent = self._parent.setdefault(name, name)
        while parent != name:
            grand = self._parent[parent]
            self._parent[name] = grand
            name, parent = parent, grand
        return name

    def number(self, name: str) -> int | None:
        """Return the existing number of the group of `name`, or None where the group is new."""
        return self._number.get(self.head(name))

    def settle(self, name: str, number: int) -> None:
        """Give the group of `name` its number."""
        self._number[self.head(name)] = number

    def groups(self) -> dict[str, list[str]]:
        """Return the names of every group, by its head, sorted."""
        found: dict[str, list[str]] = {}
        for name in sorted(self._parent):
            found.setdefault(self.head(name), []).append(name)
        return found
