"""Which relations a question follows, and in which direction."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from seamark.core.assets import RelationKind as K


class Step(NamedTuple):
    """A relation followed from its source to its target, or back."""

    kind: K
    forward: bool


class Lens(StrEnum):
    """What a walk through the graph means."""

    IMPACT = "impact"
    """From a flaw outwards: the package's manifest, the service, its image, the workloads, their data."""
    ORIGIN = "origin"
    """Impact backwards: everything whose flaw would be felt here."""
    ACCESS = "access"
    """From where somebody stands inwards: the domain, the workload behind it, its image, its code, its packages, its data."""
    APPROACH = "approach"
    """Access backwards: from where one can get here."""
    NEAR = "near"
    """Every relation, both ways."""


_IMPACT: Final = frozenset({
    Step(K.CONTAINS, False), Step(K.BUILT_FROM, False), Step(K.BASED_ON, False), Step(K.RUNS, False), Step(K.DEPENDS_ON, False),
    Step(K.EXPOSES, False), Step(K.DECLARED_IN, False), Step(K.SERVES, True), Step(K.READS, True), Step(K.WRITES, True),
    Step(K.CALLS, True), Step(K.HANDLES, True), Step(K.BUILDS, True), Step(K.DEPLOYS, True),
})  # fmt: skip
"""A part's flaw is its whole's, a base's what stands on it; whoever runs code reaches what that code reads and calls."""

_ACCESS: Final = frozenset({
    Step(K.EXPOSES, True), Step(K.RUNS, True), Step(K.BUILT_FROM, True), Step(K.BASED_ON, True), Step(K.DEPENDS_ON, True),
    Step(K.DECLARED_IN, True), Step(K.DECLARED_IN, False), Step(K.SERVES, True), Step(K.READS, True), Step(K.WRITES, True),
    Step(K.CALLS, True), Step(K.HANDLES, True),
})  # fmt: skip
"""A whole is no way to its parts: a repository with one service in the internet does not put the other ones there."""

STEPS: Final[dict[Lens, frozenset[Step]]] = {
    Lens.IMPACT: _IMPACT,
    Lens.ORIGIN: frozenset(Step(kind, not forward) for kind, forward in _IMPACT),
    Lens.ACCESS: _ACCESS,
    Lens.APPROACH: frozenset(Step(kind, not forward) for kind, forward in _ACCESS),
    Lens.NEAR: frozenset(Step(kind, forward) for kind in K for forward in (True, False)),
}
