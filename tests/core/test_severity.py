"""The five steps of severity."""

from __future__ import annotations

import pytest

from seamark.core.severity import Severity


def test_order_and_words() -> None:
    assert sorted(Severity, reverse=True) == [
        Severity.CRITICAL,
        Severity.HIGH,
        Severity.MEDIUM,
        Severity.LOW,
        Severity.INFO,
    ]
    assert [one.word for one in Severity] == ["info", "low", "medium", "high", "critical"]
    assert [int(one) for one in Severity] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("one", Severity)
def test_words_lead_back(one: Severity) -> None:
    assert Severity.from_word(one.word) is Severity.from_word(one.word.upper()) is one


def test_unknown_word() -> None:
    with pytest.raises(KeyError):
        Severity.from_word("dreadful")


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (10.0, "critical"), (9.0, "critical"), (8.9, "high"), (7.0, "high"), (6.9, "medium"),
        (4.0, "medium"), (3.9, "low"), (0.1, "low"), (0.0, "info"),
    ],
)  # fmt: skip
def test_bands_of_cvss(score: float, expected: str) -> None:
    assert Severity.from_cvss(score).word == expected
