"""The inventory through the API: lists, facets, one asset in full, and people's word on who owns it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.http import HttpResponse

from seamark.core.assets import AssetKind as K
from seamark.core.assets import AssetRef, Discovery, Found, Relation
from seamark.core.assets import RelationKind as R
from seamark.pipeline.surveys import record
from seamark.store.models import Application, Asset, Event, Ownership, User
from seamark.store.models.people import Role
from tests.api.conftest import Caller
from tests.factories import make_person
from tests.pipeline.estate import (
    DOMAIN,
    IMAGE,
    LOCK,
    MAY,
    ORDERS,
    PII,
    REPOSITORY,
    STORE,
    TEAM,
    WORKLOAD,
    asset,
    make_estate,
)

OTHER = AssetRef(K.SERVICE, "git.example/acme/payroll//.")


@pytest.fixture
def estate(db: None) -> dict[str, Application]:
    """The shop, and payroll, whose service the shop's calls."""
    shop = make_estate()
    payroll = Application.objects.create(name="Payroll", slug="payroll")
    calls = Relation(kind=R.CALLS, source=ORDERS, target=OTHER, origin="code", at="app.py:9")
    found = Discovery(
        assets=(
            Found(ref=OTHER, name="wages", origin="services", facts={"exposure": "internal", "environment": "staging"}),
        )
    )
    record(found, "payroll", now=MAY, application=payroll)
    record(Discovery(relations=(calls,)), "calls", now=MAY, application=shop)
    return {"shop": shop, "payroll": payroll}


@pytest.fixture
def everybody(estate: dict[str, Application], analyst: User, caller: Callable[..., Caller]) -> Caller:
    return caller(analyst)


@pytest.fixture
def of_shop(estate: dict[str, Application], caller: Callable[..., Caller]) -> Caller:
    return caller(make_person("vera", Role.VIEWER, application=estate["shop"]))


def keys(answer: HttpResponse) -> set[str]:
    return {one["key"] for one in answer.json()["items"]}


class TestList:
    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ("kind=service&application=storefront", {"git.example/acme/shop//services/orders", "git.example/acme/shop//services/backoffice"}),
            ("kind=service&owner=none", {"git.example/acme/shop//services/backoffice", OTHER.key}),
            ("exposure=internet", {DOMAIN.key}),
            ("environment=staging", {OTHER.key}),
            ("q=acme+lock", {LOCK.key}),
            ("q=wages", {OTHER.key}),
            ("q=WAGES+nothing", set()),
            ("application=none-of-that-name", set()),
            ("gone=true", set()),
        ],
    )  # fmt: skip
    def test_what_is_asked_for_is_listed_and_counted(self, everybody: Caller, asked: str, found: set[str]) -> None:
        answer = everybody("GET", f"/assets?{asked}")
        assert keys(answer) == found
        assert answer.json()["count"] == {"number": len(found), "more": False}
        assert everybody("GET", f"/assets/facets?{asked}").json()["total"] == {"number": len(found), "more": False}

    def test_a_row_names_whose_it_is_and_who_owns_it(self, everybody: Caller) -> None:
        row = everybody("GET", "/assets?q=services/orders&kind=service").json()["items"][0]
        assert (row["name"], row["kind"], row["application"], row["owner"]) == (
            "orders",
            "service",
            "Storefront",
            "orders",
        )

    def test_what_nobody_tells_of_any_more_is_gone(self, everybody: Caller) -> None:
        record(Discovery(), "payroll", now=MAY)
        assert keys(everybody("GET", "/assets?gone=true")) == {OTHER.key}
        assert OTHER.key not in keys(everybody("GET", "/assets?limit=500"))
        assert everybody("GET", "/assets/facets").json()["gone"]["number"] == 1

    def test_pages_have_every_asset_once(self, everybody: Caller) -> None:
        every = [one["id"] for one in everybody("GET", "/assets?limit=500").json()["items"]]
        there, after = [], ""
        while True:
            page = everybody("GET", f"/assets?limit=4&after={after}").json()
            there += [one["id"] for one in page["items"]]
            if not (after := page["next"] or ""):
                break
        assert there == every == sorted(every)
        assert len(every) == Asset.objects.count()

    @pytest.mark.parametrize("asked", ["kind=planet", "owner=ada", "after=x", "q=%00", "limit=0", "after=a&before=b"])
    def test_what_cannot_be_is_refused(self, lone: Caller, asked: str) -> None:
        assert lone("GET", f"/assets?{asked}").status_code == 422

    def test_a_facet_is_counted_as_if_it_were_not_asked_for(self, everybody: Caller) -> None:
        found = everybody("GET", "/assets/facets?kind=service").json()
        whole = everybody("GET", "/assets/facets").json()
        assert found["kind"] == whole["kind"]
        assert found["total"] == whole["kind"]["service"] == {"number": 3, "more": False}
        assert found["application"] == {
            "storefront": {"number": 2, "more": False},
            "payroll": {"number": 1, "more": False},
        }
        assert found["unowned"]["number"] == 2
        assert whole["exposure"]["internet"]["number"] == 1

    def test_statements_do_not_grow_with_the_inventory(
        self, everybody: Caller, django_assert_max_num_queries: Callable
    ) -> None:
        more = tuple(
            Found(ref=AssetRef(K.SERVICE, f"git.example/acme/more//s{n}"), origin="services") for n in range(60)
        )
        record(Discovery(assets=more), "more", now=MAY, application=Application.objects.get(slug="payroll"))
        with django_assert_max_num_queries(14):
            everybody("GET", "/assets?limit=60")
        with django_assert_max_num_queries(14):
            everybody("GET", "/assets/facets?kind=service&application=payroll&exposure=none&environment=x")


