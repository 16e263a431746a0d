"""The ledger in the web interface and the API."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from seamark.governance.ledger import checkpoints
from seamark.governance.ledger.entry import Decision
from seamark.governance.ledger.folder import verify_proof
from seamark.governance.ledger.note import Verifier
from seamark.governance.ledger.record import record, record_all
from seamark.pipeline.people import make_token
from seamark.store.models import Anchor, Application, Checkpoint, User
from seamark.store.models.people import Role
from tests.api.conftest import Caller
from tests.factories import make_person

pytestmark = pytest.mark.django_db
PATHS = ("/ledger/", "/ledger/0/", "/ledger/0/proof/", "/ledger/checkpoint/")
ENDPOINTS = ("/ledger/entries", "/ledger/entries/0", "/ledger/entries/0/proof", "/ledger/checkpoint")


@pytest.fixture
def filled(key: Verifier) -> Verifier:
    record("context", "application shop", {"decided": {"exposure": "<b>internet</b>"}}, actor="tests")
    record_all(Decision("triage", f"SM-{at}", {"at": at}, "ada") for at in range(1, 60))
    checkpoints.sign_now()
    return key


@pytest.fixture
def auditor(db: None) -> User:
    return make_person("odo", Role.AUDITOR)


@pytest.fixture
def browse() -> Callable[[User], Client]:
    def log_in(person: User) -> Client:
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return log_in


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.AUDITOR, Role.ADMIN}])
def test_nobody_else_reads_it(filled: Verifier, browse: Callable[[User], Client], role: Role) -> None:
    person = make_person("eve", role)
    for path in PATHS:
        assert browse(person).get(path).status_code == 404
    for path in ENDPOINTS:
        assert Caller(make_token(person, "t"))("GET", path).status_code == 403


def test_an_auditor_of_one_application_does_not(filled: Verifier, browse: Callable[[User], Client]) -> None:
    person = make_person("eve", Role.AUDITOR, application=Application.objects.create(name="Shop", slug="shop"))
    assert browse(person).get("/ledger/").status_code == 404


def test_pages(filled: Verifier, auditor: User, browse: Callable[[User], Client]) -> None:
    client = browse(auditor)
    page = client.get("/ledger/").content.decode()
    assert "60 entries, signed" not in page
    assert "tests.example/ledger" in page
    assert str(filled).replace("+", "&#x2B;") in page or str(filled) in page
    assert "SM-59" in page
    assert "SM-9<" not in page
    second = client.get(page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")).content.decode()
    assert "SM-9<" in second
    assert "SM-59" not in second
    narrow = client.get(
        "/ledger/", {"kind": "context", "subject": "application shop", "actor": "system:tests"}
    ).content.decode()
    assert "1 entry" in narrow
    assert "SM-" not in narrow.split("<tbody>")[1]
    assert "None fits" in client.get("/ledger/", {"subject": "SM-1000"}).content.decode()
    assert client.get("/ledger/", {"after": "nonsense"}).status_code == 404


def test_an_entry_and_its_proof(filled: Verifier, auditor: User, browse: Callable[[User], Client]) -> None:
    client = browse(auditor)
    page = client.get("/ledger/0/").content.decode()
    assert "&lt;b&gt;internet" in page
    assert "<b>internet" not in page
    proof = client.get("/ledger/7/proof/")
    assert "attachment" in proof["Content-Disposition"]
    assert verify_proof(proof.content, filled).ok
    assert client.get("/ledger/checkpoint/").content.decode() == checkpoints.sign_now().note
    record("triage", "SM-99", {})
    assert "not yet" in client.get("/ledger/60/").content.decode()
    assert "No checkpoint covers" in client.get("/ledger/60/proof/", follow=True).content.decode()
    assert client.get("/ledger/61/").status_code == 404


def test_without_a_key(auditor: User, browse: Callable[[User], Client], settings: pytest.FixtureRequest) -> None:
    client = browse(auditor)
    assert "No key is set" in client.get("/ledger/").content.decode()
    assert client.get("/ledger/checkpoint/").status_code == 404
    settings.SEAMARK_LEDGER_KEY = "nonsense"  # type: ignore[attr-defined]
    assert "No key is set" in client.get("/ledger/").content.decode()


def test_the_api(filled: Verifier, auditor: User) -> None:
    call = Caller(make_token(auditor, "t"))
    listed = call("GET", "/ledger/entries?limit=2&kind=triage").json()
    assert [one["subject"] for one in listed["items"]] == ["SM-59", "SM-58"]
    assert [
        one["number"] for one in call("GET", f"/ledger/entries?limit=2&after={listed['next']}").json()["items"]
    ] == [57, 56]
    entry = call("GET", "/ledger/entries/3").json()
    assert (entry["body"], entry["inputs"], entry["number"]) == ({"at": 3}, {}, 3)
    proof = call("GET", "/ledger/entries/3/proof")
    assert proof.json()["entry"] == entry["content"]
    assert verify_proof(proof.content, filled).ok
    told = call("GET", "/ledger/checkpoint").json()
    assert (told["size"], told["note"].split("\n")[0]) == (
        len(call("GET", "/ledger/entries?limit=500").json()["items"]) - 1,
        filled.name,
    )
    assert (
        call("GET", "/ledger/entries/5000").status_code == call("GET", "/ledger/entries/5000/proof").status_code == 404
    )


def test_the_api_before_anything_is_signed(auditor: User) -> None:
    call = Caller(make_token(auditor, "t"))
    assert "SEAMARK_LEDGER_KEY" in call("GET", "/ledger/checkpoint").json()["detail"]
    assert "No checkpoint covers" in call("GET", "/ledger/entries/0/proof").json()["detail"]


def test_what_others_vouch_for(filled: Verifier, auditor: User, browse: Callable[[User], Client]) -> None:
    client = browse(auditor)
    assert "Anchored elsewhere" not in client.get("/ledger/").content.decode()
    Anchor.objects.create(checkpoint=Checkpoint.objects.get(), kind="rekor", name="24296fb2<x>", answer=b"{}")
    page = client.get("/ledger/").content.decode()
    assert "In a transparency log: 60 entries" in page
    assert "24296fb2&lt;x&gt;" in page
