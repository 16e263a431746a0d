"""Reports as they came."""

from __future__ import annotations

import re

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from ninja import Router

from seamark.interfaces.api.answers import unless_known
from seamark.interfaces.api.authentication import actor_of
from seamark.interfaces.api.problems import declared
from seamark.store.evidence import report_bytes

router = Router()
_BINARY = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}


@router.get(
    "/reports/{digest}",
    response={200: None, 304: None, **declared(404)},
    summary="Download a report",
    openapi_extra={"responses": {200: {"description": "The file, byte for byte.", **_BINARY}}},
)
def download_report(request: HttpRequest, digest: str) -> HttpResponseBase:
    """Return a report byte for byte as it was sent, by its SHA-256; always as a download, never shown by a browser."""
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise Http404
    found = get_object_or_404(actor_of(request).seen.reports(), digest=digest)
    tag = f'"{digest}"'
    known = unless_known(request, HttpResponse(headers={"ETag": tag}))
    if known.status_code == 304:
        return known
    headers = {
        "ETag": tag,
        "Content-Length": str(found.size),
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=found.name or "report")
        or "attachment",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingHttpResponse(report_bytes(found), content_type="application/octet-stream", headers=headers)
