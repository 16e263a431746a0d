"""Single sign-on with OpenID Connect, against a real provider on loopback."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from seamark.pipeline.signon import providers
from seamark.pipeline.signon.model import Provider
from seamark.store.models import Grant, Group, LedgerEntry, SignOn, User
from seamark.store.models.people import Role
from tests.access.conftest import events, is_in, known, log_in
from tests.factories import PASSWORD, make_person
from tests.support import oidc
from tests.support.access import prove


def go(client: Client, *, then: str = "", connect: bool = False) -> Any:
    """Walk to the provider and back, as a browser does."""
    query = {"next": then} if then else {}
    leaving = client.post("/sso/okta/login/", query_params={**query, **({"process": "connect"} if connect else {})})
    assert leaving.status_code == 200, leaving
    target = re.search(r'url=([^"]+)"', leaving.content.decode())
    assert target is not None
    answer = httpx2.get(target[1].replace("&amp;", "&"), follow_redirects=False)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["location"])
    return client.get(f"{back.path}?{back.query}")


def change(provider: Provider, **more: object) -> None:
    SignOn.objects.filter(slug=provider.slug).update(**more)


def test_a_stranger_is_not_let_in(okta: Provider) -> None:
    client = Client()
    answer = go(client)
    assert answer.status_code == 403
    assert "no account here is linked" in answer.content.decode()
    assert not is_in(client)
    assert not User.objects.exists()
    assert events("login_failed")[0]["by"] == "provider okta"


def test_a_stranger_is_made_a_person_without_rights_where_that_is_on(okta: Provider, idp: oidc.Provider) -> None:
    change(okta, creates_people=True)
    client = Client()
    assert go(client, then="/fixes/")["Location"] == "/fixes/"
    assert is_in(client)
    grace = User.objects.get()
    assert (grace.username, grace.email, grace.has_usable_password(), grace.is_staff) == (
        "grace",
        "grace@acme.example",
        False,
        False,
    )
    assert not grace.grants.exists()
    assert events("person_created")[0]["by"] == "provider okta"
    assert events("login")[0]["by"] == "provider okta"
    assert idp.refused == []
    again = Client()
    go(again)
    assert is_in(again)
    assert User.objects.count() == 1


def test_two_people_of_one_name_are_two(okta: Provider) -> None:
    change(okta, creates_people=True)
    make_person("grace")
    go(Client())
    assert User.objects.count() == 2
    assert not SocialAccount.objects.filter(user__username="grace").exists()


@pytest.mark.parametrize(
    ("trusted", "verified", "let_in"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_only_the_verified_address_of_a_trusted_provider_links(
    okta: Provider, idp: oidc.Provider, trusted: bool, verified: bool, let_in: bool
) -> None:
    change(okta, trusts_email=trusted, creates_people=True)
    idp.person["email_verified"] = verified
    grace = make_person("hopper")
    User.objects.filter(pk=grace.pk).update(email="Grace@acme.example")
    client = Client()
    answer = go(client)
    assert is_in(client) is let_in
    assert answer.status_code == (302 if let_in else 403)
    assert SocialAccount.objects.filter(user=grace).exists() is let_in
    assert User.objects.count() == 1
    assert len(events("link_added")) == int(let_in)


def test_an_address_that_somebody_only_claims_links_nothing(okta: Provider) -> None:
    change(okta, trusts_email=True)
    mallory = make_person("mallory")
    User.objects.filter(pk=mallory.pk).update(email="grace@acme.example")
    EmailAddress.objects.create(user=mallory, email="grace@acme.example", verified=False, primary=True)
    client = Client()
    assert go(client).status_code == 403
    assert not is_in(client)


def test_somebody_who_is_switched_off_stays_out(okta: Provider) -> None:
    change(okta, creates_people=True)
    go(Client())
    User.objects.update(is_active=False)
    client = Client()
    assert go(client)["Location"] == "/login/inactive/"
    assert not is_in(client)


def test_a_provider_that_is_switched_off_lets_nobody_in(okta: Provider) -> None:
    change(okta, enabled=False)
    assert Client().post("/sso/okta/login/").status_code == 404
    assert "Okta" not in Client().get("/login/").content.decode()


def test_groups_follow_the_claims_at_each_log_in(okta: Provider, idp: oidc.Provider) -> None:
    change(okta, creates_people=True, groups={"appsec": "Security", "dev": "Developers"})
    Group.objects.create(name="Developers")
    other = Group.objects.create(name="Chess")
    idp.person["groups"] = ["appsec", "canteen"]
    go(Client())
    grace = User.objects.get()
    other.members.add(grace)
    assert set(grace.teams.values_list("name", flat=True)) == {"Security", "Chess"}
    idp.person["groups"] = ["dev"]
    go(Client())
    assert set(grace.teams.values_list("name", flat=True)) == {"Developers", "Chess"}
    assert [(one.get("before"), one["after"]) for one in events("groups_followed")] == [
        ([], ["Security"]),
        (["Security"], ["Developers"]),
    ]
    del idp.person["groups"]
    go(Client())
    assert set(grace.teams.values_list("name", flat=True)) == {"Chess"}


def test_a_provider_cannot_take_the_last_administrator_away(okta: Provider, idp: oidc.Provider) -> None:
    change(okta, creates_people=True, groups={"admins": "Keepers"})
    Grant.objects.create(group=Group.objects.create(name="Keepers"), role=Role.ADMIN)
    idp.person["groups"] = ["admins"]
    go(Client())
    idp.person["groups"] = []
    client = Client()
    go(client)
    assert is_in(client)
    assert list(User.objects.get().teams.values_list("name", flat=True)) == ["Keepers"]
    assert "nobody who administers" in events("groups_kept")[0]["why"]
    assert LedgerEntry.objects.filter(kind="group", actor="system:sign-on").count() == 2


def _other_key(idp: oidc.Provider) -> None:
    idp.signs_with = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _expired(idp: oidc.Provider) -> None:
    idp.claims["exp"] = 1_700_000_000


def _for_another(idp: oidc.Provider) -> None:
    idp.claims["aud"] = "another client"


def _by_another(idp: oidc.Provider) -> None:
    idp.claims["iss"] = "https://evil.example"


def _two_people(idp: oidc.Provider) -> None:
    idp.sub_at_userinfo = "u-2"


@pytest.mark.parametrize("lie", [_other_key, _expired, _for_another, _by_another, _two_people])
def test_a_provider_whose_answers_do_not_hold_lets_nobody_in(okta: Provider, idp: oidc.Provider, lie: Any) -> None:
    change(okta, creates_people=True)
    lie(idp)
    client = Client()
    go(client)
    assert not is_in(client)
    assert not User.objects.exists()
    assert events("login_failed")


def test_an_answer_of_somebody_elses_walk_is_refused(okta: Provider, idp: oidc.Provider) -> None:
    change(okta, creates_people=True)
    attacker, victim = Client(), Client()
    leaving = attacker.post("/sso/okta/login/").content.decode()
    target = re.search(r'url=([^"]+)"', leaving)[1].replace("&amp;", "&")  # type: ignore[index]
    asked = parse_qs(urlsplit(target).query)
    assert asked["code_challenge_method"] == ["S256"]
    back = urlsplit(httpx2.get(target, follow_redirects=False).headers["location"])
    victim.get(f"{back.path}?{back.query}")
    assert not is_in(victim)


def test_a_link_is_made_and_removed_by_its_person(okta: Provider, ada: User) -> None:
    client = log_in()
    prove(client, ada)
    go(client, connect=True)
    link = SocialAccount.objects.get(user=ada)
    assert "Linked to okta" in client.get("/account/security/").content.decode()
    by_link = Client()
    go(by_link)
    assert is_in(by_link)
    stranger = make_person("eve")
    other = log_in("eve")
    prove(other, stranger)
    assert other.post(f"/account/security/links/{link.pk}/remove/").status_code == 404
    client.post(f"/account/security/links/{link.pk}/remove/")
    assert not SocialAccount.objects.exists()
    assert (len(events("link_added")), len(events("link_removed"))) == (1, 1)


def test_the_only_way_in_is_not_removed(okta: Provider) -> None:
    change(okta, creates_people=True)
    client = Client()
    go(client)
    page = client.post(f"/account/security/links/{SocialAccount.objects.get().pk}/remove/", follow=True)
    assert "the only way in" in page.content.decode()
    assert SocialAccount.objects.exists()


def test_going_to_a_provider_needs_a_form_of_ours(okta: Provider) -> None:
    assert Client().get("/sso/okta/login/").status_code == 405
    assert Client(enforce_csrf_checks=True).post("/sso/okta/login/").status_code == 403


def test_providers_of_a_file(db: None, idp: oidc.Provider, tmp_path: Path, settings: Any) -> None:
    (tmp_path / "secret").write_text(oidc.SECRET + "\n")
    settings.SEAMARK_SSO = tmp_path / "sso.toml"
    settings.SEAMARK_SSO.write_text(
        f'[[provider]]\nslug = "okta"\nkind = "oidc"\nname = "Okta"\naddress = "{idp.issuer}"\nclient_id = "{oidc.CLIENT}"\n'
        'secret_file = "secret"\ncreates_people = true\n'
    )
    assert [one.slug for one in providers.every()] == ["okta"]
    client = Client()
    go(client)
    assert is_in(client)
    providers.add(known(idp, slug="entra", name="Entra"))
    page = client.get("/login/", follow=True)
    assert page.status_code == 200
    assert [one.slug for one in providers.usable()] == ["okta", "entra"]


def test_secrets_are_sealed(okta: Provider) -> None:
    row = SignOn.objects.get()
    assert oidc.SECRET not in row.sealed_secret
    assert providers.named("okta").secret == oidc.SECRET  # type: ignore[union-attr]


def test_only_single_sign_on(okta: Provider, ada: User, settings: Any) -> None:
    settings.SEAMARK_LOCAL_LOGIN = False
    change(okta, creates_people=True)
    assert not is_in(log_in())
    page = Client().get("/login/").content.decode()
    assert "Emergency log-in" in page
    assert "passkey" not in page
    client = Client()
    go(client)
    assert is_in(client)
    assert "not right" in Client().post("/login/", {"username": "ada", "password": PASSWORD}).content.decode()
