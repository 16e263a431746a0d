"""The few lists that upload tools read: products, engagements, tests, findings, types of tests, and who one is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import Field

from seamark.core.severity import Severity
from seamark.interfaces.api.answers import answer
from seamark.interfaces.api.authentication import actor_of
from seamark.interfaces.api.dojo.door import DojoToken
from seamark.interfaces.api.dojo.scan_types import scan_types
from seamark.pipeline import dojo
from seamark.store.models import Application, DojoEngagement, DojoTest, Finding, User

router = Router(auth=[DojoToken("read", "import")])
_LAST = 2**63 - 1


class Asked(Schema):
    """What the lists are narrowed by; a list passes over what does not concern it."""

    limit: int = Field(20, ge=1, le=500)
    offset: int = Field(0, ge=0, le=100_000)
    name: str = ""
    name_exact: str = ""
    title: str = ""
    product: int | None = Field(None, ge=0, le=_LAST)
    product__name: str = ""
    engagement: int | None = Field(None, ge=0, le=_LAST)
    engagement__product: int | None = Field(None, ge=0, le=_LAST)
    test: int | None = Field(None, ge=0, le=_LAST)
    active: bool | None = None
    username: str = ""


@router.get("/products/", summary="List products")
def list_products(request: HttpRequest, asked: Query[Asked]) -> HttpResponse:
    """List applications."""
    rows = dojo.products(actor_of(request).seen)
    rows = rows.filter(name__icontains=_text(asked.name)) if asked.name else rows
    rows = rows.filter(name__iexact=_text(asked.name_exact)) if asked.name_exact else rows
    return _page(request, rows, asked, lambda found: map(_product, found))


@router.get("/products/{int:number}/", summary="Show a product")
def show_product(request: HttpRequest, number: int) -> HttpResponse:
    """Show an application."""
    return answer(_product(get_object_or_404(dojo.products(actor_of(request).seen), pk=min(number, _LAST))))


@router.get("/engagements/", summary="List engagements")
def list_engagements(request: HttpRequest, asked: Query[Asked]) -> HttpResponse:
    """List engagements: names under which reports were gathered."""
    rows = dojo.engagements(actor_of(request).seen)
    rows = rows.filter(application=asked.product) if asked.product is not None else rows
    rows = rows.filter(application__name=_text(asked.product__name)) if asked.product__name else rows
    rows = rows.filter(name__icontains=_text(asked.name)) if asked.name else rows
    return _page(request, rows, asked, lambda found: map(_engagement, found))


@router.get("/engagements/{int:number}/", summary="Show an engagement")
def show_engagement(request: HttpRequest, number: int) -> HttpResponse:
    """Show an engagement."""
    return answer(_engagement(get_object_or_404(dojo.engagements(actor_of(request).seen), pk=min(number, _LAST))))


@router.get("/tests/", summary="List tests")
def list_tests(request: HttpRequest, asked: Query[Asked]) -> HttpResponse:
    """List tests: reports, and what was imported over them since."""
    rows = dojo.tests(actor_of(request).seen)
    rows = rows.filter(engagement=asked.engagement) if asked.engagement is not None else rows
    if asked.engagement__product is not None:
        rows = rows.filter(engagement__application=asked.engagement__product)
    rows = rows.filter(title=_text(asked.title)) if asked.title else rows
    return _page(request, rows, asked, lambda found: map(_test, found))


@router.get("/tests/{int:number}/", summary="Show a test")
def show_test(request: HttpRequest, number: int) -> HttpResponse:
    """Show a test."""
    return answer(_test(get_object_or_404(dojo.tests(actor_of(request).seen), pk=min(number, _LAST))))


@router.get("/findings/", summary="List findings")
def list_findings(request: HttpRequest, asked: Query[Asked]) -> HttpResponse:
    """List the findings of a test, or of everything that one sees."""
    seen = actor_of(request).seen
    tests = {}
    if asked.test is not None:
        test = dojo.tests(seen).filter(pk=asked.test).first()
        rows = dojo.findings(seen, test) if test is not None else seen.findings().none()
        tests = dict.fromkeys(test.streams, test.pk) if test is not None else {}
    else:
        rows = seen.findings()
    if asked.active is not None:
        rows = rows.filter(closed_in__isnull=asked.active)
    rows = rows.select_related("issue", "rule", "opened_in", "closed_in")
    return _page(request, rows, asked, lambda found: [_finding(one, tests.get(one.stream_id)) for one in found])


@router.get("/test_types/", summary="List types of reports")
def list_test_types(request: HttpRequest, asked: Query[Asked]) -> HttpResponse:
    """List the names of `scan_type` that are read here."""
    names = [(number, name) for number, name in enumerate(scan_types(), start=1) if asked.name in {"", name}]
    shown = [
        {"id": number, "name": name, "active": True, "static_tool": False, "dynamic_tool": False}
        for number, name in names
    ]
    part = shown[asked.offset : asked.offset + asked.limit]
    return answer(_paged(request, asked, len(shown), part))


@router.get("/users/", summary="List users")
def list_users(request: HttpRequest, asked: Query[Asked]) -> HttpResponse:
    """List yourself: tools ask for the number of who uploads."""
    person = actor_of(request).person
    found = [_user(person)] if asked.username in {"", person.get_username()} else []
    return answer(_paged(request, asked, len(found), found[asked.offset :]))


@router.get("/user_profile/", summary="Show who one is")
def show_profile(request: HttpRequest) -> HttpResponse:
    """Show who the token belongs to."""
    return answer({
        "user": _user(actor_of(request).person), "user_contact_info": {}, "global_role": None, "dojo_group_member": [],
        "product_type_member": [], "product_member": [],
    })  # fmt: skip


def _text(given: str) -> str:
    return given.replace("\x00", "")[:300]


def _page(
    request: HttpRequest, rows: QuerySet[Any], asked: Asked, shown: Callable[[list[Any]], Iterable[dict[str, Any]]]
) -> HttpResponse:  # fmt: skip
    count = rows.order_by().count()
    found = list(rows.order_by("pk")[asked.offset : asked.offset + asked.limit])
    return answer(_paged(request, asked, count, list(shown(found))))


def _paged(request: HttpRequest, asked: Asked, count: int, found: list[dict[str, Any]]) -> dict[str, Any]:
    def at(offset: int) -> str:
        query = {**request.GET.dict(), "limit": asked.limit, "offset": offset}
        return request.build_absolute_uri(f"{request.path}?{urlencode(query)}")

    return {
        "count": count,
        "next": at(asked.offset + asked.limit) if asked.offset + asked.limit < count else None,
        "previous": at(max(asked.offset - asked.limit, 0)) if asked.offset else None,
        "results": found,
    }


def _product(one: Application) -> dict[str, Any]:
    return {
        "id": one.pk, "name": one.name, "description": one.description, "prod_type": one.unit_id, "tags": [], "findings_count": None,
        "internet_accessible": one.exposure == "internet", "created": one.created_at.isoformat(),
    }  # fmt: skip


def _engagement(one: DojoEngagement) -> dict[str, Any]:
    return {
        "id": one.pk, "name": one.name, "product": one.application_id, "active": True, "status": "In Progress", "tags": [],
        "engagement_type": "CI/CD", "target_start": one.created_at.date().isoformat(), "target_end": one.created_at.date().isoformat(),
        "created": one.created_at.isoformat(), "lead": None, "deduplication_on_engagement": False,
    }  # fmt: skip


def _test(one: DojoTest) -> dict[str, Any]:
    told = {name: one.told.get(name) for name in ("version", "build_id", "commit_hash", "branch_tag")}
    return {
        **told, "id": one.pk, "title": one.title or None, "scan_type": one.scan_type, "test_type_name": one.scan_type,
        "engagement": one.engagement_id, "tags": one.told.get("tags", []), "target_start": one.created_at.isoformat(),
        "target_end": one.updated_at.isoformat(), "percent_complete": 100, "created": one.created_at.isoformat(),
        "updated": one.updated_at.isoformat(), "lead": one.author_id,
    }  # fmt: skip


def _finding(one: Finding, test: int | None) -> dict[str, Any]:
    issue = one.issue
    held = dojo.statuses(gone=one.closed_in_id is not None, state=issue.state, resolution=issue.resolution)
    told = {name: name in held for name in dojo.STATUSES if name != "total"}
    severity = Severity(one.severity)
    return {
        **told, "id": one.pk, "title": issue.title[:511], "severity": severity.word.capitalize(), "numerical_severity": f"S{5 - severity.value}",
        "cwe": issue.cwe or 0, "date": one.opened_in.at.date().isoformat(), "test": test, "file_path": one.path or None, "line": one.line,
        "component_name": one.component or None, "vuln_id_from_tool": one.rule.code, "fix_available": bool(one.fixed_version),
        "mitigated": one.closed_in.at.isoformat() if one.closed_in else None, "description": issue.reference, "tags": [],
        "display_status": ", ".join(name.replace("_", " ").title() for name in held if name != "total"),
    }  # fmt: skip


def _user(person: User) -> dict[str, Any]:
    return {
        "id": person.pk, "username": person.get_username(), "first_name": person.first_name, "last_name": person.last_name,
        "email": person.email, "is_active": person.is_active, "is_superuser": False,
    }  # fmt: skip
