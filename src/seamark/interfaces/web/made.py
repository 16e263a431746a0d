"""Files that a job makes: how far it is, and the file itself."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header

from seamark.core.errors import NotFound
from seamark.interfaces.web.frame import person, visible
from seamark.pipeline import jobs, made_files
from seamark.pipeline.packing import KINDS


def show(request: HttpRequest, number: int) -> HttpResponse:
    """Show how far a pack is that somebody asked for: a row of their list."""
    rows = jobs.of(person(request)).filter(kind__in=list(KINDS)).select_related("made")
    return render(request, "web/made/_row.html", {"one": get_object_or_404(rows, pk=number)})


def download(request: HttpRequest, number: int) -> HttpResponseBase:
    """Hand out the file, to whoever asked for it, as long as that person may read all that is in it."""
    try:
        row = made_files.find(visible(request), person(request), number)
    except NotFound as error:
        raise Http404(str(error)) from None
    headers = {
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=row.name) or "attachment",
        "Content-Length": str(row.size),
    }
    return StreamingHttpResponse(made_files.pieces(row), content_type=row.type, headers=headers)
