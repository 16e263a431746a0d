"""Report formats that can be read."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from seamark.intake.parsers.kit.registry import parsers
from seamark.interfaces.api.answers import Answer, tagged
from seamark.interfaces.api.authentication import READ_OR_IMPORT
from seamark.interfaces.api.problems import declared

router = Router()


class FormatShape(Answer):
    """A format, and the command that makes such a report."""

    name: str
    title: str
    kind: str
    made_with: str
    url: str


class FormatList(Answer):
    """All formats, by name."""

    items: list[FormatShape]


@router.get(
    "/formats", auth=READ_OR_IMPORT, response={200: FormatList, 304: None, **declared()}, summary="List formats"
)
def list_formats(request: HttpRequest) -> HttpResponse:
    """List the report formats that can be read."""
    shown = [
        {"name": one.name, "title": one.title, "kind": one.kind.value, "made_with": one.made_with, "url": one.url}
        for one in parsers().values()
    ]
    return tagged(request, {"items": shown})
