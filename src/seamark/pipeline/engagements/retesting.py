"""Testing again: somebody says that it is mended, somebody else tests, and a proof closes the finding. Nothing else does.

A retest that passed is a scan of its own in the finding's line, whose report is the proof: the finding closes in it as it would by
any scan, so that issue, ledger, clock and tickets follow as they always do.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import BinaryIO, Final

from django.db import transaction
from django.utils import timezone

from seamark.analysis.correlation.signals import pack, signals
from seamark.analysis.risk import load_profile
from seamark.core.errors import NotAllowed
from seamark.governance.ledger import changes
from seamark.governance.ledger.attested import row_of
from seamark.governance.ledger.record import record
from seamark.pipeline.engagements import rights
from seamark.pipeline.ingest.corroborating import confirmed_by
from seamark.pipeline.ingest.issues import Scorer, write_events
from seamark.pipeline.ingest.refreshing import refresh
from seamark.pipeline.profiles import active_profile
from seamark.pipeline.scoring import rescore
from seamark.store import evidence, writer
from seamark.store.access import visible_to
from seamark.store.models import Engagement, Finding, Issue, PentestFinding, Report, Retest, Scan, User
from seamark.store.models.engagements import RetestState
from seamark.store.permissions import needed

LEAST_WORDS: Final = 20
"""Characters of a proof in words: what was sent and what came back takes a sentence."""
MOST_WORDS: Final = 20_000
LARGEST: Final = 20 * 1024 * 1024
"""Bytes of a proof."""
FORMAT: Final = "retest"


@transaction.atomic
def ready(actor: User | None, one: PentestFinding, comment: str = "") -> Retest:
    """Say that a finding is mended and waits for a retest. Raises `NotAllowed`."""
    one = _locked(one)
    if actor is not None and not rights.mends(visible_to(actor), one.engagement):
        raise NotAllowed(needed(rights.WORKS, one.engagement.application))
    if one.state not in {RetestState.OPEN, RetestState.FAILED}:
        raise NotAllowed(f"It is {RetestState(one.state).label} already")
    one.ready_by = actor
    return _step(actor, one, RetestState.READY, _words(comment), None, None)


@transaction.atomic
def withdraw(actor: User | None, one: PentestFinding, comment: str = "") -> Retest:
    """Take back that a finding is mended. Raises `NotAllowed`."""
    one = _locked(one)
    if actor is not None and not rights.mends(visible_to(actor), one.engagement):
        raise NotAllowed(needed(rights.WORKS, one.engagement.application))
    if one.state != RetestState.READY:
        raise NotAllowed("It does not wait for a retest")
    one.ready_by = None
    return _step(actor, one, RetestState.OPEN, _words(comment), None, None)


@transaction.atomic
def judge(
    actor: User | None, one: PentestFinding, *, passed: bool, proof: str = "", file: BinaryIO | None = None, name: str = ""
) -> Retest:  # fmt: skip
    """Say what testing again showed, with the proof: words, or a file. A retest that passed closes the finding.

    Raises `NotAllowed` without a proof, for somebody who is no tester of the engagement and does not manage it, and for who said that
    it is mended.
    """
    one = _locked(one)
    if actor is not None:
        _check_judges(actor, one)
    if one.state != RetestState.READY:
        raise NotAllowed("It does not wait for a retest: somebody says first that it is mended")
    kept, words = _proof(one, proof, file, name), _words(proof)
    if not passed:
        return _step(actor, one, RetestState.FAILED, words, kept, None)
    return _close(actor, one, words, kept)


def _check_judges(actor: User, one: PentestFinding) -> None:
    if not rights.retests(visible_to(actor), one.engagement):
        raise NotAllowed(
            f"Testers of {one.engagement.reference}, and those who manage it, say what testing again showed"
        )
    if one.ready_by_id == actor.pk:
        raise NotAllowed("Whoever says that it is mended does not judge it: another person tests")


def _close(actor: User | None, one: PentestFinding, words: str, proof: Report) -> Retest:
    since, now = changes.begin(), timezone.now()
    finding = Finding.objects.select_related("stream").get(pk=one.finding_id)
    reference = one.engagement.reference
    who = actor.get_username() if actor is not None else "the command line"
    scan = Scan.objects.create(
        stream=finding.stream, report=proof, started_at=now, proves=True, why=f"Retest of {reference} passed, by {who}",
        fixed=1, findings=Finding.objects.filter(stream=finding.stream, closed_in=None).count() - 1,
    )  # fmt: skip
    if finding.closed_in_id is None:
        full = evidence.read([finding])[finding.pk]
        writer.update(Finding, ["closed_in", "signals"], [(finding.pk, scan.pk, pack(signals(full)))])
    made = _step(actor, one, RetestState.PASSED, words, proof, scan)
    _refresh(one.engagement, finding.issue_id, scan, now)
    told = {
        "report": proof.digest,
        "format": FORMAT,
        "engagement": reference,
        "finding": one.pk,
        "retest": made.pk,
        "scan": scan.pk,
    }
    changes.record_closures(since, f"retest {reference}", lambda: told, [scan.pk], "retest")
    return made


def _refresh(engagement: Engagement, issue: int, scan: Scan, now: datetime) -> None:
    row = active_profile(engagement.application)
    refresh([issue], scorer=Scorer(load_profile(row.content)), profile_id=row.pk, scan=scan.pk, now=now)
    rescore(confirmed_by([issue]))


def _step(
    actor: User | None, one: PentestFinding, state: RetestState, words: str, proof: Report | None, scan: Scan | None
) -> Retest:
    """Write a step: the finding's state, the step itself, an event of its issue, an entry in the ledger."""
    before, one.state = RetestState(one.state), state
    one.save(update_fields=["state", "ready_by"])
    now = timezone.now()
    made = Retest.objects.create(
        pentest=one, state=state, comment=words, proof=proof, scan=scan, actor=actor, at=now
    )  # fmt: skip
    issue = Issue.objects.only("id", "application_id").get(pk=one.finding.issue_id)
    told = {
        "engagement": one.engagement.reference, "finding": one.pk, "before": before.label, "after": state.label, "comment": words,
        "proof": proof.digest if proof is not None else "", "by": actor.get_username() if actor is not None else "",
    }  # fmt: skip
    write_events(
        [(issue.pk, issue.application_id, "retest", told)], scan=scan.pk if scan is not None else None, now=now
    )
    body = {"step": "retest", "issue": f"SM-{issue.pk}", **told}
    record("engagement", one.engagement.reference, body, actor=actor, rows=(row_of(made),))
    return made


