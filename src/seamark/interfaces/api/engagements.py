"""Penetration tests: engagements, what testers report, and retests with their proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any, BinaryIO, Literal, cast

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja import File, Form, Path, Query, Router, Schema
from ninja.files import UploadedFile
from pydantic import ConfigDict, Field

from seamark.core.errors import NotFound
from seamark.interfaces.api.answers import Answer, Line, Number, Turn, answer, tagged, turned_page
from seamark.interfaces.api.authentication import IMPORT, READ_OR_IMPORT, WRITE, Actor, actor_of
from seamark.interfaces.api.issues import issue_of
from seamark.interfaces.api.problems import declared, possible, refused_field
from seamark.pipeline.engagements import agreeing, proving, reading, reporting, retesting, rights
from seamark.store.evidence import report_bytes
from seamark.store.models import Engagement, PentestFinding, User

router = Router()
Reference = Annotated[str, Path(pattern=r"^[Pp][Tt]-[0-9]{1,15}$", description="Such as PT-3.")]
_TEXT = r"^[^\x00]*$"
_FILE = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}


class EngagementRow(Answer):
    """An engagement as lists show it."""

    engagement: str
    name: str
    application: str = Field(description="Short name.")
    state: Literal["planned", "running", "retests", "over", "closed"]
    starts: str
    ends: str
    retest_until: str
    findings: int
    open: int
    ready: int = Field(description="Findings that wait for a retest.")
    passed: int
    failed: int


class EngagementPage(Answer):
    """A page of engagements, the newest first."""

    items: list[EngagementRow]
    next: str | None
    previous: str | None
    count: Number


class EngagementAsset(Answer):
    """An asset that the scope names."""

    id: int
    kind: str
    name: str


class EngagementSource(Answer):
    """A report that came in."""

    id: int
    file: str
    format: str
    digest: str
    at: str
    author: str


class EngagementAccount(EngagementRow):
    """An engagement in full."""

    scope: str
    rules: str
    assets: list[EngagementAsset]
    testers: list[str]
    created_by: str
    created_at: str
    closed_at: str | None
    reports: list[EngagementSource]


class RetestStep(Answer):
    """A step on the way from a finding to its proof."""

    id: int
    state: Literal["open", "ready", "passed", "failed"]
    comment: str
    at: str
    by: str
    proof: str | None = Field(description="SHA-256 of the proof; `/engagements/{reference}/proofs/{id}` returns it.")


class ProvenIssue(Answer):
    """An issue that a finding proves."""

    issue: str
    title: str
    place: str
    by_person: bool = Field(description="Said by a person; else found by the matcher.")


class PentestRow(Answer):
    """A finding of testers."""

    id: int
    state: Literal["open", "ready", "passed", "failed"]
    title: str
    severity: str
    kind: str
    place: str
    asset: str
    verified: bool
    issue: str | None = Field(description="Null for those who may not see the application's issues.")
    issue_state: str | None
    cwe: int | None
    ready_by: str
    report: str
    proves: list[ProvenIssue]
    steps: list[RetestStep]


class PentestList(Answer):
    """The findings of an engagement, the worst first."""

    items: list[PentestRow]


class EngagementImport(Answer):
    """What a report brought."""

    findings: int
    issues: int = Field(description="New issues.")
    notes: list[str]


class WhichEngagements(Turn):
    """Which engagements."""

    state: Literal["", "planned", "running", "retests", "over", "closed"] = ""
    application: Line = Field("", max_length=200)


class EngagementTerms(Schema):
    """What is agreed."""

    model_config = ConfigDict(extra="forbid")
    name: Line = Field(min_length=1, max_length=agreeing.LONGEST_NAME)
    starts: date
    ends: date
    retest_until: date | None = Field(None, description="By default 90 days after the end.")
    scope: str = Field("", max_length=agreeing.LONGEST, pattern=_TEXT)
    rules: str = Field("", max_length=agreeing.LONGEST, pattern=_TEXT)
    assets: list[Annotated[int, Field(ge=1, lt=2**62)]] = Field([], max_length=agreeing.MOST_ASSETS)


class NewEngagement(EngagementTerms):
    """An engagement to be."""

    application: Line = Field(min_length=1, max_length=200, description="Short name.")


class PentestSending(Schema):
    """What is said of a report."""

    format: Line = Field("auto", max_length=80)
    asset: int | None = Field(None, ge=1, lt=2**62, description="What was tested; none: the application.")
    proved: bool = Field(default=False, description="Carried out by hand: the findings count as verified.")


class Remark(Schema):
    """What is said with it."""

    model_config = ConfigDict(extra="forbid")
    comment: str = Field("", max_length=retesting.MOST_WORDS, pattern=_TEXT)


class Outcome(Schema):
    """What testing again showed."""

    passed: bool
    proof: str = Field("", max_length=retesting.MOST_WORDS, pattern=_TEXT, description="What was sent and came back.")


@router.get(
    "/engagements", auth=READ_OR_IMPORT, response={200: EngagementPage, **declared()}, summary="List engagements"
)
def list_engagements(request: HttpRequest, which: Query[WhichEngagements]) -> HttpResponse:
    """List penetration tests, the newest first: those of applications that you see, and those that you test."""
    rows = reading.listed(actor_of(request).seen, application=which.application, state=which.state)
    return answer(turned_page(rows, which, _rows))


@router.post(
    "/engagements", auth=WRITE, response={201: EngagementAccount, **declared(400, 413)}, summary="Agree on an engagement"
)  # fmt: skip
def create_engagement(request: HttpRequest, given: NewEngagement) -> HttpResponse:
    """Agree on a penetration test of an application. It takes the rights `issue.dismiss` and `import` there."""
    actor = actor_of(request)
    application = actor.seen.applications().filter(slug=given.application).first()
    if application is None:
        raise refused_field("body.application", "there is no application of that short name that you may see")
    return answer(reading.account(agreeing.create(actor.person, application, _terms(given))), status=201)


@router.get(
    "/engagements/{reference}", auth=READ_OR_IMPORT, response={200: EngagementAccount, 304: None, **declared(404)},
    summary="Show an engagement",
)  # fmt: skip
def show_engagement(request: HttpRequest, reference: Reference) -> HttpResponse:
    """Show a penetration test: what was agreed, who tests, what was reported."""
    return tagged(request, reading.account(_named(actor_of(request), reference)))


@router.put(
    "/engagements/{reference}", auth=WRITE, response={200: EngagementAccount, **declared(400, 404, 413)},
    summary="Change what was agreed",
)  # fmt: skip
def change_engagement(request: HttpRequest, reference: Reference, given: EngagementTerms) -> HttpResponse:
    """Change the words, days and assets of an engagement."""
    actor = actor_of(request)
    return answer(reading.account(agreeing.edit(actor.person, _named(actor, reference), _terms(given))))


@router.post(
    "/engagements/{reference}/close", auth=WRITE, response={200: EngagementAccount, **declared(404, 409)},
    summary="Close an engagement",
)  # fmt: skip
def close_engagement(request: HttpRequest, reference: Reference) -> HttpResponse:
    """End an engagement. Nothing may wait for a retest then."""
    return _managed(request, reference, agreeing.close)


@router.post(
    "/engagements/{reference}/reopen", auth=WRITE, response={200: EngagementAccount, **declared(404, 409)},
    summary="Take up a closed engagement again",
)  # fmt: skip
def reopen_engagement(request: HttpRequest, reference: Reference) -> HttpResponse:
    """Take up a closed engagement again."""
    return _managed(request, reference, agreeing.reopen)


@router.put(
    "/engagements/{reference}/testers/{name}", auth=WRITE, response={200: EngagementAccount, **declared(404, 409)},
    summary="Let somebody test",
)  # fmt: skip
def add_engagement_tester(request: HttpRequest, reference: Reference, name: str) -> HttpResponse:
    """Let an account test: it sees this engagement, reports findings and tests again, and gets no other right by it."""
    return _managed(request, reference, lambda actor, row: agreeing.add_tester(actor, row, _tester(actor, row, name)))


@router.delete(
    "/engagements/{reference}/testers/{name}", auth=WRITE, response={200: EngagementAccount, **declared(404, 409)},
    summary="Let somebody test no longer",
)  # fmt: skip
def remove_engagement_tester(request: HttpRequest, reference: Reference, name: str) -> HttpResponse:
    """Let an account test no longer."""
    return _managed(
        request, reference, lambda actor, row: agreeing.remove_tester(actor, row, _tester(actor, row, name))
    )


@router.post(
    "/engagements/{reference}/reports", auth=IMPORT, response={201: EngagementImport, **declared(400, 404, 413)},
    summary="Report findings of a test",
)  # fmt: skip
def send_pentest_report(
    request: HttpRequest, reference: Reference, told: Form[PentestSending], report: File[UploadedFile]
) -> HttpResponse:
    """Import a tester's report at once. It closes nothing, and speaks of nothing outside of the scope."""
    actor = actor_of(request)
    row = _named(actor, reference)
    sending = reporting.Sending(format=told.format, asset=told.asset, proved=told.proved)
    stream = cast("BinaryIO", report.file)
    outcome = reporting.take_stream(actor.person, row, stream, report.name or "report", sending)
    shown = {"findings": outcome.findings, "issues": outcome.issues, "notes": list(outcome.notes)}
    return answer(shown, status=201)