class TestAccount:
    def test_facts_say_who_says_them(self, everybody: Caller) -> None:
        told = everybody("GET", f"/assets/{asset(DOMAIN).pk}").json()
        assert told["facts"] == [
            {
                "name": "exposure", "value": "internet", "origin": "kubernetes", "source": "discovery git.example/acme/shop", "at": "",
                "confidence": 1.0, "since": MAY.isoformat(), "holds": True,
            }
        ]  # fmt: skip

    def test_who_is_surer_wins_and_both_are_told(self, everybody: Caller) -> None:
        unsure = Found(ref=DOMAIN, origin="guess", confidence=0.4, facts={"exposure": "internal"})
        record(Discovery(assets=(unsure,)), "guess", now=MAY)
        facts = everybody("GET", f"/assets/{asset(DOMAIN).pk}").json()["facts"]
        assert [(one["value"], one["holds"]) for one in facts] == [("internet", True), ("internal", False)]

    def test_relations_read_from_both_sides(self, everybody: Caller) -> None:
        told = everybody("GET", f"/assets/{asset(IMAGE).pk}").json()
        read = {
            one["reads"]: (one["number"], [edge["asset"]["key"] for edge in one["items"]], one["items"][0]["at"])
            for one in told["relations"]
        }
        assert read == {
            "based on": (1, ["python"], ""), "built from": (1, [ORDERS.key], "services/orders/Dockerfile:1"), "run by": (1, [WORKLOAD.key], "k8s.yaml:9"),
        }  # fmt: skip

    def test_many_relations_are_told_by_their_number(self, everybody: Caller) -> None:
        calls = tuple(
            Relation(kind=R.CALLS, source=ORDERS, target=AssetRef(K.DOMAIN, f"d{n}.example"), origin="hosts")
            for n in range(60)
        )
        record(Discovery(relations=calls), "hosts", now=MAY)
        told = everybody("GET", f"/assets/{asset(ORDERS).pk}").json()
        (found,) = [one for one in told["relations"] if one["reads"] == "calls"]
        assert (found["number"], len(found["items"])) == (61, 50)

    def test_a_part_has_the_issues_of_its_place(self, everybody: Caller) -> None:
        whole = everybody("GET", f"/assets/{asset(REPOSITORY).pk}").json()["open_issues"]
        part = everybody("GET", f"/assets/{asset(ORDERS).pk}").json()["open_issues"]
        assert whole["critical"]["number"] == 2
        assert part == {"critical": {"number": 1, "more": False}}
        listed = everybody("GET", f"/issues?q=asset:{asset(ORDERS).pk}").json()["items"]
        assert [one["title"] for one in listed] == ["SQL injection"]
        assert everybody("GET", "/issues?q=asset:999999").json()["items"] == []
        assert everybody("GET", "/issues?q=asset:orders").status_code == 422

    def test_scans_inventories_and_owners(self, everybody: Caller) -> None:
        whole = everybody("GET", f"/assets/{asset(REPOSITORY).pk}").json()
        assert {(one["tool"], one["good"]) for one in whole["scans"]} == {("Semgrep", True), ("Grype", True)}
        lock = everybody("GET", f"/assets/{asset(LOCK).pk}").json()
        assert [(one["components"], one["until"]) for one in lock["inventories"]] == [(2, None)]
        owners = everybody("GET", f"/assets/{asset(ORDERS).pk}").json()["owners"]
        assert [(one["owner"]["key"], one["reason"], one["by_person"]) for one in owners] == [
            (TEAM.key, "CODEOWNERS line 2", False)
        ]

    def test_it_is_fetched_once(self, everybody: Caller) -> None:
        path = f"/assets/{asset(ORDERS).pk}"
        tag = everybody("GET", path)["ETag"]
        assert everybody("GET", path, headers={"If-None-Match": tag}).status_code == 304

    @pytest.mark.parametrize("number", ["0", "999999", "9" * 30, "-1", "x", "%00"])
    def test_those_that_are_not_there(self, lone: Caller, number: str) -> None:
        assert lone("GET", f"/assets/{number}").status_code == 404

    def test_statements_are_few(self, everybody: Caller, django_assert_max_num_queries: Callable) -> None:
        with django_assert_max_num_queries(29):
            everybody("GET", f"/assets/{asset(ORDERS).pk}")