def _locked(one: PentestFinding) -> PentestFinding:
    PentestFinding.objects.select_for_update().filter(pk=one.pk).only("id").first()
    found = PentestFinding.objects.select_related("engagement__application", "finding").get(pk=one.pk)
    rights.check_open(found.engagement)
    return found


def _words(text: str) -> str:
    text = text.replace("\0", "").strip()
    if len(text) > MOST_WORDS:
        raise NotAllowed(f"Words about a retest have at most {MOST_WORDS:,} characters")
    return text


def _proof(one: PentestFinding, words: str, file: BinaryIO | None, name: str) -> Report:
    """Keep a proof by its digest. Raises `NotAllowed` for none, and for one that is too large."""
    if file is None:
        text = _words(words)
        if len(text) < LEAST_WORDS:
            raise NotAllowed(
                f"A retest needs a proof: a file, or what was sent and came back in {LEAST_WORDS} characters or more"
            )
        file, name = io.BytesIO(text.encode()), f"{one.engagement.reference} finding {one.pk}.txt"
    with evidence.Packed(file) as packed:
        if not packed.size or packed.size > LARGEST:
            raise NotAllowed(f"A proof has 1 byte to {LARGEST // 1024**2} MB")
        row = packed.store(name or "proof")
    if not row.format:
        row.format = FORMAT
        row.save(update_fields=["format"])
    return row
