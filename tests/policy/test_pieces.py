"""Applications are asked about in runs that do not grow too large."""

from __future__ import annotations

import pytest
from django.db.models import Count

from seamark.pipeline.facts import pieces as weighed
from seamark.pipeline.facts.pieces import pieces
from seamark.store.models import Issue
from tests.factories import make_world


@pytest.mark.django_db
def test_a_piece_ends_before_it_has_too_many_open_issues(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = sorted(one.pk for one in make_world().values())
    weight = dict(Issue.objects.filter(open=True).order_by().values_list("application").annotate(number=Count("pk")))
    assert len(numbers) > 1
    assert list(pieces(numbers)) == [numbers]
    monkeypatch.setattr(weighed, "PIECE", sum(weight.values()) - 1)
    found = list(pieces(numbers))
    assert len(found) == 2
    assert [number for piece in found for number in piece] == numbers
    monkeypatch.setattr(weighed, "PIECE", 0)
    assert all(len(one) == 1 for one in pieces(numbers) if any(number in weight for number in one))


@pytest.mark.django_db
def test_a_piece_has_so_many_applications_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weighed, "MOST", 2)
    assert list(pieces([7, 8, 9])) == [[7, 8], [9]]
    assert list(pieces([])) == []
