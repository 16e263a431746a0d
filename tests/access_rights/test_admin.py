"""The pages of the administration, as people use them."""

from __future__ import annotations

import re

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from seamark.governance.access import accounts
from seamark.interfaces.web.admin import frame
from seamark.interfaces.web.admin.urls import urlpatterns
from seamark.pipeline.people import live_token
from seamark.store.access import may, visible_to
from seamark.store.models import Application, CustomRole, Federation, Grant, Group, Token, User
from seamark.store.models.people import Role
from seamark.store.permissions import Permission
from tests.factories import PASSWORD, make_person
from tests.support.access import prove

BASE = "/administration"


def browser(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    prove(client, person)
    return client


def post(client: Client, path: str, **form: object) -> str:
    return client.post(f"{BASE}/{path}", form, follow=True).content.decode()


def test_from_nobody_to_somebody_who_may(admin: User, shop: Application) -> None:
    client = browser(admin)
    assert "newcomer is there" in post(client, "people/", username="newcomer", kind="person", email="n@corp.example")
    person = User.objects.get(username="newcomer")
    page = f"people/{person.pk}/"
    assert "newcomer is analyst on application shop" in post(
        client, page, action="give", role="analyst", application="shop"
    )
    assert may(person, Permission.ISSUE_DISMISS, shop)
    assert "application shop" in client.get(f"{BASE}/{page}").content.decode()
    assert "newcomer" in client.get(f"{BASE}/people/?name=newc").content.decode()
    assert "user newcomer" in client.get(f"{BASE}/grants/").content.decode()
    told = client.get(f"{BASE}/audit/?kind=grant").content.decode()
    assert "role: analyst, on: application shop" in told
    grant = Grant.objects.get(user=person)
    assert "is taken away" in post(client, page, action="withdraw", grant=grant.pk)
    assert "The account is changed" in post(
        client, page, action="change", email="new@corp.example", first_name="New", last_name="Comer"
    )
    assert "switched off" in post(client, page, action="off")
    assert "switched on" in post(client, page, action="on")
    assert "Choose what to do" in post(client, page, action="paint")
    assert "has left" in post(client, page, action="remove")
    assert client.get(f"{BASE}/{page}").status_code == 404


def test_groups(admin: User) -> None:
    client, mia = browser(admin), make_person("mia")
    post(client, "groups/", name="Security")
    page = f"groups/{Group.objects.get().pk}/"
    post(client, page, action="give", role="auditor")
    post(client, page, action="add", username="MIA")
    assert may(mia, Permission.LEDGER_READ)
    assert "There is no account" in post(client, page, action="add", username="nobody")
    post(client, page, action="rename", name="Safety")
    assert "Safety" in client.get(f"{BASE}/groups/").content.decode()
    assert "auditor" in client.get(f"{BASE}/{page}").content.decode()
    post(client, page, action="let_out", member=mia.pk)
    assert not may(mia, Permission.LEDGER_READ)
    post(client, page, action="withdraw", grant=Grant.objects.get(role="auditor").pk)
    assert "Choose what to do" in post(client, page, action="paint")
    assert "already" in post(client, "groups/", name="safety")
    post(client, page, action="remove")
    assert not Group.objects.exists()


def test_roles(admin: User) -> None:
    client = browser(admin)
    assert "is as you said" in post(
        client, "roles/", action="create", name="Triager", rights=["issue.triage"], description="triages"
    )
    row = CustomRole.objects.get()
    post(client, "roles/", action="edit", role=row.pk, rights=["issue.dismiss"])
    row.refresh_from_db()
    assert row.permissions == ["issue.dismiss", "issue.read"]
    assert "at least one right" in post(client, "roles/", action="edit", role=row.pk)
    assert "Choose what to do" in post(client, "roles/", action="paint")
    post(client, "roles/", action="remove", role=row.pk)
    assert not CustomRole.objects.exists()


def test_tokens_and_federations(admin: User, shop: Application) -> None:
    client = browser(admin)
    post(client, "people/", username="robot", kind="service")
    robot = User.objects.get(username="robot")
    page = post(
        client,
        "tokens/",
        action="make",
        account=robot.pk,
        name="ci",
        scopes=["import", "gate"],
        applications=[shop.pk],
        days="30",
    )
    text = re.search(r"smk_[0-9A-Za-z]{40}", page)
    assert text is not None
    live = live_token(text[0])
    assert live is not None
    assert (live.user, live.applications) == (robot, [shop.pk])
    assert text[0] not in client.get(f"{BASE}/tokens/").content.decode()
    assert "expires" in post(
        client, "tokens/", action="make", account=robot.pk, name="ci", scopes=["read"], days="9999"
    )
    assert "from the list" in post(
        client, "tokens/", action="make", account=robot.pk, name="x", scopes=["read"], days="7", applications=["999999"]
    )
    assert "is revoked" in post(client, "tokens/", action="revoke", token=Token.objects.get().pk)
    form = {"name": "shop", "account": robot.pk, "issuer": "https://issuer.example", "audience": "x"}
    assert "a claim a line" in post(client, "tokens/", action="federate", claims="nonsense", **form)
    post(client, "tokens/", action="federate", claims="repository = acme/shop\nref=refs/heads/main\n", **form)
    row = Federation.objects.get()
    assert row.claims == {"repository": "acme/shop", "ref": "refs/heads/main"}
    assert "repository = acme/shop" in client.get(f"{BASE}/tokens/").content.decode()
    post(client, "tokens/", action="end", federation=row.pk)
    assert not Federation.objects.exists()


def test_who_gets_where(admin: User, shop: Application, payroll: Application) -> None:
    pages = ("people/", f"people/{admin.pk}/", "groups/", "grants/", "roles/", "tokens/", "audit/")

    def statuses(person: User) -> list[int]:
        client = browser(person)
        return [client.get(f"{BASE}/{page}").status_code for page in pages]

    assert statuses(admin) == [200] * 7
    assert statuses(make_person("ana", Role.ANALYST)) == [403] * 7
    assert statuses(make_person("audrey", Role.AUDITOR)) == [*[403] * 6, 200]
    lead = make_person("lead", Role.ADMIN, unit=shop.unit)
    assert statuses(lead) == [200, 200, 200, 200, 200, 403, 403]
    client = browser(lead)
    page = client.get(f"{BASE}/people/{admin.pk}/").content.decode()
    assert "everything" not in page.partition("<h2>Roles")[2].partition("<form")[0]
    assert "Payroll" not in page
    assert "Add somebody" not in client.get(f"{BASE}/people/").content.decode()
    assert "This needs the role admin" in post(client, "people/", username="x", kind="person")
    assert "no application" in post(client, f"people/{admin.pk}/", action="give", role="viewer", application="payroll")


@pytest.mark.parametrize(
    "path", ["people/?after=x", "groups/?before=x", "grants/?after=x", "tokens/?after=x", "audit/?after=x"]
)
def test_a_cursor_that_is_none(admin: User, path: str) -> None:
    answer: HttpResponse = browser(admin).get(f"{BASE}/{path}")
    assert (answer.status_code, answer["Location"]) == (302, f"{BASE}/{path.partition('?')[0]}")


def test_every_tab_leads_somewhere_for_whoever_sees_it(admin: User, shop: Application) -> None:
    """No dead ends: a tab is shown to exactly those who get in."""
    names = {one.name for one in urlpatterns}
    assert {one.name for one in frame.TABS} <= names | {"sign-ons"}
    people = [
        admin, make_person("odo", Role.AUDITOR), make_person("lead", Role.ADMIN, unit=shop.unit), make_person("vera", Role.VIEWER),
        make_person("nobody"),
    ]  # fmt: skip
    for who in people:
        seen, client = visible_to(who), browser(who)
        for tab in frame.TABS:
            assert (client.get(reverse(tab.name)).status_code == 200) == tab.shown(seen), (who.username, tab.name)


def test_numbers() -> None:
    assert frame.number("12") == 12
    assert frame.number("²") == frame.number("") == frame.number("9" * 30) == 0


FORMS = {
    "people/": {"username": "robot", "kind": "service"},
    "groups/": {"name": "Security"},
    "grants/": {"grant": "1"},
    "roles/": {"action": "create", "name": "made", "rights": ["issue.read"]},
    "tokens/": {"action": "federate"},
    "people/{person}/": {"action": "give", "role": "admin"},
    "groups/{group}/": {"action": "give", "role": "admin"},
}


@pytest.mark.parametrize("path", FORMS)
def test_who_may_do_what_is_changed_only_by_somebody_who_proved_to_be_there(admin: User, path: str) -> None:
    group, mia = Group.objects.create(name="Team"), make_person("mia")
    client = browser(admin)
    prove(client, admin, ago=601)
    address = f"{BASE}/{path.format(person=mia.pk, group=group.pk)}"
    before = (Grant.objects.count(), User.objects.count(), Group.objects.count(), CustomRole.objects.count())
    answer = client.post(address, FORMS[path])
    assert answer["Location"].startswith("/login/again/")
    assert (Grant.objects.count(), User.objects.count(), Group.objects.count(), CustomRole.objects.count()) == before
    assert client.get(address).status_code == 200


def test_a_form_is_carried_out_after_the_proof_with_all_that_was_chosen(
    admin: User, shop: Application, payroll: Application
) -> None:
    robot = accounts.create_service(admin, "robot")
    client = browser(admin)
    prove(client, admin, ago=601)
    form = {
        "action": "make", "account": robot.pk, "name": "ci", "scopes": ["read", "import"], "applications": [shop.pk, payroll.pk],
        "days": "30",
    }  # fmt: skip
    again = client.post(f"{BASE}/tokens/", form)["Location"]
    assert not Token.objects.exists()
    page = client.post(again, {"password": PASSWORD, "next": f"{BASE}/tokens/"})
    assert re.search(r"smk_[0-9A-Za-z]{40}", page.content.decode())
    token = Token.objects.get()
    assert (token.scopes, token.applications) == (["read", "import"], sorted([shop.pk, payroll.pk]))
