"""Single sign-on with SAML: answers signed by a real key. Skipped where the extra `saml` is not installed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client

from seamark.core.errors import InvalidSetting
from seamark.interfaces.cli.main import main
from seamark.pipeline.signon import providers
from seamark.pipeline.signon.metadata import read_metadata
from seamark.store.models import SignOn, User
from tests.access.conftest import is_in
from tests.support import saml

MAIL = "urn:oid:0.9.2342.19200300.100.1.3"


@pytest.fixture(scope="module")
def idp() -> saml.Provider:
    return saml.Provider()


@pytest.fixture
def corp(db: None, idp: saml.Provider, tmp_path: Path) -> str:
    pytest.importorskip("onelogin", reason="the extra `saml` is not installed")
    (tmp_path / "idp.xml").write_bytes(idp.metadata())
    done = CliRunner().invoke(
        main,
        [
            "sso",
            "add",
            "saml",
            "corp",
            "--metadata",
            str(tmp_path / "idp.xml"),
            "--create-people",
            "--group",
            "appsec=Security",
        ],
    )
    assert done.exit_code == 0, done.output
    return "corp"


def go(client: Client, make: Any) -> Any:
    leaving = client.post("/sso/saml/corp/login/").content.decode()
    target = re.search(r'url=([^"]+)"', leaving)[1].replace("&amp;", "&")  # type: ignore[index]
    assert target.startswith(saml.LOGIN)
    answer = client.post("/sso/saml/corp/acs/", {"SAMLResponse": make(target), "RelayState": ""})
    return client.get(answer["Location"])


def _browser() -> Client:
    return Client(headers={"host": "testserver"})


def test_a_signed_answer_lets_in(corp: str, idp: saml.Provider) -> None:
    client = _browser()
    go(client, lambda target: idp.answer(target, **{MAIL: ["grace@acme.example"], "groups": ["appsec", "canteen"]}))
    assert is_in(client)
    grace = User.objects.get()
    assert grace.email == "grace@acme.example"
    assert list(grace.teams.values_list("name", flat=True)) == ["Security"]
    again = _browser()
    go(again, lambda target: idp.answer(target, **{MAIL: ["grace@acme.example"]}))
    assert is_in(again)
    assert User.objects.count() == 1
    assert not grace.teams.exists()


def test_what_nobody_or_somebody_else_signed_lets_nobody_in(corp: str, idp: saml.Provider) -> None:
    other = saml.Provider()
    for make in (
        lambda target: idp.answer(target, sign=False, **{MAIL: ["grace@acme.example"]}),
        lambda target: other.answer(target, **{MAIL: ["grace@acme.example"]}),
        lambda target: "bm90IHhtbA==",
    ):
        client = _browser()
        go(client, make)
        assert not is_in(client)
    assert not User.objects.exists()


def test_an_answer_is_good_once_and_in_its_own_browser(corp: str, idp: saml.Provider) -> None:
    kept: list[str] = []

    def keep(target: str) -> str:
        kept.append(idp.answer(target, **{MAIL: ["grace@acme.example"]}))
        return kept[-1]

    first = _browser()
    go(first, keep)
    assert is_in(first)
    for thief in (_browser(), _browser()):
        answer = thief.post("/sso/saml/corp/acs/", {"SAMLResponse": kept[0]})
        thief.get(answer["Location"])
        assert not is_in(thief)


def test_metadata_of_ours_are_told(corp: str) -> None:
    answer = _browser().get("/sso/saml/corp/metadata/")
    assert answer.status_code == 200
    assert b"/sso/saml/corp/acs/" in answer.content


def test_the_providers_metadata_are_read(idp: saml.Provider) -> None:
    told = read_metadata(idp.metadata())
    assert (told.entity_id, told.address) == (saml.ENTITY, saml.LOGIN)
    assert told.certificate in idp.certificate.replace("\n", "")


@pytest.mark.parametrize(
    "content",
    [
        b"not xml",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"><md:IDPSSODescriptor/></md:EntityDescriptor>',
    ],
)
def test_metadata_that_are_none_are_refused(content: bytes) -> None:
    with pytest.raises(InvalidSetting):
        read_metadata(content)


def test_a_saml_provider_goes_only_the_saml_way(corp: str) -> None:
    assert SignOn.objects.get().kind == "saml"
    assert Client().post("/sso/corp/login/").status_code == 404
    assert "Log in with corp" in Client().get("/login/").content.decode()
    assert providers.named("corp") is not None
