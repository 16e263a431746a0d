"""Positions that belong together: a union-find that keeps apart what must not meet. Pure."""

from __future__ import annotations

from collections.abc import Callable


class Groups:
    """Groups of the positions from 0 to `count`, each alone at first.

    `apart` tells, for two positions in whatever order, that no group may hold both; it is only asked where it is given.
    """

    def __init__(self, count: int, apart: Callable[[int, int], bool] | None = None) -> None:
        self._parent = list(range(count))
        self._apart = apart
        self._members: dict[int, list[int]] = {}
        """By head, of the groups that have several."""

    def head(self, at: int) -> int:
        """Return the position that stands for the group of one."""
        parent = self._parent
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    def join(self, left: int, right: int) -> bool:
        """Make two groups one, and tell whether they are."""
        first, second = self.head(left), self.head(right)
        if first == second:
            return True
        ours, theirs = self._members.get(first) or [first], self._members.get(second) or [second]
        if self._apart is not None and any(self._apart(one, other) for one in ours for other in theirs):
            return False
        if len(ours) < len(theirs):
            first, second, ours, theirs = second, first, theirs, ours
        ours += theirs
        self._members[first] = ours
        self._members.pop(second, None)
        self._parent[second] = first
        return True

    def clusters(self) -> list[list[int]]:
        """Return the groups that have several positions, sorted, by their first."""
        return sorted(sorted(members) for members in self._members.values())
