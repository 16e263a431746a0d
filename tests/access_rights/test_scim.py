"""SCIM, by requests in the shapes that Okta and Entra ID send."""

from __future__ import annotations

import contextlib
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from seamark.core.errors import NotAllowed
from seamark.governance.access import accounts, grants, groups, roles, tokens
from seamark.governance.access.scim import directory, schemas
from seamark.governance.access.scim.filters import Comparison, Path, ScimError, Several, fits, read_filter, read_path
from seamark.governance.access.scim.patch import patched
from seamark.interfaces.api import scim as service
from seamark.pipeline.people import live_token, make_token
from seamark.store.models import Event, Group, User
from seamark.store.models.people import Role
from tests.factories import make_person

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


class Directory:
    """A client with a token."""

    def __init__(self, token: str) -> None:
        self.client = Client(
            raise_request_exception=False, headers={"Authorization": f"Bearer {token}"} if token else {}
        )

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        more: dict[str, Any] = {"headers": {name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None:
            more |= {"data": body, "content_type": "application/scim+json; charset=utf-8"}
        send = getattr(self.client, method.lower())
        answer: HttpResponse = send(f"/scim/v2{path}", **more)
        if answer.content:
            assert answer["Content-Type"] == "application/scim+json"
        return answer


@pytest.fixture
def scim(admin: User) -> Directory:
    robot = accounts.create_service(admin, "directory")
    grants.give(admin, robot, roles.named("admin"))
    return Directory(make_token(robot, "Okta", scopes=("admin",)))


MIA = {
    "schemas": [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
    "externalId": "00uhsdt4xkAbcD", "userName": "mia@corp.example", "active": True, "displayName": "Mia Moss", "locale": "en-US", "password": "x8;Cy!",
    "emails": [{"primary": True, "value": "mia@corp.example", "type": "work"}], "groups": [], "roles": [],
    "name": {"givenName": "Mia", "familyName": "Moss"},
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Shop"},
}  # fmt: skip


def made(scim: Directory, **more: Any) -> dict[str, Any]:
    answer = scim("POST", "/Users", {**MIA, **more})
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_okta_finds_nobody_makes_somebody_reads_and_replaces(scim: Directory) -> None:
    probe = scim("GET", "/Users?startIndex=1&count=2").json()
    assert (probe["schemas"], probe["startIndex"], probe["itemsPerPage"]) == (
        ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        1,
        1,
    )
    assert (
        scim("GET", "/Users?filter=userName%20eq%20%22mia%40corp.example%22&startIndex=1&count=100").json()[
            "totalResults"
        ]
        == 0
    )
    answer = scim("POST", "/Users", MIA)
    told = answer.json()
    assert answer.status_code == 201
    assert answer["Location"] == told["meta"]["location"] == f"http://testserver/scim/v2/Users/{told['id']}"
    assert answer["ETag"] == told["meta"]["version"]
    person = User.objects.get(pk=told["id"])
    assert (person.username, person.email, person.first_name, person.external_id) == (
        "mia@corp.example",
        "mia@corp.example",
        "Mia",
        "00uhsdt4xkAbcD",
    )
    assert not person.has_usable_password()
    assert not person.grants.exists()
    assert scim("GET", '/Users?filter=userName eq "MIA@corp.example"').json()["Resources"][0]["id"] == told["id"]
    again = scim("POST", "/Users", MIA)
    assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")
    changed = scim("PUT", f"/Users/{told['id']}", {**told, "name": {"givenName": "Mia", "familyName": "Marsh"}})
    assert changed.json()["name"]["familyName"] == "Marsh"
    assert Event.objects.filter(kind="user", details__about="user mia@corp.example").count() == 2


def test_okta_switches_off_and_on(scim: Directory) -> None:
    person = User.objects.get(pk=made(scim)["id"])
    text = tokens.make(person, "own", scopes=["read"], expires_at=live_until()).text
    browser = Client()
    browser.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    answer = scim(
        "PATCH",
        f"/Users/{person.pk}",
        {"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"active": False}}]},
    )
    assert answer.json()["active"] is False
    assert live_token(text) is None
    assert browser.get("/issues/").status_code == 302
    answer = scim("PUT", f"/Users/{person.pk}", {**MIA, "active": True})
    assert answer.json()["active"] is True
    assert browser.get("/issues/").status_code == 302


def test_entra_changes_by_paths(scim: Directory) -> None:
    number = made(scim)["id"]
    operations = [
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "m.moss@corp.example"},
        {"op": "Replace", "path": "name.familyName", "value": "Miller"},
        {"op": "Add", "path": "name.givenName", "value": "Maria"},
        {"op": "Replace", "path": "userName", "value": "maria@corp.example"},
        {"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "Web"},
        {"op": "Replace", "path": "externalId", "value": "58342554-38d6-4ec8-948c-50044d0a33fd"},
    ]
    told = scim("PATCH", f"/Users/{number}", {"schemas": [PATCH], "Operations": operations}).json()
    assert (told["userName"], told["name"]["formatted"], told["emails"][0]["value"]) == (
        "maria@corp.example",
        "Maria Miller",
        "m.moss@corp.example",
    )
    off = scim(
        "PATCH",
        f"/Users/{number}",
        {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "active", "value": "False"}]},
    )
    assert off.json()["active"] is False
    found = scim("GET", '/Users?filter=externalId eq "58342554-38d6-4ec8-948c-50044d0a33fd"').json()
    assert found["Resources"][0]["active"] is False
    flat = {"name.familyName": "Marsh", 'emails[type eq "work"].value': "marsh@corp.example", "active": True}
    told = scim("PATCH", f"/Users/{number}", {"schemas": [PATCH], "Operations": [{"op": "Add", "value": flat}]}).json()
    assert (told["name"]["familyName"], told["emails"][0]["value"], told["active"]) == (
        "Marsh",
        "marsh@corp.example",
        True,
    )


def test_groups_and_their_members(scim: Directory) -> None:
    people = [made(scim, userName=f"u{at}", externalId=f"x{at}")["id"] for at in range(3)]
    answer = scim(
        "POST",
        "/Groups",
        {"schemas": [GROUP], "displayName": "Payments", "externalId": "8aa1", "members": [{"value": people[0]}]},
    )
    assert answer.status_code == 201
    number = answer.json()["id"]
    path = f"/Groups/{number}"

    def change(*operations: dict[str, Any]) -> set[str]:
        told = scim("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})
        assert told.status_code == 200, told.content
        return {one["value"] for one in told.json()["members"]}

    assert change({"op": "Add", "path": "members", "value": [{"$ref": None, "value": people[1]}]}) == {*people[:2]}
    assert change({"op": "Remove", "path": "members", "value": [{"$ref": None, "value": people[0]}]}) == {people[1]}
    assert change({"op": "add", "path": "members", "value": [{"value": people[2], "display": "u2"}]}) == {*people[1:]}
    assert change({"op": "remove", "path": f'members[value eq "{people[1]}"]'}) == {people[2]}
    assert change({"op": "replace", "path": "members", "value": [{"value": one} for one in people]}) == set(people)
    assert change({"op": "replace", "value": {"id": number, "displayName": "Payments and more"}}) == set(people)
    assert Group.objects.get(pk=number).name == "Payments and more"
    assert "members" not in scim("GET", f"{path}?excludedAttributes=members").json()
    assert (
        scim("GET", '/Groups?excludedAttributes=members&filter=displayName eq "payments and more"').json()[
            "totalResults"
        ]
        == 1
    )
    assert scim("GET", f'/Groups?filter=members.value eq "{people[0]}"').json()["totalResults"] == 1
    assert [one["display"] for one in scim("GET", f"/Users/{people[0]}").json()["groups"]] == ["Payments and more"]
    assert scim("POST", "/Groups", {"schemas": [GROUP], "displayName": "payments AND more"}).status_code == 409
    wrong = scim(
        "PATCH",
        path,
        {"schemas": [PATCH], "Operations": [{"op": "add", "path": "members", "value": [{"value": "999999"}]}]},
    )
    assert (wrong.status_code, wrong.json()["scimType"]) == (400, "invalidValue")
    assert change({"op": "remove", "path": "members"}) == set()
    assert scim("DELETE", path).status_code == 204
    assert scim("GET", path).status_code == 404


def test_who_is_deleted_is_gone_for_the_directory_and_may_come_back(scim: Directory) -> None:
    number = made(scim)["id"]
    assert scim("DELETE", f"/Users/{number}").status_code == 204
    assert scim("GET", f"/Users/{number}").status_code == 404
    assert scim("GET", '/Users?filter=userName eq "mia@corp.example"').json()["totalResults"] == 0
    assert not User.objects.get(pk=number).is_active
    assert made(scim)["id"] == number
    assert User.objects.get(pk=number).is_active


def test_pages_and_versions(scim: Directory) -> None:
    numbers = [made(scim, userName=f"u{at}")["id"] for at in range(5)]
    page = scim("GET", '/Users?startIndex=2&count=2&filter=userName sw "u"').json()
    assert (page["totalResults"], [one["id"] for one in page["Resources"]]) == (5, numbers[1:3])
    assert scim("GET", "/Users?count=0").json()["Resources"] == []
    assert scim("GET", "/Users?startIndex=99").json()["Resources"] == []
    assert scim("GET", "/Users?startIndex=x").status_code == 400
    version = scim("GET", f"/Users/{numbers[0]}")["ETag"]
    assert scim("GET", f"/Users/{numbers[0]}", If_None_Match=version).status_code == 304
    body = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "name.givenName", "value": "Zoe"}]}
    assert scim("PATCH", f"/Users/{numbers[0]}", body, If_Match=version).status_code == 200
    assert scim("PATCH", f"/Users/{numbers[0]}", body, If_Match=version).status_code == 412
    assert scim("DELETE", f"/Users/{numbers[0]}", If_Match=version).status_code == 412
    only = scim("GET", f"/Users/{numbers[0]}?attributes=userName,name.givenName").json()
    assert set(only) == {"schemas", "id", "meta", "userName", "name"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('userName eq "ANN"', {"ann"}),
        ('userName ne "ann"', {"bob", "root"}),
        ('userName co "n"', {"ann"}),
        ('userName sw "a" or userName ew "ob"', {"ann", "bob"}),
        ('active eq true and not (userName eq "root")', {"ann"}),
        ("active eq false", {"bob"}),
        ('emails.value eq "ann@corp.example"', {"ann"}),
        ('emails[type eq "work"].value eq "ann@corp.example"', {"ann"}),
        ('emails[type eq "home"].value eq "ann@corp.example"', set()),
        ('urn:ietf:params:scim:schemas:core:2.0:User:name.familyName eq "Ax"', {"ann"}),
        ("externalId pr", {"bob"}),
        ('(userName eq "ann" and active eq true) or externalId eq "B1"', {"ann", "bob"}),
        ('externalId eq "b1"', set()),
        ('id eq "0"', set()),
    ],
)
def test_filters(scim: Directory, text: str, names: set[str]) -> None:
    accounts.create(None, "ann", email="ann@corp.example", last_name="Ax")
    accounts.create(None, "bob", external_id="B1", active=False)
    found = scim("GET", "/Users?" + urlencode({"filter": text}))
    assert {one["userName"] for one in found.json()["Resources"]} == names


