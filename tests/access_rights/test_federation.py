"""Pipelines and their identity: what is checked, and what they get."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from seamark.core.errors import NotAllowed, RemoteFailure
from seamark.governance.access import accounts, federation, grants, roles
from seamark.governance.access.identity import fits, matches, opened, verified
from seamark.governance.access.places import Place
from seamark.intake.connectors.issuers import AGAIN, FRESH, Keys, fetch_keys
from seamark.interfaces.api import federation as api
from seamark.store.models import Application, Event, Federation, Token, User
from seamark.store.models.people import Role
from tests.access_rights.issuer import Issuer, serving
from tests.api.conftest import ROOT, Caller
from tests.api.described import check
from tests.factories import make_person

AUDIENCE = "https://seamark.example"
CLAIMS = {"repository": "acme/shop", "ref": "refs/heads/*"}


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


def good(**more: Any) -> dict[str, Any]:
    now = time.time()
    return {
        "aud": AUDIENCE, "exp": now + 300, "iat": now, "nbf": now, "sub": "repo:acme/shop:ref:refs/heads/main", "repository": "acme/shop",
        "ref": "refs/heads/main", **more,
    }  # fmt: skip


def test_a_good_token(issuer: Issuer) -> None:
    token = opened(issuer.token(**good(aud=["other", AUDIENCE])))
    claims = verified(token, issuer.keys, audience=AUDIENCE, now=time.time())
    assert (token.issuer, token.key) == (issuer.address, issuer.name)
    assert fits(claims, CLAIMS)
    assert not fits(claims, {**CLAIMS, "environment": "*"})


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"aud": "other"}, "another audience"),
        ({"aud": None}, "another audience"),
        ({"exp": time.time() - 60}, "expired"),
        ({"exp": None}, "no exp"),
        ({"exp": True}, "no exp"),
        ({"nbf": time.time() + 3600}, "not good yet"),
        ({"iat": time.time() + 3600}, "not good yet"),
        ({"iat": "now"}, "no iat"),
    ],
)
def test_claims_that_are_refused(issuer: Issuer, wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(NotAllowed, match=words):
        verified(opened(issuer.token(**good(**wrong))), issuer.keys, audience=AUDIENCE, now=time.time())


@pytest.mark.parametrize(
    "header", [{"alg": "none"}, {"alg": "HS256"}, {"alg": "RS512"}, {"kid": None}, {"crit": ["x"]}]
)
def test_headers_that_are_refused(issuer: Issuer, header: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed):
        opened(issuer.token(header, **good()))


def test_signatures_and_keys_that_are_refused(issuer: Issuer) -> None:
    text, other = issuer.token(**good()), Issuer()
    head, body, signature = text.split(".")
    forged = {**issuer.keys[0], **{name: other.keys[0][name] for name in ("n", "e")}}
    now = time.time()
    for keys in (
        [forged],
        other.keys,
        [],
        [{**issuer.keys[0], "use": "enc"}],
        [{**issuer.keys[0], "n": "AQAB"}],
        [{"kid": issuer.name, "kty": "RSA"}],
    ):
        with pytest.raises(NotAllowed):
            verified(opened(text), keys, audience=AUDIENCE, now=now)
    changed = issuer.token(**good(repository="acme/other")).split(".")[1]
    with pytest.raises(NotAllowed, match="signature"):
        verified(opened(f"{head}.{changed}.{signature}"), issuer.keys, audience=AUDIENCE, now=now)
    for text in (
        "",
        "a.b",
        "a.b.c",
        f"{head}.{body}.!!",
        "x" * 20_000,
        f"{head}.W10.{signature}",
        "..",
        f"{head}.{body}",
    ):
        with pytest.raises(NotAllowed):
            opened(text)


@given(st.text(alphabet="ab/*", max_size=8), st.text(alphabet="ab/", max_size=8))
def test_patterns_mean_what_they_say(pattern: str, value: str) -> None:
    import re

    expression = ".*".join(re.escape(part) for part in pattern.split("*"))
    assert matches(value, pattern) == bool(re.fullmatch(expression, value, re.DOTALL))


@pytest.fixture
def robot(admin: User, shop: Application) -> User:
    row = accounts.create_service(admin, "ci-shop")
    grants.give(admin, row, roles.named("developer"), Place(application=shop))
    return row


def federate(actor: User | None, account: User, **more: Any) -> Federation:
    wanted = {"issuer": "https://issuer.example", "audience": AUDIENCE, "claims": CLAIMS, **more}
    return federation.create(
        actor, more.pop("name", "shop on CI"), account=account, **{k: v for k, v in wanted.items() if k != "name"}
    )


def test_a_pipeline_gets_a_short_token_of_the_account(admin: User, robot: User, issuer: Issuer) -> None:
    federate(admin, robot, minutes=5)
    made = federation.exchange(issuer.token(**good()), lambda *_: issuer.keys)
    assert (made.scopes, made.seconds) == (("import", "gate"), 300)
    row = Token.objects.get()
    assert (row.user, row.origin) == (robot, "https://issuer.example repo:acme/shop:ref:refs/heads/main")
    assert 290 < (row.expires_at - row.created_at).total_seconds() <= 300
    narrow = federation.exchange(issuer.token(**good()), lambda *_: issuer.keys, scopes=["gate"])
    assert narrow.scopes == ("gate",)


@pytest.mark.parametrize(
    "wrong", [{"repository": "acme/shop2"}, {"repository": "evil/acme/shop"}, {"ref": "refs/tags/v1"}, {"aud": "x"}]
)
def test_another_pipeline_gets_nothing(admin: User, robot: User, issuer: Issuer, wrong: dict[str, Any]) -> None:
    federate(admin, robot)
    with pytest.raises(NotAllowed):
        federation.exchange(issuer.token(**good(**wrong)), lambda *_: issuer.keys)
    assert not Token.objects.exists()


def test_an_issuer_that_nobody_named_is_not_asked(db: None, issuer: Issuer) -> None:
    def never(*_: str) -> list[dict[str, Any]]:
        raise AssertionError

    with pytest.raises(NotAllowed, match="No federation"):
        federation.exchange(issuer.token(**good()), never)


def test_an_account_that_is_off_gives_nothing(admin: User, robot: User, issuer: Issuer) -> None:
    federate(admin, robot)
    accounts.switch(admin, robot, on=False)
    with pytest.raises(NotAllowed):
        federation.exchange(issuer.token(**good()), lambda *_: issuer.keys)


@pytest.mark.parametrize(
    "wrong",
    [
        {"claims": {}}, {"claims": {"ref": "refs/heads/main"}}, {"claims": {"repository": "*"}}, {"claims": {"sub": "repo:*"}},
        {"claims": {"repository": ""}}, {"issuer": "ftp://x"}, {"issuer": "https://"}, {"issuer": "https://a?b"}, {"audience": ""},
        {"scopes": ["write"]}, {"scopes": []}, {"minutes": 61}, {"minutes": 0}, {"name": ""},
    ],
)  # fmt: skip
def test_what_would_let_anybody_in_is_refused(admin: User, robot: User, wrong: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed):
        federate(admin, robot, **wrong)


def test_who_makes_federations(admin: User, robot: User) -> None:
    with pytest.raises(NotAllowed):
        federate(make_person("ana", Role.ANALYST), robot)
    with pytest.raises(NotAllowed, match="service account"):
        federate(admin, admin)
    row = federate(admin, robot, claims={"sub": "repo:acme/*"})
    with pytest.raises(NotAllowed, match="no other has"):
        federate(admin, robot)
    federation.remove(admin, row)
    assert [one.details["after"] is None for one in Event.objects.filter(kind="federation").order_by("pk")] == [
        False,
        True,
    ]
    assert not Federation.objects.exists()


def test_keys_are_kept_and_asked_for_again() -> None:
    now, asked, broken = [1000.0], [], []

    def fetch(issuer: str) -> list[dict[str, Any]]:
        asked.append(issuer)
        if broken:
            raise RemoteFailure("away", permanent=False)
        return [{"kid": f"k{len(asked)}"}]

    keys = Keys(fetch, clock=lambda: now[0])
    assert keys.of("a", "k1") == keys.of("a", "k1") == [{"kid": "k1"}]
    keys.of("a", "unknown")
    assert len(asked) == 1
    now[0] += AGAIN + 1
    assert keys.of("a", "unknown") == [{"kid": "k2"}]
    now[0] += FRESH - 1
    assert keys.of("a", "k2") == [{"kid": "k2"}]
    now[0] += 2
    broken.append(True)
    with pytest.raises(RemoteFailure):
        keys.of("a", "k2")
    assert keys.of("a", "other") == [{"kid": "k2"}]
    assert len(asked) == 3


@pytest.fixture
def served(settings: Any) -> Iterator[Issuer]:
    with serving() as issuer:
        settings.SEAMARK_INTERNAL_HOSTS = [issuer.address.removeprefix("http://")]
        yield issuer


def test_a_real_issuer_is_read_and_nothing_else_of_this_machine(served: Issuer) -> None:
    internal = [served.address.removeprefix("http://")]
    assert fetch_keys(served.address, internal=internal) == served.keys
    with pytest.raises(RemoteFailure):
        fetch_keys(served.address)
    for described in ({"issuer": "https://else.example"}, {"jwks_uri": "http://127.0.0.1:1/keys"}, {"jwks_uri": ""}):
        served.described = described
        with pytest.raises(RemoteFailure):
            fetch_keys(served.address, internal=internal)


def exchange(text: str, **more: str) -> Any:
    form = {"grant_type": api.GRANT, "subject_token": text, "subject_token_type": api.IDENTITY[0], **more}
    answer = Client(raise_request_exception=False).post(f"{ROOT}/token/exchange", form)
    check("POST", f"{ROOT}/token/exchange", answer)
    return answer


def test_the_whole_way(admin: User, robot: User, shop: Application, served: Issuer) -> None:
    federate(admin, robot, issuer=served.address, applications=[shop])
    served.turn()
    answer = exchange(served.token(**good()), scope="import")
    told = answer.json()
    assert answer.status_code == 200
    assert answer["Cache-Control"].startswith("no-store")
    assert {name: told[name] for name in ("token_type", "expires_in", "scope")} == {
        "token_type": "Bearer",
        "expires_in": 900,
        "scope": "import",
    }
    call = Caller(told["access_token"])
    assert call("GET", "/imports").status_code == 200
    assert call("GET", "/issues").status_code == 403
    assert Token.objects.get().applications == [shop.pk]
    asked = served.asked
    exchange(served.token(**good()))
    assert served.asked == asked
    for more, error in (
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"subject_token_type": "x"}, "invalid_request"),
        ({"scope": "write"}, "invalid_scope"),
        ({"subject_token": "x.y.z"}, "invalid_request"),
    ):
        refused = exchange(served.token(**good()), **more)
        assert (refused.status_code, refused.json()["error"]) == (400, error)
    assert exchange(served.token(**good(repository="other/shop"))).status_code == 400


def test_an_issuer_that_is_away(admin: User, robot: User) -> None:
    gone = Issuer("http://127.0.0.1:9")
    federate(admin, robot, issuer=gone.address)
    answer = exchange(gone.token(**good()))
    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
