"""Users, groups, grants, roles and tokens by the API."""

from __future__ import annotations

from typing import Any

import pytest

from seamark.interfaces.api import grants, groups, tokens, users
from seamark.store.access import may
from seamark.store.models import Application, Event, User
from seamark.store.models.people import Role
from seamark.store.permissions import Permission
from tests.access_rights.conftest import Call
from tests.api.conftest import Caller
from tests.factories import make_person


@pytest.fixture
def call(admin: User, caller: Call) -> Caller:
    return caller(admin, "admin", "read")


def made(call: Caller, path: str, **body: Any) -> dict[str, Any]:
    answer = call("POST", path, body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_the_whole_life_of_an_account(call: Caller, admin: User, shop: Application) -> None:
    mia = made(call, "/users", username="mia", email="mia@corp.example")
    team = made(call, "/groups", name="Team", members=[mia["id"]])
    made(call, "/grants", group=team["id"], role="analyst", application="Shop")
    made(call, "/grants", user=mia["id"], role="viewer", unit="commerce")
    told = call("GET", f"/users/{mia['id']}").json()
    assert [(one["role"], one["on"], one["group"]) for one in told["grants"]] == [
        ("analyst", "application shop", "Team"),
        ("viewer", "unit Commerce", ""),
    ]
    assert told["groups"] == ["Team"]
    person = User.objects.get(pk=mia["id"])
    assert may(person, Permission.ISSUE_DISMISS, shop)
    assert call("PATCH", f"/users/{mia['id']}", {"active": False, "last_name": "Moss"}).json()["active"] is False
    assert call("GET", "/users?name=MI&service=false").json()["items"][0]["last_name"] == "Moss"
    assert {one["holder"] for one in call("GET", "/grants").json()["items"]} == {"user root", "group Team", "user mia"}
    number = next(one["id"] for one in call("GET", "/grants").json()["items"] if one["holder"] == "user mia")
    assert call("DELETE", f"/grants/{number}").status_code == 204
    assert call("PATCH", f"/groups/{team['id']}", {"name": "Others", "remove": [mia["id"]]}).json() == {
        "id": team["id"],
        "name": "Others",
        "members": [],
    }
    assert call("DELETE", f"/groups/{team['id']}").status_code == 204
    assert call("DELETE", f"/users/{mia['id']}").status_code == 204
    assert call("GET", f"/users/{mia['id']}").status_code == 404
    kinds = [one["kind"] for one in call("GET", "/access/changes?kind=grant").json()["items"]]
    assert kinds == ["grant"] * Event.objects.filter(kind="grant").count()
    assert call("DELETE", f"/users/{admin.pk}").status_code == 403
    assert "nobody who administers" in call("PATCH", f"/users/{admin.pk}", {"active": False}).json()["detail"]


def test_roles(call: Caller) -> None:
    made(call, "/roles", name="looker", permissions=["graph.read"])
    listed = call("GET", "/roles").json()
    assert [one["name"] for one in listed["items"] if one["custom"]] == ["looker"]
    assert len(listed["permissions"]) == len(Permission)
    assert call("PUT", "/roles/looker", {"permissions": ["import"]}).json()["permissions"] == ["import", "issue.read"]
    assert call("PUT", "/roles/viewer", {"permissions": ["import"]}).status_code == 404
    assert call("PUT", "/roles/looker", {"permissions": ["fly"]}).status_code == 403
    assert call("DELETE", "/roles/looker").status_code == 204


def test_tokens(call: Caller, caller: Call, admin: User, shop: Application) -> None:
    robot = made(call, "/users", username="robot", service=True, responsible=admin.pk)
    assert robot["responsible"] == "root"
    made(call, "/grants", user=robot["id"], role="developer", application="shop")
    token = made(
        call, "/tokens", name="ci", scopes=["import", "read"], applications=["Shop"], days=7, owner=robot["id"]
    )
    assert Caller(token["token"])("GET", "/applications").json()["items"][0]["slug"] == "shop"
    assert Caller(token["token"])("GET", "/tokens").status_code == 403
    assert "token" not in call("GET", f"/tokens?owner={robot['id']}&live=true").json()["items"][0]
    refused = call("POST", "/tokens", {"name": "x", "scopes": ["read"]}, headers={"Idempotency-Key": "1"})
    assert refused.status_code == 422
    assert call("DELETE", f"/tokens/{token['id']}").status_code == 204
    assert Caller(token["token"])("GET", "/applications").status_code == 401
    vera = make_person("vera", Role.VIEWER)
    own = caller(vera, "admin")
    assert [one["owner"] for one in own("GET", "/tokens").json()["items"]] == ["vera"]
    assert made(own, "/tokens", name="more", scopes=["read"])["owner"] == "vera"
    assert own("POST", "/tokens", {"name": "x", "scopes": ["read"], "applications": ["shop2"]}).status_code == 422


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/grants", {"role": "viewer"}), ("/grants", {"role": "viewer", "user": 1, "group": 1}), ("/grants", {"role": "viewer", "user": 999999}),
        ("/grants", {"role": "viewer", "group": 999999}), ("/grants", {"role": "nothing", "user": "me"}), ("/grants", {"role": "viewer", "user": "me", "unit": "x"}),
        ("/groups", {"name": "x", "members": [999999]}), ("/tokens", {"name": "x", "scopes": ["fly"]}), ("/tokens", {"name": "x", "scopes": ["read"], "owner": 999999}),
        ("/users", {"username": "x", "service": True, "responsible": 999999}), ("/federations", {"name": "x", "issuer": "https://x", "audience": "x", "claims": {}, "account": 999999}),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said(call: Caller, admin: User, path: str, body: dict[str, Any]) -> None:
    sent = {name: admin.pk if value == "me" else value for name, value in body.items()}
    assert call("POST", path, sent).status_code == 422


def test_it_takes_the_right_and_the_scope(admin: User, caller: Call, shop: Application) -> None:
    lists = ("/users", "/groups", "/grants", "/roles", "/federations", "/access/changes")
    analyst, writer = caller(make_person("ana", Role.ANALYST)), caller(admin, "read", "write")
    for path in lists:
        assert analyst("GET", path).status_code == 403
        assert writer("GET", path).status_code == 403
    assert analyst("GET", "/me").json()["grants"][0]["role"] == "analyst"
    lead = caller(make_person("lead", Role.ADMIN, unit=shop.unit))
    assert [one["on"] for one in lead("GET", "/grants").json()["items"]] == ["unit Checkout"]
    assert lead("GET", f"/users/{admin.pk}").status_code == 403
    assert lead("POST", "/grants", {"user": admin.pk, "role": "viewer"}).status_code == 403
    assert {module.router is not None for module in (grants, groups, tokens, users)} == {True}


def test_federations(call: Caller, shop: Application) -> None:
    robot = made(call, "/users", username="robot", service=True)
    row = made(
        call, "/federations", name="shop", issuer="https://gitlab.com", audience="x", claims={"project_path": "acme/shop"}, account=robot["id"],
        applications=["shop"], minutes=5,
    )  # fmt: skip
    assert (row["applications"], row["scopes"]) == ([shop.pk], ["import", "gate"])
    assert call("GET", "/federations").json()["items"] == [row]
    assert call("DELETE", f"/federations/{row['id']}").status_code == 204
