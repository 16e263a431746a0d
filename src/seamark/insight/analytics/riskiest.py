"""Why something stands high in a list: the riskiest issue of each application, fix or asset."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from seamark.store.models import Issue
from seamark.store.query import NEEDS_WORK

_TOLD = ("id", "title", "risk", "priority", "facts")


def riskiest(issues: QuerySet[Issue], of: QuerySet[Any], by: str) -> dict[int, Issue]:
    """Return the riskiest open issue of each row of a page, where there is one. `by` is the issue's column: `application` or `fix`.

    One walk down an index for each row, in one statement.
    """
    first = issues.filter(NEEDS_WORK, **{by: OuterRef("pk")}).order_by("-risk", "-id").values("pk")[:1]
    tops = of.order_by().annotate(top=Subquery(first)).values("top")
    return {getattr(one, f"{by}_id"): one for one in issues.filter(pk__in=tops).only(*_TOLD, by)}


def told(issues: QuerySet[Issue], numbers: Collection[Any]) -> dict[int, Issue]:
    """Return issues with what their reason is made of, by number."""
    return {one.pk: one for one in issues.filter(pk__in=numbers).only(*_TOLD)}
