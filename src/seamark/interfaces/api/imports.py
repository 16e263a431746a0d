"""Sending reports in, and asking what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, BinaryIO, cast

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from ninja import File, Form, Header, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field

from seamark.core.errors import UnreadableReport
from seamark.intake.discovery import excerpt
from seamark.intake.discovery.excerpt import Excerpt
from seamark.interfaces.api.answers import Answer, Line, Number, Turned, answer, tagged, turned_page
from seamark.interfaces.api.authentication import IMPORT, READ_OR_IMPORT, Actor, actor_of, too_large
from seamark.interfaces.api.problems import Refusal, declared
from seamark.pipeline.imports import accept, progress_of
from seamark.pipeline.ingest.place import named
from seamark.pipeline.target import Target
from seamark.store.access import IMPORTS
from seamark.store.models import Import

router = Router()


class Where(Schema):
    """Where the report belongs. What is left out is taken from the report, as far as it proves it."""

    application: Line = Field(min_length=1, max_length=200, description="Made where there is none of that name.")
    repository: Line = Field("", max_length=2000, description="URL, or `host/owner/name`.")
    ref: Line = Field("", max_length=500, description="Branch or tag.")
    commit: Line = Field("", max_length=64)
    pull_request: Line = Field("", max_length=50, description="A scan of a pull request changes nothing on the branch.")
    image: Line = Field("", max_length=1000, description="`registry/name:tag@sha256:…`")
    configuration: Line = Field("", max_length=500, description="Tells several scans of one tool over one asset apart.")
    root: Line = Field(
        "",
        max_length=1000,
        description="Folder of the repository on the machine that scanned; absolute paths are told from there.",
    )
    scanned_at: Line = Field(
        "", max_length=40, description="When the scan ran, if the report does not say: 2026-05-04T10:00:00Z."
    )
    complete: bool = Field(default=False, description="You vouch that the scan ran to its end: it may close findings.")
    format: Line = Field("auto", max_length=80, description="A name of `/formats`, or `auto`.")
    mapping: str = Field(
        "", max_length=65536, description="A mapping file's text (YAML) to read the report by, in place of a format."
    )


class ReportShape(Answer):
    """A report as it was sent."""

    name: str
    size: int
    digest: str = Field(description="SHA-256; `/reports/{digest}` returns the file.")


class ImportShape(Answer):
    """A report that was sent in, and what became of it."""

    id: int
    state: str = Field(json_schema_extra={"enum": ["queued", "running", "done", "failed"]})
    progress: int = Field(description="Findings read so far.")
    report: ReportShape
    target: dict[str, Any]
    result: dict[str, Any] | None = Field(description="What the import did, once it is done.")
    error: str | None = Field(description="Why it failed, in a sentence.")
    failure: str | None = Field(description="`unreadable-report`, `unknown-format`, `refused` or `store`.")
    created_at: datetime
    finished_at: datetime | None


class ImportPage(Answer):
    """A page of imports, newest first."""

    items: list[ImportShape]
    next: str | None
    previous: str | None
    count: Number


Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")]
_SOURCE = """What a checkout adds, as JSON: `{"scopes": {path: {line: function}}, "lines": {path: {"first-last": code}}, "routes": [{"path",
"method", "file", "line", "end_line", "scope", "parameters"}]}`. Paths and lines are those of the report; at most 32 MB."""
SourcePart = Annotated[UploadedFile | None, File(description=_SOURCE)]


@router.post("/imports", auth=IMPORT, response={202: ImportShape, **declared(400, 413)}, summary="Send a report in")
def send_report(
    request: HttpRequest,
    target: Form[Where],
    report: File[UploadedFile],
    source: SourcePart = None,
    idempotency_key: Key = None,
) -> HttpResponse:
    """Keep a report and queue its import; ask for the import until its state is `done` or `failed`.

    With an `Idempotency-Key` the same request may be sent again: it returns the import that the first one made.
    `source` is what `seamark import --source` takes from the checkout that was scanned: functions and code at the places
    that the report names, and routes.
    """
    actor = actor_of(request)
    if (report.size or 0) > settings.SEAMARK_UPLOAD_LIMIT:
        raise too_large()
    if report.file is None:
        raise UnreadableReport("The file is empty")
    belongs = _allowed(actor, target)
    told = _excerpt(source) if source is not None else None
    stream, name = cast("BinaryIO", report.file), report.name or "report"
    made = accept(stream, name, belongs, author=actor.person, key=idempotency_key, source=told)
    return answer(shown(made), status=202, headers={"Location": reverse("api-1:show_import", args=[made.pk])})


def _excerpt(part: UploadedFile) -> Excerpt:
    """Return what was sent of the source. Raises `Refusal` and `ImportRefused`."""
    if (part.size or 0) > excerpt.LARGEST:
        limit = excerpt.LARGEST // 1024**2
        raise Refusal(413, f"The excerpt of the source is larger than {limit} MB", type="too-large")
    return excerpt.decode(part.read())


def _allowed(actor: Actor, given: Where) -> Target:
    """Return where a report belongs, under the name that its application has. Raises `Refusal`."""
    seen = actor.seen
    known = named(seen.applications(IMPORTS), given.application).first()
    if known is None and not seen.may(IMPORTS):
        # The same words whether or not there is such an application.
        raise Refusal(
            403, f"You may not import into {given.application!r}: it needs the role developer, analyst or admin"
        )
    name = known.name if known else given.application.strip()
    return msgspec.convert({**given.dict(exclude_defaults=True), "application": name}, Target)


@router.get("/imports", auth=READ_OR_IMPORT, response={200: ImportPage, **declared()}, summary="List imports")
def list_imports(request: HttpRequest, turn: Turned) -> HttpResponse:
    """List imports, newest first. A token without the scope `read` sees its person's own."""
    rows = _visible(actor_of(request)).select_related("report")
    return answer(turned_page(rows, turn, lambda found: map(shown, found)))


@router.get(
    "/imports/{int:number}",
    auth=READ_OR_IMPORT,
    response={200: ImportShape, 304: None, **declared(404)},
    summary="Show an import",
)
def show_import(request: HttpRequest, number: int) -> HttpResponse:
    """Show an import, with its progress while it runs and its result afterwards."""
    found = get_object_or_404(_visible(actor_of(request)).select_related("report"), pk=number)
    return tagged(request, shown(found))


def _visible(actor: Actor) -> Any:
    rows = actor.seen.imports()
    return rows if "read" in actor.scopes else rows.filter(author=actor.person)


def shown(found: Import) -> dict[str, Any]:
    """Return an import as plain values."""
    return {
        "id": found.pk,
        "state": str(found.state),
        "progress": progress_of(found),
        "report": {"name": found.report.name, "size": found.report.size, "digest": found.report.digest},
        "target": found.target,
        "result": found.result,
        "error": found.error or None,
        "failure": found.failure or None,
        "created_at": found.created_at.isoformat(),
        "finished_at": found.finished_at.isoformat() if found.finished_at else None,
    }