@pytest.mark.parametrize(
    "text",
    ["userName", "userName eq", 'userName is "x"', 'eq "x"', '(userName eq "x"', 'userName eq "x" or', 'password eq "x"', 'userName eq "x', "userName eq x",
     "(" * 40 + 'userName eq "x"' + ")" * 40, 'active co "t"', 'id sw "1"', "x" * 3000, 'userName eq "x" userName', "userName eq true", "not userName"],
)  # fmt: skip
def test_filters_that_are_none(scim: Directory, text: str) -> None:
    found = scim("GET", "/Users?" + urlencode({"filter": text}))
    assert (found.status_code, found.json()["scimType"]) == (400, "invalidFilter")


@given(st.text(alphabet='ab "()[]:.eqandotpr\\', max_size=40))
def test_every_text_is_a_filter_or_refused(text: str) -> None:
    for read in (read_filter, read_path):
        with contextlib.suppress(ScimError):
            assert read(text) == read(f" {text} ")


def test_what_filters_and_paths_read_as() -> None:
    assert read_filter('a eq "x\\"y" and b pr') == Several(
        "and", (Comparison("a", "eq", 'x"y'), Comparison("b", "pr", None))
    )
    assert read_path('Members[value eq "3"]') == Path("members", Comparison("value", "eq", "3"))
    assert read_path("name.givenName") == Path("name", None, "givenname")
    assert fits(read_filter('not (type eq "home")'), {"Type": "work"})
    assert not fits(read_filter("primary eq true"), {"primary": False})


