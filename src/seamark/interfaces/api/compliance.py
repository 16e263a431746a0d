"""Compliance: frameworks, controls, checks, gaps and evidence as they stand, now or at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Final

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Form, Path, Query, Router
from ninja.files import UploadedFile
from ninja.params import File

from seamark.core.errors import NotFound
from seamark.governance.compliance.framework import InvalidFramework
from seamark.governance.compliance.kept import retire, upload
from seamark.interfaces.api.answers import answer
from seamark.interfaces.api.authentication import WRITE, actor_of
from seamark.interfaces.api.compliance_shapes import (
    CheckRecords,
    ComplianceCheckAccount,
    ComplianceCheckList,
    ComplianceGapList,
    ComplianceGapShape,
    CompliancePlace,
    ComplianceWhen,
    ControlAccount,
    EvidenceGiven,
    EvidenceList,
    EvidenceShape,
    FrameworkAccount,
    FrameworkList,
    GapChange,
    OfControl,
    OfRecords,
    OwnFramework,
    OwnFrameworkAccount,
    SnapshotWish,
)
from seamark.interfaces.api.problems import Refusal, declared
from seamark.pipeline.compliance import evidence, gaps, records, snapshots, standing
from seamark.pipeline.compliance.scope import Scope, scope_of
from seamark.store.access import READS

router = Router()
_BINARY = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
Number = Annotated[int, Path(ge=1, lt=2**62)]
_MOST: Final = 500


def _found(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer what is not there with 404."""

    @wraps(view)
    def tried(*args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(*args, **kwargs)
        except NotFound as error:
            raise Refusal(404, str(error), type="not-found") from None

    return tried


def _scope(request: HttpRequest, asked: CompliancePlace) -> Scope:
    seen = actor_of(request).seen
    if not seen.may_anywhere(READS):
        raise NotFound("There is nothing of that name that you may see")
    return scope_of(seen, application=asked.application, unit=asked.unit)


def _plain(value: object) -> Any:
    return msgspec.to_builtins(value)


@router.get("/compliance/frameworks", response={200: FrameworkList, **declared(404)}, summary="List frameworks")
@_found
def list_frameworks(request: HttpRequest, asked: Query[ComplianceWhen]) -> HttpResponse:
    """List all frameworks, with how many of their controls come to what."""
    scope = _scope(request, asked)
    shares = standing.framework_shares(actor_of(request).seen, scope, asked.at)
    return answer({"scope": str(scope), "items": _plain(shares)})


@router.post(
    "/compliance/frameworks",
    auth=WRITE,
    response={200: OwnFrameworkAccount, **declared(400, 413)},
    summary="Bring a framework",
)
def bring_framework(request: HttpRequest, asked: OwnFramework) -> HttpResponse:
    """Take over a framework of one's own, or a new version of it. It takes the right `policy.edit` on everything."""
    try:
        row = upload(actor_of(request).person, asked.text)
    except InvalidFramework as error:
        raise Refusal(422, str(error), type="invalid-framework") from None
    return answer({"name": row.name, "version": row.version, "digest": row.digest, "active": row.active})


@router.get(
    "/compliance/frameworks/{name}", response={200: FrameworkAccount, **declared(404)}, summary="Show a framework"
)
@_found
def show_framework(request: HttpRequest, name: str, asked: Query[ComplianceWhen]) -> HttpResponse:
    """Show where a framework and all of its controls stand."""
    found = standing.framework_standing(actor_of(request).seen, name, _scope(request, asked), asked.at)
    told = _plain(found)
    told.pop("applications")
    told["controls"] = [
        {
            "id": one.id, "title": one.title, "family": one.family, "outcome": one.outcome, "reason": one.reason, "need": one.need,
            "checks": [each.name for each in one.checks], "evidence": len(one.evidence), "gaps": len(one.gaps),
        }
        for one in found.controls
    ]  # fmt: skip
    return answer(told)


@router.delete(
    "/compliance/frameworks/{name}",
    auth=WRITE,
    response={200: OwnFrameworkAccount, **declared(404)},
    summary="Retire a framework",
)
@_found
def retire_framework(request: HttpRequest, name: str) -> HttpResponse:
    """Take a framework of one's own out of use. It takes the right `policy.edit` on everything."""
    row = retire(actor_of(request).person, name)
    return answer({"name": row.name, "version": row.version, "digest": row.digest, "active": row.active})


@router.get("/compliance/control", response={200: ControlAccount, **declared(404)}, summary="Show a control")
@_found
def show_control(request: HttpRequest, asked: Query[OfControl]) -> HttpResponse:
    """Show where a control stands: checks, evidence, gaps, and controls of other frameworks that ask for the same."""
    scope = _scope(request, asked)
    return answer(
        _plain(standing.control_standing(actor_of(request).seen, asked.framework, asked.control, scope, asked.at))
    )


@router.get("/compliance/checks", response={200: ComplianceCheckList, **declared(404)}, summary="List checks")
@_found
def list_checks(request: HttpRequest, asked: Query[ComplianceWhen]) -> HttpResponse:
    """List all checks with what they come to."""
    scope = _scope(request, asked)
    results = standing.check_results(actor_of(request).seen, scope, asked.at)
    return answer({"scope": str(scope), "items": _plain(list(results.values()))})


@router.get(
    "/compliance/checks/{name}", response={200: ComplianceCheckAccount, **declared(404)}, summary="Show a check"
)
@_found
def show_compliance_check(request: HttpRequest, name: str, asked: Query[ComplianceWhen]) -> HttpResponse:
    """Show what a check comes to, and what it came to before."""
    records.find(name)
    seen, scope = actor_of(request).seen, _scope(request, asked)
    result = standing.check_results(seen, scope, asked.at, [name])[name]
    return answer({**_plain(result), "history": _plain(standing.history(seen, name, scope))})


@router.get(
    "/compliance/checks/{name}/records",
    response={200: CheckRecords, **declared(404)},
    summary="List what a check was asked of",
)
@_found
def list_check_records(request: HttpRequest, name: str, asked: Query[OfRecords]) -> HttpResponse:
    """List the records behind a check's numbers, as they answer now."""
    found = records.records(actor_of(request).seen, name, _scope(request, asked), asked.answer)
    return answer({"total": len(found), "items": _plain(found[:_MOST])})


@router.get("/compliance/gaps", response={200: ComplianceGapList, **declared(404)}, summary="List gaps")
@_found
def list_gaps(request: HttpRequest, asked: Query[ComplianceWhen]) -> HttpResponse:
    """List what somebody has to do, the first due first."""
    found = standing.gaps(actor_of(request).seen, _scope(request, asked), asked.at)
    return answer({"total": len(found), "items": _plain(found[:_MOST])})


@router.patch(
    "/compliance/gaps/{number}",
    auth=WRITE,
    response={200: ComplianceGapShape, **declared(400, 404)},
    summary="Assign a gap",
)
@_found
def assign_gap(request: HttpRequest, number: Number, asked: GapChange) -> HttpResponse:
    """Say who closes a gap until when. It takes the right `context.edit` there."""
    actor = actor_of(request)
    row = gaps.find(actor.seen, number)
    row = gaps.assign(actor.person, row, owner=gaps.person_named(asked.owner), due=asked.due, note=asked.note)
    return answer(_plain(standing.gap_item(row, timezone.now())))


@router.get("/compliance/evidence", response={200: EvidenceList, **declared(404)}, summary="List evidence")
@_found
def list_evidence(request: HttpRequest, asked: Query[CompliancePlace]) -> HttpResponse:
    """List evidence of a scope, newest first."""
    seen = actor_of(request).seen
    rows = evidence.listed(seen, _scope(request, asked))[:_MOST]
    return answer({"items": _plain(_told(seen, [row.pk for row in rows]))})


@router.post(
    "/compliance/snapshots",
    auth=WRITE,
    response={200: EvidenceShape, **declared(400, 404)},
    summary="Freeze a snapshot",
)
@_found
def freeze_snapshot(request: HttpRequest, asked: SnapshotWish) -> HttpResponse:
    """Ask the platform, and freeze the answer as evidence. It takes `context.edit` there; for a review of access `user.manage`."""
    actor = actor_of(request)
    row = snapshots.take(actor.person, asked.name, _scope(request, asked))
    return answer(_plain(_told(actor.seen, [row.pk])[0]))


@router.post(
    "/compliance/evidence",
    auth=WRITE,
    response={200: EvidenceShape, **declared(400, 404, 413)},
    summary="Give evidence",
)
@_found
def give_evidence(
    request: HttpRequest, asked: Form[EvidenceGiven],
    file: Annotated[UploadedFile | None, File(description="The evidence, where no link does.")] = None,
) -> HttpResponse:  # fmt: skip
    """Give a file or a link as evidence for controls. It takes the right `context.edit` there."""
    actor, scope = actor_of(request), _scope(request, asked)
    uses = evidence.uses_from(asked.controls)
    owner = gaps.person_named(asked.owner)
    if (file is None) == (not asked.link):
        raise Refusal(400, "Give a file or a link, one of them", type="not-allowed")
    if file is None:
        row = evidence.add_link(
            actor.person,
            asked.title,
            asked.link,
            uses,
            scope=scope,
            renew_by=asked.renew_by,
            owner=owner,
            keep_until=asked.keep_until,
        )
    else:
        content = file.read(evidence.LARGEST + 1)
        row = evidence.add_file(
            actor.person, asked.title, content, file.name or "", uses, scope=scope, renew_by=asked.renew_by, owner=owner, keep_until=asked.keep_until
        )  # fmt: skip
    return answer(_plain(_told(actor.seen, [row.pk])[0]))


@router.get(
    "/compliance/evidence/{number}/content",
    response={200: None, 304: None, **declared(404)},
    summary="Read evidence",
    openapi_extra={"responses": {200: {"description": "The content as it was frozen.", **_BINARY}}},
)
@_found
def read_evidence(request: HttpRequest, number: Number) -> HttpResponse:
    """Return the content as it was frozen; that it was read is written down."""
    actor = actor_of(request)
    row, content = evidence.content_for(actor.seen, actor.person, number)
    name = row.filename or f"{row.reference}.txt"
    return HttpResponse(
        content, content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{evidence.safe_name(name)}"', "X-Content-Type-Options": "nosniff"},
    )  # fmt: skip


def _told(seen: Any, numbers: list[int]) -> list[Any]:
    found = standing.evidence_items(seen, evidence.listed(seen).filter(pk__in=numbers).order_by(), timezone.now())
    return [found[number] for number in numbers if number in found]
