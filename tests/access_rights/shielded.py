"""A flaw at a web address with a virtual patch in force, for the matrix."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.core.location import WebLocation
from seamark.core.severity import Severity
from seamark.pipeline import shielding
from seamark.store.models import Application, Issue
from tests.factories import import_findings

HERE = "/api/v1/issues/{reference}/virtual-patches"


def of_shields(shop: Application) -> dict[str, Any]:
    """Find two flaws at web addresses of the shop, and keep the virtual patch of one."""
    import_findings(shop.name, "Proxy", [_flaw("open"), _flaw("kept")], repository="", ref="")
    flaw, other = (Issue.objects.get(application=shop, place__contains=f"/{name}") for name in ("open", "kept"))
    row = shielding.put_in_place(None, other, "waf", "change 12", timezone.now().date())
    return {
        "/virtual-patches number": row.pk, "shield-withdraw number": row.pk, "shield-keep number": flaw.pk, "issue-shields number": flaw.pk,
        f"{HERE} reference": flaw.reference,
    }  # fmt: skip


def body(name: str, method: str) -> dict[str, Any]:
    """Return what to send."""
    kept = {"kind": "waf", "proof": "change 13", "until": timezone.now().date().isoformat()}
    sent = {("shield-keep", "POST"): kept, ("/issues/{reference}/virtual-patches", "POST"): kept}
    return sent.get((name, method), {})


def _flaw(name: str) -> Finding:
    place = WebLocation(url=f"https://pay.example/{name}?q=1", method="GET", parameter="q")
    return Finding(
        rule="r", title=f"Injection at {name}", severity=Severity.HIGH, kind=Kind.WEB, cwes=(89,), location=place
    )
