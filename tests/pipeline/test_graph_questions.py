"""Questions to the graph, on a shop whose every relation was said by somebody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from seamark.analysis.graph.asked import Asked
from seamark.analysis.graph.estate import coverage, order, orphans, toxic
from seamark.analysis.graph.lens import Lens
from seamark.core.assets import AssetKind, Discovery, Found
from seamark.core.errors import NotFound
from seamark.pipeline.surveys import record
from seamark.store.access import everything, visible_to
from seamark.store.models import Application, Asset, Issue
from seamark.store.models.people import Role
from tests.factories import make_person

from .estate import (
    BACK,
    BASE,
    DOMAIN,
    IMAGE,
    LOCK,
    MAY,
    ORDERS,
    PII,
    REPO,
    REPOSITORY,
    STORE,
    WORKLOAD,
    asset,
    make_estate,
    ref,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Application:
    return make_estate()


@pytest.fixture
def asked(shop: Application) -> Asked:
    return Asked(everything())


def names(nodes: object) -> list[str]:
    return [node.key.rpartition("//")[2] for node in nodes]  # type: ignore[attr-defined]


class TestFind:
    @pytest.mark.parametrize(
        "text", ["orders", "service:orders", ORDERS.key, f"service:{ORDERS.key}", "services/orders", "Orders"]
    )
    def test_a_service_by_what_people_call_it(self, asked: Asked, text: str) -> None:
        assert asked.find(text) == [asset(ORDERS).pk]

    @pytest.mark.parametrize("text", ["flask", "pkg:pypi/flask", "pkg:pypi/flask@2.0.0", "jinja2"])
    def test_a_package_is_where_inventories_hold_it(self, asked: Asked, text: str) -> None:
        assert asked.find(text) == [asset(LOCK).pk]

    def test_a_package_at_a_time(self, shop: Application) -> None:
        assert Asked(everything(), MAY + timedelta(days=1)).find("flask") == [asset(LOCK).pk]
        with pytest.raises(NotFound):
            Asked(everything(), MAY - timedelta(days=1)).find("flask")

    def test_an_issue_stands_at_the_innermost_service_or_the_manifest(self, asked: Asked) -> None:
        sql, cmd = Issue.objects.get(title="SQL injection"), Issue.objects.get(title="Command injection")
        assert asked.find(f"SM-{sql.pk}") == [asset(ORDERS).pk]
        assert asked.find(f"sm-{cmd.pk}") == [asset(BACK).pk]

    @pytest.mark.parametrize("text", ["SM-999999", "pkg:pypi/flask@9", "nobody knows", "", "service:flask"])
    def test_what_nobody_knows_is_told(self, asked: Asked, text: str) -> None:
        with pytest.raises(NotFound, match=r"no issue|Nothing in the inventory"):
            asked.find(text)

    def test_what_is_near_is_named(self, asked: Asked) -> None:
        with pytest.raises(NotFound, match=r"near are .*service:.*backoffice"):
            asked.find("backoff")

    def test_what_may_mean_several_names_them(self, asked: Asked) -> None:
        Asset.objects.create(kind="service", key=f"{REPO}//other/orders", name="orders")
        with pytest.raises(NotFound, match="may mean several assets; write one of: service:"):
            asked.find("orders")


class TestWays:
    def test_a_flaw_in_a_package_reaches_workload_and_data(self, asked: Asked) -> None:
        found = asked.radius(asked.find("flask"), Lens.IMPACT)
        assert names(found.start) == ["services/orders/uv.lock"]
        assert set(names(found.nodes)) == {
            "services/orders", REPO, IMAGE.key, "prod/Deployment/orders", DOMAIN.key, "terraform#aws_db_instance.orders", "PII",
        }  # fmt: skip
        assert (found.total, found.complete, found.exposed) == (7, True, 1)
        assert (found.applications, found.data_classes) == (["Storefront"], ["PII"])
        assert found.kinds["workload"] == 1
        assert [node.depth for node in found.nodes] == sorted(node.depth for node in found.nodes)
        assert next(node.owner for node in found.nodes if node.kind == "service") == "orders"

    def test_a_page_begins_behind_the_one_before(self, asked: Asked) -> None:
        starts = asked.find("flask")
        whole = asked.radius(starts, Lens.IMPACT).nodes
        pages = [asked.radius(starts, Lens.IMPACT, after=at, limit=3).nodes for at in (0, 3, 6)]
        assert [node for page in pages for node in page] == whole

    def test_a_bound_is_told(self, asked: Asked) -> None:
        found = asked.radius(asked.find("flask"), Lens.IMPACT, most=4)
        assert (found.total, found.complete) == (3, False)

    def test_the_way_to_data_proves_each_step(self, asked: Asked) -> None:
        way = asked.path(asked.find("flask"), asked.find("data_class:PII"))
        assert names(way.nodes) == [
            "services/orders/uv.lock",
            "services/orders",
            "terraform#aws_db_instance.orders",
            "PII",
        ]
        assert [hop.kind for hop in way.hops] == ["contains", "reads", "handles"]
        assert asked.path(asked.find("backoffice"), asked.find("PII")).nodes == []

    def test_the_internet_comes_through_domain_workload_and_image(self, asked: Asked) -> None:
        way = asked.exposure(asked.find("flask"))
        assert names(way.nodes) == [
            DOMAIN.key, "prod/Deployment/orders", IMAGE.key, "services/orders", "services/orders/uv.lock",
        ]  # fmt: skip
        assert [(hop.kind, hop.at) for hop in way.hops][:2] == [("exposes", "ingress.yaml:4"), ("runs", "k8s.yaml:9")]
        assert asked.exposure(asked.find("backoffice")).nodes == []

    def test_the_line_from_code_to_data(self, asked: Asked) -> None:
        kinds = [node.kind for node in asked.code_to_cloud(asked.find("flask"))]
        assert kinds == ["repository", "manifest", "service", "image", "workload", "domain", "data_store", "data_class"]

    def test_the_nearest_of_a_kind(self, asked: Asked) -> None:
        way = asked.to_kind(asked.find("flask"), [AssetKind.WORKLOAD])
        assert names(way.nodes)[-1] == "prod/Deployment/orders"

    def test_origins_of_a_workload_hold_its_base_image(self, asked: Asked) -> None:
        assert BASE.key in names(asked.radius([asset(WORKLOAD).pk], Lens.ORIGIN).nodes)


class TestEstate:
    def test_a_severe_issue_between_internet_and_data_is_toxic(self, shop: Application) -> None:
        (found,) = toxic(everything())
        assert found.title == "SQL injection"
        assert names(found.exposure.nodes)[0] == DOMAIN.key
        assert names(found.data.nodes) == ["services/orders", "terraform#aws_db_instance.orders", "PII"]
        Asset.objects.filter(pk=asset(DOMAIN).pk).update(exposure="internal")
        assert toxic(everything()) == []

    def test_what_was_never_scanned_is_a_gap_with_its_reason(self, shop: Application) -> None:
        gaps = {(gap.asset.key, gap.missing): gap.why for gap in coverage(everything(), timezone.now())}
        assert gaps[REPO, "secret"] == "never scanned"
        assert gaps[IMAGE.key, "container"] == "never scanned"
        assert (REPO, "code") not in gaps
        assert gaps[BACK.key, "owner"] == "nobody is known to answer for it"
        assert (ORDERS.key, "owner") not in gaps

    def test_an_old_scan_is_a_gap_as_well(self, shop: Application) -> None:
        later = timezone.now() + timedelta(days=45)
        gaps = {(gap.asset.key, gap.missing): gap.why for gap in coverage(everything(), later)}
        assert gaps[REPO, "code"] == "the last good scan is 45 days old"

    def test_what_hangs_in_the_air(self, shop: Application) -> None:
        Asset.objects.create(kind="service", key="git.example/acme/lone//.", name="lone")
        found = {each.asset.key: each.why for each in orphans(everything())}
        assert found == {"git.example/acme/lone//.": "nothing is known of what it hangs together with"}
        alone = Discovery(assets=(Found(ref=ref(AssetKind.IMAGE, "Dockerfile"), origin="dockerfile"),))
        record(alone, "discovery two", now=datetime(2026, 5, 2, tzinfo=UTC))
        assert f"{REPO}//Dockerfile" in {each.asset.key for each in orphans(everything())}

    def test_nothing_is_mended_before_what_it_stands_on(self, shop: Application) -> None:
        steps = {step.asset.key: step for step in order(everything(), [asset(LOCK).pk])}
        turns = {key.rpartition("//")[2]: step.turn for key, step in steps.items()}
        assert turns == {
            "services/orders/uv.lock": 1, "services/orders": 2, REPO: 3, IMAGE.key: 3, "prod/Deployment/orders": 4,
        }  # fmt: skip
        assert steps[IMAGE.key].waits_for == ["orders"]


class TestAccess:
    def test_somebody_else_sees_nothing_of_it(self, shop: Application) -> None:
        other = Application.objects.create(name="Payroll", slug="payroll")
        eve = visible_to(make_person("eve", Role.VIEWER, application=other))
        asked = Asked(eve)
        for text in ("orders", "flask", f"SM-{Issue.objects.first().pk}", DOMAIN.key):  # type: ignore[union-attr]
            with pytest.raises(NotFound) as told:
                asked.find(text)
            assert "services" not in str(told.value)
        assert asked.radius([asset(PII).pk], Lens.ORIGIN).total == 0
        assert (toxic(eve), coverage(eve, timezone.now()), orphans(eve)) == ([], [], [])
        assert order(eve, [asset(PII).pk]) == []

    def test_who_sees_the_application_sees_its_graph(self, shop: Application) -> None:
        ada = visible_to(make_person("ada", Role.VIEWER, application=shop))
        asked = Asked(ada)
        assert asked.find("orders") == [asset(ORDERS).pk]
        assert names(asked.path(asked.find("flask"), [asset(PII).pk]).nodes)[-1] == "PII"
        assert len(toxic(ada)) == 1
        assert asset(STORE).application == asset(REPOSITORY).application == shop
