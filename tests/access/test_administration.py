"""Providers by page and command line, the emergency log-in, sealed secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client

from seamark.core.errors import InvalidSetting, NotAllowed, NotFound
from seamark.interfaces.cli.main import main
from seamark.pipeline.signon import declared, providers
from seamark.pipeline.signon.model import Provider, checked
from seamark.store.models import LedgerEntry, SignOn, User
from seamark.store.secretbox import seal, unseal
from tests.access.conftest import events, is_in, log_in
from tests.support.access import prove

FORM = {
    "kind": "oidc", "slug": "okta", "name": "Okta", "address": "https://acme.okta.example", "client_id": "c1", "secret": "hush-hush",
    "groups_claim": "groups", "groups": "appsec = Security\ncn=dev,dc=acme = Developers\n", "enabled": "on", "creates_people": "on",
}  # fmt: skip


def run(*words: str, text: str = "") -> Any:
    return CliRunner().invoke(main, list(words), input=text)


@pytest.fixture
def client(boss: User) -> Client:
    made = log_in("boss")
    prove(made, boss)
    return made


def test_a_provider_is_added_changed_and_removed(client: Client, boss: User) -> None:
    assert "No provider" in client.get("/administration/sso/").content.decode()
    assert client.post("/administration/sso/new/", FORM)["Location"] == "/administration/sso/"
    found = providers.named("okta")
    assert found is not None
    assert (found.secret, found.creates_people, found.trusts_email) == ("hush-hush", True, False)
    assert found.groups == {"appsec": "Security", "cn=dev,dc=acme": "Developers"}
    page = client.get("/administration/sso/okta/").content.decode()
    assert "hush-hush" not in page
    assert "cn=dev,dc=acme = Developers" in page
    assert "/sso/okta/return/" in page
    client.post(
        "/administration/sso/okta/", {**FORM, "name": "Okta of Acme", "secret": "", "slug": "other", "kind": "saml"}
    )
    changed = providers.named("okta")
    assert changed is not None
    assert (changed.name, changed.secret, changed.kind) == ("Okta of Acme", "hush-hush", "oidc")
    client.post("/administration/sso/okta/remove/")
    assert not SignOn.objects.exists()
    told = events("sign_on_changed")
    assert [(bool(one.get("before")), bool(one.get("after"))) for one in told] == [
        (False, True),
        (True, True),
        (True, False),
    ]
    assert "hush-hush" not in str(told)
    assert LedgerEntry.objects.filter(kind="sign-on").count() == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "http://acme.example"},
        {"client_id": ""},
        {"slug": "saml"},
        {"groups": "no rule"},
        {"kind": "saml", "entity_id": "x", "certificate": "?"},
    ],
)
def test_a_wrong_provider_is_refused_with_a_sentence(client: Client, wrong: dict[str, str]) -> None:
    page = client.post("/administration/sso/new/", {**FORM, **wrong})
    assert page.status_code == 200
    assert "errorlist" in page.content.decode() or 'role="alert"' in page.content.decode()
    assert not SignOn.objects.exists()


def test_others_see_nothing_of_it(ada: User, boss: User) -> None:
    client = log_in()
    prove(client, ada)
    for page in ("/administration/sso/", "/administration/sso/new/", "/administration/sso/okta/"):
        assert client.get(page).status_code == 403
    assert client.post("/administration/sso/new/", FORM).status_code == 403
    assert client.post("/administration/sso/okta/remove/").status_code == 403
    assert not SignOn.objects.exists()


def test_an_administrator_proves_to_be_there_first(boss: User) -> None:
    client = log_in("boss")
    prove(client, boss, ago=601)
    assert client.post("/administration/sso/new/", FORM)["Location"].startswith("/login/again/")
    assert not SignOn.objects.exists()


def test_the_command_line(db: None, tmp_path: Path) -> None:
    done = run(
        "sso",
        "add",
        "oidc",
        "okta",
        "https://acme.okta.example",
        "--client-id",
        "c1",
        "--secret-file",
        "-",
        "--group",
        "appsec=Security",
        text="hush\n",
    )
    assert done.exit_code == 0, done.output
    assert "sso/okta/return/" in done.output
    assert providers.named("okta").secret == "hush"  # type: ignore[union-attr]
    assert "okta\toidc\thttps://acme.okta.example\tin use" in run("sso", "list").output
    for words in (
        ["add", "oidc", "okta", "https://x.example", "--client-id", "c"],
        ["add", "oidc", "plain", "http://x.example", "--client-id", "c"],
        ["add", "oidc", "x", "https://x.example", "--client-id", "c", "--group", "appsec"],
        ["add", "oidc", "x", "https://x.example", "--client-id", "c", "--secret-file", str(tmp_path / "absent")],
        ["add", "saml", "x", "--metadata", str(tmp_path / "absent")],
        ["remove", "nothing"],
        ["emergency", "nobody"],
    ):
        assert run("sso", *words).exit_code != 0
    assert run("sso", "remove", "okta").exit_code == 0
    assert not SignOn.objects.exists()


def test_the_emergency_log_in(boss: User, ada: User, settings: Any) -> None:
    settings.SEAMARK_LOCAL_LOGIN = False
    assert not is_in(log_in("boss"))
    done = run("sso", "emergency", "boss", "--hours", "1")
    password = done.output.strip().rpartition(" ")[2]
    assert is_in(log_in("boss", password))
    assert not is_in(log_in("ada"))
    assert [one["person"] for one in events("emergency_login")] == ["boss"]
    assert LedgerEntry.objects.filter(kind="emergency-login").count() == 1
    run("sso", "emergency", "boss", "--close")
    assert not is_in(log_in("boss", password))
    run("sso", "emergency", "boss", "--hours", "1")
    boss.emergency.until = boss.emergency.created_at
    boss.emergency.save()
    assert not is_in(log_in("boss", password))


def test_what_is_sealed_opens_with_an_old_key_and_with_no_other(settings: Any) -> None:
    settings.SEAMARK_ENCRYPTION_KEYS = ["old"]
    kept = seal("hush")
    assert "hush" not in kept
    settings.SEAMARK_ENCRYPTION_KEYS = ["new", "old"]
    assert unseal(kept) == "hush"
    settings.SEAMARK_ENCRYPTION_KEYS = ["new"]
    with pytest.raises(InvalidSetting, match="SEAMARK_ENCRYPTION_KEYS"):
        unseal(kept)
    assert (seal(""), unseal("")) == ("", "")


class TestFile:
    """SEAMARK_SSO."""

    GOOD = '[[provider]]\nslug = "okta"\nkind = "oidc"\naddress = "https://x.example"\nclient_id = "c"\n'

    @pytest.mark.parametrize(
        "text",
        [
            "nonsense",
            GOOD + "colour = 1\n",
            GOOD + GOOD,
            GOOD.replace("https", "ftp"),
            'provider = "x"',
            GOOD + 'secret_file = "absent"\n',
        ],
    )
    def test_a_broken_file_is_loud(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "sso.toml").write_text(text)
        with pytest.raises(InvalidSetting):
            declared.read(tmp_path / "sso.toml")

    def test_what_stands_there_is_changed_there(self, db: None, tmp_path: Path, settings: Any) -> None:
        settings.SEAMARK_SSO = tmp_path / "sso.toml"
        settings.SEAMARK_SSO.write_text(self.GOOD)
        found = providers.named("okta")
        assert found is not None
        for act in (lambda: providers.add(found), lambda: providers.change(found), lambda: providers.remove("okta")):
            with pytest.raises(NotAllowed):
                act()
        settings.SEAMARK_SSO.write_text(self.GOOD + "enabled = false\n")
        assert providers.named("okta") is None

    def test_without_a_file_there_is_none(self, db: None) -> None:
        assert declared.read(None) == ()
        with pytest.raises(NotFound):
            providers.kept("okta")


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1", "https://x.example/realm"]
)
def test_addresses_that_are_fine(address: str) -> None:
    assert checked(Provider(slug="a", kind="oidc", address=address, client_id="c")).name == "a"


@pytest.mark.parametrize("address", ["http://10.0.0.1", "https://", "https://user:pw@x.example", "file:///etc", ""])
def test_addresses_that_are_not(address: str) -> None:
    with pytest.raises(InvalidSetting):
        checked(Provider(slug="a", kind="oidc", address=address, client_id="c"))