@router.get(
    "/engagements/{reference}/findings", auth=READ_OR_IMPORT, response={200: PentestList, **declared(404)},
    summary="List what testers found",
)  # fmt: skip
def list_pentest_findings(
    request: HttpRequest, reference: Reference, state: Literal["", "open", "ready", "passed", "failed"] = ""
) -> HttpResponse:
    """List the findings of an engagement with the issues that they prove and every step of their retests; 2,000 at most."""
    actor = actor_of(request)
    return answer({"items": reading.findings(actor.seen, _named(actor, reference), state=state)})


@router.post(
    "/engagements/{reference}/findings/{int:number}/ready", auth=WRITE,
    response={200: PentestList, **declared(404, 409)}, summary="Say that a finding is mended",
)  # fmt: skip
def ask_for_retest(request: HttpRequest, reference: Reference, number: int, said: Remark) -> HttpResponse:
    """Say that a finding is mended and waits for a retest, which somebody else makes."""
    return _mended(request, reference, number, lambda actor, one: retesting.ready(actor.person, one, said.comment))


@router.post(
    "/engagements/{reference}/findings/{int:number}/withdraw", auth=WRITE,
    response={200: PentestList, **declared(404, 409)}, summary="Take back that a finding is mended",
)  # fmt: skip
def withdraw_retest(request: HttpRequest, reference: Reference, number: int, said: Remark) -> HttpResponse:
    """Take back that a finding is mended."""
    return _mended(request, reference, number, lambda actor, one: retesting.withdraw(actor.person, one, said.comment))


