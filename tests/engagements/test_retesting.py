"""What testers report joins the graph, and closes by a retest with proof and by nothing else."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest

from seamark.core.errors import ImportRefused, NotAllowed, NotFound
from seamark.core.severity import Severity
from seamark.governance.ledger import checkpoints
from seamark.governance.ledger.live import verify_database
from seamark.governance.ledger.note import new_signer
from seamark.pipeline.engagements import agreeing, proving, reading, retesting, rights
from seamark.pipeline.engagements.reporting import Sending, take
from seamark.store import evidence
from seamark.store.access import everything, visible_to
from seamark.store.models import (
    Application,
    Asset,
    Corroboration,
    Engagement,
    Event,
    Finding,
    Issue,
    LedgerEntry,
    Scan,
    User,
)
from seamark.store.models.findings import FindingFlag
from seamark.store.models.issues import State
from tests.engagements.conftest import PROOF, issue_of, report, sent, terms
from tests.factories import code, import_findings


def test_a_report_is_bound_and_its_findings_are_issues_of_the_application(
    engagement: Engagement, tess: User, ada: User, tmp_path: Path
) -> None:
    found = sent(engagement, tess, tmp_path, "Search", "Login")
    assert [one.state for one in found] == ["open", "open"]
    assert {issue_of(one).application_id for one in found} == {engagement.application_id}
    assert visible_to(ada).issues().filter(kind=issue_of(found[0]).kind, open=True).count() == 2
    told = reading.findings(visible_to(tess), engagement)
    assert {one["title"] for one in told} == {"Search", "Login"}
    assert {one["issue"] for one in told} == {None}
    assert {one["issue"] for one in reading.findings(visible_to(ada), engagement)} == {
        issue_of(one).reference for one in found
    }
    assert reading.account(engagement)["reports"][0]["author"] == "tess"


def test_nothing_but_a_retest_closes(engagement: Engagement, ada: User, tess: User, tmp_path: Path) -> None:
    one, other = sent(engagement, tess, tmp_path, "Search", "Login")
    path = tmp_path / "whole.json"
    path.write_bytes(report("Basket", run={"complete": True, "successful": True, "scope": ["/"]}))
    take(tess, engagement, path, path.name, Sending())
    import_findings("Shop", "By hand", [], repository="")
    assert all(Finding.objects.get(pk=each.finding_id).closed_in is None for each in (one, other))
    assert all(issue_of(each).open for each in (one, other))


def test_a_retest_that_passed_closes_with_its_proof(
    engagement: Engagement, ada: User, dev: User, tess: User, tmp_path: Path
) -> None:
    one, other = sent(engagement, tess, tmp_path, "Search", "Login")
    retesting.ready(dev, one, "Bound the parameter")
    step = retesting.judge(tess, one, passed=True, proof=PROOF)
    issue = issue_of(one)
    assert (issue.state, issue.resolution, issue.open) == (State.RESOLVED, "fixed", False)
    finding = Finding.objects.get(pk=one.finding_id)
    assert finding.closed_in == step.scan
    assert finding.signals
    assert step.scan is not None
    assert step.scan.report == step.proof
    assert step.proof is not None
    assert b"".join(evidence.report_bytes(step.proof)).decode() == PROOF
    assert issue_of(other).open
    kinds = set(Event.objects.filter(issue=issue).values_list("kind", flat=True))
    assert {"retest", "fixed"} <= kinds
    closure = LedgerEntry.objects.get(kind="closure", subject=f"retest {engagement.reference}")
    assert step.proof.digest in closure.content
    assert issue.reference in closure.content


def test_the_live_rows_are_what_the_ledger_says(
    engagement: Engagement, ada: User, dev: User, tess: User, tmp_path: Path, settings: pytest.FixtureRequest
) -> None:
    signer = new_signer("tests.example/ledger")
    settings.SEAMARK_LEDGER_KEY = str(signer)  # type: ignore[attr-defined]
    (one,) = sent(engagement, tess, tmp_path, "Search")
    retesting.ready(dev, one)
    step = retesting.judge(tess, one, passed=True, proof=PROOF)
    agreeing.remove_tester(ada, engagement, tess)
    agreeing.close(ada, engagement)
    checkpoints.sign_now()

    def faults() -> list[str]:
        told = verify_database(signer.verifier).faults
        return [one.words for one in told if "store_user" not in one.words and "store_grant" not in one.words]

    assert faults() == []
    type(step).objects.filter(pk=step.pk).update(comment="another")
    assert len(faults()) == 1


def test_a_retest_that_failed_leaves_it_open(engagement: Engagement, dev: User, tess: User, tmp_path: Path) -> None:
    (one,) = sent(engagement, tess, tmp_path, "Search")
    retesting.ready(dev, one)
    step = retesting.judge(tess, one, passed=False, file=io.BytesIO(b"HTTP/1.1 200 OK"), name="answer.txt")
    assert step.scan is None
    assert issue_of(one).open
    told = reading.findings(visible_to(tess), engagement, state="failed")
    assert [each["state"] for each in told[0]["steps"]] == ["ready", "failed"]
    assert reading.proof_of(engagement, step.pk).proof == step.proof
    with pytest.raises(NotFound):
        reading.proof_of(engagement, step.pk - 1)
    retesting.ready(dev, one)
    retesting.judge(tess, one, passed=True, proof=PROOF)
    assert not issue_of(one).open
    with pytest.raises(NotAllowed, match="already"):
        retesting.ready(dev, one)


def test_without_proof_or_order_nothing_closes(
    engagement: Engagement, ada: User, dev: User, tess: User, tmp_path: Path
) -> None:
    (one,) = sent(engagement, tess, tmp_path, "Search")
    with pytest.raises(NotAllowed, match="says first"):
        retesting.judge(tess, one, passed=True, proof=PROOF)
    retesting.ready(dev, one)
    for proof in ("", "looks fine"):
        with pytest.raises(NotAllowed, match="needs a proof"):
            retesting.judge(tess, one, passed=True, proof=proof)
    with pytest.raises(NotAllowed, match="1 byte"):
        retesting.judge(tess, one, passed=True, file=io.BytesIO(b""), name="empty")
    with pytest.raises(NotAllowed, match="at most"):
        retesting.judge(tess, one, passed=True, proof="x" * 20_001)
    with pytest.raises(NotAllowed, match="Testers of"):
        retesting.judge(dev, one, passed=True, proof=PROOF)
    assert issue_of(one).open
    retesting.withdraw(dev, one)
    with pytest.raises(NotAllowed, match="does not wait"):
        retesting.withdraw(dev, one)
    with pytest.raises(NotAllowed, match="developer"):
        retesting.ready(tess, one)
    with pytest.raises(NotAllowed, match="developer"):
        retesting.withdraw(tess, one)


def test_nobody_judges_what_they_called_mended(engagement: Engagement, ada: User, tmp_path: Path) -> None:
    (one,) = sent(engagement, ada, tmp_path, "Search")
    retesting.ready(ada, one)
    with pytest.raises(NotAllowed, match="another person"):
        retesting.judge(ada, one, passed=True, proof=PROOF)


def test_what_another_tool_still_reports_stays_open(
    engagement: Engagement, ada: User, dev: User, tess: User, tmp_path: Path
) -> None:
    one, other = sent(engagement, tess, tmp_path, "Search", "Login")
    Finding.objects.filter(pk=other.finding_id).update(issue=issue_of(one))
    retesting.ready(dev, one)
    retesting.judge(tess, one, passed=True, proof=PROOF)
    assert issue_of(one).open


def test_a_closed_engagement_takes_nothing(
    engagement: Engagement, ada: User, dev: User, tess: User, tmp_path: Path
) -> None:
    (one,) = sent(engagement, tess, tmp_path, "Search")
    retesting.ready(dev, one)
    with pytest.raises(NotAllowed, match="wait for a retest"):
        agreeing.close(ada, engagement)
    retesting.judge(tess, one, passed=False, proof=PROOF)
    agreeing.close(ada, engagement)
    engagement.refresh_from_db()
    with pytest.raises(NotAllowed):
        sent(engagement, ada, tmp_path, "Login")
    with pytest.raises(NotAllowed, match="closed"):
        retesting.ready(dev, one)


def test_testers_report_on_their_days_only(engagement: Engagement, ada: User, tess: User, tmp_path: Path) -> None:
    then = rights.today() - timedelta(days=5)
    row = agreeing.edit(ada, engagement, terms(starts=then, ends=then))
    with pytest.raises(NotAllowed, match="from"):
        sent(row, tess, tmp_path, "Search")
    assert sent(row, ada, tmp_path, "Search")


class TestScope:
    def test_an_asset_outside(self, shop: Application, ada: User, tess: User, tmp_path: Path) -> None:
        import_findings("Shop", "Trivy", [], repository="", image="registry.example/shop:1")
        inside = Asset.objects.get(key="git.example/harbour/shop")
        outside = Asset.objects.get(kind="image")
        row = agreeing.create(ada, shop, terms(assets=(inside.pk,)))
        with pytest.raises(ImportRefused, match="not in the scope"):
            sent(row, ada, tmp_path, "Search", asset=outside.pk)
        (one,) = sent(row, ada, tmp_path, "Search", asset=inside.pk)
        assert one.asset == inside
        assert one.finding.stream.asset == inside

    def test_a_report_that_speaks_of_code_elsewhere(self, engagement: Engagement, tess: User, tmp_path: Path) -> None:
        import_findings("Other", "Semgrep", [], repository="git.example/other/other")
        path = tmp_path / "elsewhere.json"
        path.write_bytes(report("Search", run={"repository": "https://git.example/other/other"}))
        before = (Scan.objects.count(), Issue.objects.count())
        with pytest.raises(ImportRefused, match="other, which is not in the scope"):
            take(tess, engagement, path, path.name, Sending())
        assert (Scan.objects.count(), Issue.objects.count()) == before

    def test_twice_or_nothing(self, engagement: Engagement, tess: User, tmp_path: Path) -> None:
        sent(engagement, tess, tmp_path, "Search")
        with pytest.raises(ImportRefused, match="already"):
            sent(engagement, tess, tmp_path, "Search")
        path = tmp_path / "empty.json"
        path.write_bytes(report())
        with pytest.raises(ImportRefused, match="no finding"):
            take(tess, engagement, path, path.name, Sending(format="generic"))
        assert engagement.reports.count() == 1


class TestProving:
    def test_a_proof_raises_the_likelihood_of_what_it_proves(
        self, engagement: Engagement, dev: User, tess: User, tmp_path: Path
    ) -> None:
        flaw = Issue.objects.get(rule="sqli")
        (one,) = sent(engagement, tess, tmp_path, "Search")
        assert proving.link(dev, one, flaw)
        assert not proving.link(dev, one, flaw)
        after = Issue.objects.get(pk=flaw.pk)
        assert after.risk > flaw.risk
        assert after.facts["corroborated"] == "pentest"
        (told,) = reading.findings(visible_to(dev), engagement)
        assert [(each["issue"], each["by_person"]) for each in told["proves"]] == [(flaw.reference, True)]
        assert reading.findings(visible_to(tess), engagement)[0]["proves"] == []
        assert proving.unlink(dev, one, flaw)
        assert not proving.unlink(dev, one, flaw)
        assert Issue.objects.get(pk=flaw.pk).risk == flaw.risk

    def test_a_word_of_a_person_is_brought_back(
        self, engagement: Engagement, dev: User, tess: User, tmp_path: Path
    ) -> None:
        flaw = Issue.objects.get(rule="sqli")
        (one,) = sent(engagement, tess, tmp_path, "Search")
        proving.link(dev, one, flaw)
        Corroboration.objects.all().delete()
        assert proving.restore(engagement.application) == 1
        assert Corroboration.objects.get().issue == flaw
        assert proving.restore(engagement.application) == 0

    def test_a_retest_that_passed_takes_the_likelihood_back(
        self, engagement: Engagement, dev: User, tess: User, tmp_path: Path
    ) -> None:
        flaw = Issue.objects.get(rule="sqli")
        (one,) = sent(engagement, tess, tmp_path, "Search")
        proving.link(dev, one, flaw)
        retesting.ready(dev, one)
        retesting.judge(tess, one, passed=True, proof=PROOF)
        assert Issue.objects.get(pk=flaw.pk).risk == flaw.risk

    def test_what_cannot_be_proved(self, engagement: Engagement, dev: User, tess: User, tmp_path: Path) -> None:
        one, other = sent(engagement, tess, tmp_path, "Search", "Login")
        with pytest.raises(NotAllowed, match="neither code nor a package"):
            proving.link(dev, one, issue_of(other))
        with pytest.raises(NotAllowed, match="developer"):
            proving.link(tess, one, Issue.objects.get(rule="sqli"))
        import_findings("Other", "Semgrep", [code("x", "X", "x.py", 1, Severity.LOW)], repository="git.example/o/o")
        with pytest.raises(NotAllowed, match="another application"):
            proving.link(dev, one, Issue.objects.get(rule="x"))
        Finding.objects.filter(pk=one.finding_id).update(issue=Issue.objects.get(rule="sqli"))
        with pytest.raises(NotAllowed, match="part of"):
            proving.link(None, reading.finding_of(engagement, one.pk), Issue.objects.get(rule="sqli"))

    def test_carried_out_by_hand_counts_as_verified(self, engagement: Engagement, tess: User, tmp_path: Path) -> None:
        (plain,) = sent(engagement, tess, tmp_path, "Search")
        (proved,) = sent(engagement, tess, tmp_path, "Login", proved=True)
        assert Finding.objects.get(pk=proved.finding_id).flags & FindingFlag.VERIFIED
        assert issue_of(proved).risk > issue_of(plain).risk
        assert [one["verified"] for one in reading.findings(everything(), engagement)] == [False, True]
