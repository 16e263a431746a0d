"""Owners, ranked, each with its reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.core.assets import AssetKind, AssetRef, RelationKind
from seamark.core.errors import SeamarkError
from seamark.intake.discovery.owners.maintainers import admins_of, maintainers_of
from seamark.intake.discovery.owners.oncall import read_schedules
from seamark.intake.discovery.owners.owners_files import OwnersFiles
from seamark.intake.discovery.owners.resolve import Owners, Resolver
from seamark.intake.discovery.tree import Tree
from tests.house.tree import ROOT

from .repository import Repository, numbered

NAME = "github.com/acme/shop"


def write(root: Path, files: dict[str, str]) -> Tree:
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return Tree(root, NAME)


def told(found: Owners) -> list[tuple[str, str]]:
    return [(owner.ref.key, owner.origin) for owner in found.ranked]


EVERYTHING = {
    "seamark.yaml": "apiVersion: seamark.dev/v1\nkind: Application\nmetadata: {name: shop}\nspec:\n  services:\n    - {name: orders, path: services/orders, owner: '@acme/declared'}\n",
    "catalog-info.yaml": "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: orders\n  annotations: {backstage.io/source-location: 'dir:./services/orders'}\nspec: {type: service, owner: group:cataloged}\n",
    "CODEOWNERS": "* @acme/all\n/services/orders/ @acme/lines\n/services/orders/none/\n",
    "services/OWNERS": "approvers: [Mick]\nreviewers: [rita]\n",
    "services/orders/a.py": "x = 1\n",
    "services/orders/none/b.py": "x = 1\n",
    "services/orders/package.json": '{"maintainers": [{"email": "Main@acme.example"}]}',
    ".github/settings.yml": "collaborators:\n  - {username: boss, permission: admin}\nteams:\n  - {name: ops, permission: maintain}\n  - {name: readers, permission: pull}\n",
}
ON_CALL = json.dumps(
    {
        "oncalls": [
            {"schedule": {"summary": "Orders primary"}, "user": {"summary": "Dee", "email": "Dee@acme.example"}, "escalation_level": 1},
            {"schedule": {"summary": "Orders primary"}, "user": {"email": "late@acme.example"}, "escalation_level": 1, "start": "2030-01-01T00:00:00Z"},
            {"schedule": {"summary": "Elsewhere"}, "user": {"email": "else@acme.example"}},
        ]
    }
)  # fmt: skip


def test_all_sources_in_their_order(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "shop")
    tree = write(repository.root, EVERYTHING)
    repository.commit("Ada Buoy <ada@shop.example>")
    resolver = Resolver(
        tree, overrides={"services": "@acme/far", "services/orders/": "@by-hand"}, schedules=read_schedules(ON_CALL), admins=["@acme/admins"],
        now=datetime(2026, 6, 1, tzinfo=UTC),
    )  # fmt: skip
    found = resolver.of_path("services/orders/a.py")
    assert told(found) == [
        ("@by-hand", "people"), ("acme/declared", "seamark.yaml"), ("cataloged", "catalog"), ("acme/lines", "codeowners"), ("@mick", "owners"), ("@rita", "owners"),
        ("main@acme.example", "maintainers"), ("dee@acme.example", "on-call"), ("ada@shop.example", "history"), ("acme/admins", "admins"), ("acme/ops", "admins"), ("@boss", "admins"),
    ]  # fmt: skip
    assert found.gap == ""
    sure = [owner.confidence for owner in found.ranked]
    assert sure[0] == 1.0
    assert all(0 < each <= 1 for each in sure)
    assert [owner.at for owner in found.ranked[1:4]] == ["seamark.yaml:6", "catalog-info.yaml:1", "CODEOWNERS:2"]
    assert all(owner.reason.endswith(".") for owner in found.ranked)
    lined = resolver.of_path("services/orders/a.py", line=1).ranked
    assert [owner.reason.startswith("Wrote this line on 20") for owner in lined if owner.origin == "history"] == [True]


def test_owners_that_agree_are_one(tmp_path: Path) -> None:
    tree = write(tmp_path, {**EVERYTHING, "CODEOWNERS": "services/ @acme/cataloged\n"})
    found = Resolver(tree).of_path("services/orders/a.py")
    agreed = next(owner for owner in found.ranked if owner.ref.key == "cataloged")
    assert (agreed.origin, agreed.confidence > 0.95) == ("catalog", True)
    assert "CODEOWNERS agrees" in agreed.reason
    assert "acme/cataloged" not in [key for key, _ in told(found)]


def test_nobody_is_a_gap_that_says_what_was_looked_at(tmp_path: Path) -> None:
    tree = write(tmp_path, {"a.py": "x", "CODEOWNERS": "/b @x\n"})
    found = Resolver(tree).of_path("a.py")
    assert found.ranked == ()
    assert "no line of CODEOWNERS fits" in found.gap
    assert "no history" in found.gap
    assert "There is no 'gone.py'" in Resolver(tree).of_path("gone.py").gap
    nobody = write(tmp_path, {"CODEOWNERS": "a.py\n"})
    assert "CODEOWNERS:1 says that nobody owns it" in Resolver(nobody).of_path("a.py").gap


def test_services_and_assets(tmp_path: Path) -> None:
    tree = write(tmp_path, EVERYTHING)
    resolver = Resolver(tree)
    service = AssetRef(AssetKind.SERVICE, f"{NAME}//services/orders")
    assert told(resolver.of_service("orders"))[0] == told(resolver.of(service))[0] == ("acme/declared", "seamark.yaml")
    manifest = AssetRef(AssetKind.MANIFEST, f"{NAME}//services/orders/package.json")
    assert told(resolver.of(manifest))[2] == ("acme/lines", "codeowners")
    assert told(resolver.of(AssetRef(AssetKind.REPOSITORY, NAME)))
    assert "no place in this tree" in resolver.of(AssetRef(AssetKind.DOMAIN, "shop.example")).gap
    assert "No service 'x'" in resolver.of_service("x").gap
    by_hand = Resolver(tree, overrides={"shop.example": "ada@acme.example"})
    assert told(by_hand.of(AssetRef(AssetKind.DOMAIN, "shop.example"))) == [("ada@acme.example", "people")]
    (relation,) = resolver.relations([service])
    assert (relation.kind, relation.source.key, relation.target) == (RelationKind.OWNS, "acme/declared", service)


def test_a_folder_has_the_owner_of_most_of_its_files(tmp_path: Path) -> None:
    tree = write(
        tmp_path, {"CODEOWNERS": "*.js @acme/web\n*.py @acme/api\n", "src/a.js": "", "src/b.js": "", "src/c.py": ""}
    )
    found = Resolver(tree).of_path("src")
    assert told(found) == [("acme/web", "codeowners"), ("acme/api", "codeowners")]
    assert found.ranked[0].confidence == 0.6
    assert "for 2 of 3 files" in found.ranked[0].reason


def test_the_example() -> None:
    resolver = Resolver(Tree(ROOT / "examples" / "harbour", "github.com/harbour-shop/harbour"))
    firsts = {
        "services/orders/harbour_orders/payments.py": "harbour-shop/orders",
        "services/storefront": "harbour-shop/storefront",
        "terraform/database.tf": "platform",
        "api/openapi.yaml": "platform",
    }
    assert {path: resolver.of_path(path).ranked[0].ref.key for path in firsts} == firsts
    store = AssetRef(AssetKind.DATA_STORE, "github.com/harbour-shop/harbour//terraform#aws_s3_bucket.invoices")
    assert told(resolver.of(store))[0] == ("payments", "catalog")
    api = AssetRef(AssetKind.API, "github.com/harbour-shop/harbour//api/openapi.yaml")
    assert told(resolver.of(api))[0] == ("orders", "catalog")


def test_owners_files(tmp_path: Path) -> None:
    tree = write(
        tmp_path,
        {
            "OWNERS": "approvers: [root-approver]\n",
            "OWNERS_ALIASES": "aliases:\n  Web-Team: [Ada, ben]\n",
            "pkg/OWNERS": "filters:\n  '\\.go$': {approvers: [gopher]}\n  '(a*)*': {approvers: [evil]}\n  '.*': {reviewers: [web-team]}\n",
            "pkg/deep/OWNERS": "options: {no_parent_owners: true}\napprovers: [deep]\n",
            "chrome/OWNERS": "set noparent\nada@acme.example # lead\nper-file *.cc,x?.h=ben@acme.example\nfile://other/OWNERS\n*\n",
            "broken/OWNERS": "approvers: [a\n",
            "prose/OWNERS": "Nobody in particular.\n",
        },
    )
    files = OwnersFiles(tree)
    assert files.aliases == {"web-team": ("ada", "ben")}
    approvers = lambda path: [owned.approvers for owned in files.of(path)]  # noqa: E731
    assert approvers("pkg/a.go") == [("gopher",), (), ("root-approver",)]
    assert approvers("pkg/deep/a.go") == [("deep",)]
    assert approvers("chrome/a.cc") == [("ben@acme.example",), ("ada@acme.example",)]
    assert approvers("broken/x") == approvers("prose/x") == [("root-approver",)]
    assert any("too complex" in trouble.text for trouble in tree.troubles)
    found = Resolver(tree).of_path("pkg/a.go")
    assert told(found) == [("@gopher", "owners"), ("web-team", "owners"), ("@root-approver", "owners")]
    assert [owner.confidence for owner in found.ranked] == [0.85, 0.5, 0.65]


def test_manifests_and_settings(tmp_path: Path) -> None:
    tree = write(
        tmp_path,
        {
            "package.json": '{"author": "Ada <Ada@acme.example> (https://acme.example)"}',
            "pyproject.toml": '[project]\nauthors = [{name="B", email="b@acme.example"}]\n[tool.poetry]\nauthors = ["C <c@acme.example>"]\n',
            "Cargo.toml": '[package]\nauthors = ["D <d@acme.example>", "nobody"]\n',
            "bad/package.json": "{",
            "bad/pyproject.toml": "[[[",
            "odd/package.json": "[1]",
            "odd/Cargo.toml": "package = 1",
            ".github/settings.yml": EVERYTHING[".github/settings.yml"],
        },
    )
    assert [(named.word, named.keeps) for named in maintainers_of(tree, "")] == [
        (f"{letter}@acme.example", False) for letter in ("ada", "b", "c", "d")
    ]
    assert list(maintainers_of(tree, "bad")) == list(maintainers_of(tree, "odd")) == []
    assert [name for name, _ in admins_of(tree)] == ["@acme/ops", "@boss"]


PAGERDUTY = {
    "schedule": {
        "name": "Payments On-Call",
        "teams": [{"summary": "payments"}],
        "users": [{"id": "U1", "summary": "Ada", "email": "ada@acme.example"}],
        "final_schedule": {
            "rendered_schedule_entries": [
                {
                    "start": "2026-01-01T00:00:00Z",
                    "end": "2026-02-01T00:00:00Z",
                    "user": {"id": "U1", "summary": "Ada"},
                },
                {
                    "start": "2026-02-01T00:00:00Z",
                    "end": "2026-03-01T00:00:00Z",
                    "user": {"id": "U2", "summary": "Ben"},
                },
            ]
        },
    }
}
OPSGENIE = {"data": {"_parent": {"name": "payments_schedule"}, "onCallRecipients": ["cy@acme.example"]}}
ROTATIONS = {
    "data": [
        {
            "name": "x",
            "ownerTeam": {"name": "payments"},
            "rotations": [{"participants": [{"type": "user", "username": "d@acme.example"}]}],
        }
    ]
}


def test_on_call() -> None:
    at = datetime(2026, 1, 15, tzinfo=UTC)
    for export, person in (
        (PAGERDUTY, "ada@acme.example"),
        (OPSGENIE, "cy@acme.example"),
        (ROTATIONS, "d@acme.example"),
    ):
        (schedule,) = read_schedules(json.dumps(export))
        assert schedule.answers_for(["acme/payments"])
        assert not schedule.answers_for(["orders", ""])
        assert [shift.person for shift in schedule.on_duty(at)] == [person]
    (schedule,) = read_schedules(json.dumps(PAGERDUTY))
    assert [shift.person for shift in schedule.on_duty(datetime(2026, 2, 2, tzinfo=UTC))] == ["Ben"]
    assert schedule.on_duty(datetime(2027, 2, 2, tzinfo=UTC)) == []


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"data": 7}', '"x"', "[" * 5000, '{"oncalls": [1, {"user": 3}]}']
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(SeamarkError):
        read_schedules(text)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["schedule", "data", "oncalls", "user", "users", "name", "rotations", "participants", "final_schedule", "rendered_schedule_entries"]), inner, max_size=4), max_leaves=20)  # fmt: skip


@given(JSON)
def test_odd_schedules_are_read_or_refused(value: object) -> None:
    try:
        for schedule in read_schedules(json.dumps(value)):
            schedule.on_duty(datetime(2026, 1, 1, tzinfo=UTC))
    except SeamarkError:
        pass


def test_spoiled_files_break_nothing(tmp_path: Path) -> None:
    deep = "{a: " * 3000
    for spoiled in ("\0\1", "[[[[", deep, "- 1\n- [", "a" * 100_000, "approvers: 7\nfilters: [x]\noptions: 3\n"):
        tree = write(tmp_path, dict.fromkeys([*EVERYTHING, "OWNERS", "OWNERS_ALIASES"], spoiled))
        Resolver(tree).of_path("services/orders/a.py")


def test_history_names_a_login_where_no_address_takes_mail(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "shop")
    repository.write("a.py", numbered(1, 9))
    repository.commit("Ada <5+ada-b@users.noreply.github.com>")
    (owner,) = Resolver(Tree(repository.root, NAME)).of_path("a.py").ranked
    assert (owner.ref.key, owner.confidence) == ("@ada-b", 0.75)
    assert "100%" in owner.reason
