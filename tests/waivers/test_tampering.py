"""Somebody changes a waiver past its decision: the ledger's verifier finds it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from seamark.governance.ledger import checkpoints
from seamark.governance.ledger.live import verify_database
from seamark.governance.ledger.note import new_signer
from seamark.governance.waivers import service
from seamark.store.models import Issue, User, Waiver, WaiverIssue, WaiverStep
from tests.waivers.conftest import asked_for


@pytest.mark.parametrize(
    "change",
    [
        lambda: Waiver.objects.update(expires_at=timezone.now() + timedelta(days=900)),
        lambda: Waiver.objects.update(state="approved", decided_at=timezone.now(), severity=5),
        lambda: Waiver.objects.update(policy="another"),
        lambda: Waiver.objects.update(query="kind:code", scope="query"),
        lambda: Waiver.objects.update(text="something else"),
        lambda: WaiverIssue.objects.update(issue=1),
        lambda: WaiverStep.objects.filter(kind="approved").update(comment="never said"),
        lambda: WaiverStep.objects.filter(kind="requested").delete(),
        lambda: WaiverIssue.objects.create(waiver=Waiver.objects.get(), issue=Issue.objects.latest("pk")),
    ],
)
def test_it_is_found(
    dev: User, tom: User, issue: Issue, settings: pytest.FixtureRequest, change: Callable[[], object]
) -> None:
    signer = new_signer("tests.example/ledger")
    settings.SEAMARK_LEDGER_KEY = str(signer)  # type: ignore[attr-defined]
    waiver = service.approve(tom, service.request(dev, asked_for(issue)), "one week")
    service.revoke(tom, waiver, "fixed")
    checkpoints.sign_now()

    def faults() -> set[str]:
        return {fault.words for fault in verify_database(signer.verifier).faults if "waiver" in fault.words}

    assert faults() == set()
    change()
    assert faults()
