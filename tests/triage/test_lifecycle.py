"""Who may move an issue from where to where."""

from __future__ import annotations

import pytest

from seamark.core.errors import NotAllowed
from seamark.governance.triage.lifecycle import (
    DISMISSES,
    RESOLUTIONS,
    TRANSITIONS,
    WORKS,
    check_reason,
    moves_of,
    needs_work,
    right_for,
)
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from seamark.store.permissions import ROLES


def test_nobody_resolves_by_hand_or_brings_back_what_was_fixed() -> None:
    for state in State:
        for pair in ((state, State.RESOLVED), (State.RESOLVED, state)):
            assert pair not in TRANSITIONS
            with pytest.raises(NotAllowed, match="scan"):
                right_for(*pair)


def test_only_those_who_dismiss_do_and_bring_back() -> None:
    for (before, after), right in TRANSITIONS.items():
        assert (right == DISMISSES) == (State.DISMISSED in {before, after})
        assert right in {WORKS, DISMISSES}
    assert ROLES[Role.DEVELOPER] & {WORKS, DISMISSES} == {WORKS}
    assert ROLES[Role.ANALYST] >= {WORKS, DISMISSES}
    assert not (ROLES[Role.VIEWER] | ROLES[Role.AUDITOR]) & {WORKS, DISMISSES}


def test_moves_that_rights_are_offered() -> None:
    assert moves_of(State.OPEN, {WORKS}) == (State.CONFIRMED, State.IN_PROGRESS)
    assert moves_of(State.OPEN, {WORKS, DISMISSES}) == (State.CONFIRMED, State.IN_PROGRESS, State.DISMISSED)
    assert moves_of(State.RESOLVED, {WORKS, DISMISSES}) == ()
    assert moves_of(State.OPEN, ()) == ()


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_a_dismissal_needs_a_reason_in_words(resolution: str) -> None:
    check_reason(State.DISMISSED, resolution, "looked at the code")
    for comment in ("", "  \n"):
        with pytest.raises(NotAllowed, match="reason"):
            check_reason(State.DISMISSED, resolution, comment)


def test_a_resolution_is_one_of_the_list_and_only_for_dismissals() -> None:
    with pytest.raises(NotAllowed, match="false_positive"):
        check_reason(State.DISMISSED, "fixed", "why")
    with pytest.raises(NotAllowed, match="Only a dismissed"):
        check_reason(State.CONFIRMED, "accepted", "why")
    check_reason(State.CONFIRMED, "", "")


def test_what_needs_work() -> None:
    assert [needs_work(state) for state in State] == [True, True, True, False, False]
