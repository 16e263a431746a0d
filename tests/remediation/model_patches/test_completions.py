"""Calls of the endpoint: what is sent, and every way in which no answer comes."""

from __future__ import annotations

import json
import time

import msgspec
import pytest

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.completions import Endpoint, complete

from .served import Model, completion

MESSAGES = [("system", "Mend it."), ("user", "x = 1")]


def at(model: Model, **more: object) -> Endpoint:
    given = {
        "url": model.url,
        "model": "small",
        "key": "key-of-the-tests",
        "seconds": 5.0,
        "internal": ("127.0.0.1",),
        **more,
    }
    return Endpoint(**given)  # type: ignore[arg-type]


def test_one_question_one_answer(model: Model) -> None:
    model.says("--- a/f")
    found = complete(at(model), MESSAGES)
    assert (found.text, found.tokens) == ("--- a/f", 321)
    (asked,) = model.asked
    assert asked["path"] == "/v1/chat/completions"
    assert asked["messages"] == [{"role": "system", "content": "Mend it."}, {"role": "user", "content": "x = 1"}]
    assert (asked["model"], asked["stream"], asked["temperature"]) == ("small", False, 0)
    assert model.keys == ["Bearer key-of-the-tests"]
    complete(at(model, key=""), MESSAGES)
    assert model.keys[-1] == ""


def test_tokens_are_estimated_where_nobody_counts(model: Model) -> None:
    for usage in (None, {}, {"total_tokens": "many"}, {"total_tokens": -4}, [1]):
        model.answer = lambda _, usage=usage: completion("x" * 300, usage=usage)  # type: ignore[misc]
        assert complete(at(model), MESSAGES).tokens == (300 + 13) // 3


@pytest.mark.parametrize(
    ("status", "why", "permanent"),
    [
        (429, "answered 429", False), (500, "answered 500", False), (503, "answered 503", False), (401, "does not accept the token", True),
        (404, "knows no such thing", True), (302, "redirects", True),
    ],
)  # fmt: skip
def test_statuses(model: Model, status: int, why: str, permanent: bool) -> None:
    model.status = status
    model.headers = {"Location": "http://127.0.0.1:1/", "Retry-After": "1"}
    with pytest.raises(RemoteFailure, match=why) as caught:
        complete(at(model), MESSAGES)
    assert (caught.value.permanent, len(model.asked)) == (permanent, 1)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"not json", b"[]", b"{}", b'{"choices": []}', b'{"choices": [{}]}', b'{"choices": [{"message": null}]}', b'{"choices": [{"message": {"content": null}}]}',
        b'{"choices": {"0": 1}}', b'data: {"choices": [{"delta": {"content": "--- a/f"}}]}\n\ndata: [DONE]\n', b"[" * 100_000,
        json.dumps({"choices": [{"message": {"content": [{"type": "text"}]}}]}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_completion(model: Model, raw: bytes) -> None:
    model.raw = raw
    with pytest.raises(RemoteFailure, match="no chat completion"):
        complete(at(model), MESSAGES)


def test_answers_that_were_cut_off(model: Model) -> None:
    model.answer = lambda _: msgspec.json.decode(json.dumps(completion("--- a")).replace('"stop"', '"length"'))
    with pytest.raises(RemoteFailure, match="cut off"):
        complete(at(model), MESSAGES)


def test_huge_answers_are_not_read_to_their_end(model: Model) -> None:
    model.says("x" * 3_000_000)
    with pytest.raises(RemoteFailure, match="more than 1 MB"):
        complete(at(model), MESSAGES)


def test_slow_answers_are_not_waited_for(model: Model) -> None:
    model.says("x" * 2_000)
    model.drip = 0.1
    begin = time.monotonic()
    with pytest.raises(RemoteFailure, match="took too long"):
        complete(at(model, seconds=0.5), MESSAGES)
    assert time.monotonic() - begin < 5


def test_silent_endpoints_are_not_waited_for(model: Model) -> None:
    def sleep(_: dict[str, object]) -> dict[str, object]:
        time.sleep(2)
        return {}

    model.answer = sleep
    with pytest.raises(RemoteFailure, match="does not answer"):
        complete(at(model, seconds=0.3), MESSAGES)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:1/v1", "does not answer"), ("http://10.0.0.1/v1", "Only https"), ("https://user:pass@127.0.0.1/v1", "no user"),
        ("ftp://127.0.0.1/v1", "starts with https"), ("nothing", "starts with https"),
    ],
)  # fmt: skip
def test_addresses(model: Model, url: str, why: str) -> None:
    with pytest.raises(RemoteFailure, match=why):
        complete(at(model, url=url), MESSAGES)
    assert not model.asked


def test_hosts_inside_the_network_have_to_be_named(model: Model) -> None:
    with pytest.raises(RemoteFailure):
        complete(at(model, internal=()), MESSAGES)
    assert not model.asked


def test_the_key_is_not_shown(model: Model) -> None:
    assert "key-of-the-tests" not in repr(at(model))
    model.status, model.raw = 401, b'{"error": {"message": "bad key"}}'
    with pytest.raises(RemoteFailure) as caught:
        complete(at(model), MESSAGES)
    assert "key-of-the-tests" not in str(caught.value)
