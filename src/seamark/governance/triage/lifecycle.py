"""The states of an issue: who may move it from where to where, and what has to be said with it. Plain values only."""

from __future__ import annotations

from collections.abc import Collection

from seamark.core.errors import NotAllowed
from seamark.store.models.issues import State
from seamark.store.permissions import Permission

WORKS = Permission.ISSUE_TRIAGE
"""The right to work on issues: to confirm, take up, comment and assign."""

DISMISSES = Permission.ISSUE_DISMISS
"""The right to say that an issue is none, and to take that back. That it is one, and is borne, takes a waiver."""

_WORK = (State.OPEN, State.CONFIRMED, State.IN_PROGRESS)

TRANSITIONS: dict[tuple[State, State], Permission] = {
    **{(before, after): WORKS for before in _WORK for after in _WORK if before != after},
    **{(before, State.DISMISSED): DISMISSES for before in _WORK},
    (State.DISMISSED, State.DISMISSED): DISMISSES,
    **{(State.DISMISSED, after): DISMISSES for after in _WORK},
}
"""Every move that people may make, with the right that it takes. A scan, and nothing else, resolves and brings back."""

RESOLUTIONS: dict[str, str] = {
    "false_positive": "False positive",
    "not_affected": "Not affected",
    "duplicate": "Duplicate",
}
"""Why an issue may be dismissed."""
NOT_AFFECTED = "not_affected"
JUSTIFICATIONS: dict[str, str] = {
    "component_not_present": "The component is not there",
    "vulnerable_code_not_present": "The vulnerable code is not there",
    "vulnerable_code_not_in_execute_path": "The vulnerable code never runs",
    "vulnerable_code_cannot_be_controlled_by_adversary": "No attacker can reach the vulnerable code with data of theirs",
    "inline_mitigations_already_exist": "Something in front of it stops the attack",
}
"""Why something is not affected, in VEX's words. It may be left out: then the comment is the statement."""
VERIFIED = "verified"
"""Of a fixed issue: a person looked again, and it is gone."""
EXCLUDED = "excluded"
"""A rule keeps findings of some tools at some paths off the list; see `governance.automation`."""
ACCEPTED = "accepted"
"""No reason to dismiss an issue: a risk that is accepted is still there, so that this takes a waiver, which ends."""
RESOLUTION_WORDS: dict[str, str] = {
    **RESOLUTIONS,
    ACCEPTED: "Risk accepted",
    EXCLUDED: "Path excluded",
    VERIFIED: "Fix verified",
}
"""Reasons in words, with what was possible once."""


def needs_work(state: State) -> bool:
    """Tell whether an issue in this state is still to be dealt with."""
    return state in _WORK


def right_for(before: State, after: State) -> Permission:
    """Return the right that a move takes. Raises `NotAllowed` where nobody may."""
    try:
        return TRANSITIONS[before, after]
    except KeyError:
        if State.RESOLVED in {before, after}:
            raise NotAllowed("Only a scan that looked again resolves an issue or brings it back") from None
        raise NotAllowed(f"An issue that is {before.label} cannot become {after.label}") from None


def moves_of(before: State, held: Collection[Permission]) -> tuple[State, ...]:
    """Return the states to which somebody with these rights may move an issue."""
    return tuple(after for after in State if TRANSITIONS.get((before, after)) in held)


def check_reason(state: State, resolution: str, comment: str, justification: str = "") -> None:
    """Refuse a dismissal without a reason, and a reason where nothing is dismissed. Raises `NotAllowed`."""
    if justification and (state != State.DISMISSED or resolution != NOT_AFFECTED):
        raise NotAllowed("Only what is not affected carries a justification")
    if justification and justification not in JUSTIFICATIONS:
        raise NotAllowed(f"A justification is one of {', '.join(JUSTIFICATIONS)}, not {justification!r}")
    if state != State.DISMISSED:
        if resolution:
            raise NotAllowed("Only a dismissed issue carries a resolution")
        return
    if resolution == ACCEPTED:
        raise NotAllowed("Accepting a risk takes a waiver, which a second person approves and which ends: ask for one")
    if resolution not in RESOLUTIONS:
        raise NotAllowed(f"A dismissal names one of {', '.join(RESOLUTIONS)}, not {resolution!r}")
    if not comment.strip():
        raise NotAllowed("A dismissal needs a reason: write a sentence that another person can check later")
