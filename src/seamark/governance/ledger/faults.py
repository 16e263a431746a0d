"""What a verifier finds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Fault(NamedTuple):
    """One thing that is not as it was signed."""

    kind: str
    """`changed`, `missing`, `order`, `twice`, `unreadable`, `node`, `signature`, `root`, `shrunk`, `column`, `row`, `anchor`."""
    entry: int | None
    words: str


def spans(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Return runs of numbers, first and last, from rising numbers."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def called(first: int, last: int) -> str:
    """Return `entry 4` or `entries 4 to 9`."""
    return f"entry {first}" if first == last else f"entries {first} to {last}"


class Found:
    """Collects faults, and stops telling them apart where there are very many."""

    def __init__(self, most: int = 1000) -> None:
        self.faults: list[Fault] = []
        self.count = 0
        self._most = most

    def add(self, fault: Fault) -> None:
        """Take a fault in."""
        self.count += 1
        if len(self.faults) < self._most:
            self.faults.append(fault)
