"""Failures are sentences."""

from __future__ import annotations

import inspect

import pytest

from seamark.core import errors
from seamark.core.errors import InvalidQuery, RemoteFailure, SeamarkError, UnknownFormat, UnreadableReport


@pytest.mark.parametrize(
    ("where", "hint", "sentence"),
    [
        ("", "", "No"),
        ("line 3", "", "No at line 3"),
        ("", "write it again", "No (write it again)"),
        ("$.runs[0]", "write it again", "No at $.runs[0] (write it again)"),
    ],
)
def test_unreadable(where: str, hint: str, sentence: str) -> None:
    error = UnreadableReport("No", where=where, hint=hint)
    assert str(error) == sentence
    assert (error.reason, error.where, error.hint) == ("No", where, hint)


def test_details_stay_with_the_failure() -> None:
    unknown = UnknownFormat("Several", candidates=("a", "b"), hint="name one")
    assert (str(unknown), unknown.candidates, isinstance(unknown, UnreadableReport)) == (
        "Several (name one)",
        ("a", "b"),
        True,
    )
    assert (InvalidQuery("No", position=4).position, str(InvalidQuery("No"))) == (4, "No")
    assert RemoteFailure("No", permanent=True).permanent


def test_one_family() -> None:
    found = [one for _, one in inspect.getmembers(errors, inspect.isclass) if one.__module__ == errors.__name__]
    assert len(found) > 8
    assert all(issubclass(one, SeamarkError) and one.__doc__ for one in found)
