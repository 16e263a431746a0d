"""A memory that stays small."""

from __future__ import annotations

import pytest

from seamark.intake.parsers.kit import recent
from seamark.intake.parsers.kit.recent import Recent


def test_what_was_kept_is_found() -> None:
    known: Recent[str, int] = Recent()
    assert known.keep("a", 1) == 1
    assert known.get("a") == 1
    assert known.get("b") is None


def test_room_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "MOST", 3)
    known: Recent[int, int] = Recent()
    for number in range(10):
        known.keep(number, number)
        assert known.get(number) == number
        assert len(known) <= 3
