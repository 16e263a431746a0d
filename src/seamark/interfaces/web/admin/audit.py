"""Everything that was done: events, and decisions of the ledger, to be searched and taken along."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date

from seamark.core.errors import InvalidQuery
from seamark.governance.access.changes import KINDS
from seamark.governance.ledger.reading import may_read
from seamark.insight.exports import table
from seamark.insight.exports.table import MOST_ROWS
from seamark.interfaces.web.admin.frame import MOST, asked, listing, shown
from seamark.interfaces.web.frame import visible
from seamark.pipeline import audit
from seamark.pipeline.audit import Filter
from seamark.store.access import Visible
from seamark.store.query import bounded_count

EVENTS: Final = ("id", "at", "kind", "about", "before", "after", "actor", "address", "application")
DECISIONS: Final = ("number", "at", "kind", "subject", "actor", "content", "leaf_hash")
FORMS: Final = {"csv": table.TYPES["csv"], "json": table.TYPES["json"]}


def listed(request: HttpRequest) -> HttpResponse:
    """List what was done, the newest first."""
    seen = _auditor(request)
    ledger = _wants_ledger(request, seen)
    wanted, kept = _filter(request, seen, ledger=ledger)
    rows: Any = audit.decisions(seen, wanted) if ledger else audit.events(seen, wanted)
    try:
        found = listing(
            request, rows, reverse("audit"), kept, column="number" if ledger else "id",
            shown=(lambda row: row) if ledger else audit.told,
        )  # fmt: skip
    except InvalidQuery:
        return redirect("audit")
    context = {
        **found, "ledger": ledger, "asked": kept, "reads_ledger": may_read(seen), "filter": urlencode(kept),
        "kinds": audit.kinds_of_decisions(seen) if ledger else KINDS, "applications": list(seen.applications().order_by("name")[:MOST]),
        "others": urlencode({name: value for name, value in kept.items() if name != "of"}),
    }  # fmt: skip
    return shown(request, "web/admin/audit.html", context)


def export(request: HttpRequest, form: str) -> HttpResponseBase:
    """Write what the page lists under the same filter as a file, to a bound that its name then tells."""
    seen = _auditor(request)
    if form not in FORMS:
        raise Http404
    ledger = _wants_ledger(request, seen)
    wanted, _ = _filter(request, seen, ledger=ledger)
    rows: Any = audit.decisions(seen, wanted) if ledger else audit.events(seen, wanted)
    complete = not bounded_count(rows, MOST_ROWS).more
    name, columns = ("decisions", DECISIONS) if ledger else ("events", EVENTS)
    lines = (audit.exported_decisions if ledger else audit.exported_events)(rows, MOST_ROWS)
    return _file(name, form, columns, lines, complete=complete)


def _file(
    name: str, form: str, columns: tuple[str, ...], lines: Iterator[dict[str, Any]], *, complete: bool
) -> HttpResponseBase:
    pieces = table.as_csv(columns, lines) if form == "csv" else table.as_json(name, lines, complete=complete)
    part = "" if complete else f"-first-{MOST_ROWS}"
    day = timezone.now().date().isoformat()
    response = StreamingHttpResponse(pieces, content_type=FORMS[form])
    response["Content-Disposition"] = f'attachment; filename="seamark-audit-{name}-{day}{part}.{form}"'
    return response


def _auditor(request: HttpRequest) -> Visible:
    seen = visible(request)
    if not audit.may_audit(seen):
        raise PermissionDenied
    return seen


def _wants_ledger(request: HttpRequest, seen: Visible) -> bool:
    return asked(request, "of") == "ledger" and may_read(seen)


def _filter(request: HttpRequest, seen: Visible, *, ledger: bool) -> tuple[Filter, dict[str, str]]:
    """Return what is asked for, and the same as the fields of the form; what cannot be understood is left out of both."""
    since, until = _day(asked(request, "since")), _day(asked(request, "until"))
    slug = asked(request, "application")
    application = seen.applications().filter(slug=slug).first() if slug else None
    actor, kind = asked(request, "actor"), asked(request, "kind", 40)
    kept = {
        "of": "ledger" if ledger else "", "actor": actor, "kind": kind, "application": application.slug if application else "",
        "since": since.isoformat() if since else "", "until": until.isoformat() if until else "",
    }  # fmt: skip
    return Filter(actor, kind, application, since, until), kept


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
