"""Names of flaws, through the API and on the command line."""

from __future__ import annotations

import pytest

from seamark.core.finding import Finding as Read
from seamark.core.severity import Severity
from seamark.store.models import Grant, Issue
from seamark.store.models.people import Role
from tests.api.conftest import Caller
from tests.factories import import_findings, package

CVE, GHSA = "CVE-2024-35195", "GHSA-9wx4-h78v-vm56"


@pytest.fixture
def joined(db: None) -> None:
    one = package(CVE, "pypi/requests", "2.31.0", "2.32.0", Severity.MEDIUM, 5.6, "Certificate check stays off")

    def flaw(*names: str) -> Read:
        return Read(rule=names[0], title=one.title, severity=one.severity, kind=one.kind, component=one.component, location=one.location, vulnerabilities=names)  # fmt: skip

    import_findings("Storefront", "Grype", [flaw(GHSA)])
    import_findings("Storefront", "OSV", [flaw(CVE, GHSA)])


def test_revoked_and_restored(call: Caller, joined: None) -> None:
    assert call("POST", f"/aliases/{CVE}/revoke", {"other": GHSA}).status_code == 403
    Grant.objects.update(role=Role.APPROVER)
    (told,) = call("GET", f"/aliases/{GHSA}").json()["items"]
    assert (told["left"], told["right"], told["revoked_at"]) == (CVE, GHSA, None)
    changed = call("POST", f"/aliases/{CVE}/revoke", {"other": GHSA}).json()["issues"]
    assert len(changed) == 2
    assert Issue.objects.filter(vulnerability__names__name__in=[CVE, GHSA], merged_into=None).count() == 2
    assert call("GET", f"/aliases/{CVE}").json()["items"][0]["revoked_by"] == "ada"
    assert call("POST", f"/aliases/{CVE}/revoke", {"other": GHSA}).status_code == 409
    assert call("POST", f"/aliases/{GHSA}/restore", {"other": CVE}).status_code == 200
    assert Issue.objects.filter(vulnerability__names__name=GHSA, merged_into=None).count() == 1


def test_unknown_names_and_wrong_words(call: Caller, joined: None) -> None:
    Grant.objects.update(role=Role.APPROVER)
    assert call("GET", "/aliases/CVE-1999-1").status_code == 404
    assert call("POST", f"/aliases/{CVE}/revoke", {"other": "CVE-1999-1"}).status_code == 409
    assert call("POST", f"/aliases/{CVE}/revoke", {"other": "a b"}).status_code == 422
    assert call("POST", f"/aliases/{CVE}/revoke", {}).status_code == 422
