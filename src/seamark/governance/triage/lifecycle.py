"""The states of an issue: who may move it from where to where, and what has to be said with it. Plain values only."""

from __future__ import annotations

from seamark.core.errors import NotAllowed
from seamark.store.access import TRIAGES
from seamark.store.models.issues import State
from seamark.store.models.people import Role

WORKS = TRIAGES | {Role.DEVELOPER}
"""Roles that work on issues: they confirm, take up, comment and assign."""

_WORK = (State.OPEN, State.CONFIRMED, State.IN_PROGRESS)

TRANSITIONS: dict[tuple[State, State], frozenset[Role]] = {
    **{(before, after): WORKS for before in _WORK for after in _WORK if before != after},
    **{(before, State.DISMISSED): TRIAGES for before in _WORK},
    (State.DISMISSED, State.DISMISSED): TRIAGES,
    **{(State.DISMISSED, after): TRIAGES for after in _WORK},
}
"""Every move that people may make, with the roles that may make it. A scan, and nothing else, resolves and brings back."""

RESOLUTIONS: dict[str, str] = {
    "false_positive": "False positive",
    "not_affected": "Not affected",
    "accepted": "Risk accepted",
    "duplicate": "Duplicate",
}
"""Why an issue may be dismissed."""


def needs_work(state: State) -> bool:
    """Tell whether an issue in this state is still to be dealt with."""
    return state in _WORK


def roles_for(before: State, after: State) -> frozenset[Role]:
    """Return the roles that may make a move. Raises `NotAllowed` where nobody may."""
    try:
        return TRANSITIONS[before, after]
    except KeyError:
        if State.RESOLVED in {before, after}:
            raise NotAllowed("Only a scan that looked again resolves an issue or brings it back") from None
        raise NotAllowed(f"An issue that is {before.label} cannot become {after.label}") from None


def moves_of(before: State, held: frozenset[Role]) -> tuple[State, ...]:
    """Return the states to which somebody with these roles may move an issue."""
    return tuple(after for after in State if TRANSITIONS.get((before, after), frozenset()) & held)


def check_reason(state: State, resolution: str, comment: str) -> None:
    """Refuse a dismissal without a reason, and a reason where nothing is dismissed. Raises `NotAllowed`."""
    if state != State.DISMISSED:
        if resolution:
            raise NotAllowed("Only a dismissed issue carries a resolution")
        return
    if resolution not in RESOLUTIONS:
        raise NotAllowed(f"A dismissal names one of {', '.join(RESOLUTIONS)}, not {resolution!r}")
    if not comment.strip():
        raise NotAllowed("A dismissal needs a reason: write a sentence that another person can check later")
