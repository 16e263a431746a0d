"""How an issue stood at a time, told from its events alone: what each tells, and what none tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from seamark.pipeline.compliance.past_issues import Step, Stood, replayed
from seamark.store.models.issues import State

AT = datetime(2026, 9, 30, tzinfo=UTC)
OPEN = Stood(State.OPEN, "", "", unconfirmed=False)
FIXED = Stood(State.RESOLVED, "fixed", "", unconfirmed=False)
SPARED = Stood(State.DISMISSED, "not_affected", "inline_mitigations_already_exist", unconfirmed=False)
WRONG = Stood(State.DISMISSED, "false_positive", "", unconfirmed=False)


def before(kind: str, **details: Any) -> Step:
    return Step(kind, details, later=False)


def after(kind: str, **details: Any) -> Step:
    return Step(kind, details, later=True)


def stand(one: Stood) -> dict[str, Any]:
    """Return how an issue stood as events of people write it."""
    told: dict[str, Any] = {"state": int(one.state), "resolution": one.resolution}
    told |= {"justification": one.justification} if one.justification else {}
    return told | ({"unconfirmed": True} if one.unconfirmed else {})


def move(one: Stood, other: Stood, **more: Any) -> dict[str, Any]:
    told = {"before": one.state.label, "after": other.state.label, "reason": other.resolution, "from": stand(one)}
    return {**told, "to": {"state": int(other.state), "resolution": other.resolution}, **more}


SPARING = move(OPEN, SPARED, justification=SPARED.justification)


@pytest.mark.parametrize(("now", "steps", "stood"), [
    pytest.param(OPEN, [], OPEN, id="nothing ever happened"),
    pytest.param(FIXED, [before("fixed")], FIXED, id="fixed before"),
    pytest.param(FIXED, [after("fixed")], OPEN, id="fixed later"),
    pytest.param(OPEN, [before("fixed"), after("reopened", regression=True)], FIXED, id="came back later"),
    pytest.param(OPEN, [after("reopened", regression=True)], FIXED, id="fixed from the beginning"),
    pytest.param(OPEN, [after("reopened", regression=False)], Stood(State.DISMISSED, "suppressed", "", unconfirmed=False), id="suppressed from the beginning"),
    pytest.param(SPARED, [before("state", **SPARING)], SPARED, id="the event tells why"),
    pytest.param(SPARED, [before("state", **move(OPEN, SPARED))], SPARED, id="an event of old does not tell why, the row does"),
    pytest.param(OPEN, [before("state", **move(OPEN, SPARED)), after("state", **move(SPARED, OPEN))], SPARED, id="the next event tells why"),
    pytest.param(FIXED, [before("state", **move(OPEN, SPARED)), after("state", before="dismissed", after="open", rule="r")],
        SPARED._replace(justification=None), id="no event tells why"),
    pytest.param(WRONG, [before("state", **SPARING), after("state", **move(SPARED, WRONG))], SPARED, id="dismissed otherwise later"),
    pytest.param(WRONG, [after("state", **move(SPARED, WRONG))], SPARED, id="the first event tells what was before"),
    pytest.param(OPEN, [after("state", before="dismissed", after="open", rule="r")],
        Stood(State.DISMISSED, "", None, unconfirmed=False), id="a rule does not tell what was before"),
    pytest.param(WRONG, [before("state", before="open", after="dismissed", reason="false_positive", rule="r")], WRONG, id="a rule dismissed it"),
    pytest.param(WRONG, [before("state", **move(OPEN, WRONG, unconfirmed=True)), after("dismissal_confirmed")],
        WRONG._replace(unconfirmed=True), id="confirmed later"),
    pytest.param(WRONG, [before("state", **move(OPEN, WRONG, unconfirmed=True)), before("dismissal_confirmed")], WRONG, id="confirmed before"),
    pytest.param(WRONG._replace(unconfirmed=True), [before("state", **move(OPEN, WRONG)), after("dismissal_doubted")], WRONG, id="doubted later"),
    pytest.param(SPARED, [before("state", **SPARING), before("state", **move(SPARED, OPEN)), before("state", **move(OPEN, SPARED, undoes="1"))],
        SPARED, id="undone, and nothing since"),
    pytest.param(OPEN, [before("state", **move(OPEN, SPARED, undoes="1")), after("state", **move(SPARED, OPEN))], SPARED, id="undone, and moved later"),
])  # fmt: skip
def test_an_issue_stood_as_its_events_tell(now: Stood, steps: list[Step], stood: Stood) -> None:
    assert replayed(now, steps, None, AT) == stood


def test_what_the_row_alone_settles_stood_open_until_then() -> None:
    assert replayed(WRONG, [], AT + timedelta(days=1), AT) == OPEN
    assert replayed(WRONG, [], AT - timedelta(days=1), AT) == WRONG