@pytest.mark.parametrize(
    ("operations", "kind"),
    [
        (None, "invalidSyntax"), ([], "invalidSyntax"), ([1], "invalidSyntax"), ([{"op": "move", "path": "a"}], "invalidSyntax"),
        ([{"op": "remove"}], "noTarget"), ([{"op": "add", "value": 3}], "invalidValue"), ([{"op": "add", "path": 3}], "invalidPath"),
        ([{"op": "add", "path": "a[", "value": 1}], "invalidPath"), ([{"op": "add", "path": "members", "value": [{"value": {}}]}], "invalidValue"),
        ([{"op": "add"}] * 1001, "tooMany"),
    ],
)  # fmt: skip
def test_changes_that_are_none(operations: Any, kind: str) -> None:
    with pytest.raises(ScimError) as raised:
        patched({"members": []}, operations)
    assert raised.value.kind == kind


def test_what_scim_says_of_itself_and_to_whom(scim: Directory, admin: User) -> None:
    stranger = Directory("")
    config = stranger("GET", "/ServiceProviderConfig").json()
    assert config["filter"]["maxResults"] == schemas.MOST == service.MOST
    assert (directory.USER, directory.GROUP) == (USER, GROUP)
    assert (config["patch"]["supported"], config["filter"]["supported"], config["etag"]["supported"]) == (
        True,
        True,
        True,
    )
    assert [one["id"] for one in stranger("GET", "/ResourceTypes").json()["Resources"]] == ["User", "Group"]
    for schema in (USER, GROUP):
        assert stranger("GET", f"/Schemas/{schema}").json()["id"] == schema
    assert stranger("GET", "/Schemas/x").status_code == 404
    assert stranger("GET", "/Users").status_code == 401
    assert Directory(make_token(admin, "t", scopes=("read", "write")))("GET", "/Users").status_code == 403
    assert (
        Directory(make_token(make_person("ana", Role.ANALYST), "t", scopes=("admin",)))("GET", "/Users").status_code
        == 403
    )
    assert scim("GET", "/Bulk").status_code == 404
    assert scim("POST", "/Users/1", {}).status_code == 405
    assert scim("GET", "/Users/x").status_code == scim("GET", "/Users/9999999").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"userName": 3},
        {"userName": "a", "active": "perhaps"},
        {"userName": "a\0"},
        {"userName": "x" * 200},
        {"userName": "a", "emails": [{"value": "none"}]},
    ],
)
def test_people_that_cannot_be(scim: Directory, body: dict[str, Any]) -> None:
    assert scim("POST", "/Users", body).status_code in {400, 403}
    assert scim.client.post("/scim/v2/Users", b"[", content_type="application/scim+json").status_code == 400


def test_the_directory_gives_nobody_more_than_it_holds(admin: User) -> None:
    roles.create(admin, "people", ["user.manage"])
    robot = accounts.create_service(admin, "weak")
    grants.give(admin, robot, roles.named("people"))
    scim = Directory(make_token(robot, "Okta", scopes=("admin",)))
    number, analysts = made(scim)["id"], groups.create(admin, "Analysts")
    grants.give(admin, analysts, roles.named("analyst"))
    change = {"schemas": [PATCH], "Operations": [{"op": "add", "path": "members", "value": [{"value": number}]}]}
    assert scim("PATCH", f"/Groups/{analysts.pk}", change).status_code == 403
    assert (
        scim(
            "PATCH",
            f"/Users/{admin.pk}",
            {"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"active": False}}]},
        ).status_code
        == 403
    )
    with pytest.raises(NotAllowed):
        groups.change_members(robot, analysts, add=[robot])


def live_until() -> Any:
    from datetime import timedelta

    from django.utils import timezone

    return timezone.now() + timedelta(hours=1)
