"""Evidence packs for auditors, a day's changes, VEX of a product, and where payments and health data go."""

from __future__ import annotations

from datetime import date
from typing import Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from seamark.core.errors import InvalidSetting, NotAllowed, NotFound
from seamark.governance.compliance.outcome import Outcome
from seamark.insight.exports.pack.period import InvalidPeriod
from seamark.insight.exports.pack.script import verifier
from seamark.interfaces.api.answers import Answer, Line, answer, tag, unless_known
from seamark.interfaces.api.authentication import READ, actor_of
from seamark.interfaces.api.jobs import JobShape, accepted
from seamark.interfaces.api.problems import Refusal, declared, refused_field
from seamark.interfaces.api.shapes import NodeShape, WayShape
from seamark.pipeline import packing
from seamark.pipeline.compliance.pack_delta import delta_of, yesterday
from seamark.pipeline.compliance.pack_flows import flow_view
from seamark.pipeline.compliance.pack_software import vex
from seamark.pipeline.compliance.scope import Scope, scope_of
from seamark.pipeline.ingest.place import named

router = Router()
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_VEX_TYPE = {"openvex": "application/json", "csaf": "application/json", "cyclonedx": "application/vnd.cyclonedx+json"}


class PackAsked(Schema):
    """Which pack is made."""

    model_config = ConfigDict(extra="forbid")
    framework: Line = Field(min_length=1, max_length=60, description="As the list of frameworks names it: `pci-dss-4`.")
    period: Line = Field(min_length=4, max_length=30, description="`2026`, `2026-Q3`, `2026-08` or `2026-07-01..2026-09-15`.")  # fmt: skip
    application: Line = Field("", max_length=200, description="Name or short name; everything where it is left out.")
    unit: Line = Field("", max_length=200, description="A business unit instead, with those below it.")


class ScopeAsked(Schema):
    """What it is about."""

    application: Line = Field("", max_length=200, description="Name or short name; everything where it is left out.")
    unit: Line = Field("", max_length=200, description="A business unit instead, with those below it.")


class DeltaAsked(ScopeAsked):
    """Which changes are told."""

    framework: Line = Field("pci-dss-4", min_length=1, max_length=60)
    day: date | None = Field(None, description="A day (UTC); yesterday where it is left out.")


class FlowsAsked(ScopeAsked):
    """Which data is followed."""

    data: Literal["payments", "health"] = "payments"


class VexAsked(Schema):
    """Which document is written."""

    application: Line = Field(min_length=1, max_length=200, description="Name or short name.")
    form: Literal["openvex", "csaf", "cyclonedx"] = "openvex"


class ChangeShape(Answer):
    """A control or a check that came to something else."""

    id: str
    title: str
    before: Outcome
    after: Outcome


class PlanItemShape(Answer):
    """An item of the plan of action; its number stays the same."""

    number: str
    title: str
    controls: list[str]
    check: str
    state: Literal["open", "closed"]
    opened_at: str
    closed_at: str
    due: str
    owner: str
    note: str
    overdue: bool


class DeltaShape(Answer):
    """What changed in a day."""

    framework: str
    title: str
    scope: str
    day: str
    until: str
    before: dict[str, int] = Field(description="Controls by outcome, as the day began.")
    after: dict[str, int]
    controls: list[ChangeShape]
    checks: list[ChangeShape]
    opened: list[PlanItemShape]
    closed: list[PlanItemShape]
    overdue: list[PlanItemShape] = Field(description="Became overdue with this day.")
    evidence: list[str] = Field(description="Frozen or given on this day.")
    lapsing: list[str] = Field(description="To be renewed within two weeks.")


class HandlerShape(Answer):
    """An asset that handles the data."""

    asset: NodeShape
    flows: list[str] = Field(description="Payment flows that it takes part in.")
    because: str = Field(description="Who says so, and where.")
    confidence: float
    way_in: WayShape = Field(description="A shortest way from the internet; empty where none is known.")
    leaves_to: list[NodeShape] = Field(description="Domains that it calls.")


class LeadingShape(Answer):
    """A severe issue whose flaw the data would feel."""

    issue: str
    title: str
    risk: float
    application: str
    exposed: bool
    way: WayShape