@router.post(
    "/engagements/{reference}/findings/{int:number}/retest", auth=WRITE,
    response={200: PentestList, **declared(400, 404, 409, 413)}, summary="Say what testing again showed",
)  # fmt: skip
def judge_retest(
    request: HttpRequest, reference: Reference, number: int, told: Form[Outcome],
    file: Annotated[UploadedFile | None, File(description="The proof, where words do not do.")] = None,
) -> HttpResponse:  # fmt: skip
    """Say what testing again showed, with the proof in words or as a file. A retest that passed closes the finding."""
    actor = actor_of(request)
    row, one = _finding(actor, reference, number)
    stream = cast("BinaryIO", file.file) if file is not None else None
    name = (file.name or "proof") if file is not None else ""
    with possible(held=rights.retests(actor.seen, row)):
        retesting.judge(actor.person, one, passed=told.passed, proof=told.proof, file=stream, name=name)
    return _shown(actor, row, one)


@router.put(
    "/engagements/{reference}/findings/{int:number}/proves/{issue}", auth=WRITE,
    response={200: PentestList, **declared(404, 409)}, summary="Say what a finding proves",
)  # fmt: skip
def add_pentest_proof(request: HttpRequest, reference: Reference, number: int, issue: str) -> HttpResponse:
    """Say that a finding proves an issue in code or a package, whose likelihood that raises."""
    return _mended(
        request, reference, number, lambda actor, one: proving.link(actor.person, one, issue_of(actor, issue))
    )


