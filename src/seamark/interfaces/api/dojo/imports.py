"""`/import-scan/` and `/reimport-scan/`: a report comes in, and the answer says at once what became of it."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile

from seamark.core.errors import ImportRefused
from seamark.interfaces.api.answers import answer
from seamark.interfaces.api.authentication import Actor, actor_of, too_large
from seamark.interfaces.api.dojo.door import DojoToken, Wrong
from seamark.interfaces.api.dojo.scan_types import known_name, scan_types
from seamark.interfaces.api.problems import Refusal
from seamark.pipeline import dojo
from seamark.pipeline.dojo import Sending
from seamark.store.models import DojoEngagement, DojoTest

router = Router(auth=[DojoToken("import")])
_SEVERITIES = ("Info", "Low", "Medium", "High", "Critical")
_TOLD = ("version", "build_id", "commit_hash", "branch_tag", "source_code_management_uri", "environment", "service")


class Given(Schema):
    """The form's fields. What a client sends beside them is taken and passed over, as the documentation says."""

    scan_type: str
    product_name: str = ""
    engagement_name: str = ""
    engagement: int | None = None
    test: int | None = None
    test_title: str = ""
    service: str = ""
    minimum_severity: Literal["Info", "Low", "Medium", "High", "Critical"] = "Info"
    active: bool | None = None
    verified: bool | None = None
    auto_create_context: bool = False
    close_old_findings: bool | None = None
    scan_date: str = ""
    version: str = ""
    build_id: str = ""
    commit_hash: str = ""
    branch_tag: str = ""
    source_code_management_uri: str = ""
    environment: str = ""


@router.post("/import-scan/", summary="Import a report as a new test")
def import_scan(request: HttpRequest, given: Form[Given], file: File[UploadedFile]) -> HttpResponse:
    """Import a report as a new test. With `close_old_findings` it closes what earlier reports of its sort in the engagement said."""
    actor = actor_of(request)
    engagement = _engagement(actor, given)
    sending = _sending(request, given, engagement, close=bool(given.close_old_findings))
    return _answered(actor, given, sending, file, over=None)


@router.post("/reimport-scan/", summary="Import a report over an earlier one")
def reimport_scan(request: HttpRequest, given: Form[Given], file: File[UploadedFile]) -> HttpResponse:
    """Import a report over a test: the one that is named, or the latest of its sort in the engagement; else as a new one."""
    actor = actor_of(request)
    over = dojo.test_of(actor.seen, given.test) if given.test is not None else None
    engagement = over.engagement if over is not None else _engagement(actor, given)
    close = given.close_old_findings is not False
    sending = _sending(request, given, engagement, close=close)
    if over is not None and over.scan_type != sending.scan_type:
        raise Wrong(scan_type=f"Test {over.pk} is of reports of the type {over.scan_type!r}")
    if over is None and engagement is not None:
        over = dojo.earlier_test(engagement, sending)
    return _answered(actor, given, sending, file, over=over)


def _engagement(actor: Actor, given: Given) -> DojoEngagement | None:
    """Return the engagement that is named, None where it is to be made. Raises `Wrong` and `NotFound`."""
    if given.engagement is not None:
        return dojo.engagement_of(actor.seen, given.engagement)
    if not _line(given.product_name):
        raise Wrong(product_name="product_name parameter missing")
    if not _line(given.engagement_name):
        raise Wrong(engagement_name="engagement_name parameter missing")
    product = dojo.product_named(actor.seen, given.product_name)
    if product is None and not dojo.may_create(actor.seen):
        raise Refusal(403, f"You may not import into {given.product_name[:200]!r}: it needs a role that may import")
    found = product.engagements.filter(name=_line(given.engagement_name)).first() if product is not None else None
    if found is None and not given.auto_create_context:
        what = (
            f"Engagement {given.engagement_name[:300]!r}"
            if product is not None
            else f"Product {given.product_name[:200]!r}"
        )
        raise Wrong(engagement_name=f"{what} does not exist; send auto_create_context=true to make it")
    return found


def _sending(request: HttpRequest, given: Given, engagement: DojoEngagement | None, *, close: bool) -> Sending:
    name = known_name(given.scan_type)
    if name is None:
        raise Wrong(
            scan_type=f"{given.scan_type[:200]!r} is no type of report that is read here; see the documentation"
        )
    tags = [tag.strip() for one in request.POST.getlist("tags") for tag in one.split(",") if tag.strip()]
    told: dict[str, Any] = {name: _line(getattr(given, name)) for name in _TOLD if _line(getattr(given, name))}
    return Sending(
        scan_type=name, format=scan_types()[name], product=engagement.application.name if engagement else _line(given.product_name),
        engagement=engagement.name if engagement else _line(given.engagement_name)[:300], title=_line(given.test_title)[:255],
        service=_line(given.service)[:200], close=close, minimum=_SEVERITIES.index(given.minimum_severity) + 1,
        scanned_at=_date(given.scan_date), told={**told, **({"tags": tags[:50]} if tags else {})},
    )  # fmt: skip


def _line(text: str) -> str:
    if not text.isprintable():
        raise ImportRefused("A field has characters that cannot be printed")
    return text.strip()[:1000]


def _date(text: str) -> str:
    if text and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text.strip()):
        raise Wrong(scan_date="Date has wrong format. Use one of these formats instead: YYYY-MM-DD.")
    return text.strip()


def _answered(
    actor: Actor, given: Given, sending: Sending, file: UploadedFile, *, over: DojoTest | None
) -> HttpResponse:
    if (file.size or 0) > settings.SEAMARK_UPLOAD_LIMIT:
        raise too_large()
    with _on_disk(file) as path:
        name = (file.name or "report")[:500]
        sent = dojo.send(actor.seen, actor.person, path, name, sending, over=over)
    return answer(_shown(given, sending, sent), status=201)


@contextmanager
def _on_disk(file: UploadedFile) -> Iterator[Path]:
    """Yield where an upload stands: large ones are on disk already, piece by piece."""
    with tempfile.NamedTemporaryFile(prefix="seamark-", suffix=".report") as kept:
        for piece in file.chunks():
            kept.write(piece)
        kept.flush()
        yield Path(kept.name)


def _shown(given: Given, sending: Sending, sent: dojo.Sent) -> dict[str, Any]:
    test = sent.test
    told = {name: sending.told.get(name) for name in _TOLD}
    return {
        **told, "scan_type": sending.scan_type, "minimum_severity": given.minimum_severity, "active": given.active, "verified": given.verified,
        "product_name": test.engagement.application.name, "engagement_name": test.engagement.name, "test_title": test.title or None,
        "auto_create_context": given.auto_create_context, "close_old_findings": sending.close, "close_old_findings_product_scope": False,
        "tags": sending.told.get("tags", []), "test": test.pk, "test_id": test.pk, "engagement": test.engagement_id,
        "engagement_id": test.engagement_id, "product_id": test.engagement.application_id, "product_type_id": test.engagement.application.unit_id,
        "scan_date": sending.scanned_at or None,
        "statistics": {
            "before": sent.before,
            "delta": {"created": sent.created, "closed": sent.closed, "reactivated": sent.reactivated, "untouched": sent.untouched},
            "after": sent.after,
        },
    }  # fmt: skip
