"""The ledger: every decision, who made it and from what, with the proof that it was not changed since."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from seamark.core.errors import InvalidQuery, InvalidSetting, NotFound
from seamark.governance.ledger.checkpoints import proof_of, signer
from seamark.governance.ledger.reading import Filter, kinds, may_read, newest_anchors, newest_checkpoint, readable
from seamark.interfaces.web.frame import visible
from seamark.store.access import Visible
from seamark.store.query import bounded_count, page

PAGE = 50


def show(request: HttpRequest) -> HttpResponse:
    """Show the entries, newest first, and what was signed last."""
    seen = _reader(request)
    asked = Filter(*(request.GET.get(name, "").replace("\0", "").strip()[:300] for name in Filter._fields))
    rows = readable(seen, asked)
    try:
        found = page(
            rows, "number", descending=True, size=PAGE, after=request.GET.get("after", ""), before=request.GET.get("before", "")
        )  # fmt: skip
    except InvalidQuery as error:
        raise Http404 from error
    context = {
        "found": found,
        "total": bounded_count(rows),
        "asked": asked,
        "kinds": kinds(seen),
        "checkpoint": newest_checkpoint(seen),
        "anchors": newest_anchors(seen),
        "verifier": _verifier(),
        "next": _address(asked, after=found.after) if found.after else "",
        "previous": _address(asked, before=found.before) if found.before else "",
    }
    return render(request, "web/ledger/page.html", context)


def detail(request: HttpRequest, number: int) -> HttpResponse:
    """Show one entry as it is hashed."""
    seen = _reader(request)
    row = get_object_or_404(readable(seen), pk=number)
    checkpoint = newest_checkpoint(seen)
    context = {
        "row": row,
        "content": msgspec.json.format(row.content.encode(), indent=2).decode(),
        "leaf": bytes(row.leaf_hash).hex(),
        "checkpoint": checkpoint,
        "signed": checkpoint is not None and number < checkpoint.size,
    }
    return render(request, "web/ledger/entry.html", context)


def proof(request: HttpRequest, number: int) -> HttpResponse:
    """Hand out the proof of an entry as a file."""
    _reader(request)
    try:
        found = msgspec.json.encode(proof_of(number))
    except NotFound as error:
        messages.error(request, str(error))
        return redirect("ledger")
    return _file(found, "application/json", f"seamark-ledger-{number}.proof.json")


def checkpoint(request: HttpRequest) -> HttpResponse:
    """Hand out the newest checkpoint as a file."""
    found = newest_checkpoint(_reader(request))
    if found is None:
        raise Http404
    return _file(found.note.encode(), "text/plain; charset=utf-8", f"seamark-ledger-{found.size}.checkpoint")


def _reader(request: HttpRequest) -> Visible:
    """Return what the person may see; to those who may not read the ledger there is none."""
    seen = visible(request)
    if not may_read(seen):
        raise Http404
    return seen


def _verifier() -> str:
    try:
        key = signer()
    except InvalidSetting:
        return ""
    return str(key.verifier) if key else ""


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _address(asked: Filter, **more: str) -> str:
    values = {name: value for name, value in {**asked._asdict(), **more}.items() if value}
    return f"{reverse('ledger')}?{urlencode(values)}"