class FlowsShape(Answer):
    """All that is known of one kind of data."""

    name: str
    title: str
    data_class: str
    total: int
    exposed: int
    handlers: list[HandlerShape] = Field(description="At most 200.")
    issues: list[LeadingShape] = Field(description="The riskiest, at most 50.")
    more_issues: bool


@router.post(
    "/compliance/packs",
    response={202: JobShape, **declared(403, 404, 409)},
    auth=READ,
    summary="Have an evidence pack made",
)
def make_pack(request: HttpRequest, asked: PackAsked) -> HttpResponse:
    """Have an evidence pack made of all that you may read in its scope; the ledger records its list of files.

    A job makes it. Once that is done, `GET /jobs/{reference}/file` hands it out, for a week.
    """
    actor = actor_of(request)
    try:
        scope = _scope(request, asked.application, asked.unit)
        job = packing.ask_evidence(actor.person, actor.seen, asked.framework, scope, asked.period)
    except InvalidPeriod as error:
        raise refused_field("body.period", str(error)) from None
    except NotFound as error:
        raise Refusal(404, str(error)) from None
    except NotAllowed as error:
        raise Refusal(403, str(error)) from None
    except InvalidSetting as error:
        raise Refusal(409, str(error)) from None
    return accepted(job)


@router.get("/compliance/changes", response={200: DeltaShape, **declared(403, 404)}, summary="Tell a day's changes")
def show_changes(request: HttpRequest, asked: Query[DeltaAsked]) -> HttpResponse:
    """Tell what changed in a framework on a day; `seamark compliance delta` writes the same as text for a mail."""
    try:
        scope = _scope(request, asked.application, asked.unit)
        found = delta_of(actor_of(request).seen, asked.framework, scope, asked.day or yesterday())
    except NotFound as error:
        raise Refusal(404, str(error)) from None
    except NotAllowed as error:
        raise refused_field("query.day", str(error)) from None
    return answer(found)


@router.get("/compliance/flows", response={200: FlowsShape, **declared(404)}, summary="Follow payments or health data")
def show_flows(request: HttpRequest, asked: Query[FlowsAsked]) -> HttpResponse:
    """Tell what handles such data, how the internet gets there, where it may leave, and which severe issues lead to it."""
    try:
        scope = _scope(request, asked.application, asked.unit)
        return answer(flow_view(actor_of(request).seen, asked.data, scope))
    except NotFound as error:
        raise Refusal(404, str(error)) from None


@router.get(
    "/compliance/vex",
    response={200: None, 304: None, **declared(404)},
    summary="Download a product's VEX",
    openapi_extra={
        "responses": {
            200: {
                "description": "The document.",
                "content": {one: {"schema": {"type": "object"}} for one in _VEX_TYPE.values()},
            }
        }
    },
)
def show_vex(request: HttpRequest, asked: Query[VexAsked]) -> HttpResponse:
    """Return what was decided about vulnerabilities in a product's components, as OpenVEX, CSAF 2.0 or CycloneDX 1.6."""
    seen = actor_of(request).seen
    application = get_object_or_404(named(seen.applications(), asked.application))
    found = vex(seen, application, asked.form)
    if found is None:
        raise Refusal(404, f"Nothing is said of its components yet, and {asked.form} has no empty form")
    response = _download(found, f"{application.slug}.{asked.form}.json", _VEX_TYPE[asked.form])
    response["ETag"] = tag(response)
    return unless_known(request, response)


@router.get(
    "/compliance/verifier",
    response={200: None},
    summary="Download the verifier of packs",
    openapi_extra={
        "responses": {
            200: {"description": "A script for Python's standard library.", "content": {"text/x-python": _BINARY}}
        }
    },
)
def show_verifier(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Return the script that verifies packs offline."""
    return _download(verifier(), "verify.py", "text/x-python")


def _scope(request: HttpRequest, application: str, unit: str) -> Scope:
    if application and unit:
        raise refused_field("unit", "application and unit exclude each other")
    return scope_of(actor_of(request).seen, application=application, unit=unit)


def _download(content: bytes, name: str, kind: str) -> HttpResponse:
    headers = {
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or "attachment",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(content, content_type=kind, headers=headers)
