"""A company with an application that somebody audits: findings, an inventory, checks that were asked, evidence by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from seamark.core.severity import Severity
from seamark.governance.ledger.note import Signer, new_signer
from seamark.governance.triage import service
from seamark.insight.exports.pack.period import quarter_of, read_period
from seamark.insight.exports.pack.shapes import Period
from seamark.pipeline import people
from seamark.pipeline.compliance import evidence, pack, passing
from seamark.pipeline.compliance.scope import Scope, scope_of
from seamark.store.access import everything
from seamark.store.guards import install_guards, lift_guards
from seamark.store.models import Application, Asset, Component, Issue, Sbom, SbomComponent, User
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.factories import code, import_findings, package

PCI = "pci-dss-4"


@pytest.fixture
def signer(settings: Any) -> Signer:
    made = new_signer("tests.example/ledger")
    settings.SEAMARK_LEDGER_KEY = str(made)
    return made


@pytest.fixture
def key(signer: Signer) -> str:
    return str(signer.verifier)


@pytest.fixture
def unguarded(db: None) -> Iterator[None]:
    """The database of somebody who owns it, and has taken the triggers off."""
    lift_guards()
    yield
    install_guards()


@pytest.fixture
def period() -> Period:
    return read_period(quarter_of(timezone.now().date()))


@pytest.fixture
def payments(db: None) -> Scope:
    """The application Payments, which takes cards, with what is known of it."""
    import_findings(
        "Payments",
        "Semgrep",
        [
            code("sqli", "SQL injection", "orders/search.py", 118, Severity.CRITICAL, cwe=89),
            code("hash", "Weak hash", "orders/login.py", 7, Severity.LOW, cwe=327),
        ],
    )
    import_findings(
        "Payments",
        "Grype",
        [
            package("CVE-2024-35195", "pypi/requests", "2.31.0", "2.32.0", Severity.HIGH, 7.5, "Checks stay off"),
            package("CVE-2023-0001", "pypi/urllib3", "1.26.0", "1.26.9", Severity.CRITICAL, 9.8, "Smuggling"),
        ],
    )
    application = Application.objects.get(name="Payments")
    application.compliance, application.data_classes = [PCI], ["payment"]
    application.save()
    repository = Asset.objects.filter(application=application, kind="repository").get()
    sbom = Sbom.objects.create(asset=repository)
    for name, version in (("requests", "2.31.0"), ("urllib3", "1.26.0"), ("flask", "3.0.0")):
        one, _ = Component.objects.get_or_create(
            purl=f"pkg:pypi/{name}@{version}", defaults={"name": name, "version": version}
        )
        SbomComponent.objects.create(sbom=sbom, component=one, ref=name, licences=["MIT"])
    scope = scope_of(everything(), application="payments")
    uses = [evidence.Use(PCI, "6.1.1")]
    evidence.add_file(None, "Policy of secure development", b"Write safe code.", "Policy 2026.txt", uses, scope=scope)
    evidence.add_link(None, "Training", "https://wiki.example/training", [evidence.Use(PCI, "6.2.2")], scope=scope)
    passing.run(timezone.now())
    return scope


@pytest.fixture
def made(payments: Scope, signer: Signer, period: Period, tmp_path: Path) -> Path:
    """A pack of it."""
    path = tmp_path / "payments.zip"
    path.write_bytes(pack.make(everything(), PCI, payments, period).content)
    return path


@pytest.fixture
def decided(payments: Scope) -> None:
    """Somebody has decided about an issue, so that the ledger knows its state."""
    people.add_user("ada", Role.ADMIN)
    ada = User.objects.get(username="ada")
    issue = Issue.objects.filter(application=payments.application).order_by("pk")[:1]
    service.change_state(ada, Issue.objects.filter(pk=issue.get().pk), State.CONFIRMED)
