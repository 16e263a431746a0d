"""Decisions for everything that deploys: whether an image, a version or an SBOM may go somewhere."""

from __future__ import annotations

import threading
from typing import Annotated, Any, Final, Literal

import msgspec
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from ninja import Path, Query, Router, Schema
from pydantic import ConfigDict, Field

from seamark.core.errors import SeamarkError
from seamark.governance.policy.evaluate import Violation
from seamark.governance.policy.model import Stage
from seamark.intake.parsers.kit.source import from_bytes
from seamark.intake.sbom.read import sbom_in
from seamark.interfaces.api.answers import Answer, Line, answer
from seamark.interfaces.api.authentication import Actor, Session, Token, actor_of
from seamark.interfaces.api.problems import Refusal, declared, existing, refused_field
from seamark.pipeline.deployment import past
from seamark.pipeline.deployment.decide import Decided, decide, judge, policies
from seamark.pipeline.deployment.gather import asking
from seamark.pipeline.deployment.runtask import read_task, verified
from seamark.pipeline.deployment.software import entries_of, gather_software, named
from seamark.pipeline.deployment.subject import Place, Subject
from seamark.pipeline.deployment.tasks import work_off
from seamark.pipeline.deployment.words import refusal

router = Router()
_DECIDES: Final = [Token("gate", "import"), Session("gate", "import")]
_READS: Final = [Token("gate", "import", "read"), Session("gate", "import", "read")]
MOST_SHOWN: Final = 500
"""Violations in an answer."""
Exposure = Literal["", "internet", "partner", "internal", "none"]


class SubjectShape(Schema):
    """What is to be deployed: one of an image, an application, an SBOM, package URLs."""

    model_config = ConfigDict(extra="forbid")
    image: Line = Field(
        "", max_length=600, description="`registry/name@sha256:…`. A tag alone is looked up in what registries told."
    )
    application: Line = Field(
        "", max_length=200, description="Name or short name; beside an image or an SBOM: whose it is."
    )
    version: Line = Field(
        "", max_length=200, description="A tag of its images, a commit, a branch or a tag; empty: as it stands now."
    )
    sbom: dict[str, Any] | None = Field(None, description="A CycloneDX, SPDX or Syft document as JSON.")
    purls: list[Annotated[str, Field(max_length=1000)]] = Field([], max_length=50_000, description="Package URLs.")


class DeployQuestion(Schema):
    """What is to be decided."""

    model_config = ConfigDict(extra="forbid")
    subject: SubjectShape
    stage: Literal["build", "deploy"] = "deploy"
    environment: Line = Field(
        "", max_length=50, description="`production`, `staging` … What the inventory knows of the workload wins."
    )
    exposure: Exposure = Field("", description="Who will reach it, where the inventory does not know.")
    cluster: Line = Field("", max_length=200)
    namespace: Line = Field("", max_length=200)
    kind: Line = Field("", max_length=100, description="Of the workload: `Deployment` …")
    workload: Line = Field("", max_length=300, description="Its name.")
    replaces: list[Line] = Field(
        [], max_length=50, description="Images that run there now, by digest: what they have, too, is not new."
    )
    dry_run: bool = Field(False, description="Decide, and keep nothing.")


class DeployViolationShape(Answer):
    """Something that violates a policy, or of which that could not be decided."""

    policy: str
    effect: Literal["off", "log", "ticket", "warn", "block"]
    severity: str
    subject: str
    ref: str
    message: str
    decided: bool
    unknown: list[str] = Field(description="Facts that are not known, where it could not be decided.")
    because: str = Field(
        description="Why the effect is less than the policy's: `existing`, `grace`, `waived`, `unknown`."
    )
    grace_until: str
    waiver: str
    explanation: str
    remediation: str
    url: str = Field(description="The issue, where there is one.")


class Links(Answer):
    """Where more is said."""

    self: str = Field(description="This decision; empty where it is not kept.")
    verdict: str
    proof: str = Field(description="That it is in the ledger.")


class DeployDecisionShape(Answer):
    """What the policies say."""

    id: int | None = Field(description="Its number in the ledger; null for a dry run, or while the database is busy.")
    outcome: Literal["pass", "warn", "block", "indeterminate"]
    allowed: bool = Field(description="`pass` and `warn` are.")
    subject: str
    application: str = Field(description="Short name; empty where it belongs to none that is known.")
    stage: str
    at: str
    bundle: str
    commit: str = Field(description="Of the policies; empty where they are in no repository.")
    facts: str = Field(description="SHA-256 of the records that were judged.")
    counts: dict[str, int]
    violations: list[DeployViolationShape] = Field(description="Worst first, at most 500.")
    notes: list[str] = Field(description="What is not known, and what else is to be said.")
    links: Links


class Strict(Schema):
    """How a refusal is told."""

    enforce: bool = Field(
        False,
        description="Answer 409 with the reasons where it is not allowed, for callers that look at the status alone.",
    )


class Whose(Schema):
    """What Terraform's address may say."""

    application: Line = Field("", max_length=200, description="Else the workspace's repository or name tells.")
    environment: Line = Field("", max_length=50)


