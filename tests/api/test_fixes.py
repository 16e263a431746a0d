"""Fixes: narrowed, paged, and one with the issues that it clears."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from seamark.store.models import Application, Finding, Fix, Issue
from seamark.store.models.people import Role
from tests.api.conftest import Caller
from tests.factories import make_person


@pytest.fixture
def rotate(world: dict[str, Application]) -> Fix:
    """Beside the upgrades one fix, which clears the shop's secret."""
    Fix.objects.exclude(kind="upgrade").delete()
    secret = Issue.objects.get(place__startswith="deploy/ci.env")
    title = "Rotate the aws access key in deploy/ci.env"
    fix = Fix.objects.create(application=world["shop"], asset=secret.asset, kind="rotate", key="5f2a", title=title)
    Issue.objects.filter(pk=secret.pk).update(fix=fix)
    return fix


def test_what_a_fix_says(call: Caller, rotate: Fix) -> None:
    found = {one["id"]: one for one in call("GET", "/fixes").json()["items"]}
    secret = Issue.objects.get(fix=rotate)
    assert found[rotate.pk] == {
        "id": rotate.pk, "title": rotate.title, "kind": "rotate", "target": None, "partial": False, "application": "Storefront",
        "asset": str(rotate.asset), "issues": 1, "assets": 1, "risk_removed": secret.risk / 10, "worst": secret.risk / 10,
        "severity": "high", "kev": 0,
    }  # fmt: skip
    log4j = found[Fix.objects.get(title__contains="log4j").pk]
    assert (log4j["kind"], log4j["target"], log4j["issues"], log4j["kev"], log4j["severity"]) == (
        "upgrade",
        "2.16.0",
        2,
        1,
        "critical",
    )


def test_of_one_kind(call: Caller, rotate: Fix) -> None:
    every = call("GET", "/fixes").json()
    for kind, number in (("rotate", 1), ("upgrade", 3), ("base_image", 0)):
        found = call("GET", f"/fixes?kind={kind}").json()
        assert found["items"] == [one for one in every["items"] if one["kind"] == kind]
        assert found["count"] == {"number": number, "more": False}
    assert call("GET", "/fixes?kind=rotate&application=payroll").json()["items"] == []
    assert call("GET", "/fixes?kind=").json() == every


@pytest.mark.parametrize(
    "asked", ["kind=magic", "kind=%00", "after=x", "before=1", "after=1.1&before=1.1", "after=" + "9" * 501]
)
def test_what_cannot_be_is_refused(lone: Caller, asked: str) -> None:
    assert lone("GET", f"/fixes?{asked}").status_code == 422


def test_pages_have_every_fix_once_there_and_back(call: Caller, rotate: Fix) -> None:
    every = call("GET", "/fixes").json()
    assert every["next"] is every["previous"] is None
    assert every["count"]["number"] == len(every["items"]) == 4
    for size in (1, 2, 3):
        there, after = [], ""
        while True:
            page = call("GET", f"/fixes?limit={size}&after={after}").json()
            there.append(page["items"])
            assert page["count"] == every["count"]
            if page["next"] is None:
                break
            after = page["next"]
        assert [one for items in there for one in items] == every["items"]
        assert {len(items) for items in there[:-1]} == {size}
        back: list[list[object]] = []
        before = page["previous"]
        while before:
            page = call("GET", f"/fixes?limit={size}&before={before}").json()
            back.insert(0, page["items"])
            before = page["previous"]
        assert [one for items in back for one in items] == [one for items in there[:-1] for one in items]


def test_a_page_stays_in_place_when_its_last_fix_is_gone(call: Caller, rotate: Fix) -> None:
    every = call("GET", "/fixes").json()["items"]
    first = call("GET", "/fixes?limit=2").json()
    Issue.objects.filter(fix=every[1]["id"]).update(open=False)
    assert call("GET", f"/fixes?limit=2&after={first['next']}").json()["items"] == every[2:]


def test_one_with_its_issues(call: Caller) -> None:
    fix = Fix.objects.get(title__contains="log4j")
    answer = call("GET", f"/fixes/{fix.pk}")
    told = answer.json()
    listed = next(one for one in call("GET", "/fixes").json()["items"] if one["id"] == fix.pk)
    assert {name: told[name] for name in listed} == listed
    assert told["clears"] == call("GET", f"/issues?q=fix:{fix.pk}").json()["items"]
    assert told["findings"] == Finding.objects.filter(issue__fix=fix, closed_in=None).count() == 2
    assert call("GET", f"/fixes/{fix.pk}", headers={"If-None-Match": answer["ETag"]}).status_code == 304


def test_one_with_nothing_left(call: Caller, rotate: Fix) -> None:
    Issue.objects.filter(fix=rotate).update(open=False)
    told = call("GET", f"/fixes/{rotate.pk}").json()
    assert (told["issues"], told["findings"], told["risk_removed"], told["severity"], told["clears"]) == (
        0,
        0,
        0,
        None,
        [],
    )
    assert rotate.pk not in {one["id"] for one in call("GET", "/fixes").json()["items"]}


@pytest.mark.parametrize("number", ["0", "999999", "9" * 30, "-1", "x", "%00"])
def test_those_that_are_not_there(lone: Caller, number: str) -> None:
    assert lone("GET", f"/fixes/{number}").status_code == 404


def test_fixes_are_for_those_who_see_their_application(
    rotate: Fix, world: dict[str, Application], caller: Callable[..., Caller]
) -> None:
    for application, status in (("payroll", 404), ("shop", 200)):
        other = caller(make_person(f"of {application}", Role.VIEWER, application=world[application]))
        assert other("GET", f"/fixes/{rotate.pk}").status_code == status
        assert (rotate.pk in {one["id"] for one in other("GET", "/fixes").json()["items"]}) == (status == 200)
    assert caller(make_person("of nothing"))("GET", "/fixes").json()["count"]["number"] == 0


def test_only_issues_that_one_may_see_count(
    rotate: Fix, world: dict[str, Application], caller: Callable[..., Caller]
) -> None:
    Issue.objects.filter(application=world["payroll"]).update(fix=rotate)
    dev = caller(make_person("dev", Role.VIEWER, application=world["shop"]))
    told = dev("GET", f"/fixes/{rotate.pk}").json()
    assert (told["issues"], told["findings"], len(told["clears"])) == (1, 1, 1)
    assert next(one for one in dev("GET", "/fixes").json()["items"] if one["id"] == rotate.pk)["issues"] == 1
    everybody = caller(make_person("eve", Role.VIEWER))
    assert everybody("GET", f"/fixes/{rotate.pk}").json()["issues"] == 2


def test_one_fix_is_found_by_the_index_on_fixes(call: Caller) -> None:
    """A full scan would take seconds of a million issues."""
    fix = Fix.objects.get(title__contains="log4j")
    with CaptureQueriesContext(connection) as captured:
        call("GET", f"/fixes/{fix.pk}")
    asked = [one["sql"] for one in captured if '"store_issue"' in one["sql"] and '"fix_id" IN' in one["sql"]]
    assert len(asked) >= 3
    if connection.vendor != "sqlite":
        return  # of a few rows PostgreSQL reads all, whatever indexes there are
    with connection.cursor() as cursor:
        for sql in asked:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plan = " ".join(row[3] for row in cursor.fetchall())
            assert "issue_fix" in plan, f"{plan}: {sql}"
