"""The versions that a vulnerable package could move to, side by side: what each clears, brings, changes and costs."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from seamark.response.remediation.flaws import Flaw
from seamark.response.remediation.impact import Distance, distance
from seamark.response.remediation.project import Move, Node
from seamark.response.remediation.scale import Scale


class Choice(StrEnum):
    """Which version of those above the present one."""

    LEAST = "least"
    """The lowest that clears a flaw of the package."""
    LEAST_CLEARING_ALL = "least_clearing_all"
    """The lowest that clears all that any version clears."""
    LATEST_MINOR = "latest_minor"
    """The newest of the same major version."""
    LATEST = "latest"
    PINNED = "pinned"
    """The present version, held by its digest or commit, or named where only a moving tag was."""


class Option(Struct, frozen=True, kw_only=True):
    """One version to move to."""

    choices: tuple[Choice, ...]
    """What it is called; one version may be several of them."""
    move: Move
    clears: tuple[Flaw, ...] = ()
    introduces: tuple[Flaw, ...] = ()
    leaves: tuple[Flaw, ...] = ()
    """Flaws of the package itself that stay."""
    gain: float = 0.0
    """Risk removed less risk introduced."""
    distance: Distance = Distance.UNKNOWN
    hints: tuple[str, ...] = ()
    effort: float = 0.0
    conflict: str = ""
    """Why it cannot be installed as things are; the rest then says nothing."""
    assumed: bool = False
    """Whether it is not known what the version needs, and nothing was reckoned to change there."""
    unknown: str = ""
    """Why it cannot be told what the version brings, so that `introduces` says nothing; empty where it can."""


def options(scale: Scale, node: Node, versions: list[str], *, known: bool) -> tuple[Option, ...]:
    """Return what may be chosen for a vulnerable package. `versions` are those above the present one, lowest first.

    `known` says that these are all that there are: without a registry there is no latest one.
    """
    package, version = node
    kind = scale.project.ecosystem
    now = frozenset(scale.book.of(node))
    cleared = {one: now - frozenset(scale.book.of((package, one))) for one in versions}
    most = max((len(one) for one in cleared.values()), default=0)
    named: dict[str, list[Choice]] = {}

    def call(one: str | None, choice: Choice) -> None:
        if one is not None:
            named.setdefault(one, []).append(choice)

    call(next((one for one in versions if cleared[one]), None), Choice.LEAST)
    call(next((one for one in versions if most and len(cleared[one]) == most), None), Choice.LEAST_CLEARING_ALL)
    if known:
        near = [one for one in versions if distance(kind, version, one) in {Distance.PATCH, Distance.MINOR}]
        call(near[-1] if near else None, Choice.LATEST_MINOR)
        call(versions[-1] if versions else None, Choice.LATEST)
    ordered = sorted(named, key=versions.index)
    return tuple(_option(scale, Move(package, version, one), tuple(named[one])) for one in ordered)


def _option(scale: Scale, move: Move, choices: tuple[Choice, ...]) -> Option:
    """Weigh a version in the form that the project takes it in: a plain bump before an override."""
    forms = [move]
    if move.node not in scale.resolver.direct and scale.project.may_force:
        forms.append(Move(move.package, move.from_version, move.version, forced=True))
    fitting = [one for one in forms if not scale.weigh(frozenset([one])).conflict]
    return option_of(scale, (fitting or forms)[0], choices)


def option_of(scale: Scale, move: Move, choices: tuple[Choice, ...] = ()) -> Option:
    """Return what comes of one move alone."""
    found = scale.weigh(frozenset([move]))
    told = scale.hints(move)
    return Option(
        choices=choices, move=move, clears=tuple(sorted(found.removed)), introduces=tuple(sorted(found.introduced)),
        leaves=tuple(sorted(flaw for flaw in scale.book.of((move.package, move.version)) if flaw in scale.before)), gain=found.gain,
        distance=distance(scale.project.ecosystem, move.from_version, move.version), hints=told, effort=round(scale.effort([move]), 2),
        conflict=found.conflict, assumed=bool(found.resolved.assumed),
    )  # fmt: skip
