"""How each channel fails: what passes, what lasts, and how long it is waited."""

from __future__ import annotations

import time

import pytest

from seamark.core.errors import RemoteFailure
from seamark.response.actions.asking import named_pause, told
from seamark.response.actions.contract import Verb

from .conftest import MADE, TICKETS, Connect, Line
from .fakes.far import Failure

EVERY = list(MADE)


def failing(line: Line) -> RemoteFailure:
    with pytest.raises(RemoteFailure) as caught:
        line.open() if line.name in TICKETS else line.send()
    return caught.value


@pytest.mark.parametrize("name", EVERY)
def test_too_many_requests_pass_after_the_time_that_is_named(connect: Connect, name: str) -> None:
    line = connect(name)
    status, body, headers = line.far.limited
    line.far.failure = Failure(status, headers, body)
    failure = failing(line)
    assert not failure.permanent
    assert failure.retry_after == 7
    assert len(line.far.asked) == 1, "asking again is the outbox's business"


@pytest.mark.parametrize("name", [one for one in EVERY if one != "linear"])
def test_the_reset_of_a_limit_is_believed(connect: Connect, name: str) -> None:
    line = connect(name)
    reset = str(int(time.time()) + 90)
    line.far.failure = Failure(429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}, {"message": "limit"})
    failure = failing(line)
    assert not failure.permanent
    assert 80 <= failure.retry_after <= 90


def test_githubs_limit_that_looks_like_a_refusal_passes(connect: Connect) -> None:
    line = connect("github")
    reset = str(int(time.time()) + 30)
    line.far.failure = Failure(
        403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}, {"message": "API rate limit exceeded"}
    )
    assert not failing(line).permanent
    line.far.failure = Failure(403, {"Retry-After": "60"}, {"message": "You have exceeded a secondary rate limit"})
    assert failing(line).retry_after == 60
    line.far.failure = Failure(
        403, {"X-RateLimit-Remaining": "4000"}, {"message": "Resource not accessible by personal access token"}
    )
    assert failing(line).permanent


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("name", EVERY)
def test_a_failing_service_passes(connect: Connect, name: str, status: int) -> None:
    line = connect(name)
    line.far.failure = Failure(status, {}, {"message": "an error of ours"})
    failure = failing(line)
    assert not failure.permanent
    assert str(status) in str(failure)


@pytest.mark.parametrize("name", EVERY)
def test_silence_passes(connect: Connect, name: str) -> None:
    line = connect(name)
    line.wait = 0.3
    line.far.failure = Failure(silent=True)
    failure = failing(line)
    assert not failure.permanent
    assert "127.0.0.1" in str(failure)


@pytest.mark.parametrize("name", EVERY)
def test_a_revoked_token_lasts(connect: Connect, name: str) -> None:
    line = connect(name)
    line.far.accepts = False
    failure = failing(line)
    assert failure.permanent
    assert line.far.token not in str(failure)


@pytest.mark.parametrize("name", EVERY)
def test_answers_of_another_shape_are_failures_not_crashes(connect: Connect, name: str) -> None:
    for body in (
        [],
        "<html>proxy</html>",
        {"ok": True},
        {"result": [], "data": {}, "value": 7, "issues": {}, "items": "no"},
        [[1]],
    ):
        line = connect(name)
        line.far.failure = Failure(200, {}, body)
        try:
            line.open() if name in TICKETS else line.send()
        except RemoteFailure:
            continue
        assert name not in TICKETS, "a ticket was taken for open"


@pytest.mark.parametrize("name", EVERY)
def test_nothing_secret_is_in_what_a_failure_says(connect: Connect, name: str) -> None:
    line = connect(name)
    line.far.failure = Failure(400, {}, {"message": "no"})
    said = str(failing(line))
    assert line.far.token not in said
    assert "sig=" not in said
    assert "R" * 32 not in said


def test_a_deleted_webhook_of_slack_and_teams_lasts(connect: Connect) -> None:
    slack = connect("slack", token="")
    slack = Line(
        "slack", slack.channel, slack.far, slack.channel.settings(webhook=f"{slack.far.url}/services/T1/B1/secret")
    )
    slack.send()
    slack.far.failure = Failure(404, {}, "no_service")
    assert failing(slack).permanent
    teams = connect("teams")
    teams.far.failure = Failure(404, {}, {"error": {"code": "WorkflowNotFound"}})
    assert failing(teams).permanent
    teams.far.failure = Failure(
        200, {}, "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"
    )
    assert not failing(teams).permanent
    slack.end()


def test_closing_an_alert_that_is_gone(connect: Connect) -> None:
    line = connect("opsgenie")
    reference = line.send().reference
    line.move(Verb.CLOSE, reference)
    with pytest.raises(RemoteFailure) as caught:
        line.move(Verb.CLOSE, reference)
    assert caught.value.permanent


def test_times_that_services_name() -> None:
    now = 1_700_000_000.0
    assert named_pause({"retry-after": "Tue, 14 Nov 2023 22:14:20 GMT"}, now) == 60
    assert named_pause({"x-ratelimit-reset": "2023-11-14T22:14:20+00:00"}, now) == 60
    assert named_pause({"x-ratelimit-requests-reset": "1700000060000"}, now) == 60
    assert named_pause({"ratelimit-reset": "60"}, now) == 60
    assert named_pause({"retry-after": "9999999"}, now) == 3600
    assert named_pause({"retry-after": "-5"}, now) == 0
    assert named_pause({"retry-after": "soon", "x-ratelimit-reset": "later"}, now) == 0
    assert named_pause({"x-ratelimit-remaining": "10", "x-ratelimit-reset": "1700000060"}, now) == 0
    assert named_pause({"x-ratelimit-reset": "1600000000"}, now) == 0


def test_what_services_say_of_a_refusal() -> None:
    assert (
        told({"errorMessages": [], "errors": {"resolution": "Resolution is required."}})
        == "resolution: Resolution is required."
    )
    assert told({"message": {"error": "Too many"}}) == "Too many"
    assert told({"error": {"message": "No Record found"}}) == "No Record found"
    assert told([{"message": "one"}]) == "one"
    assert told({"message": "x" * 5000}) == "x" * 300
    assert not told({"message": None})
    assert not told([])
    assert not told(7)
