"""Triage of many issues: look, change, take back; at once or as a job."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from seamark.core.errors import NotAllowed
from seamark.pipeline import bulk, jobs
from seamark.store.models import Application, Event, Issue, Job, User
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.api.conftest import Caller
from tests.factories import make_person

REASON = {"state": "dismissed", "resolution": "false_positive", "comment": "Tests only."}


def _body(**fields: Any) -> str:
    return json.dumps(fields)


def _dismissed() -> int:
    return Issue.objects.filter(state=State.DISMISSED).count()


def test_the_preview_says_what_the_change_then_does(call: Caller) -> None:
    told = call("POST", "/triage/preview", _body(q="kind:code app:storefront", **REASON)).json()
    assert told["refused"] == 0
    assert told["changes"] == told["issues"] == sum(told["by_priority"].values()) > 1
    assert told["by_application"] == {"Storefront": told["issues"]}
    assert _dismissed() == 0
    done = call("POST", "/triage", _body(q="kind:code app:storefront", **REASON)).json()
    assert (done["moved"], done["issues"]) == (told["changes"], told["issues"])
    assert _dismissed() == told["changes"]
    back = call("POST", "/triage/undo", _body(changes=done["changes"]))
    assert back.json() == {"issues": told["changes"]}
    assert _dismissed() == 0
    assert call("POST", "/triage/undo", _body(changes=["0-none"])).status_code == 409


def test_the_preview_names_what_stands_against_it(
    world: dict[str, Application], issue: Issue, caller: Callable[..., Caller]
) -> None:
    developer = caller(make_person("dev", Role.DEVELOPER))
    told = developer("POST", "/triage/preview", _body(issues=[issue.reference], **REASON)).json()
    assert told["refused"] == 1
    assert told["reasons"] == ["You may not make open issues dismissed (1)"]
    assert developer("POST", "/triage", _body(issues=[issue.reference], **REASON)).status_code == 403
    assert _dismissed() == 0


def test_what_scans_resolved_stays_so(call: Caller, issue: Issue) -> None:
    Issue.objects.filter(pk=issue.pk).update(state=State.RESOLVED)
    told = call("POST", "/triage/preview", _body(issues=[issue.reference], state="confirmed")).json()
    assert told["refused"] == 1
    assert "Only a scan" in told["reasons"][0]


def test_issues_are_handed_over(call: Caller, analyst: User, issue: Issue) -> None:
    done = call("POST", "/triage", _body(issues=[issue.reference], assignee="ada")).json()
    assert done == {"issues": 1, "moved": 0, "assigned": 1, "changes": []}
    assert Issue.objects.get(pk=issue.pk).assignee == analyst
    assert call("POST", "/triage", _body(issues=[issue.reference], assignee=None)).json()["assigned"] == 1
    assert call("POST", "/triage", _body(issues=[issue.reference], assignee="nobody")).status_code == 422


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": "confirmed"}, "either by q or by issues"),
        ({"q": "", "issues": ["SM-1"], "state": "confirmed"}, "either by q or by issues"),
        ({"q": ""}, "Name something to change"),
        ({"q": "", "assignee": "ada", "comment": "Only that."}, "belong to a state"),
        ({"q": "", "state": "dismissed"}, "names one of"),
        ({"q": "colour:red", "state": "confirmed"}, "colour"),
        ({"issues": ["17"], "state": "confirmed"}, "pattern"),
    ],
)
def test_what_is_wrongly_asked(call: Caller, fields: dict[str, Any], words: str) -> None:
    for path in ("/triage", "/triage/preview"):
        answer = call("POST", path, json.dumps(fields))
        assert answer.status_code == 422
        assert words in answer.json()["detail"]


def test_nobody_moves_what_they_do_not_see(world: dict[str, Application], caller: Callable[..., Caller]) -> None:
    lone = caller(make_person("only", Role.ANALYST, application=world["payroll"]))
    told = lone("POST", "/triage/preview", _body(q="", state="confirmed")).json()
    assert set(told["by_application"]) == {"Payroll"}
    assert lone("POST", "/triage", _body(q="", state="confirmed")).json()["moved"] == told["changes"]
    assert not Issue.objects.filter(application=world["shop"], state=State.CONFIRMED).exists()


def test_a_job_does_it_slice_by_slice(
    call: Caller, caller: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "SLICE", 3)
    answer = call("POST", "/triage", _body(q="", state="confirmed"), headers={"Prefer": "respond-async"})
    job = answer.json()
    assert (answer.status_code, answer["Location"]) == (202, f"/api/v1/jobs/{job['id']}")
    assert (job["state"], job["done"]) == ("queued", 0)
    assert Issue.objects.filter(state=State.CONFIRMED).count() == 0
    assert jobs.work_once()
    assert not jobs.work_once()
    done = call("GET", f"/jobs/{job['id']}").json()
    assert (done["state"], done["done"]) == ("done", job["total"])
    assert done["result"]["moved"] == job["total"] == Issue.objects.filter(state=State.CONFIRMED).count()
    assert len(done["result"]["changes"]) == -(-job["total"] // 3)
    assert call("GET", "/jobs").json()["items"] == [done]
    assert call("POST", "/triage/undo", _body(changes=done["result"]["changes"])).json() == {"issues": job["total"]}
    other = caller(make_person("eve", Role.ADMIN))
    assert other("GET", f"/jobs/{job['id']}").status_code == 404
    assert other("GET", "/jobs").json()["items"] == []


def test_a_job_that_was_interrupted_goes_on_and_keeps_its_changes(
    call: Caller, analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "SLICE", 2)
    call("POST", "/triage", _body(q="", state="confirmed"), headers={"Prefer": "respond-async"})
    job = Job.objects.get()
    real, turns = bulk._changed, iter(range(100))

    def dies(*arguments: Any) -> bulk.Done:
        if next(turns) == 2:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(bulk, "_changed", dies)
    with pytest.raises(KeyboardInterrupt):
        jobs.work_once()
    assert not jobs.work_once()
    Job.objects.update(lease_until=job.created_at)
    monkeypatch.setattr(bulk, "_changed", real)
    assert jobs.work_once()
    job.refresh_from_db()
    assert (job.state, job.attempt) == ("done", 2)
    assert job.result["moved"] == job.total == Event.objects.filter(kind="state").count()
    assert bulk.undo(analyst, tuple(job.result["changes"])) == job.total


def test_a_job_that_is_refused_says_so_and_one_that_never_ends_is_given_up(
    world: dict[str, Application], caller: Callable[..., Caller]
) -> None:
    developer = caller(make_person("dev", Role.DEVELOPER))
    asked = _body(q="", **REASON)
    developer("POST", "/triage", asked, headers={"Prefer": "wait=1, respond-async"})
    assert jobs.work_once()
    told = developer("GET", "/jobs").json()["items"][0]
    assert told["state"] == "failed"
    assert "role" in told["error"]
    developer("POST", "/triage", asked, headers={"Prefer": "respond-async"})
    Job.objects.filter(state="queued").update(attempt=3)
    assert not jobs.work_once()
    assert developer("GET", "/jobs?limit=1").json()["items"][0]["state"] == "failed"


def test_a_job_has_no_more_rights_than_the_token_that_asked(call: Caller, analyst: User) -> None:
    call("POST", "/triage", _body(q="", state="confirmed"), headers={"Prefer": "respond-async"})
    Job.objects.update(rights={"permissions": [], "applications": None})
    assert jobs.work_once()
    assert Job.objects.get().result["issues"] == 0
    assert Issue.objects.filter(state=State.CONFIRMED).count() == 0


def test_imports_are_jobs_too(call: Caller) -> None:
    assert call("GET", "/jobs/import-1").status_code == 404
    assert call("GET", "/jobs/nothing").status_code == 404


def test_too_many_at_once(world: dict[str, Application], analyst: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    from seamark.store.access import visible_to

    with pytest.raises(NotAllowed, match="at most"):
        bulk.apply(analyst, visible_to(analyst), bulk.Wanted(query="", state=int(State.CONFIRMED)))