@router.delete(
    "/engagements/{reference}/findings/{int:number}/proves/{issue}", auth=WRITE,
    response={200: PentestList, **declared(404, 409)}, summary="Take back what a finding proves",
)  # fmt: skip
def remove_pentest_proof(request: HttpRequest, reference: Reference, number: int, issue: str) -> HttpResponse:
    """Take back that a finding proves an issue. What the matcher finds stays."""
    return _mended(
        request, reference, number, lambda actor, one: proving.unlink(actor.person, one, issue_of(actor, issue))
    )


@router.get(
    "/engagements/{reference}/proofs/{int:step}", auth=READ_OR_IMPORT, response={200: None, **declared(404)},
    summary="Download the proof of a retest", openapi_extra={"responses": {200: {"description": "The file.", **_FILE}}},
)  # fmt: skip
def download_proof(request: HttpRequest, reference: Reference, step: int) -> HttpResponseBase:
    """Return a proof as it was sent; always as a download, never shown by a browser."""
    row = _named(actor_of(request), reference)
    with _found():
        proof = reading.proof_of(row, min(step, 2**62)).proof
    if proof is None:
        raise Http404
    headers = {"Content-Disposition": "attachment; filename=proof", "X-Content-Type-Options": "nosniff"}
    return StreamingHttpResponse(report_bytes(proof), content_type="application/octet-stream", headers=headers)


@contextmanager
def _found() -> Iterator[None]:
    try:
        yield
    except NotFound as error:
        raise Http404(str(error)) from None


def _named(actor: Actor, reference: str) -> Engagement:
    with _found():
        return reading.named(actor.seen, int(reference[3:]))


def _finding(actor: Actor, reference: str, number: int) -> tuple[Engagement, PentestFinding]:
    row = _named(actor, reference)
    with _found():
        return row, reading.finding_of(row, min(number, 2**62))


def _tester(actor: User, row: Engagement, name: str) -> User:
    rights.check_manages(actor, row.application)
    with _found():
        return agreeing.person_named(name)


def _managed(request: HttpRequest, reference: str, act: Callable[[User, Engagement], object]) -> HttpResponse:
    """Carry out what those may do who manage an engagement, and show it as it is then."""
    actor = actor_of(request)
    row = _named(actor, reference)
    with possible(held=rights.manages(actor.seen, row.application)):
        act(actor.person, row)
    return answer(reading.account(_named(actor, reference)))


def _mended(
    request: HttpRequest, reference: str, number: int, act: Callable[[Actor, PentestFinding], object]
) -> HttpResponse:
    """Carry out what those may do who mend a finding, and show it as it is then."""
    actor = actor_of(request)
    row, one = _finding(actor, reference, number)
    with possible(held=rights.mends(actor.seen, row)):
        act(actor, one)
    return _shown(actor, row, one)


def _rows(found: Any) -> list[dict[str, Any]]:
    tallies = reading.counts(found)
    return [reading.row(one, tallies[one.pk]) for one in found]


def _shown(actor: Actor, row: Engagement, one: PentestFinding) -> HttpResponse:
    listed = reading.findings(actor.seen, row)
    return answer({"items": [each for each in listed if each["id"] == one.pk]})


def _terms(given: EngagementTerms) -> agreeing.Terms:
    return agreeing.Terms(
        name=given.name, starts=given.starts, ends=given.ends, retest_until=given.retest_until, scope=given.scope, rules=given.rules,
        assets=tuple(given.assets),
    )  # fmt: skip
