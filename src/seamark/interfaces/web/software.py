"""Inventories of software: what one holds, and what changed since another one of the same asset."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_noop

from seamark.analysis.software.difference import Difference
from seamark.core.errors import InvalidQuery
from seamark.insight.analytics import inventory, software
from seamark.interfaces.web.frame import visible, wants_part
from seamark.store.query import bounded_count, page

PAGE: Final = 100
MOST_CHANGES: Final = 500


def show(request: HttpRequest, number: int, sbom: int) -> HttpResponse:
    """Show an inventory: its components, narrowed by words, or what changed since the one that `since` names."""
    seen = visible(request)
    asset = get_object_or_404(seen.assets().select_related("application"), pk=number)
    boms = inventory.shown_sboms(seen, asset)
    bom = get_object_or_404(boms, pk=sbom)
    words = request.GET.get("q", "").replace("\0", "")[:200]
    since = request.GET.get("since", "")
    context: dict[str, Any] = {
        "asset": asset, "bom": bom, "words": words, "since": since,
        "others": [one for one in inventory.inventories(seen, asset) if one.id != sbom],
    }  # fmt: skip
    if since:
        if not (since.isascii() and since.isdigit() and len(since) < 19):
            raise Http404
        before = get_object_or_404(boms, pk=int(since))
        context |= {"before": before, "groups": _groups(software.changes(before, bom))}
        return render(request, "web/assets/changes.html", context)
    rows = software.held(bom, words)
    try:
        found = page(
            rows,
            "id",
            descending=False,
            size=PAGE,
            after=request.GET.get("after", ""),
            before=request.GET.get("before", ""),
        )
    except InvalidQuery as error:
        raise Http404 from error
    context |= {
        "rows": found.rows,
        "total": bounded_count(rows),
        "next": f"?{urlencode({'q': words, 'after': found.after})}" if found.after else "",
        "previous": f"?{urlencode({'q': words, 'before': found.before})}" if found.before else "",
    }
    part = wants_part(request, "list")
    return render(request, "web/assets/_components.html" if part else "web/assets/inventory.html", context)


def _groups(found: Difference) -> list[dict[str, Any]]:
    """Return the changes by what happened, each as rows of package, version before and version after."""
    groups = [
        (gettext_noop("Added"), [(one.purl or one.name, "", one.version) for one in found.added]),
        (gettext_noop("Removed"), [(one.purl or one.name, one.version, "") for one in found.removed]),
        (gettext_noop("Upgraded"), [(one.package, one.before.version, one.after.version) for one in found.upgraded]),
        (gettext_noop("Downgraded"), [(one.package, one.before.version, one.after.version) for one in found.downgraded]),
        (gettext_noop("Changed"), [(one.package, one.before.version, one.after.version) for one in found.changed]),
        (gettext_noop("Other licence"), [(one.package, ", ".join(one.before.licences), ", ".join(one.after.licences)) for one in found.relicensed]),
    ]  # fmt: skip
    return [{"title": title, "number": len(rows), "rows": rows[:MOST_CHANGES]} for title, rows in groups if rows]
