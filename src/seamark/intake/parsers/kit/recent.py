"""What was worked out a moment ago: reports repeat a rule or an advisory, mostly close together."""

from __future__ import annotations

from typing import Final, TypeVar

K = TypeVar("K")
V = TypeVar("V")

MOST: Final = 4_096
"""Entries that are held. A report of a million advisories must not fill the memory with their texts."""


class Recent(dict[K, V]):
    """A dictionary that holds a bounded number of entries. Look up with `get`, put in with `keep`."""

    def keep(self, key: K, value: V) -> V:
        """Put in a value and return it; where there is no more room, all others are forgotten first."""
        if len(self) >= MOST:
            self.clear()
        self[key] = value
        return value
