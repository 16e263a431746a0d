"""Who says that two names mean the same flaw."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from functools import cached_property

from seamark.store.models import AliasAssertion, VulnerabilityName

MOST_NAMES = 500


class Names:
    """The names of one vulnerability group, with who asserted which of them to be the same. Read when they are first needed."""

    def __init__(self, group: int | None) -> None:
        self._group = group

    def same(self, left: Iterable[str], right: Iterable[str]) -> str | None:
        """Return in words what makes two sets of names one flaw, None where nothing on record does."""
        one, two = list(left), set(right)
        if shared := next((name for name in one if name in two), None):
            return f"both name {shared}"
        return self._chain(one, two)

    def _chain(self, left: list[str], right: set[str]) -> str | None:
        """Return the shortest chain of assertions from one set of names to the other."""
        waiting = deque((name, "") for name in left)
        seen = set(left)
        while waiting:
            name, told = waiting.popleft()
            if name in right:
                return told
            for other, asserter in self._edges.get(name, ()):
                if other not in seen:
                    seen.add(other)
                    says = f"{name} is {other}, says {asserter}"
                    waiting.append((other, f"{told}; {says}" if told else says))
        return None

    @cached_property
    def _edges(self) -> dict[str, list[tuple[str, str]]]:
        if self._group is None:
            return {}
        names = VulnerabilityName.objects.filter(group=self._group).order_by("name")
        listed = list(names.values_list("name", flat=True)[:MOST_NAMES])
        told = AliasAssertion.objects.filter(left__in=listed, right__in=listed, revoked_at=None).order_by("id")
        edges: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for left, right, asserter in told.values_list("left", "right", "asserter"):
            edges[left].append((right, asserter))
            edges[right].append((left, asserter))
        return edges
