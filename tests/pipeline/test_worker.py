"""The worker: pieces in their order, what is due once a day, and failures that end nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import DatabaseError

from seamark.core.errors import SeamarkError
from seamark.pipeline import worker


@pytest.fixture(autouse=True)
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the test's own connection open."""
    monkeypatch.setattr(worker, "close_old_connections", lambda: None)
    monkeypatch.setattr(worker.connection, "close", lambda: None, raising=False)


def pieces(*, said: list[str], name: str, count: int, then: Callable[[], None] = lambda: None) -> Callable[[], bool]:
    """Return a queue of so many pieces, that says what it works off; `then` is called when it is empty."""
    left = [count]

    def work() -> bool:
        if not left[0]:
            then()
            return False
        left[0] -= 1
        said.append(name)
        return True

    return work


def test_what_waits_first_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    queues = {name: pieces(said=said, name=name, count=2) for name in ("import", "re-scoring")}
    monkeypatch.setattr(worker, "QUEUES", queues)
    assert [worker.work_once() for _ in range(5)] == ["import", "import", "re-scoring", "re-scoring", ""]
    assert said == ["import", "import", "re-scoring", "re-scoring"]


class Pulse:
    """Counts the signs of life that a worker gives."""

    def __init__(self) -> None:
        self.beats, self.ended = 0, False

    def beat(self) -> None:
        self.beats += 1

    def end(self) -> None:
        self.ended = True


def test_it_does_once_a_day_what_is_due_and_goes_on_after_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    at_work = worker.Worker(poll=0.001)
    said: list[str] = []
    rounds: list[int] = []

    def empty() -> None:
        rounds.append(1)
        if len(rounds) == 2:
            raise DatabaseError("away")
        if len(rounds) == 5:
            at_work.stop(0)

    def failing() -> None:
        said.append("failing")
        raise SeamarkError("no key")

    monkeypatch.setattr(worker, "QUEUES", {"import": pieces(said=said, name="piece", count=1, then=empty)})
    monkeypatch.setattr(worker, "DAILY", (failing, lambda: said.append("daily")))
    monkeypatch.setattr(worker, "PERIODIC", (lambda: said.append("again"),))
    pulse = Pulse()
    monkeypatch.setattr(at_work, "_pulse", pulse)
    at_work.run()
    assert said == ["piece", "again", "failing", "daily", "again", "again"]
    assert len(rounds) == 5
    assert (pulse.beats, pulse.ended) == (6, True)


def test_what_is_due_waits_for_the_next_start_once_it_is_told_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    at_work = worker.Worker(poll=0)

    def stopping() -> None:
        said.append("first")
        at_work.stop()

    monkeypatch.setattr(worker, "QUEUES", {})
    monkeypatch.setattr(worker, "PERIODIC", (stopping, lambda: said.append("second")))
    monkeypatch.setattr(worker, "DAILY", (lambda: said.append("daily"),))
    monkeypatch.setattr(at_work, "_pulse", Pulse())
    at_work.run()
    assert said == ["first"]


def test_the_real_queues_are_empty_at_first(db: None) -> None:
    assert worker.work_once() == ""
