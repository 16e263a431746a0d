"""Lists as files: what the page shows under the same query, to the end or to a bound, and no row more than one may see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from seamark.core.errors import InvalidQuery
from seamark.insight.analytics import fixes
from seamark.insight.exports import table
from seamark.insight.exports.issues import as_json
from seamark.insight.exports.sarif import TYPE as SARIF
from seamark.insight.exports.sarif import as_sarif
from seamark.insight.exports.table import MOST_ROWS, Row
from seamark.interfaces.web.frame import visible
from seamark.store.access import Visible
from seamark.store.models import Import, Issue
from seamark.store.query import bounded_count, ordered, parse, select

AT_ONCE: Final = 1_000
FORMS: Final = {**table.TYPES, "sarif": SARIF}
ISSUES: Final = (
    "id", "title", "reason", "risk", "priority", "severity", "kind", "application", "asset", "state", "resolution", "place",
    "component", "rule", "cwe", "kev", "fixable", "regression", "tools", "owner", "assignee", "due", "fix", "opened_at", "resolved_at",
    "address",
)  # fmt: skip
FIXES: Final = (
    "id", "title", "kind", "target", "partial", "application", "asset", "issues", "assets", "risk_removed", "worst", "severity", "kev",
)  # fmt: skip
IMPORTS: Final = (
    "id", "report", "application", "state", "error", "findings", "new", "unchanged", "moved", "fixed", "reopened", "author", "sent_at",
    "finished_at",
)  # fmt: skip


def issues(request: HttpRequest, form: str) -> HttpResponseBase:
    """Write the list of issues that a query asks for, in its order."""
    seen = visible(request)
    try:
        query = parse(request.GET.get("q", "").replace("\0", ""))
        column, descending = ordered(query)
        chosen = select(seen.issues(), query)
    except InvalidQuery as error:
        return HttpResponse(f"{error}\n", status=400, content_type="text/plain; charset=utf-8")
    sign = "-" if descending else ""
    rows = chosen.select_related("application", "asset", "assignee", "fix").order_by(f"{sign}{column}", f"{sign}id")
    complete = not bounded_count(chosen, MOST_ROWS).more
    found = rows[:MOST_ROWS].iterator(chunk_size=AT_ONCE)
    if form == "sarif":
        return _file("issues", form, as_sarif(found, complete=complete), complete=complete)
    return _table("issues", form, ISSUES, (_issue(request, one) for one in found), complete=complete)


def _issue(request: HttpRequest, one: Issue) -> Row:
    place = request.build_absolute_uri(f"/issues/{one.reference}/")
    more = {
        "asset": str(one.asset),
        "assignee": one.assignee.username if one.assignee else None,
        "fix": one.fix.title if one.fix else None,
        "address": place,
    }
    return {**as_json(one), **more}


def fix_list(request: HttpRequest, form: str) -> HttpResponseBase:
    """Write the fixes by the risk that they remove."""
    seen = visible(request)
    kind = request.GET.get("kind", "")
    ranking = fixes.ranking(seen.issues())
    if kind:
        ranking = ranking.of_kind(kind)
    return _table("fixes", form, FIXES, _fixes(seen, ranking), complete=ranking.whole)


def _fixes(seen: Visible, ranking: fixes.Ranking) -> Iterator[Row]:
    after = ""
    while True:
        part = ranking.page(AT_ONCE, after)
        yield from (fixes.as_json(one) for one in fixes.worths(seen.fixes(), part))
        after = part.after
        if not after:
            return


def import_list(request: HttpRequest, form: str) -> HttpResponseBase:
    """Write the history of imports, the newest first."""
    rows = visible(request).imports().select_related("report", "author").order_by("-id")
    complete = not bounded_count(rows, MOST_ROWS).more
    found = (_import(one) for one in rows[:MOST_ROWS].iterator(chunk_size=AT_ONCE))
    return _table("imports", form, IMPORTS, found, complete=complete)


def _import(one: Import) -> Row:
    result: dict[str, Any] = one.result or {}
    counted = {name: result.get(name) for name in ("findings", "new", "unchanged", "moved", "fixed", "reopened")}
    return {
        "id": one.pk, "report": one.report.name, "application": str(one.target.get("application", "")), "state": one.state,
        "error": one.error, **counted, "author": one.author.username if one.author else None,
        "sent_at": one.created_at.isoformat(), "finished_at": one.finished_at.isoformat() if one.finished_at else None,
    }  # fmt: skip


def _table(name: str, form: str, columns: tuple[str, ...], rows: Iterator[Row], *, complete: bool) -> HttpResponseBase:
    bounded = islice(rows, MOST_ROWS)
    writers: dict[str, Callable[[], Iterator[bytes]]] = {
        "csv": lambda: table.as_csv(columns, bounded),
        "xlsx": lambda: table.as_xlsx(columns, bounded),
        "json": lambda: table.as_json(name, bounded, complete=complete),
    }
    if form not in writers:
        raise Http404
    return _file(name, form, writers[form](), complete=complete)


def _file(name: str, form: str, pieces: Iterator[bytes], *, complete: bool) -> HttpResponseBase:
    day = timezone.now().date().isoformat()
    part = "" if complete else f"-first-{MOST_ROWS}"
    response = StreamingHttpResponse(pieces, content_type=FORMS[form])
    response["Content-Disposition"] = f'attachment; filename="seamark-{name}-{day}{part}.{form}"'
    return response