class TestWhoSeesWhat:
    def test_nothing_of_another_application(self, of_shop: Caller, estate: dict[str, Application]) -> None:
        listed = of_shop("GET", "/assets?limit=500").json()
        assert {one["application"] for one in listed["items"]} == {"Storefront"}
        assert listed["count"]["number"] == Asset.objects.filter(application=estate["shop"]).count()
        counted = of_shop("GET", "/assets/facets").json()
        assert set(counted["application"]) == {"storefront"}
        assert counted["environment"] == {}
        assert sum(one["number"] for one in counted["kind"].values()) == listed["count"]["number"]
        assert of_shop("GET", "/assets?q=wages").json()["count"]["number"] == 0
        assert of_shop("GET", f"/assets/{asset(OTHER).pk}").status_code == 404
        assert of_shop("PUT", f"/assets/{asset(OTHER).pk}/owners", {"owners": ["a/b"]}).status_code == 404
        assert of_shop("GET", f"/assets/{asset(PII).pk}").status_code == 404

    def test_relations_end_where_the_grant_ends(self, of_shop: Caller, everybody: Caller) -> None:
        path = f"/assets/{asset(ORDERS).pk}"
        assert "calls" in {one["reads"] for one in everybody("GET", path).json()["relations"]}
        told = of_shop("GET", path)
        assert "calls" not in {one["reads"] for one in told.json()["relations"]}
        assert "wages" not in told.content.decode()

    def test_without_a_grant_there_is_nothing(
        self, estate: dict[str, Application], caller: Callable[..., Caller]
    ) -> None:
        call = caller(make_person("nobody"))
        assert call("GET", "/assets").json()["count"]["number"] == 0
        assert call("GET", "/assets/facets").json()["total"]["number"] == 0
        assert call("GET", f"/assets/{asset(ORDERS).pk}").status_code == 404

    def test_scans_of_another_application_stay_its_own(
        self, of_shop: Caller, everybody: Caller, estate: dict[str, Application]
    ) -> None:
        row = asset(REPOSITORY)
        row.streams.filter(tool="Grype").update(application=estate["payroll"])
        assert {one["tool"] for one in of_shop("GET", f"/assets/{row.pk}").json()["scans"]} == {"Semgrep"}
        assert {one["tool"] for one in everybody("GET", f"/assets/{row.pk}").json()["scans"]} == {"Semgrep", "Grype"}


class TestOwners:
    def test_a_decision_wins_and_stays(self, everybody: Caller, estate: dict[str, Application]) -> None:
        path = f"/assets/{asset(ORDERS).pk}/owners"
        told = everybody("PUT", path, {"owners": ["Ada@shop.example", "acme/orders"], "reason": "moved in May"}).json()[
            "owners"
        ]
        assert [(one["owner"]["kind"], one["owner"]["key"], one["by_person"], one["reason"]) for one in told] == [
            ("person", "ada@shop.example", True, "moved in May"), ("team", "acme/orders", True, "moved in May"),
        ]  # fmt: skip
        assert asset(AssetRef(K.PERSON, "ada@shop.example")).owned.get().asset == asset(ORDERS)
        event = Event.objects.get(kind="owners")
        assert (event.application, event.actor.username) == (estate["shop"], "ada")
        assert (event.details["before"], event.details["after"]) == ([], ["ada@shop.example", "acme/orders"])
        make_estate()
        assert (
            everybody("GET", "/assets?q=services/orders&kind=service").json()["items"][0]["owner"] == "ada@shop.example"
        )

    def test_the_same_again_is_no_event(self, everybody: Caller) -> None:
        for _ in range(2):
            assert everybody("PUT", f"/assets/{asset(STORE).pk}/owners", {"owners": ["@ada"]}).status_code == 200
        assert Event.objects.filter(kind="owners").count() == 1

    def test_a_decision_is_taken_back(self, everybody: Caller) -> None:
        path = f"/assets/{asset(STORE).pk}/owners"
        everybody("PUT", path, {"owners": ["team:platform"]})
        assert everybody("PUT", path, {"owners": []}).json()["owners"] == []
        assert not Ownership.objects.filter(asset=asset(STORE)).exists()

    @pytest.mark.parametrize("role", Role)
    def test_it_takes_a_role_that_triages(
        self, estate: dict[str, Application], caller: Callable[..., Caller], role: Role
    ) -> None:
        call = caller(make_person("somebody", role, application=estate["shop"]))
        status = call("PUT", f"/assets/{asset(ORDERS).pk}/owners", {"owners": ["acme/other"]}).status_code
        assert status == (200 if role in {Role.ANALYST, Role.APPROVER, Role.ADMIN} else 403)
        assert Ownership.objects.filter(said_in="").exists() == (status == 200)

    def test_it_takes_the_scope_to_write(
        self, estate: dict[str, Application], analyst: User, caller: Callable[..., Caller]
    ) -> None:
        path = f"/assets/{asset(ORDERS).pk}/owners"
        assert caller(analyst, "read", "import")("PUT", path, {"owners": ["acme/x"]}).status_code == 403

    @pytest.mark.parametrize(
        "owners", [[""], ["team:"], ["x" * 301], ["a\nb"], [f"t/{n}" for n in range(11)], "acme/orders"]
    )
    def test_names_that_are_none(self, everybody: Caller, owners: object) -> None:
        assert everybody("PUT", f"/assets/{asset(ORDERS).pk}/owners", {"owners": owners}).status_code == 422


