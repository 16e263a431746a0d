"""A company in which every sort of decision was made, and the key that signs them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from seamark.core.severity import Severity
from seamark.governance.compliance import kept
from seamark.governance.ledger.note import Signer, Verifier, new_signer
from seamark.governance.policy.model import Stage
from seamark.governance.triage import context, service
from seamark.governance.waivers import service as waivers
from seamark.governance.waivers.words import Asked
from seamark.pipeline import aliasing, merging, people
from seamark.pipeline.compliance import evidence
from seamark.pipeline.gate import asked as gate
from seamark.pipeline.gate.kept import decide
from seamark.store.access import everything
from seamark.store.guards import install_guards, lift_guards
from seamark.store.models import Application, Issue, MergeDecision, Token, User
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from seamark.store.models.waivers import Scope
from tests.compliance.test_frameworks import OWN
from tests.factories import code, import_findings, package


@pytest.fixture
def signer(settings: pytest.FixtureRequest) -> Signer:
    made = new_signer("tests.example/ledger")
    settings.SEAMARK_LEDGER_KEY = str(made)  # type: ignore[attr-defined]
    return made


@pytest.fixture
def key(signer: Signer) -> Verifier:
    return signer.verifier


@pytest.fixture
def unguarded(db: None) -> Iterator[None]:
    """The database of somebody who owns it, and has taken the triggers off."""
    lift_guards()
    yield
    if not connection.needs_rollback:
        install_guards()


@pytest.fixture
def ada(db: None) -> User:
    people.add_user("ada", Role.ADMIN)
    return User.objects.get(username="ada")


ONE = code("sqli", "SQL injection", "orders/search.py", 118, cwe=89, scope="search")
TWO = code("path", "Path traversal", "orders/files.py", 20, cwe=22, scope="send")
THREE = code("hash", "Weak hash", "orders/login.py", 7, cwe=327, scope="log_in")


def decide_everything(ada: User) -> None:
    """Make at least one decision of every kind that the ledger knows, by the ways that people and scans take."""
    import_findings("Shop", "Semgrep", [ONE, TWO, THREE])
    import_findings("Shop", "Semgrep", [ONE, TWO])
    import_findings("Shop", "Semgrep", [ONE, TWO, THREE])
    import_findings("Shop", "Semgrep", [ONE, TWO])
    first, second, _ = Issue.objects.order_by("pk")
    change = service.change_state(
        ada, Issue.objects.filter(pk=first.pk), State.DISMISSED, "not_affected", "We live with it"
    )
    service.undo(ada, change)
    service.change_state(ada, Issue.objects.filter(pk=first.pk), State.CONFIRMED)
    joined = merging.join_issues(ada, [first, second], "one fix")
    decision = MergeDecision.objects.get(verdict="join", by_person=True)
    merging.take_back(ada, decision)
    merging.keep_apart(ada, joined, second, "two problems")
    application = Application.objects.get(name="Shop")
    context.describe(
        ada,
        application,
        {"criticality": 1, "exposure": "internet", "data_classes": ["PII"], "revenue_per_hour": "12.50"},
    )
    context.describe(ada, application, {"exposure": None})
    people.make_token(ada, "ci", actor=ada)
    people.make_token(ada, "old")
    people.revoke_token(Token.objects.get(name="old"), ada)
    _rename_flaws(ada)
    _ask_for_a_waiver(ada, first)
    evidence.add_link(ada, "The policy", "https://wiki.example/policy", [evidence.Use("pci-dss-4", "6.1.1")])
    kept.upload(ada, OWN)
    decide(everything(), gate.Asked(application=application, stage=Stage.BUILD), person=ada)


def _ask_for_a_waiver(ada: User, issue: Issue) -> None:
    end = timezone.now() + timedelta(days=3)
    waivers.request(ada, Asked(Scope.ISSUE, "no_fix", "There is none yet", end, issues=(issue.pk,)))


def _rename_flaws(ada: User) -> None:
    names = ("CVE-2024-35195", "GHSA-9wx4-h78v-vm56")
    one = package(names[0], "pypi/requests", "2.31.0", "2.32.0", Severity.MEDIUM, 5.6, "Certificate check stays off")
    for tool, said in (("Grype", names[1:]), ("OSV", names)):
        finding = type(one)(
            rule=said[0], title=one.title, severity=one.severity, kind=one.kind, component=one.component, location=one.location, vulnerabilities=said,
        )  # fmt: skip
        import_findings("Shop", tool, [finding])
    aliasing.revoke(ada, *names)
    aliasing.restore(ada, *names)


@pytest.fixture
def decided(ada: User) -> User:
    decide_everything(ada)
    return ada