@router.post(
    "/decisions", auth=_DECIDES, response={200: DeployDecisionShape, **declared(400, 404, 409, 413)}, summary="Ask whether something may be deployed"
)  # fmt: skip
def make_decision(request: HttpRequest, question: DeployQuestion, how: Query[Strict]) -> HttpResponse:
    """Decide by the policies in force, and keep the verdict. What is not known is never taken for fine: policies say what then holds."""
    actor = actor_of(request)
    with existing():
        found = _decided(actor, question)
    if how.enforce and not found.allowed:
        raise Refusal(409, refusal([found], _address(request)), type="deployment-refused")
    return answer(_shown(request, found))


@router.get(
    "/decisions/{int:number}", auth=_READS, response={200: DeployDecisionShape, **declared(404)}, summary="Show a decision"
)  # fmt: skip
def show_decision(request: HttpRequest, number: Annotated[int, Path(ge=0, lt=2**62)]) -> HttpResponse:
    """Show a decision as it was made."""
    actor = actor_of(request)
    with existing():
        return answer(_shown(request, past.decided(actor.seen, number, actor.person)))


@router.post(
    "/decisions/terraform", auth=None, response={200: None, **declared(400, 413)}, summary="Answer a run task of Terraform",
    openapi_extra={"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}, "required": True}},
)  # fmt: skip
def answer_run_task(request: HttpRequest, whose: Query[Whose]) -> HttpResponse:
    """Take a request that is signed with SEAMARK_TERRAFORM_KEY, decide, and send the result to SEAMARK_TERRAFORM_HOST."""
    key = settings.SEAMARK_TERRAFORM_KEY
    body = request.body
    if not key or not verified(body, request.headers.get("X-TFC-Task-Signature", ""), key):
        raise Refusal(401, "The request is not signed with the key that is set here (SEAMARK_TERRAFORM_KEY)")
    try:
        task = read_task(body)
    except SeamarkError as error:
        raise Refusal(400, str(error)) from None
    if not task.test:
        # Terraform waits for the result elsewhere, and takes it only after it was answered here.
        given = (task, whose.application, whose.environment, settings.SEAMARK_TERRAFORM_HOST, _address(request))
        threading.Thread(target=_work_off, args=given, name="seamark-run-task", daemon=True).start()
    return HttpResponse(status=200)


def _work_off(*given: Any) -> None:
    try:
        work_off(*given)
    finally:
        connection.close()


def _decided(actor: Actor, question: DeployQuestion) -> Decided:
    subject, stage = question.subject, Stage(question.stage)
    place = Place(
        cluster=question.cluster, namespace=question.namespace, kind=question.kind, name=question.workload, environment=question.environment,
        exposure=question.exposure,
    )  # fmt: skip
    asked = Subject(
        image=subject.image,
        application=subject.application,
        version=subject.version,
        replaces=tuple(question.replaces),
        place=place,
    )
    brought = subject.sbom is not None or bool(subject.purls)
    if subject.sbom is not None and subject.purls:
        raise refused_field("body.subject", "send an SBOM or package URLs, not both")
    if not brought:
        if not subject.image and not subject.application:
            raise refused_field("body.subject", "name an image, an application, an SBOM, or package URLs")
        return decide(actor.seen, asked, stage, person=actor.person, dry=question.dry_run)
    now = timezone.now()
    entries, about = entries_of(subject.purls), subject.image
    if subject.sbom is not None:
        document = sbom_in(from_bytes(msgspec.json.encode(subject.sbom), "sbom.json"))
        entries, about = list(document.entries), about or named(document)
    wanted = asking(policies(now, dry=question.dry_run), stage, now)
    gathered = gather_software(actor.seen, entries, asked, wanted, now, about=about)
    return judge(gathered, stage, person=actor.person, now=now, dry=question.dry_run)


def _address(request: HttpRequest) -> str:
    return settings.SEAMARK_PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")


def _shown(request: HttpRequest, found: Decided) -> dict[str, Any]:
    verdict, kept, address = found.verdict, found.kept, _address(request)
    bundle = policies(timezone.now(), dry=True)
    said = {one.name: one.metadata for one in bundle.policies}
    links = {
        "self": address + reverse("api-1:show_decision", args=[kept.entry]) if kept.entry is not None else "",
        "verdict": address + reverse("api-1:show_verdict", args=[kept.verdict]) + "?exact=true"
        if kept.verdict is not None
        else "",
        "proof": address + reverse("api-1:prove_entry", args=[kept.entry]) if kept.entry is not None else "",
    }
    told = []
    for one in verdict.violations[:MOST_SHOWN]:
        about = said.get(one.policy)
        told.append(
            {
                **_violation(one, address),
                "explanation": about.explanation if about else "",
                "remediation": about.remediation if about else "",
            }
        )
    return {
        "id": kept.entry, "outcome": verdict.outcome, "allowed": found.allowed, "subject": found.ref, "application": found.application,
        "stage": verdict.stage.value, "at": verdict.at, "bundle": verdict.bundle, "commit": verdict.commit, "facts": verdict.facts,
        "counts": verdict.counts, "violations": told, "notes": list(found.notes), "links": links,
    }  # fmt: skip


def _violation(one: Violation, address: str) -> dict[str, Any]:
    numbered = one.subject == "issue" and one.ref.startswith("SM-")
    return {
        "policy": one.policy, "effect": one.effect.value, "severity": one.severity, "subject": one.subject, "ref": one.ref, "message": one.message,
        "decided": one.decided, "unknown": list(one.unknown), "because": one.because, "grace_until": one.grace_until, "waiver": one.waiver,
        "url": f"{address}/issues/{one.ref}/" if numbered else "",
    }  # fmt: skip
