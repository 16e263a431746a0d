"""Packs as jobs: made by a worker with the rights of who asked, kept for a week, handed to nobody else."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation
from pptx import Presentation

from seamark.core.errors import InvalidSetting, NotAllowed, NotFound
from seamark.governance.access import tokens
from seamark.governance.ledger.note import Signer
from seamark.insight.exports.pack.period import InvalidPeriod
from seamark.insight.exports.pack.shapes import Period
from seamark.insight.metrics.scope import scope as asked_about
from seamark.pipeline import jobs, made_files, packing
from seamark.pipeline.compliance import evidence, pack, snapshots
from seamark.pipeline.compliance import work as compliance_work
from seamark.pipeline.compliance.scope import WHOLE, Scope, scope_of
from seamark.pipeline.made_files import Holds
from seamark.pipeline.metrics import packs as board_packs
from seamark.pipeline.worker import QUEUES
from seamark.store.access import everything, visible_to
from seamark.store.models import Application, BusinessUnit, Grant, Job, MadeFile, MadeFilePart, User
from seamark.store.models.people import Role
from seamark.store.models.requests import JobState
from tests.api.conftest import Caller, caller
from tests.compliance.packs.conftest import PCI
from tests.compliance.packs.test_past import opened
from tests.factories import make_person
from tests.web.conftest import logged_in

__all__ = ["caller", "logged_in"]


@pytest.fixture
def olga(payments: Scope, signer: Signer) -> User:
    """Somebody who reads Payments, and nothing else."""
    return make_person("olga", Role.AUDITOR, application=payments.application)


def ask(person: User, scope: Scope, period: Period) -> Job:
    return packing.ask_evidence(person, visible_to(person), PCI, scope, period.label)


def content(file: MadeFile) -> bytes:
    return b"".join(made_files.pieces(file))


def found(person: User, job: Job) -> MadeFile:
    return made_files.find(visible_to(person), person, job.pk)


def test_a_worker_makes_what_was_asked_for(olga: User, payments: Scope, period: Period) -> None:
    job = ask(olga, payments, period)
    assert not jobs.work_once(), "packs are no work of the others"
    assert QUEUES["pack"]() is True
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == (JobState.DONE, 4, 4)
    told = opened(content(found(olga, job)))
    assert told["report.json"]["scope"]["name"] == "Payments"
    assert content(found(olga, job)) == pack.make(visible_to(olga), PCI, payments, period, by=olga).content
    assert not packing.work_once()


def test_progress_is_told_step_by_step(
    olga: User, payments: Scope, period: Period, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    real = jobs._teller

    def teller(job: Job) -> jobs.Tell:
        tell = real(job)

        def tells(done: int, result: dict[str, Any]) -> None:
            tell(done, result)
            told.append(Job.objects.get(pk=job.pk).done)

        return tells

    monkeypatch.setattr(jobs, "_teller", teller)
    ask(olga, payments, period)
    packing.work_once()
    assert told == [1, 2, 3, 4]


def test_what_cannot_be_made_is_refused_at_once(olga: User, payments: Scope, period: Period, settings: Any) -> None:
    seen = visible_to(olga)
    for wrong, error in ((("nothing", payments, period.label), NotFound), ((PCI, WHOLE, period.label), NotAllowed),
                         ((PCI, payments, "someday"), InvalidPeriod), ((PCI, payments, "2999"), NotAllowed)):  # fmt: skip
        with pytest.raises(error):
            packing.ask_evidence(olga, seen, *wrong)
    settings.SEAMARK_LEDGER_KEY = ""
    with pytest.raises(InvalidSetting):
        ask(olga, payments, period)
    assert not Job.objects.exists()


def test_nobody_piles_packs_up(olga: User, payments: Scope, period: Period) -> None:
    for _ in range(packing.MOST):
        ask(olga, payments, period)
    with pytest.raises(NotAllowed, match="wait for one of them"):
        ask(olga, payments, period)
    Job.objects.update(state=JobState.FAILED)
    assert ask(olga, payments, period).state == JobState.QUEUED


def test_whoever_lost_the_right_meanwhile_gets_no_pack(olga: User, payments: Scope, period: Period) -> None:
    job = ask(olga, payments, period)
    Grant.objects.filter(user=olga).delete()
    assert packing.work_once()
    job.refresh_from_db()
    assert (job.state, MadeFile.objects.count()) == (JobState.FAILED, 0)
    assert job.error


def test_an_application_that_is_gone_has_no_pack(olga: User, payments: Scope, period: Period) -> None:
    job = ask(olga, payments, period)
    Job.objects.filter(pk=job.pk).update(asked={**job.asked, "application": 0, "unit": 4_711})
    packing.work_once()
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.FAILED, "payments is gone")


def test_the_scope_is_looked_at_again_when_the_file_is_fetched(
    olga: User, payments: Scope, period: Period, caller: Callable[..., Caller], logged_in: Callable[..., Client]
) -> None:
    job = ask(olga, payments, period)
    packing.work_once()
    call, browser = caller(olga, "read"), logged_in(olga)
    assert call("GET", f"/jobs/job-{job.pk}/file").status_code == 200
    assert browser.get(f"/made/{job.pk}/file").status_code == 200
    eve = make_person("eve", Role.ADMIN)
    assert caller(eve, "read")("GET", f"/jobs/job-{job.pk}/file").status_code == 404, "it is somebody else's"
    assert logged_in(eve).get(f"/made/{job.pk}/").status_code == 404
    Grant.objects.filter(user=olga).delete()
    Grant.objects.create(user=olga, role=Role.AUDITOR, application=Application.objects.create(name="B", slug="b"))
    assert call("GET", f"/jobs/job-{job.pk}/file").status_code == 404
    assert browser.get(f"/made/{job.pk}/file").status_code == 404


def test_what_tells_of_everything_and_of_people_is_for_those_who_may_read_that(
    payments: Scope, signer: Signer, period: Period
) -> None:
    ada = make_person("ada", Role.ADMIN)
    snapshots.take(ada, "access-review")
    job = ask(ada, WHOLE, period)
    packing.work_once()
    file = found(ada, job)
    assert file.holds["everything"] is True
    assert file.holds["people"] is True
    Grant.objects.filter(user=ada).update(role=Role.VIEWER)
    with pytest.raises(NotFound):
        found(ada, job)
    Grant.objects.filter(user=ada).update(role=Role.ADMIN, application=payments.application)
    with pytest.raises(NotFound):
        found(ada, job)


def test_what_tells_of_a_unit_is_for_those_who_may_read_all_of_it(
    payments: Scope, signer: Signer, period: Period
) -> None:
    unit = BusinessUnit.objects.create(name="Retail")
    Application.objects.filter(slug="payments").update(unit=unit)
    mia = make_person("mia", Role.AUDITOR, unit=unit)
    scope = scope_of(everything(), application="payments")
    evidence.add_file(
        None, "Of Retail", b"All of Retail", "r.txt", [evidence.Use(PCI, "6.1.1")], scope=Scope(unit=unit)
    )
    job = ask(mia, scope, period)
    packing.work_once()
    assert b"All of Retail" in opened(content(found(mia, job))).values()
    Grant.objects.filter(user=mia).update(unit=None, application=scope.application)
    with pytest.raises(NotFound):
        found(mia, job)


def test_a_token_fetches_no_more_than_it_may_read(
    payments: Scope, signer: Signer, period: Period, caller: Callable[..., Caller]
) -> None:
    ada = make_person("ada", Role.ADMIN)
    job = ask(ada, WHOLE, period)
    packing.work_once()
    assert payments.application is not None
    assert caller(ada, "read")("GET", f"/jobs/job-{job.pk}/file").status_code == 200
    soon, only = timezone.now() + timedelta(days=1), [payments.application]
    narrow = Caller(tokens.make(ada, "narrow", scopes=["read"], expires_at=soon, actor=ada, applications=only).text)
    assert narrow("GET", f"/jobs/job-{job.pk}/file").status_code == 404
    assert narrow("POST", "/compliance/packs", {"framework": PCI, "period": period.label}).status_code == 403


def test_files_go_after_a_week(olga: User, payments: Scope, period: Period) -> None:
    job = ask(olga, payments, period)
    packing.work_once()
    now = timezone.now()
    assert made_files.forget_old(now) == 0
    MadeFile.objects.update(keep_until=now + timedelta(seconds=-1))
    with pytest.raises(NotFound):
        found(olga, job)
    assert compliance_work.work_once(now)
    assert not MadeFile.objects.exists()
    assert not MadeFilePart.objects.exists()
    assert packing.asked_for(olga, packing.EVIDENCE)[0].state == JobState.DONE


def test_large_files_are_kept_in_pieces_and_old_ones_make_room(olga: User) -> None:
    now = timezone.now()
    big = bytes(range(256)) * 40_000
    for number in range(made_files.MOST + 2):
        job = Job.objects.create(owner=olga, kind=packing.BOARD, asked={})
        kept = made_files.keep(job, "a.zip", "application/zip", big if number == 3 else b"x", Holds(), now)
        again = made_files.keep(job, "a.zip", "application/zip", big if number == 3 else b"x", Holds(), now)
        assert (again.size, again.pk != kept.pk) == (kept.size, True), (
            "an attempt more takes the place of the one before"
        )
    assert MadeFile.objects.count() == made_files.MOST
    large = MadeFile.objects.get(size=len(big))
    assert large.parts.count() == 3
    assert content(large) == big


def test_a_pack_for_the_board_is_a_job_too(
    payments: Scope, caller: Callable[..., Caller], logged_in: Callable[..., Client]
) -> None:
    bo = make_person("bo", Role.VIEWER, application=payments.application)
    call, browser = caller(bo, "read"), logged_in(bo)
    answer = call("POST", "/metrics/packs", {"form": "pptx", "application": "payments"})
    assert (answer.status_code, answer.json()["kind"]) == (202, "board pack")
    assert call("POST", "/metrics/packs", {"application": "nobody"}).status_code == 422
    assert call("POST", "/metrics/packs", {"period": "someday"}).status_code == 422
    sent = {"pack": "pdf baseline", "query": "application=payments&period=30&evil=1"}
    assert browser.post("/analytics/packs/", sent)["Location"] == "/analytics/?application=payments&period=30#packs"
    assert browser.post("/analytics/packs/", {"pack": "exe"}).status_code == 302
    assert Job.objects.count() == 2, "what there is no form for is refused"
    while packing.work_once():
        pass
    slides, printed = (found(bo, job) for job in Job.objects.order_by("pk"))
    assert (slides.name, content(slides)[:2]) == ("seamark-pack-payments-90.pptx", b"PK")
    assert (printed.name, content(printed)[:4]) == ("seamark-baseline-payments-30.pdf", b"%PDF")
    assert f"/made/{printed.job_id}/file" in browser.get("/analytics/").content.decode()
    stranger = caller(make_person("nobody"), "read")
    assert stranger("POST", "/metrics/packs", {}).status_code == 403


def test_a_pack_speaks_the_language_of_who_asked(payments: Scope) -> None:
    bo = make_person("bo", Role.VIEWER, application=payments.application)
    where = asked_about(visible_to(bo), timezone.now())
    with translation.override("de"):
        packing.ask_board(bo, where, "pptx")
        title = board_packs.pack_for(where).title
    with translation.override("en"):
        packing.work_once()
    deck = Presentation(io.BytesIO(content(MadeFile.objects.get())))
    assert deck.core_properties.title == title
