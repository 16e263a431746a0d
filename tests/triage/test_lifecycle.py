"""Who may move an issue from where to where."""

from __future__ import annotations

import pytest

from seamark.core.errors import NotAllowed
from seamark.governance.triage.lifecycle import RESOLUTIONS, TRANSITIONS, check_reason, moves_of, needs_work, roles_for
from seamark.store.access import TRIAGES
from seamark.store.models.issues import State
from seamark.store.models.people import Role


def test_nobody_resolves_by_hand_or_brings_back_what_was_fixed() -> None:
    for state in State:
        for pair in ((state, State.RESOLVED), (State.RESOLVED, state)):
            assert pair not in TRANSITIONS
            with pytest.raises(NotAllowed, match="scan"):
                roles_for(*pair)


def test_only_those_who_triage_dismiss_and_reopen() -> None:
    for (before, after), roles in TRANSITIONS.items():
        assert roles >= TRIAGES
        assert (Role.DEVELOPER in roles) == (State.DISMISSED not in {before, after})
        assert not roles & {Role.VIEWER, Role.AUDITOR}


def test_moves_that_a_role_is_offered() -> None:
    assert moves_of(State.OPEN, frozenset({Role.DEVELOPER})) == (State.CONFIRMED, State.IN_PROGRESS)
    assert moves_of(State.OPEN, TRIAGES) == (State.CONFIRMED, State.IN_PROGRESS, State.DISMISSED)
    assert moves_of(State.RESOLVED, TRIAGES) == ()
    assert moves_of(State.OPEN, frozenset()) == ()


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
