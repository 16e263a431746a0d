"""How much is looked at in one go by those who ask about every application."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from django.db.models import Count

from seamark.store.models import Issue

PIECE: Final = 5_000
"""Open issues that are looked at in one transaction, as far as applications allow."""
MOST: Final = 200
"""Applications of one piece."""


def pieces(applications: Sequence[int]) -> Iterator[list[int]]:
    """Yield applications, by number, in runs of about `PIECE` open issues and at most `MOST` applications."""
    rows = Issue.objects.filter(open=True, application__in=applications).order_by().values_list("application")
    weight = dict(rows.annotate(number=Count("pk")))
    piece: list[int] = []
    total = 0
    for number in applications:
        if piece and (total + weight.get(number, 0) > PIECE or len(piece) >= MOST):
            yield piece
            piece, total = [], 0
        piece.append(number)
        total += weight.get(number, 0)
    if piece:
        yield piece
