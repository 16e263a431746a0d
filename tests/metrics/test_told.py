"""What the command line and the API tell: the numbers of the dashboard; comparison of two periods; facts made by hand."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client

from seamark.insight.metrics.columns import load
from seamark.insight.metrics.compared import compared
from seamark.insight.metrics.definitions import DEFINITIONS
from seamark.insight.metrics.measures import Masks, Period, flow, quarter
from seamark.insight.metrics.replay import Now, Stand, Step, replay
from seamark.interfaces.cli.main import main
from seamark.pipeline.people import make_token
from seamark.store.models import Application, Issue
from seamark.store.models.issues import State
from seamark.store.models.metrics import Change
from seamark.store.models.people import Role
from tests.factories import make_person

AT = datetime(2026, 1, 1, tzinfo=UTC)


def stand(state: State = State.OPEN, resolution: str = "", **more: Any) -> Stand:
    told = {"application": 1, "severity": 3, "priority": 1, "risk": 500, "owner": "", "due": None}
    return Stand(state=int(state), resolution=resolution, open=state <= State.IN_PROGRESS, **{**told, **more})


def changes(
    row: Stand, steps: list[tuple[str, int, dict[str, Any]]], *, before: Stand | None = None, **more: Any
) -> list[tuple[Any, ...]]:
    told = [
        Step(number, kind, AT + timedelta(days=day), bool(details.pop("person", False)), details)
        for number, (kind, day, details) in enumerate(steps, start=1)
    ]
    now = Now(7, row, 1, bool(more.get("branch_only")), AT, more.get("resolved"), None)
    facts, after = replay(before, told, now, AT + timedelta(days=100))
    assert after[:9] == row[:9]
    return [(Change(one.change).name, (one.at - AT).days, one.open_change, one.risk_change) for one in facts]


def test_facts_made_by_hand() -> None:
    fixed = stand(State.RESOLVED, "fixed")
    assert changes(fixed, [("fixed", 3, {})]) == [("OPENED", 0, 1, 500), ("FIXED", 3, -1, -500)]
    # A score that moved while it was open, and once more after it was closed.
    moved = [("risk", 1, {"before": 300, "after": 500}), ("fixed", 3, {})]
    assert changes(fixed, moved) == [("OPENED", 0, 1, 300), ("RISK", 1, 0, 200), ("FIXED", 3, -1, -500)]
    again = [("fixed", 3, {}), ("reopened", 5, {"regression": True})]
    assert changes(stand(), again) == [("OPENED", 0, 1, 500), ("FIXED", 3, -1, -500), ("REOPENED", 5, 1, 500)]
    looked: list[tuple[str, int, dict[str, Any]]] = [
        ("assigned", 2, {"person": True, "before": "", "after": "ada"}),
        ("comment", 4, {"person": True}),
    ]
    assert changes(stand(), looked) == [("OPENED", 0, 1, 500), ("ACKNOWLEDGED", 2, 0, 0)]
    merged = stand(State.DISMISSED, "duplicate")
    assert changes(merged, [("merged_into", 2, {"other": "SM-1"})]) == [("OPENED", 0, 1, 500), ("MERGED", 2, -1, -500)]


def test_what_no_event_tells_is_told_by_the_row() -> None:
    day = AT + timedelta(days=9)
    assert changes(stand(State.RESOLVED, "fixed"), [], resolved=day) == [("OPENED", 0, 1, 500), ("FIXED", 9, -1, -500)]
    # Set aside from the first day on: it never arrived.
    assert changes(stand(State.DISMISSED, "suppressed"), [], resolved=AT) == [("SETTLED", 0, 0, 0)]
    # Seen on another branch first, then on the default one.
    before = stand()._replace(open=False)
    assert changes(stand(), [], before=before) == [("OPENED", 100, 1, 500)]
    assert changes(before, [], before=stand(ever=True), branch_only=True) == [("AWAY", 100, -1, -500)]
    assert changes(stand(owner="b"), [], before=stand(ever=True)) == [("LEFT", 100, -1, -500), ("JOINED", 100, 1, 500)]
    assert changes(stand(due=AT), [], before=stand(ever=True)) == [("DUE", 100, 0, 0)]
    assert changes(stand(), [], before=stand(ever=True)) == []


def test_quarters() -> None:
    assert quarter("2026-Q4") == Period(start=datetime(2026, 10, 1, tzinfo=UTC), end=datetime(2027, 1, 1, tzinfo=UTC))
    assert quarter("2024-Q1").before.start == datetime(2023, 10, 2, tzinfo=UTC)
    for wrong in ("2026-Q5", "26-Q1", "2026Q1", ""):
        with pytest.raises(ValueError, match="no quarter"):
            quarter(wrong)


@pytest.mark.django_db
def test_two_periods_are_compared(estate: datetime) -> None:
    columns, day = load(Application.objects.values_list("pk", flat=True)), date(2026, 6, 1)
    found = compared(columns, day, days=30)
    midnight = datetime(2026, 6, 1, tzinfo=UTC)
    before = flow(Masks(columns, Period(start=midnight - timedelta(days=30), end=midnight)))
    after = flow(Masks(columns, Period(start=midnight, end=midnight + timedelta(days=30))))
    told = {one.about.name: one for one in found.changes}
    assert (told["open"].before, told["open"].after) == (before.counts["open"], after.counts["open"])
    assert (told["risk"].before, told["mttr"].after) == (before.risk / 10, after.mttr)
    assert told["open"].turned == ("better" if after.counts["open"] < before.counts["open"] else "worse")


@pytest.mark.django_db
def test_the_api_tells_the_numbers_and_their_lists(estate: datetime) -> None:
    client = Client(headers={"authorization": f"Bearer {_token('ada', Role.ADMIN)}"})
    told = client.get("/api/v1/metrics?period=365").json()
    numbers = {one["name"]: one for one in told["metrics"]}
    assert numbers["open"]["value"] == Issue.objects.filter(open=True).count()
    assert len(told["sentences"]) == 3
    for name, one in numbers.items():
        if one["list"]:
            part = client.get(f"/api/v1/metrics/lists/{one['list']}?period=365&limit=1000").json()
            assert part["total"] == len(part["items"]) == one["count"], name
    definitions = client.get("/api/v1/metrics/definitions").json()["items"]
    assert [one["name"] for one in definitions] == [one.name for one in DEFINITIONS] == list(numbers)
    assert client.get("/api/v1/metrics/compared?day=2026-06-01").json()["days"] == 30
    changed = client.patch("/api/v1/metrics/costs", {"chance": 0.3}, content_type="application/json")
    assert (changed.status_code, changed.json()["chance"]) == (200, 0.3)
    assert client.get("/api/v1/metrics?period=yesterday").status_code == 422
    reader = Client(headers={"authorization": f"Bearer {_token('bo', Role.VIEWER)}"})
    assert reader.patch("/api/v1/metrics/costs", {"chance": 0.1}, content_type="application/json").status_code == 403
    assert reader.get("/api/v1/metrics/costs").json()["chance"] == 0.3
    stranger = Client(headers={"authorization": f"Bearer {_token('nobody', None)}"})
    assert stranger.get("/api/v1/metrics").status_code == 403


def _token(name: str, role: Role | None) -> str:
    return make_token(make_person(name, role), "tests", scopes=("read", "write"))


@pytest.mark.django_db
def test_the_command_line_tells_the_same(estate: datetime, tmp_path: Path) -> None:
    def run(*words: str) -> str:
        done = CliRunner().invoke(main, ["metrics", *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    told = json.loads(run("show", "--json"))
    assert told["measures"]["open"]["value"] == Issue.objects.filter(open=True).count()
    assert told["sentences"][0] in run("show")
    assert json.loads(run("list", "open", "--json", "--limit", "1000"))["total"] == told["measures"]["open"]["value"]
    assert "in all" in run("list", "overdue")
    assert json.loads(run("compare", "2026-06-01", "--json"))["days"] == 30
    assert "Mean time to fix" in run("compare", "2026-06-01")
    assert run("definitions").count("\n") == 2 * len(DEFINITIONS)
    assert len(run("definitions", "--json").splitlines()) == len(DEFINITIONS)
    assert run("weekly").startswith("Subject: Security in the week")
    assert "0 facts" in run("record") or "facts of" in run("record")
    run("pack", str(tmp_path / "a.pdf"), "--baseline")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    assert "new facts" in run("export", str(tmp_path / "facts"))
    asked = ("query", "SELECT sum(open_change) AS n FROM issue_facts", "--export", str(tmp_path / "facts"))
    assert run(*asked) == f"n\n{told['measures']['open']['value']}\n"
    assert json.loads(run(*asked, "--json"))["rows"] == [{"n": told["measures"]["open"]["value"]}]
    wrong = CliRunner().invoke(main, ["metrics", "pack", "a.txt"])
    assert wrong.exit_code == 2


def test_the_page_of_the_docs_says_what_the_declarations_say() -> None:
    from tests.metrics.documented import PAGE, page

    assert PAGE.read_text() == page(PAGE.read_text()), "run python -m tests.metrics.documented"
