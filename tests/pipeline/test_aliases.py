"""Names of flaws: joined by what reports say, in any order, and parted again when somebody revokes it."""

from __future__ import annotations

import itertools

import pytest

from seamark.core.errors import NotAllowed
from seamark.core.finding import Finding as Read
from seamark.core.severity import Severity
from seamark.pipeline.aliasing import assertions_of, restore, revoke
from seamark.pipeline.ingest import Outcome
from seamark.store.models import Exploitation, Finding, Issue, VulnerabilityName
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.factories import import_findings, make_person, package

pytestmark = pytest.mark.django_db
CVE, GHSA, PYSEC = "CVE-2024-35195", "GHSA-9wx4-h78v-vm56", "PYSEC-2024-1"


def flaw(*names: str) -> Read:
    one = package(names[0], "pypi/requests", "2.31.0", "2.32.0", Severity.MEDIUM, 5.6, "Certificate check stays off")
    return Read(
        rule=names[0], title=one.title, severity=one.severity, kind=one.kind, component=one.component, location=one.location,
        vulnerabilities=names,
    )  # fmt: skip


def send(tool: str, *findings: Read) -> Outcome:
    return import_findings("shop", tool, findings)


def live() -> list[Issue]:
    return list(Issue.objects.filter(merged_into=None).order_by("id"))


@pytest.mark.parametrize(
    "order", list(itertools.permutations([(CVE,), (GHSA,), (PYSEC,), (CVE, GHSA), (GHSA, PYSEC)]))[::17]
)
def test_the_order_of_reports_does_not_matter(order: list[tuple[str, ...]]) -> None:
    for at, names in enumerate(order):
        send(f"Tool {at}", flaw(*names))
    (issue,) = live()
    assert issue.tools == 5
    assert VulnerabilityName.objects.values("group").distinct().count() == 1


def test_intelligence_on_one_name_counts_for_all() -> None:
    Exploitation.objects.create(name=CVE, epss=0.9, snapshot="test")
    send("OSV", flaw(CVE, GHSA))
    send("Grype", flaw(GHSA))
    assert live()[0].facts["epss"] == 0.9


class TestRevocation:
    def test_what_is_no_longer_connected_is_a_flaw_of_its_own(self) -> None:
        send("Trivy", flaw(CVE))
        send("Grype", flaw(GHSA))
        send("OSV", flaw(CVE, GHSA))
        (issue,) = live()
        changed = revoke(None, CVE.lower(), GHSA)
        first, second = live()
        assert {first.pk, second.pk} == set(changed)
        assert first.pk == issue.pk
        assert (first.tools, second.tools) == (2, 1)
        assert first.vulnerability_id != second.vulnerability_id
        assert Finding.objects.get(issue=second).stream.tool == "Grype"

    def test_no_later_report_joins_them_again_until_it_is_restored(self) -> None:
        send("Trivy", flaw(CVE))
        send("Grype", flaw(GHSA))
        send("OSV", flaw(CVE, GHSA))
        revoke(None, CVE, GHSA)
        send("Another", flaw(CVE, GHSA))
        send("Grype", flaw(GHSA), flaw(CVE))
        assert len(live()) == 2
        restore(None, CVE, GHSA)
        (issue,) = live()
        assert issue.tools == 4

    def test_the_triage_stays_with_the_issue(self) -> None:
        send("OSV", flaw(CVE, GHSA))
        send("Grype", flaw(GHSA))
        Issue.objects.update(state=State.CONFIRMED)
        revoke(None, CVE, GHSA)
        assert [issue.state for issue in live()] == [State.CONFIRMED, State.OPEN]

    def test_who_says_so_is_told(self) -> None:
        send("OSV", flaw(CVE, GHSA))
        person = make_person("ann", Role.APPROVER)
        revoke(person, CVE, GHSA)
        (one,) = assertions_of(GHSA)
        assert (one.left, one.right, one.asserter, one.revoked_by) == (CVE, GHSA, "spoken", "ann")

    def test_what_nobody_says_cannot_be_revoked(self) -> None:
        send("OSV", flaw(CVE, GHSA))
        with pytest.raises(NotAllowed, match="No report has named"):
            revoke(None, CVE, "CVE-1999-1")
        with pytest.raises(NotAllowed, match="Nobody says"):
            revoke(None, CVE, CVE)
        with pytest.raises(NotAllowed, match="was not revoked"):
            restore(None, CVE, GHSA)

    def test_it_takes_a_role_on_everything(self) -> None:
        send("OSV", flaw(CVE, GHSA))
        with pytest.raises(NotAllowed, match="on everything"):
            revoke(make_person("dev", Role.DEVELOPER), CVE, GHSA)
