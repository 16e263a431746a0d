"""Surveys that are sent in: what is kept of them, under which name, and what is not the sender's to tell."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from seamark.core.assets import AssetKind as K
from seamark.core.assets import AssetRef
from seamark.interfaces.cli.commands.discover_ import command as discover
from seamark.store.models import Application, Asset, Relation, Sbom, Survey, User
from seamark.store.models.people import Role
from tests.api.conftest import Caller
from tests.factories import make_person
from tests.pipeline.estate import DOMAIN, ORDERS, STORE, asset, make_estate

ROWS: list[dict[str, Any]] = [
    {"asset": "repository", "kind": "repository", "key": "git.example/acme/till", "origin": "tree", "facts": {}},
    {"asset": "service", "key": "git.example/acme/till//.", "name": "till", "origin": "services", "at": "app.py:1", "facts": {"language": "python"}},
    {"asset": "manifest", "key": "git.example/acme/till//uv.lock", "origin": "pypi", "at": "uv.lock"},
    {
        "asset": "package", "key": "pkg:pypi/flask@2.0.0", "name": "flask", "origin": "packages", "at": "uv.lock",
        "facts": {"manifests": ["uv.lock"], "direct": True, "ecosystem": "pypi", "locked": True, "version": "2.0.0", "licences": ["BSD-3-Clause"]},
    },
    {
        "relation": "depends_on", "source": {"kind": "manifest", "key": "git.example/acme/till//uv.lock"},
        "target": {"kind": "package", "key": "pkg:pypi/flask@2.0.0"}, "origin": "packages", "at": "uv.lock",
    },
    {
        "relation": "contains", "source": {"kind": "repository", "key": "git.example/acme/till"},
        "target": {"kind": "service", "key": "git.example/acme/till//."}, "origin": "services", "at": "app.py:1", "confidence": 0.9,
    },
    {"trouble": "This is no YAML", "at": "broken.yaml"},
]  # fmt: skip


def lines(rows: list[dict[str, Any]]) -> bytes:
    return b"\n".join(json.dumps(row).encode() for row in rows) + b"\n"


def send(call: Caller, content: bytes, application: str = "Till", **about: Any) -> Any:
    return call("POST", "/surveys", data={"application": application, **about, "survey": io.BytesIO(content)})


@pytest.mark.parametrize("shape", ["lines", "list", "object", "pretty"])
def test_what_is_sent_is_kept(lone: Caller, shape: str) -> None:
    whole = {"assets": ROWS[:4], "relations": ROWS[4:6], "troubles": ROWS[6:]}
    content = {
        "lines": lines(ROWS), "list": json.dumps(ROWS).encode(), "object": json.dumps(whole).encode(), "pretty": json.dumps(whole, indent=1).encode(),
    }[shape]  # fmt: skip
    answer = send(lone, content, source="main", commit="5f2a", complete="true")
    assert answer.status_code == 201
    told = answer.json()
    assert (told["source"], told["application"], told["complete"], told["commit"]) == (
        "sent for till: main",
        "till",
        True,
        "5f2a",
    )
    assert (told["assets"], told["relations"], told["ended"]) == (3, 1, 0)
    assert told["troubles"] == [{"at": "broken.yaml", "text": "This is no YAML"}]
    till = asset(AssetRef(K.SERVICE, "git.example/acme/till//."))
    assert (till.name, till.attributes, till.application.name) == ("till", {"language": "python"}, "Till")
    entry = Sbom.objects.get().entries.select_related("component").get()
    assert (entry.component.purl, entry.direct, entry.licences) == ("pkg:pypi/flask@2.0.0", True, ["BSD-3-Clause"])
    assert Relation.objects.get().confidence == 0.9
    assert lone("GET", "/surveys").json()["items"] == [told]


def test_a_complete_one_ends_what_its_source_said(lone: Caller) -> None:
    send(lone, lines(ROWS), source="main", complete="true")
    partial = send(lone, lines(ROWS[:1]), source="main").json()
    assert (partial["complete"], partial["ended"]) == (False, 0)
    other = send(lone, lines(ROWS[:1]), source="release", complete="true").json()
    assert other["ended"] == 0
    assert not Asset.objects.filter(gone_at__isnull=False).exists()
    told = send(lone, lines(ROWS[:1]), source="main", complete="true").json()
    assert told["ended"] == 3
    # Of the repository the other source tells as well.
    assert {one.kind for one in Asset.objects.filter(gone_at__isnull=False)} == {"service", "manifest"}
    assert Sbom.objects.get().replaced_at is not None


def test_no_name_reaches_another_source(lone: Caller) -> None:
    make_estate()
    own = Survey.objects.get().source
    for source in (own, f"../{own}", f"sent for storefront: {own}"):
        assert send(lone, lines(ROWS), source=source, complete="true").json()["ended"] == 0
    assert not Asset.objects.filter(gone_at__isnull=False).exists()
    assert send(lone, lines(ROWS[:1]), "Storefront", source=own, complete="true").json()["ended"] == 0


def test_what_discover_prints_comes_back_whole(lone: Caller) -> None:
    harbour = Path(__file__).parents[2] / "examples/harbour"
    printed = (
        CliRunner().invoke(discover, [str(harbour), "--json", "--repository", "github.com/harbour-shop/harbour"]).stdout
    )
    told = send(lone, printed.encode(), "Harbour").json()
    rows = [json.loads(line) for line in printed.splitlines()]
    assert told["assets"] == sum("asset" in row and row["asset"] != "package" for row in rows)
    packages = {row["key"] for row in rows if row.get("asset") == "package"}
    assert {
        entry.component.purl for bom in Sbom.objects.all() for entry in bom.entries.select_related("component")
    } == packages
    assert lone("GET", "/graph/exposure?thing=service:orders").json()["total"] > 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "tells of nothing"), (b"[]", "tells of nothing"), (b"{}", "tells of nothing"), (b'{"trouble": "x"}', "tells of nothing"), (b"not json", "no row"),
        (lines(ROWS) + b"{", f"line {len(ROWS) + 1}"), (b'{"asset": "planet", "key": "x"}', "planet"), (b"[1]", "no survey"),
        (lines(ROWS) + b'{"key": "x"}', "neither"), (b'{"asset": "service", "key": "a\\u0000b"}', "NUL"), (b"[" * 100_000, "no survey"),
        (b'{"asset": "service", "key": "x", "confidence": 7}', "confidence"), (b'{"asset": "service", "key": "x", "facts": []}', "facts"),
        (b'{"asset": "service", "key": "' + b"x" * 1_100_000 + b'"}', "longer"), (b"\xff\xfe", "no row"),
    ],
)  # fmt: skip
def test_what_is_no_survey_is_refused_whole(lone: Caller, content: bytes, words: str) -> None:
    refused = send(lone, content)
    assert refused.status_code == 422
    if content:
        assert words in refused.json()["detail"]
    assert not Asset.objects.exists()
    assert not Application.objects.exists()


def test_too_large(lone: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seamark.interfaces.api.surveys.LARGEST", 100)
    assert send(lone, lines(ROWS)).status_code == 413
    monkeypatch.setattr("seamark.intake.discovery.written.MOST_ROWS", 3)
    monkeypatch.setattr("seamark.interfaces.api.surveys.LARGEST", 10**6)
    assert "more than 3 rows" in send(lone, lines(ROWS)).json()["detail"]


class TestWhoMaySend:
    @pytest.mark.parametrize("role", Role)
    def test_roles(self, db: None, caller: Callable[..., Caller], role: Role) -> None:
        till = Application.objects.create(name="Till", slug="till")
        Application.objects.create(name="Payroll", slug="payroll")
        call = caller(make_person("somebody", role, application=till))
        allowed = role in {Role.DEVELOPER, Role.ANALYST, Role.ADMIN}
        assert send(call, lines(ROWS)).status_code == (201 if allowed else 403)
        refused = [send(call, lines(ROWS), name) for name in ("Payroll", "No such application")]
        assert [one.status_code for one in refused] == [403, 403]

    def test_scopes(self, analyst: User, caller: Callable[..., Caller]) -> None:
        assert send(caller(analyst, "read", "write"), lines(ROWS)).status_code == 403
        assert send(caller(analyst, "import"), lines(ROWS)).status_code == 201
        assert caller(analyst, "import")("GET", "/surveys").status_code == 403

    def test_what_is_not_the_senders_to_tell_is_left_out(self, db: None, caller: Callable[..., Caller]) -> None:
        make_estate()
        till = Application.objects.create(name="Till", slug="till")
        call = caller(make_person("mallory", Role.DEVELOPER, application=till))
        lie = [
            *ROWS,
            {"asset": "service", "key": ORDERS.key, "origin": "lie", "facts": {"exposure": "none"}},
            {
                "relation": "calls",
                "source": {"kind": "service", "key": "git.example/acme/till//."},
                "target": {"kind": "service", "key": ORDERS.key},
            },
            {
                "relation": "reads",
                "source": {"kind": "service", "key": ORDERS.key},
                "target": {"kind": "data_store", "key": "mine"},
            },
            {
                "relation": "exposes",
                "source": {"kind": "domain", "key": "evil.example"},
                "target": {"kind": "service", "key": ORDERS.key},
            },
        ]
        told = send(call, lines(lie), source="x").json()
        assert f"service {ORDERS.key} belongs to another application: left out" in [
            one["text"] for one in told["troubles"]
        ]
        assert asset(ORDERS).attributes.get("exposure") is None
        said = set(Relation.objects.filter(said_in="sent for till: x").values_list("kind", flat=True))
        assert said == {"contains", "calls"}
        assert asset(STORE).application.slug == "storefront"
        assert asset(DOMAIN).application is None or asset(DOMAIN).application.slug == "storefront"

    def test_surveys_are_for_those_who_see_their_application(self, db: None, caller: Callable[..., Caller]) -> None:
        shop = make_estate()
        other = Application.objects.create(name="Till", slug="till")
        assert len(caller(make_person("vera", Role.VIEWER, application=shop))("GET", "/surveys").json()["items"]) == 1
        assert (
            caller(make_person("tom", Role.VIEWER, application=other))("GET", "/surveys").json()["count"]["number"] == 0
        )