class TestContext:
    def test_what_a_person_says_wins_over_the_file(self, everybody: Caller) -> None:
        from seamark.intake.discovery.context import read_context
        from seamark.pipeline.context import apply_context

        said = {
            "criticality": 1,
            "exposure": "internet",
            "data_classes": ["pii"],
            "revenue_per_hour": 1200.5,
            "compliance": ["pci-dss-4"],
        }
        told = everybody("PUT", "/applications/storefront/context", said).json()
        assert (told["criticality"], told["data_classes"], told["revenue_per_hour"], told["compliance"]) == (
            1,
            ["PII"],
            1200.5,
            ["pci-dss-4"],
        )
        assert told["origins"] == dict.fromkeys(said, "person")
        text = "apiVersion: seamark.dev/v1\nkind: Application\nmetadata: {name: shop}\nspec: {criticality: 3, exposure: none, sla_tier: gold}\n"
        apply_context(Application.objects.get(slug="storefront"), read_context(text))
        told = everybody("GET", "/applications/storefront").json()
        assert (told["criticality"], told["exposure"], told["sla_tier"], told["origins"]["sla_tier"]) == (
            1,
            "internet",
            "gold",
            "seamark.yaml",
        )
        event = Event.objects.get(kind="described")
        assert event.details["after"]["revenue_per_hour"] == 1200.5

    def test_what_is_taken_back_is_the_files_again(
        self, estate: dict[str, Application], caller: Callable[..., Caller]
    ) -> None:
        admin, path = caller(make_person("root", Role.ADMIN)), "/applications/storefront/context"
        admin("PUT", path, {"exposure": "internet", "environment": "production"})
        told = admin("PUT", path, {"exposure": None}).json()
        assert (told["exposure"], told["environment"], told["origins"]) == (
            None,
            "production",
            {"environment": "person"},
        )

    def test_what_looks_safer_takes_a_right(self, everybody: Caller) -> None:
        path = "/applications/storefront/context"
        everybody("PUT", path, {"exposure": "internet"})
        refused = everybody("PUT", path, {"exposure": None})
        assert refused.status_code == 422
        assert "would look safer than it is known to be (exposure)" in refused.json()["detail"]

    def test_issues_are_scored_anew(self, everybody: Caller) -> None:
        before = everybody("GET", "/issues").json()["items"][0]["risk"]
        everybody("PUT", "/applications/storefront/context", {"exposure": "internet", "criticality": 1})
        assert everybody("GET", "/issues").json()["items"][0]["risk"] > before

    @pytest.mark.parametrize(
        "said",
        [
            {"criticality": 0},
            {"exposure": "moon"},
            {"data_classes": ["x" * 41]},
            {"revenue_per_hour": -1},
            {"size": 3},
            {"sla_tier": "\t"},
        ],
    )
    def test_what_cannot_be_is_refused(self, everybody: Caller, said: dict[str, object]) -> None:
        assert everybody("PUT", "/applications/storefront/context", said).status_code == 422

    def test_it_takes_a_role_on_the_application(self, of_shop: Caller, estate: dict[str, Application]) -> None:
        assert of_shop("PUT", "/applications/storefront/context", {"criticality": 1}).status_code == 403
        assert of_shop("PUT", "/applications/payroll/context", {"criticality": 1}).status_code == 404
        assert not Event.objects.filter(kind="described").exists()
