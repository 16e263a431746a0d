"""Surveys: what was found in working trees, clusters and cloud accounts, and sending one in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field

from seamark.intake.discovery.written import LARGEST, read_survey
from seamark.interfaces.api.answers import Answer, Line, Number, Turned, answer, turned_page
from seamark.interfaces.api.authentication import IMPORT, actor_of
from seamark.interfaces.api.problems import Refusal, declared
from seamark.pipeline.ingest.place import named
from seamark.pipeline.sent import LONGEST_SOURCE, take_survey
from seamark.store.access import IMPORTS
from seamark.store.models import Survey

router = Router()


class About(Schema):
    """What was surveyed."""

    application: Line = Field(min_length=1, max_length=200, description="Made where there is none of that name.")
    source: Line = Field(
        "",
        max_length=LONGEST_SOURCE,
        description="What was looked at: the next survey of the same source takes this one's place.",
    )
    commit: Line = Field("", max_length=64)
    complete: bool = Field(
        default=False, description="You vouch that all was looked at: what it does not tell of ends."
    )


class TroubleShape(Answer):
    """What could not be read, or was left out."""

    at: str
    text: str


class SurveyShape(Answer):
    """A survey."""

    id: int
    source: str
    application: str | None
    complete: bool
    commit: str
    at: str
    assets: int
    relations: int
    added: int = Field(description="Statements and relations that are new.")
    ended: int = Field(description="Statements and relations that hold no longer.")
    troubles: list[TroubleShape]


class SurveyPage(Answer):
    """A page of surveys, the newest first."""

    items: list[SurveyShape]
    next: str | None
    previous: str | None
    count: Number


@router.get("/surveys", response={200: SurveyPage, **declared()}, summary="List surveys")
def list_surveys(request: HttpRequest, turn: Turned) -> HttpResponse:
    """List surveys, the newest first."""
    rows = actor_of(request).seen.surveys().select_related("application")
    return answer(turned_page(rows, turn, lambda found: map(_shown, found)))


@router.post("/surveys", auth=IMPORT, response={201: SurveyShape, **declared(400, 413)}, summary="Send a survey in")
def send_survey(request: HttpRequest, about: Form[About], survey: File[UploadedFile]) -> HttpResponse:
    """Keep what `seamark discover . --json` prints: assets, relations, packages. At most 32 MB.

    What belongs to an application into which you may not import is left out and told. No survey that is sent for one application
    ends what another source says.
    """
    actor = actor_of(request)
    if (survey.size or 0) > LARGEST:
        raise Refusal(413, f"The survey is larger than {LARGEST // 1024**2} MB", type="too-large")
    known = named(actor.seen.applications(IMPORTS), about.application).first()
    if known is None and not actor.seen.may(IMPORTS):
        # The same words whether or not there is such an application.
        raise Refusal(
            403, f"You may not import into {about.application!r}: it needs the role developer, analyst or admin"
        )
    found = read_survey(survey.read())
    name = known.name if known else about.application
    row = take_survey(actor.seen, found, name, about.source, commit=about.commit, complete=about.complete)
    return answer(_shown(row), status=201)


def _shown(row: Survey) -> dict[str, object]:
    return {
        "id": row.pk, "source": row.source, "application": row.application.slug if row.application else None, "complete": row.complete,
        "commit": row.commit, "at": row.at.isoformat(), "assets": row.assets, "relations": row.relations, "added": row.added,
        "ended": row.ended, "troubles": [{"at": at, "text": text} for at, text in row.troubles],
    }  # fmt: skip
