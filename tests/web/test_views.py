"""How a list is arranged: saved views, columns, groups; and what a change would do before it is done."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from django.test import Client

from seamark.interfaces.web.views import COLUMNS
from seamark.pipeline import desk
from seamark.store.models import Application, Issue, Preference, SavedView, User
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.factories import days_ago, make_person

LogIn = Callable[[User], Client]


def rows(client: Client, address: str) -> int:
    return client.get(html.unescape(address)).content.decode().count("data-row")


def test_a_view_is_saved_opened_and_removed(client: Client) -> None:
    page = client.post(
        "/issues/views/", {"name": " Secrets ", "q": "kind:secret", "next": "/issues/?q=kind:secret"}, follow=True
    ).content.decode()
    assert "The view Secrets is saved." in page
    assert re.search(r'<a href="/issues/\?q=kind%3Asecret" aria-current="page"[^>]*>Secrets</a>', page)
    kept = SavedView.objects.get()
    assert (kept.name, kept.query, kept.shared) == ("Secrets", "kind:secret", False)
    client.post("/issues/views/", {"name": "Secrets", "q": "kind:code"})
    assert SavedView.objects.get().query == "kind:code"
    client.post(f"/issues/views/{kept.pk}/remove/")
    assert not SavedView.objects.exists()


def test_only_shared_views_are_seen_by_others(client: Client, logged_in: LogIn) -> None:
    client.post("/issues/views/", {"name": "Mine alone", "q": "kind:code"})
    client.post("/issues/views/", {"name": "For all", "q": "kind:secret", "shared": "1"})
    dev = logged_in(make_person("dev", Role.DEVELOPER))
    page = dev.get("/issues/").content.decode()
    assert "For all" in page
    assert "shared by ada" in page
    assert "Mine alone" not in page
    kept = SavedView.objects.get(name="For all")
    assert "no such view of yours" in dev.post(f"/issues/views/{kept.pk}/remove/", follow=True).content.decode()
    assert SavedView.objects.count() == 2


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "", "q": ""}, "needs a name"),
        ({"name": "x" * 61, "q": ""}, "needs a name"),
        ({"name": "Wrong", "q": "sevrity:high"}, "There is no field"),
        ({"name": "Wrong", "q": '"open'}, "not closed"),
    ],
)
def test_what_cannot_be_a_view_is_said(client: Client, form: dict[str, str], words: str) -> None:
    assert words in client.post("/issues/views/", form, follow=True).content.decode()
    assert not SavedView.objects.exists()


def test_views_are_bounded(client: Client, analyst: User) -> None:
    SavedView.objects.bulk_create(
        SavedView(owner=analyst, name=f"View {number}", query="") for number in range(desk.MOST_VIEWS)
    )
    assert "remove one first" in client.post("/issues/views/", {"name": "More", "q": ""}, follow=True).content.decode()
    client.post("/issues/views/", {"name": "View 1", "q": "kev:true"})
    assert SavedView.objects.get(name="View 1").query == "kev:true"


def test_columns_are_kept_for_the_person(client: Client, logged_in: LogIn) -> None:
    page = client.get("/issues/").content.decode()
    assert '<span class="where">' in page
    assert '<span class="whose">' not in page
    Issue.objects.filter(title__startswith="Log4Shell").update(owner="Team Payments")
    client.post("/issues/columns/", {"column": ["owner", "fix", "no such column"]})
    page = client.get("/issues/").content.decode()
    assert "Team Payments" in page
    assert page.count('<span class="fix') == page.count("data-row") + 1
    for gone in ("where", "tools", "when"):
        assert f'<span class="{gone}' not in page
    assert Preference.objects.get().columns == ["owner", "fix"]
    client.post("/issues/columns/", {})
    assert client.get("/issues/").content.decode().count("data-row") == Issue.objects.filter(open=True).count()
    assert set(Preference.objects.get().columns or []) <= set(COLUMNS)
    assert '<span class="where">' in logged_in(make_person("dev", Role.DEVELOPER)).get("/issues/").content.decode()


@pytest.mark.parametrize("by", ["fix", "component", "rule", "owner", "app"])
def test_each_group_leads_to_exactly_its_issues(client: Client, by: str) -> None:
    numbers = list(Issue.objects.order_by("pk").values_list("pk", flat=True)[:5])
    Issue.objects.filter(pk__in=numbers[:2]).update(owner="Ada's team")
    Issue.objects.filter(pk=numbers[2]).update(owner="ada's TEAM")
    Issue.objects.filter(pk=numbers[3]).update(component="lodash 4.1")
    Issue.objects.filter(pk=numbers[4]).update(component="lodash 4.17.15")
    page = client.get(f"/issues/?group={by}").content.decode()
    found = re.findall(r'class="num"><a href="([^"]+)">(\d+)</a>', page)
    assert found
    for address, number in found:
        assert rows(client, address) == int(number)
    if by == "app":
        assert sum(int(number) for _, number in found) == Issue.objects.filter(open=True).count()
    elif by != "rule":
        assert "The others have" in page


def test_groups_are_of_the_list_and_of_what_one_sees(
    world: dict[str, Application], client: Client, logged_in: LogIn
) -> None:
    assert "Payroll" in client.get("/issues/?group=app").content.decode()
    assert '">Payroll</a>' not in client.get("/issues/?group=app&q=kind:secret").content.decode()
    dev = logged_in(make_person("dev", Role.DEVELOPER, application=world["shop"]))
    assert "Payroll" not in dev.get("/issues/?group=app").content.decode()
    assert client.get("/issues/?group=colour").content.decode().count("data-row")
    assert "That query is not understood" in client.get("/issues/?group=fix&q=sevrity:x").content.decode()


def test_a_change_is_previewed_without_being_made(client: Client) -> None:
    first, second, third = Issue.objects.order_by("pk")[:3]
    Issue.objects.filter(pk=first.pk).update(state=State.CONFIRMED)
    Issue.objects.filter(pk=second.pk).update(merged_into=third)
    part = client.post("/issues/preview/", {"issue": [first.pk, second.pk, third.pk]}).content.decode()
    lines = dict(re.findall(r"<dt>([\w ]+)</dt><dd>(.*?)</dd>", part))
    assert lines["Confirm"].startswith(
        "2 of 3 issues would change; the others stand so already. <b>1 cannot be changed"
    )
    assert lines["Dismiss"].startswith("3 of 3 issues would change. <b>1 cannot be changed")
    assert "part of other issues" in lines["Dismiss"]
    assert (
        lines["Reopen"].startswith("1 of 3")
        or lines["Reopen"].startswith("nothing")
        or "would change" in lines["Reopen"]
    )
    assert Issue.objects.filter(state=State.DISMISSED).count() == 0
    every = client.post("/issues/preview/", {"all": "1", "q": "kind:secret"}).content.decode()
    assert "1 of 1 issue would change" in every
    assert "Choose at least one issue" in client.post("/issues/preview/", {}).content.decode()
    assert "There is no field" in client.post("/issues/preview/", {"all": "1", "q": "sevrity:x"}).content.decode()


def test_a_preview_counts_what_one_may_not_change(world: dict[str, Application], logged_in: LogIn) -> None:
    dev = logged_in(make_person("dev", Role.DEVELOPER, application=world["shop"]))
    shop = Issue.objects.filter(application=world["shop"], open=True)
    hidden = Issue.objects.get(application=world["payroll"])
    part = dev.post("/issues/preview/", {"issue": [hidden.pk, *shop.values_list("pk", flat=True)[:2]]}).content.decode()
    lines = dict(re.findall(r"<dt>([\w ]+)</dt><dd>(.*?)</dd>", part))
    assert lines["Confirm"] == "2 of 2 issues would change"
    assert "<b>2 cannot be changed" in lines["Dismiss"]


def test_the_latest_change_can_be_undone_for_ten_minutes(client: Client) -> None:
    before = {one.pk: (one.state, one.resolution, one.open, one.resolved_at) for one in Issue.objects.all()}
    client.post("/issues/triage/", {"all": "1", "q": "kind:code", "state": "confirmed"}, follow=True)
    page = client.get("/issues/").content.decode()
    assert "confirmed. <time" in page
    change = re.search(r'name="change" value="([^"]+)"', page)
    assert change is not None
    client.post("/issues/undo/", {"change": change[1]}, follow=True)
    assert {one.pk: (one.state, one.resolution, one.open, one.resolved_at) for one in Issue.objects.all()} == before
    assert 'name="change"' not in client.get("/issues/").content.decode()
    client.post("/issues/triage/", {"all": "1", "q": "kind:code", "state": "confirmed"}, follow=True)
    session = client.session
    session["undo"] = {**session["undo"], "at": days_ago(0.01).isoformat()}
    session.save()
    assert 'name="change"' not in client.get("/issues/").content.decode()
