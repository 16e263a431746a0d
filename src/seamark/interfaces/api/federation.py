"""Pipelines get short-lived tokens for the identity that their CI system attests (RFC 8693)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Form, Router, Schema
from pydantic import ConfigDict, Field

from seamark.core.errors import NotAllowed, RemoteFailure
from seamark.governance.access import federation, reading
from seamark.intake.connectors.issuers import Keys, fetch_keys
from seamark.interfaces.api.answers import Answer, Number, Turned, answer, turned_page
from seamark.interfaces.api.authentication import ADMIN, actor_of
from seamark.interfaces.api.problems import Problem, Refusal, declared, refused_field
from seamark.interfaces.api.users import RowNumber
from seamark.store.models import Federation

router = Router()
GRANT: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS: Final = "urn:ietf:params:oauth:token-type:access_token"
IDENTITY: Final = ("urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token")
KEYS: Final = Keys(lambda issuer: fetch_keys(issuer, internal=settings.SEAMARK_INTERNAL_HOSTS))
"""The issuers' keys, for all requests of this process."""


class FederationRow(Answer):
    """Whose pipelines get tokens of which service account."""

    id: int
    name: str
    issuer: str
    audience: str
    claims: dict[str, str]
    account: str
    scopes: list[str]
    applications: list[int]
    minutes: int


class FederationPage(Answer):
    """A page of federations, the newest first."""

    items: list[FederationRow]
    next: str | None
    previous: str | None
    count: Number


class NewFederation(Schema):
    """Whose pipelines are to get tokens."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=100)
    issuer: str = Field(
        max_length=500, description="Such as https://token.actions.githubusercontent.com or https://gitlab.com."
    )
    audience: str = Field(max_length=300, description="What pipelines ask their identity token for.")
    claims: dict[str, str] = Field(
        description="Claims and their patterns, in which `*` stands for anything: `repository`, `ref` …"
    )
    account: int = Field(ge=1, lt=2**62, description="A service account.")
    scopes: list[Literal["import", "gate"]] = Field(["import", "gate"], max_length=2)
    applications: list[Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]] = Field([], max_length=500)
    minutes: int = Field(15, ge=1, le=federation.LONGEST)


class Exchange(Schema):
    """A request of RFC 8693."""

    grant_type: str = Field(max_length=200)
    subject_token: str = Field(max_length=20_000)
    subject_token_type: str = Field(max_length=200)
    requested_token_type: str = Field(ACCESS, max_length=200)
    scope: str = Field(
        "", max_length=200, description="`import`, `gate`, or both; none for all that the federation gives."
    )


class OauthProblem(Problem):
    """A problem, told in the way of OAuth (RFC 6749) too."""

    error: str = ""
    error_description: str = ""


class Exchanged(Answer):
    """A token, and how long it is good."""

    access_token: str
    issued_token_type: str
    token_type: str
    expires_in: int = Field(description="Seconds.")
    scope: str


@router.get("/federations", auth=ADMIN, response={200: FederationPage, **declared()}, summary="List federations")
def list_federations(request: HttpRequest, turn: Turned) -> HttpResponse:
    """List whose pipelines get tokens. It takes `token.manage` on everything."""
    return answer(turned_page(reading.federations(actor_of(request).seen), turn, lambda found: map(_row, found)))


@router.post(
    "/federations", auth=ADMIN, response={201: FederationRow, **declared(400, 413)}, summary="Make a federation"
)
def make_federation(request: HttpRequest, asked: NewFederation) -> HttpResponse:
    """Let pipelines of an issuer, with these claims, get tokens of a service account that holds no more than you do."""
    actor = actor_of(request)
    reading.federations(actor.seen)
    account = reading.accounts(actor.seen).filter(pk=asked.account).first()
    if account is None:
        raise refused_field("body.account", "there is no such account")
    applications = []
    for name in asked.applications:
        row = actor.seen.applications().filter(Q(slug=name) | Q(name__iexact=name)).first()
        if row is None:
            raise refused_field("body.applications", f"there is no application {name!r}")
        applications.append(row)
    made = federation.create(
        actor.person, asked.name, issuer=asked.issuer, audience=asked.audience, claims=asked.claims, account=account,
        scopes=asked.scopes, applications=applications, minutes=asked.minutes,
    )  # fmt: skip
    return answer(_row(made), status=201)


@router.delete(
    "/federations/{int:number}", auth=ADMIN, response={204: None, **declared(404, 412)}, summary="Remove a federation"
)
def remove_federation(request: HttpRequest, number: RowNumber) -> HttpResponse:
    """Let no more pipelines in by it; tokens that they have end within the hour by themselves."""
    actor = actor_of(request)
    federation.remove(actor.person, get_object_or_404(reading.federations(actor.seen), pk=number))
    return HttpResponse(status=204)


@router.post(
    "/token/exchange",
    auth=None,
    response={200: Exchanged, **declared(413), 400: OauthProblem},
    summary="Exchange an identity token",
)
def exchange_token(request: HttpRequest, asked: Form[Exchange]) -> HttpResponse:  # noqa: ARG001 - nobody is logged in
    """Exchange the identity token of a pipeline (GitHub Actions, GitLab) for a short-lived token of a service account.

    Failures are problems with the `error` of RFC 6749 as well.
    """
    if asked.grant_type != GRANT:
        raise _refused("unsupported_grant_type", f"grant_type is {GRANT}")
    if asked.subject_token_type not in IDENTITY or asked.requested_token_type != ACCESS:
        raise _refused("invalid_request", f"subject_token_type is {' or '.join(IDENTITY)}")
    scopes = asked.scope.split()
    if unknown := set(scopes) - set(federation.SCOPES):
        raise _refused("invalid_scope", f"There is no scope {min(unknown)!r} for pipelines")
    try:
        made = federation.exchange(asked.subject_token, KEYS.of, scopes=scopes)
    except NotAllowed as error:
        raise _refused("invalid_request", str(error)) from None
    except RemoteFailure as error:
        raise Refusal(
            503, f"The keys of the issuer cannot be had: {error}", type="issuer", headers={"Retry-After": "30"}
        ) from None
    return answer(
        {
            "access_token": made.text, "issued_token_type": ACCESS, "token_type": "Bearer", "expires_in": made.seconds,
            "scope": " ".join(made.scopes),
        },
        headers={"Cache-Control": "no-store", "Pragma": "no-cache"},
    )  # fmt: skip


def _refused(error: str, detail: str) -> Refusal:
    return Refusal(400, detail, type=error.replace("_", "-"), error=error, error_description=detail)


def _row(row: Federation) -> dict[str, Any]:
    told = ("name", "issuer", "audience", "claims", "scopes", "applications", "minutes")
    return {"id": row.pk, "account": row.account.get_username(), **{name: getattr(row, name) for name in told}}
