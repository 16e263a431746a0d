"""Compliance of the shop, for the matrix: a pass, evidence, a gap, a framework of its own, an auditor."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from seamark.governance.access.places import Place
from seamark.governance.compliance.kept import upload
from seamark.pipeline.compliance import auditing, passing, snapshots
from seamark.pipeline.compliance.scope import Scope
from seamark.store.models import Application, ComplianceGap, User
from tests.compliance.test_frameworks import OWN
from tests.factories import make_person

MORE = OWN.replace("name: acme-rules", "name: acme-more")
SHOP = "?application=storefront"
ASKED = {
    "compliance": SHOP, "compliance-framework": SHOP, "compliance-control": SHOP, "compliance-checks": SHOP, "compliance-check": SHOP,
    "compliance-records": SHOP, "compliance-gaps": SHOP, "compliance-evidence": SHOP, "/api/v1/compliance/frameworks": SHOP,
    "/api/v1/compliance/checks": SHOP, "/api/v1/compliance/gaps": SHOP, "/api/v1/compliance/evidence": SHOP,
    "/api/v1/compliance/checks/{name}": SHOP, "/api/v1/compliance/checks/{name}/records": SHOP,
    "/api/v1/compliance/control": f"{SHOP}&framework=pci-dss-4&control=6.3.3",
}  # fmt: skip
"""What an address needs behind it, where something is read."""


def of_compliance(admin: User, shop: Application) -> dict[str, Any]:
    """Make one of each."""
    passing.run(timezone.now())
    row = snapshots.take(admin, "posture", Scope(application=shop))
    gap = ComplianceGap.objects.filter(application=shop, closed_at=None).order_by("pk")[0]
    upload(admin, OWN)
    access = auditing.give(admin, make_person("otto"), Place(application=shop), days=5, reason="PCI")
    return {
        "compliance-framework name": "pci-dss-4", "compliance-control name": "pci-dss-4", "compliance-control control": "6.2.2",
        "compliance-check name": "no-live-secrets", "compliance-records name": "no-live-secrets", "compliance-gap number": gap.pk,
        "compliance-content number": row.pk, "/compliance/frameworks name": "acme-rules", "/compliance/checks name": "no-live-secrets",
        "/compliance/gaps number": gap.pk, "/compliance/evidence number": row.pk, "/compliance/auditors number": access.pk,
    }  # fmt: skip


def body(name: str, method: str) -> dict[str, Any]:
    """Return what to send."""
    given = {"title": "Training", "link": "https://wiki.example/training"}
    sent: dict[tuple[str, str], dict[str, Any]] = {
        ("compliance-bring", "POST"): {"text": MORE},
        ("compliance-gap", "POST"): {"owner": "admin", "due": "2027-01-31", "note": "soon"},
        ("compliance-evidence", "POST"): {"name": "posture"},
        ("compliance-control", "POST"): given,
        ("compliance-auditors", "POST"): {
            "person": "stranger",
            "application": "storefront",
            "days": "5",
            "reason": "PCI",
        },
        ("/compliance/frameworks", "POST"): {"text": MORE},
        ("/compliance/gaps/{number}", "PATCH"): {"owner": "admin", "due": "2027-01-31"},
        ("/compliance/snapshots", "POST"): {"name": "posture", "application": "storefront"},
        ("/compliance/evidence", "POST"): {**given, "controls": "pci-dss-4/6.2.2", "application": "storefront"},
        ("/compliance/auditors", "POST"): {
            "person": "stranger",
            "application": "storefront",
            "days": 5,
            "reason": "PCI",
        },
    }
    return sent.get((name, method), {})
