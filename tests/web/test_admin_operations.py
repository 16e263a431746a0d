"""Health, jobs, feeds, coverage and audit: what the pages and the API say, and who may do what there."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.ledger import checkpoints
from seamark.governance.ledger.note import new_signer
from seamark.governance.triage import service
from seamark.insight.analytics import reporting
from seamark.interfaces.web.admin import audit as audit_page
from seamark.interfaces.web.admin import coverage, health, jobs
from seamark.pipeline import audit, feed_updates, heartbeat, operations, vitals
from seamark.pipeline import health as checks
from seamark.pipeline import jobs as queue
from seamark.pipeline.signon.audit import note
from seamark.store.access import visible_to
from seamark.store.models import (
    Application,
    Event,
    FeedState,
    Heartbeat,
    Import,
    Issue,
    Job,
    LedgerEntry,
    Report,
    Scan,
    User,
)
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from seamark.store.models.requests import JobState
from tests.api.conftest import Caller, caller
from tests.factories import days_ago, make_person
from tests.feeds import files
from tests.feeds.conftest import Publisher, publisher

__all__ = ["caller", "publisher"]
BASE = "/administration"
LogIn = Callable[[User], Client]


@pytest.fixture
def root(world: dict[str, Application]) -> User:
    return make_person("root", Role.ADMIN)


@pytest.fixture
def odo(world: dict[str, Application]) -> User:
    return make_person("odo", Role.AUDITOR)


@pytest.fixture
def browser(root: User, logged_in: LogIn) -> Client:
    return logged_in(root)


def read(client: Client, path: str) -> str:
    answer = client.get(f"{BASE}/{path}")
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def failed_import(author: User, **more: Any) -> Import:
    report = Report.objects.all()[0]
    given = {
        "target": {"application": "Storefront"},
        "lane": "x",
        "state": "failed",
        "error": "It broke",
        "failure": "store",
    }
    return Import.objects.create(report=report, author=author, **{"finished_at": timezone.now(), **given, **more})


class TestHealth:
    def test_workers_say_that_they_are_there(self, db: None) -> None:
        now = timezone.now()
        assert checks.workers([], [])[1] == "wrong"
        pulse = heartbeat.Pulse()
        assert pulse.beat()
        assert not pulse.beat(), "not at every piece of work"
        (row,) = heartbeat.standing(now + timedelta(seconds=1))
        assert (row["silent"], checks.workers([row], [])[:2]) == (False, ("workers", "well"))
        (late,) = heartbeat.standing(now + timedelta(minutes=3))
        assert late["silent"]
        assert "last word" in checks.workers([late], vitals.queues(now))[2]
        pulse.end()
        assert not Heartbeat.objects.exists()

    def test_rows_of_workers_that_are_gone_for_a_day_are_forgotten(self, db: None) -> None:
        Heartbeat.objects.create(name="old:1", started_at=days_ago(3), at=days_ago(2))
        heartbeat.Pulse().beat()
        assert Heartbeat.objects.count() == 1

    def test_a_long_piece_of_work_is_no_silence(self, root: User) -> None:
        failed_import(root, state="running", lease_until=timezone.now() + timedelta(minutes=5))
        now = timezone.now()
        assert checks.workers([], vitals.queues(now))[:2] == ("workers", "well")

    def test_a_queue_that_nobody_works_off(self, root: User) -> None:
        row = failed_import(root, state="queued", finished_at=None)
        Import.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(hours=2))
        found = {one["name"]: one for one in vitals.queues(timezone.now())}
        assert (str(found["import"]["waiting"]), found["import"]["oldest"] // 60) == ("1", 120)
        assert checks.waiting(list(found.values()))[:2] == ("queues", "wrong")

    def test_failures_are_a_note(self, root: User) -> None:
        failed_import(root)
        assert checks.waiting(vitals.queues(timezone.now()))[:2] == ("queues", "note")
        assert checks.waiting(vitals.queues(timezone.now() + timedelta(days=8)))[:2] == ("queues", "well")

    def test_feeds_that_failed_or_are_old(self) -> None:
        row = {"feed": "epss", "failure": "", "old": False, "age": 1}
        assert checks.feeds([row])[1] == "well"
        assert checks.feeds([{**row, "old": True, "age": 9}]) == ("feeds", "note", "epss is 9 days old")
        assert checks.feeds([{**row, "failure": "404"}]) == ("feeds", "wrong", "epss: 404")

    def test_the_signature(self, root: User, settings: Settings) -> None:
        now = timezone.now()
        settings.SEAMARK_LEDGER_KEY = ""
        assert checks.ledger(vitals.ledger(), now)[1] == "note"
        settings.SEAMARK_LEDGER_KEY = str(new_signer("tests.example/ledger"))
        assert "nothing was signed" in checks.ledger(vitals.ledger(), now)[2]
        service.change_state(root, Issue.objects.all(), State.CONFIRMED)
        checkpoints.sign_now()
        assert checks.ledger(vitals.ledger(), now)[1] == "well"
        figures = {**vitals.ledger(), "entries": LedgerEntry.objects.count() + 1}
        assert checks.ledger(figures, now + timedelta(days=3))[1] == "wrong"

    def test_page_and_endpoint_say_the_same(self, browser: Client, odo: User, caller: Callable[..., Caller]) -> None:
        heartbeat.Pulse().beat()
        page = read(browser, "health/")
        told = caller(odo, "read")("GET", "/operations/health").json()
        for one in told["checks"]:
            assert one["check"] in page
        assert {one["name"] for one in told["queues"]} == {one.name for one in vitals.QUEUES}
        assert told["disk"]["total"] >= told["disk"]["free"] > 0
        assert len(told["workers"]) == 1
        states = [one["state"] for one in told["checks"]]
        assert told["state"] == next(one for one in ("wrong", "note", "well") if one in states)

    def test_it_is_no_business_of_others(self, world: dict[str, Application], caller: Callable[..., Caller]) -> None:
        for role in (Role.VIEWER, Role.DEVELOPER, Role.ANALYST, Role.APPROVER):
            call = caller(make_person(f"one-{role}", role))
            for path in ("health", "jobs", "feeds"):
                assert call("GET", f"/operations/{path}").status_code == 403

    def test_a_database_that_is_away_is_said(self, browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        def away(*_: object) -> dict[str, Any]:
            raise DatabaseError("it is away\nand more")

        monkeypatch.setattr(checks, "report", away)
        answer = browser.get(f"{BASE}/health/")
        assert (answer.status_code, "it is away" in answer.content.decode()) == (503, True)

    @pytest.mark.parametrize(
        ("seconds", "words"), [(None, ""), (5, "5 s"), (200, "3 min"), (9000, "2 h"), (200_000, "2 d")]
    )
    def test_spans(self, seconds: int | None, words: str) -> None:
        assert health._span(seconds) == words

    def test_overview(self, browser: Client, odo: User, logged_in: LogIn) -> None:
        page = read(browser, "")
        assert "http://testserver/scim/v2" in page
        for name in ("sso", "roles", "health", "jobs", "feeds", "coverage", "audit"):
            assert f'href="{BASE}/{name}/"' in page
        assert f'href="{BASE}/people/"' not in read(logged_in(odo), "")


class TestJobs:
    def test_what_failed_is_tried_again(self, browser: Client, root: User) -> None:
        row = failed_import(root)
        assert "It broke" in read(browser, "jobs/?kind=imports&state=failed")
        answer = browser.post(
            f"{BASE}/jobs/?kind=imports", {"action": "retry", "reference": f"import-{row.pk}"}, follow=True
        )
        assert "waits for a worker again" in answer.content.decode()
        row.refresh_from_db()
        assert (row.state, row.attempt, row.error, row.finished_at) == ("queued", 0, "", None)
        event = Event.objects.get(kind="job")
        assert (event.actor, event.details["before"]["state"], event.details["after"]["state"]) == (
            root,
            "failed",
            "queued",
        )
        assert LedgerEntry.objects.get(kind="job").subject == f"import-{row.pk}"

    def test_what_waits_is_cancelled_and_what_runs_is_not(self, browser: Client, root: User, analyst: User) -> None:
        job = queue.submit(analyst, "triage", {})
        page = browser.post(f"{BASE}/jobs/", {"action": "cancel", "reference": f"job-{job.pk}"}, follow=True)
        assert "is cancelled" in page.content.decode()
        job.refresh_from_db()
        assert (job.state, job.error) == ("failed", "root cancelled it")
        assert not queue.work_once()
        Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING)
        with pytest.raises(NotAllowed, match="it is running"):
            operations.cancel(root, f"job-{job.pk}")
        with pytest.raises(NotAllowed, match="it is running"):
            operations.retry(root, f"job-{job.pk}")

    def test_a_worker_that_was_quicker_wins(self, root: User, monkeypatch: pytest.MonkeyPatch) -> None:
        job = queue.submit(root, "triage", {})
        stale = Job.objects.get(pk=job.pk)
        Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, attempt=1)
        monkeypatch.setattr(operations, "_found", lambda *_: stale)
        with pytest.raises(NotAllowed, match="has moved on"):
            operations.cancel(root, f"job-{job.pk}")
        job.refresh_from_db()
        assert (job.state, job.attempt) == (JobState.RUNNING, 1)

    def test_an_import_whose_source_is_gone_has_to_be_sent_again(self, root: User) -> None:
        row = failed_import(root, source_digest="0" * 64)
        with pytest.raises(NotAllowed, match="send the report again"):
            operations.retry(root, f"import-{row.pk}")

    def test_who_may(self, root: User, odo: User, analyst: User, logged_in: LogIn) -> None:
        own, others = queue.submit(analyst, "triage", {}), queue.submit(root, "triage", {})
        sent = failed_import(analyst)
        assert operations.cancel(analyst, f"job-{own.pk}").state == "failed"
        assert operations.retry(analyst, f"job-{own.pk}").state == "queued"
        with pytest.raises(NotFound):
            operations.cancel(analyst, f"job-{others.pk}")
        for who, reference in ((analyst, f"import-{sent.pk}"), (odo, f"job-{others.pk}")):
            with pytest.raises(NotAllowed, match="admin"):
                operations.retry(who, reference)
        for wrong in ("job-987654", "import-987654", "job-x", "thing-1"):
            with pytest.raises(NotFound):
                operations.cancel(root, wrong)
        with pytest.raises(NotAllowed):
            operations.rows(visible_to(analyst), "jobs")
        page = read(logged_in(odo), "jobs/")
        assert f"job-{others.pk}" in page
        assert 'value="cancel"' not in page

    def test_what_a_form_may_say_wrongly(self, browser: Client) -> None:
        assert "Choose what to do" in browser.post(f"{BASE}/jobs/", {"action": "paint"}, follow=True).content.decode()
        assert (
            "There is no"
            in browser.post(f"{BASE}/jobs/", {"action": "retry", "reference": "job-9999"}, follow=True).content.decode()
        )
        assert "No work of this kind stands so" in read(browser, "jobs/?kind=nonsense&state=done")
        assert browser.get(f"{BASE}/jobs/?after=x")["Location"] == f"{BASE}/jobs/"
        page = read(browser, "jobs/")
        assert all(f"<option>{one}</option>" in page for one in jobs.STATES)

    def test_re_scorings_are_shown(self, browser: Client) -> None:
        from seamark.pipeline import profiles

        profiles.active_profile()
        assert "everything" in read(browser, "jobs/?kind=re-scoring")

    def test_the_endpoints(self, root: User, odo: User, caller: Callable[..., Caller]) -> None:
        call, job = caller(root), queue.submit(root, "triage", {})
        assert call("POST", f"/operations/jobs/job-{job.pk}/cancel", {}).json()["state"] == "failed"
        assert call("POST", f"/operations/jobs/job-{job.pk}/retry", {}).json()["state"] == "queued"
        row = failed_import(root)
        assert call("POST", f"/operations/jobs/import-{row.pk}/retry", {}).json()["id"] == f"import-{row.pk}"
        assert call("POST", "/operations/jobs/job-99999/cancel", {}).status_code == 404
        assert caller(odo)("POST", f"/operations/jobs/job-{job.pk}/cancel", {}).status_code == 403
        assert caller(root, "read", "write")("POST", f"/operations/jobs/job-{job.pk}/cancel", {}).status_code == 403
        listed = caller(odo, "read")("GET", "/operations/jobs?state=queued").json()["items"]
        assert [one["id"] for one in listed] == [f"job-{job.pk}"]


class TestFeeds:
    @pytest.fixture
    def mirror(
        self, publisher: Publisher, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Publisher:
        settings.SEAMARK_HOME, settings.SEAMARK_FEED_MIRROR = tmp_path, publisher.url
        monkeypatch.setitem(queue.KINDS, feed_updates.KIND, feed_updates.carry_out)
        return publisher

    def test_a_worker_fetches_what_the_page_asks_for(self, browser: Client, root: User, mirror: Publisher) -> None:
        mirror.files["known_exploited_vulnerabilities.json"] = files.KEV
        page = browser.post(f"{BASE}/feeds/", {"feed": "kev"}, follow=True).content.decode()
        assert mirror.asked == [], "nothing is fetched while somebody waits for the page"
        assert "An update is under way" in page
        assert "Update now" not in page
        with pytest.raises(NotAllowed, match="under way already"):
            operations.update_feeds(root, [])
        assert queue.work_once()
        job = Job.objects.get()
        assert (job.state, job.done, job.total) == (JobState.DONE, 1, 1)
        assert job.result is not None
        assert [(one["feed"], one["failure"], one["rows"] > 0) for one in job.result["feeds"]] == [("kev", "", True)]
        row = next(one for one in feed_updates.overview(timezone.now()) if one["feed"] == "kev")
        assert (row["limit"], row["snapshot"] != "", row["entries"] > 0) == (14, True, True)
        assert row["snapshot"] in read(browser, "feeds/")
        assert Event.objects.get(kind="feeds").details["after"] == {"feeds": ["kev"], "job": job.pk}

    def test_a_feed_that_cannot_be_had_says_why(self, browser: Client, root: User, mirror: Publisher) -> None:
        operations.update_feeds(root, ["KEV", "kev"])
        assert queue.work_once()
        job = Job.objects.get()
        assert job.state == JobState.FAILED
        assert "kev" in job.error
        state = FeedState.objects.get(name="kev")
        page = read(browser, "feeds/")
        assert "404" in state.failure
        assert state.failure.split("(", maxsplit=1)[0].strip()[:40] in page

    def test_some_that_fail_do_not_keep_the_others_out(self, root: User, mirror: Publisher) -> None:
        mirror.files["known_exploited_vulnerabilities.json"] = files.KEV
        operations.update_feeds(root, ["kev", "epss"])
        assert queue.work_once()
        job = Job.objects.get()
        assert job.state == JobState.DONE
        assert job.result is not None
        assert [bool(one["failure"]) for one in job.result["feeds"]] == [False, True]

    def test_who_lost_the_right_meanwhile_has_nothing_fetched(self, root: User, mirror: Publisher) -> None:
        operations.update_feeds(root, ["kev"])
        root.grants.update(role=Role.VIEWER)
        assert queue.work_once()
        assert Job.objects.get().state == JobState.FAILED
        assert mirror.asked == []

    def test_who_may(
        self, odo: User, root: User, logged_in: LogIn, caller: Callable[..., Caller], mirror: Publisher
    ) -> None:
        with pytest.raises(NotAllowed, match="admin"):
            operations.update_feeds(odo, [])
        with pytest.raises(NotFound, match="There is no feed"):
            operations.update_feeds(root, ["gossip"])
        page = read(logged_in(odo), "feeds/")
        assert "epss" in page
        assert "Update now" not in page
        assert caller(odo)("POST", "/operations/feeds/update", {"feeds": []}).status_code == 403
        call = caller(root)
        assert call("POST", "/operations/feeds/update", {"feeds": ["gossip"]}).status_code == 404
        answer = call("POST", "/operations/feeds/update", {"feeds": ["kev"]})
        assert (answer.status_code, answer["Location"]) == (202, f"/api/v1/jobs/job-{Job.objects.get().pk}")
        rows = caller(odo, "read")("GET", "/operations/feeds").json()["items"]
        assert {one["state"] for one in rows} <= {"current", "old", "failed", "none"}

    def test_how_a_feed_stands(self, db: None) -> None:
        now = timezone.now()
        base = {"snapshot": "x", "loaded_at": now, "checked_at": now}
        FeedState.objects.create(name="kev", day=(now - timedelta(days=20)).date(), **base)
        FeedState.objects.create(name="epss", day=now.date(), **base)
        FeedState.objects.create(name="nuclei", day=now.date(), failure="404", failed_at=now, **base)
        FeedState.objects.create(name="own-facts", **base)
        found = {one["feed"]: one for one in feed_updates.overview(now)}
        assert {name: found[name]["state"] for name in ("kev", "epss", "nuclei", "euvd", "own-facts")} == {
            "kev": "old", "epss": "current", "nuclei": "failed", "euvd": "none", "own-facts": "current",
        }  # fmt: skip
        assert (found["kev"]["age"], found["kev"]["limit"]) == (20, 14)

    def test_a_total_is_known_before(self) -> None:
        assert feed_updates.pieces(["kev", "epss"]) == 2
        assert feed_updates.pieces([]) > 4


class TestCoverage:
    def test_a_scanner_that_went_silent_is_named(self, browser: Client) -> None:
        Scan.objects.filter(stream__tool="Trivy").update(imported_at=days_ago(9.1))
        page = read(browser, "coverage/")
        assert "Trivy has not reported for 9 days" in page
        assert "Semgrep has not reported" not in page
        silent = read(browser, "coverage/?silent=1")
        assert '<b class="name">Trivy</b>' in silent
        assert '<b class="name">Semgrep</b>' not in silent
        assert "Trivy has not reported" not in read(browser, "coverage/?days=30")
        assert '<b class="name">Trivy</b>' not in read(browser, "coverage/?tool=Semgrep")

    def test_a_scan_that_proves_nothing_is_no_complete_one(self, root: User) -> None:
        now, seen = timezone.now(), visible_to(root)
        Scan.objects.filter(stream__tool="ZAP").update(proves=False, why="it was cut short")
        (row,) = reporting.spoke(reporting.streams(seen, now, tool="ZAP"), now)
        assert (row.complete, row.why, row.silent) == (None, "it was cut short", False)
        (other,) = reporting.spoke(reporting.streams(seen, now, tool="Gitleaks"), now)
        assert (other.complete, other.why) == (other.last, "")

    def test_how_often_one_usually_reports(self, root: User) -> None:
        now = timezone.now()
        first = Scan.objects.get(stream__tool="Gitleaks")
        for days in (4, 2):
            Scan.objects.create(stream=first.stream, report=first.report, run=days)
            Scan.objects.filter(run=days, stream=first.stream).update(imported_at=days_ago(days - 2))
        Scan.objects.filter(pk=first.pk).update(imported_at=days_ago(4))
        (row,) = reporting.spoke(reporting.streams(visible_to(root), now, tool="Gitleaks"), now)
        assert row.every == "2 d"
        assert row._replace(usual=timedelta(hours=6)).every == "6 h"
        assert row._replace(usual=None).every == ""

    def test_a_stream_without_a_scan_never_reported(self, root: User) -> None:
        Scan.objects.filter(stream__tool="Gitleaks").delete()
        now, seen = timezone.now(), visible_to(root)
        (row,) = reporting.spoke(reporting.streams(seen, now, silent=True), now)
        assert (row.last, row.silent) == (None, True)
        assert reporting.tools(seen, now)[0] == reporting.Tool("Gitleaks", 1, None, silent=True)

    def test_others_see_their_own(self, world: dict[str, Application], logged_in: LogIn) -> None:
        page = read(logged_in(make_person("paul", Role.VIEWER, application=world["payroll"])), "coverage/")
        assert "Payroll" in page
        assert "Trivy" not in page
        assert logged_in(make_person("nobody")).get(f"{BASE}/coverage/").status_code == 403

    def test_wrong_addresses(self, browser: Client) -> None:
        assert browser.get(f"{BASE}/coverage/?after=x")["Location"] == f"{BASE}/coverage/"
        assert f'value="{reporting.SILENT_DAYS}"' in read(browser, "coverage/?days=-3")
        assert f'value="{coverage.LONGEST}"' in read(browser, "coverage/?days=99999")

    def test_statements_do_not_grow_with_the_streams(self, root: User, django_assert_max_num_queries: Any) -> None:
        now, seen = timezone.now(), visible_to(root)
        with django_assert_max_num_queries(5):
            rows = reporting.spoke(reporting.streams(seen, now).select_related("asset", "application"), now)
            assert len(rows) > 5


class TestAudit:
    @pytest.fixture
    def done(self, world: dict[str, Application], root: User) -> None:
        service.change_state(root, Issue.objects.filter(application=world["shop"]), State.CONFIRMED)
        note("login_failed", "mallory", by="password", address="192.0.2.66", device="a browser")

    def test_events_and_decisions(self, browser: Client, done: None) -> None:
        page = read(browser, "audit/")
        assert "mallory" in page
        assert "192.0.2.66" in page
        decisions = read(browser, "audit/?of=ledger")
        assert "mallory" not in decisions
        assert 'href="/ledger/' in decisions

    def test_filters(self, browser: Client, done: None, world: dict[str, Application]) -> None:
        assert "mallory" in read(browser, "audit/?kind=login_failed&actor=mallory")
        assert "mallory" not in read(browser, "audit/?kind=state")
        assert "mallory" not in read(browser, "audit/?application=storefront")
        assert "Nothing that fits" in read(browser, "audit/?application=payroll&kind=state")
        assert "Nothing that fits" in read(browser, "audit/?until=2020-01-01")
        today = timezone.now().date().isoformat()
        assert "mallory" in read(browser, f"audit/?since={today}&until={today}")
        assert "Nothing that fits" in read(browser, "audit/?of=ledger&application=payroll")
        assert "root" in read(browser, "audit/?of=ledger&application=storefront&actor=root")
        assert "mallory" in read(browser, "audit/?since=2020-99-99&until=nonsense")
        assert browser.get(f"{BASE}/audit/?after=x")["Location"] == f"{BASE}/audit/"

    def test_of_an_application_means_its_issues_and_waivers_too(
        self, root: User, world: dict[str, Application], done: None
    ) -> None:
        seen = visible_to(root)
        found = audit.decisions(seen, audit.Filter(application=world["shop"]))
        own = {f"SM-{pk}" for pk in Issue.objects.filter(application=world["shop"]).values_list("pk", flat=True)}
        assert {row.subject for row in found} <= own | {"application storefront"}
        assert found.filter(kind="triage").exists()

    def test_files(self, browser: Client, done: None) -> None:
        answer = browser.get(f"{BASE}/audit/export.json?kind=login_failed")
        told = json.loads(b"".join(answer))
        assert told["complete"] is True
        assert [(one["about"], one["address"]) for one in told["events"]] == [("mallory", "192.0.2.66")]
        assert answer["Content-Disposition"].startswith('attachment; filename="seamark-audit-events-')
        lines = b"".join(browser.get(f"{BASE}/audit/export.csv?of=ledger")).decode().splitlines()
        assert lines[0] == ",".join(audit_page.DECISIONS)
        assert len(lines) == 1 + LedgerEntry.objects.count()
        whole = json.loads(b"".join(browser.get(f"{BASE}/audit/export.json?of=ledger")))
        assert whole["decisions"][0]["leaf_hash"] == bytes(LedgerEntry.objects.latest("pk").leaf_hash).hex()
        assert browser.get(f"{BASE}/audit/export.xml").status_code == 404

    def test_a_file_that_is_cut_off_says_so(self, browser: Client, done: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(audit_page, "MOST_ROWS", 1)
        answer = browser.get(f"{BASE}/audit/export.json")
        assert "-first-1.json" in answer["Content-Disposition"]
        told = json.loads(b"".join(answer))
        assert (told["complete"], len(told["events"])) == (False, 1)

    def test_who_manages_people_and_reads_no_ledger_sees_what_is_of_people(
        self, root: User, done: None, logged_in: LogIn
    ) -> None:
        from seamark.governance.access import grants, roles

        roles.create(root, "people", ["user.manage"])
        manager = make_person("manager")
        grants.give(root, manager, roles.named("people"))
        page = read(logged_in(manager), "audit/?of=ledger")
        assert "mallory" in page
        assert "SM-" not in page.partition("<table")[2]
        assert audit.kinds_of_decisions(visible_to(manager)) == []

    def test_words(self) -> None:
        assert (
            audit.words({"role": "analyst", "on": "", "also": [1, {"a": None, "b": 2}]})
            == "role: analyst, also: 1, b: 2"
        )
        assert audit.words(None) == ""
        assert len(audit.words("x" * 999)) == 300


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DEVELOPER, Role.ANALYST, Role.APPROVER])
def test_what_happened_at_the_log_in_is_read_by_auditors_and_administrators_only(
    world: dict[str, Application], logged_in: LogIn, caller: Callable[..., Caller], role: Role
) -> None:
    note("login_failed", "mallory", by="password", address="192.0.2.66")
    person = make_person("somebody", role)
    browser, call = logged_in(person), caller(person)
    pages = [
        "/",
        "/issues/",
        "/applications/storefront/",
        "/search.json?q=mallory",
        f"{BASE}/coverage/",
        "/account/security/",
    ]
    for path in pages:
        assert "192.0.2.66" not in browser.get(path).content.decode(), path
    for path in ("audit/", "audit/export.csv", "audit/export.json", "health/", "jobs/", "feeds/", ""):
        assert browser.get(f"{BASE}/{path}").status_code == 403, path
    assert call("GET", "/access/changes").status_code == 403
    with pytest.raises(NotAllowed):
        audit.events(visible_to(person))
    with pytest.raises(NotAllowed):
        audit.decisions(visible_to(person))
    for allowed in (Role.AUDITOR, Role.ADMIN):
        client = logged_in(make_person(f"a-{allowed}", allowed))
        assert "192.0.2.66" in client.get(f"{BASE}/audit/").content.decode()
