"""Fixes by what they are worth."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Sum

from seamark.store.models import Fix


def ranked_fixes(fixes: QuerySet[Fix], limit: int) -> list[dict[str, Any]]:
    """Return the fixes of open issues, by the sum of the risk that they remove; risk in points from 0 to 100 an issue."""
    is_open = Q(issues__open=True)
    rows = (
        fixes.select_related("application", "asset")
        .annotate(
            number=Count("issues", filter=is_open),
            total=Sum("issues__risk", filter=is_open),
            worst=Max("issues__risk", filter=is_open),
        )
        .filter(number__gt=0)
        .order_by("-total", "id")[:limit]
    )
    return [
        {
            "id": row.pk, "title": row.title, "kind": row.kind, "target": row.target or None, "partial": bool(row.details.get("partial")),
            "application": row.application.name, "asset": str(row.asset), "issues": row.number, "risk_removed": row.total / 10, "worst": row.worst / 10,
        }
        for row in rows
    ]  # fmt: skip
