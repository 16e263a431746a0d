"""Where images come from, as the store keeps it: written once, O(changes), and never on a stranger's word."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from seamark.analysis.correlation.roots import Edge, Lineage
from seamark.core.assets import AssetKind, AssetRef, RelationKind
from seamark.core.assets import Relation as Said
from seamark.core.component import Component
from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.core.location import ImageLocation
from seamark.core.severity import Severity
from seamark.pipeline.ingest.lineage import (
    DEEPEST,
    MOST_LAYERS,
    images_of,
    lineage_of,
    record_layers,
    record_relations,
)
from seamark.store.models import Application, Asset, Relation

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 1, tzinfo=UTC)
LATER = datetime(2026, 11, 2, tzinfo=UTC)
RUNS, BASED_ON, BUILT_FROM = RelationKind.RUNS, RelationKind.BASED_ON, RelationKind.BUILT_FROM
SHOP = "registry.example/acme/shop"


@pytest.fixture
def application() -> Application:
    return Application.objects.create(name="Storefront", slug="storefront")


@pytest.fixture
def other() -> Application:
    return Application.objects.create(name="Payroll", slug="payroll")


def ref(kind: AssetKind, key: str) -> AssetRef:
    return AssetRef(kind, key)


def said(
    kind: RelationKind, source: str, target: str, *, origin: str = "label", confidence: float = 1.0, sort: AssetKind = AssetKind.IMAGE
) -> Said:  # fmt: skip
    ends = {RUNS: AssetKind.IMAGE, BASED_ON: AssetKind.IMAGE, BUILT_FROM: AssetKind.REPOSITORY}
    return Said(
        kind=kind, source=ref(sort, source), target=ref(ends[kind], target), origin=origin, confidence=confidence
    )


def report() -> list[Said]:
    """Return what a cluster's report and an image's labels say together."""
    return [
        said(RUNS, "shop/Deployment/web", f"{SHOP}:1.4", sort=AssetKind.WORKLOAD),
        said(BUILT_FROM, f"{SHOP}:1.4", "https://git.example/acme/shop.git"),
        said(BASED_ON, f"{SHOP}:1.4@sha256:" + "0" * 64, "docker.io/library/debian:12"),
    ]


def assets() -> set[tuple[str, str, str]]:
    return {
        (row.kind, row.key, row.application.name if row.application else "")
        for row in Asset.objects.select_related("application")
    }


def asset(key: str) -> Asset:
    return Asset.objects.get(key=key)


def test_relations_are_kept_with_the_assets_they_name(application: Application) -> None:
    changed = record_relations(report(), application=application, now=NOW)
    assert assets() == {
        ("workload", "shop/Deployment/web", "Storefront"),
        ("image", SHOP, "Storefront"),
        ("repository", "git.example/acme/shop", "Storefront"),
        ("image", "debian", ""),
    }
    assert changed == {asset("shop/Deployment/web").pk, asset(SHOP).pk}
    kept = Relation.objects.order_by("kind").values_list("kind", "source__key", "target__key", "since", "until")
    assert list(kept) == [
        ("based_on", SHOP, "debian", NOW, None),
        ("built_from", SHOP, "git.example/acme/shop", NOW, None),
        ("runs", "shop/Deployment/web", SHOP, NOW, None),
    ]


def test_people_and_accounts_that_a_log_names_stay_everybodys(application: Application) -> None:
    account = ref(AssetKind.CLOUD_ACCOUNT, "123456789012")
    secret = ref(AssetKind.SECRET_STORE, "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db")
    someone = ref(AssetKind.PERSON, "kim@acme.example")
    logged = [
        Said(kind=RelationKind.CONTAINS, source=account, target=secret, origin="cloudtrail"),
        Said(kind=RelationKind.READS, source=someone, target=secret, origin="cloudtrail"),
        Said(kind=RelationKind.READS, source=ref(AssetKind.WORKLOAD, "shop/Deployment/web"), target=secret, origin="cloudtrail"),
    ]  # fmt: skip
    record_relations(logged, application=application, now=NOW)
    assert {kind: name for kind, _, name in assets()} == {
        "cloud_account": "", "secret_store": "", "person": "", "workload": "Storefront",
    }  # fmt: skip


def test_what_is_as_before_writes_nothing(application: Application) -> None:
    record_relations(report(), application=application, now=NOW)
    before = [list(model.objects.order_by("pk").values_list()) for model in (Asset, Relation)]
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert record_relations(list(reversed(report())), application=application, now=LATER) == set()
    assert [list(model.objects.order_by("pk").values_list()) for model in (Asset, Relation)] == before
    assert not [query for query in asked if not query["sql"].startswith("SELECT")]


def test_a_thousand_relations_cost_few_queries(application: Application) -> None:
    many = [said(BUILT_FROM, f"{SHOP}-{at}", f"git.example/acme/shop-{at}") for at in range(1000)]
    with CaptureQueriesContext(connection) as asked:
        assert len(record_relations(many, application=application, now=NOW)) == 1000
    assert len(asked) < 60
    with CaptureQueriesContext(connection) as asked:
        assert record_relations(many, application=application, now=LATER) == set()
    assert len(asked) < 5


def test_what_is_known_better_is_a_change(application: Application) -> None:
    one = said(BASED_ON, SHOP, "debian", confidence=0.5)
    record_relations([one], application=application, now=NOW)
    better = said(BASED_ON, SHOP, "debian", confidence=0.95)
    assert record_relations([one, better], application=application, now=LATER) == {asset(SHOP).pk}
    assert Relation.objects.values_list("confidence", "since").get() == (0.95, NOW)


@pytest.mark.parametrize(
    "target",
    ["", " ", "our monorepo", "https://", "not set", "${SOURCE}", "file:///src", "https://user", "git.example/\x00", "x" * 600 + ".example/a/b", "http://[bad"],
)  # fmt: skip
def test_a_label_that_is_no_address_is_ignored(application: Application, target: str) -> None:
    assert record_relations([said(BUILT_FROM, SHOP, target)], application=application, now=NOW) == set()
    assert not Asset.objects.exists()


@pytest.mark.parametrize("source", ["", "two words", "a\nb", "x" * 600])
def test_an_image_without_a_name_is_ignored(application: Application, source: str) -> None:
    assert record_relations([said(BASED_ON, source, "debian:12")], application=application, now=NOW) == set()
    assert not Relation.objects.exists()


def test_two_spellings_of_one_image_are_one_asset(application: Application) -> None:
    scanned = Asset.objects.create(kind="image", key="docker.io/acme/shop", application=application)
    base = Asset.objects.create(kind="image", key="debian")
    record_relations(
        [said(BASED_ON, "docker.io/acme/shop:1", "index.docker.io/library/debian:12")], application=application, now=NOW
    )
    assert Relation.objects.values_list("source", "target").get() == (scanned.pk, base.pk)
    assert Asset.objects.count() == 2


def test_an_image_is_not_based_on_itself(application: Application) -> None:
    mirror = said(BASED_ON, "debian:12", "docker.io/library/debian:11")
    assert record_relations([mirror], application=application, now=NOW) == set()


def test_a_report_does_not_speak_for_another_application(application: Application, other: Application) -> None:
    Asset.objects.create(kind="image", key=SHOP, application=other)
    forged = said(BUILT_FROM, SHOP, "git.example/evil/shop")
    assert record_relations([forged], application=application, now=NOW) == set()
    assert not Relation.objects.exists()
    record_relations([said(BUILT_FROM, SHOP, "git.example/acme/shop")], application=other, now=NOW)
    again = said(BUILT_FROM, SHOP, "git.example/evil/shop")
    assert record_relations([again], application=application, now=LATER) == set()
    assert Relation.objects.count() == 1


def test_an_application_that_an_asset_has_stays(application: Application, other: Application) -> None:
    Asset.objects.create(kind="repository", key="git.example/acme/shop", application=other)
    record_relations(report(), application=application, now=NOW)
    assert ("repository", "git.example/acme/shop", "Payroll") in assets()
    assert ("image", SHOP, "Storefront") in assets()


def test_a_base_that_stands_on_a_base_belongs_to_nobody(application: Application) -> None:
    chain = [said(BASED_ON, SHOP, "python:3.12"), said(BASED_ON, "python:3.12", "debian:12")]
    record_relations(chain, application=application, now=NOW)
    assert {row for row in assets() if row[2]} == {("image", SHOP, "Storefront")}


def finding(purl: str, layer: str = "", kind: Kind = Kind.CONTAINER) -> Finding:
    return Finding(
        rule="CVE-2024-1", title="a flaw", severity=Severity.HIGH, kind=kind, component=Component(name="package", purl=purl),
        location=ImageLocation(image=f"{SHOP}:1.4", layer=layer),
    )  # fmt: skip


def layer(number: int) -> str:
    return f"sha256:{number:064x}"


def test_the_root_is_found_through_what_is_stored(application: Application) -> None:
    record_relations(report(), application=application, now=NOW)
    pod, shop, debian = asset("shop/Deployment/web"), asset(SHOP), asset("debian")
    repository = asset("git.example/acme/shop")
    assert record_layers(shop.pk, [layer(1), layer(2)])
    assert record_layers(debian.pk, [layer(1)])
    lineage = lineage_of([pod.pk])
    assert lineage.root_of(pod.pk, finding("pkg:deb/debian/openssl@3", layer(1))).path == (pod.pk, shop.pk, debian.pk)
    assert lineage.root_of(pod.pk, finding("pkg:deb/debian/curl@8", layer(2))).asset == repository.pk
    assert lineage.root_of(pod.pk, finding("pkg:npm/lodash@4", kind=Kind.DEPENDENCY)).asset == repository.pk
    assert lineage.root_of(repository.pk, finding("pkg:npm/lodash@4", kind=Kind.DEPENDENCY)).asset == repository.pk


def test_what_is_closed_leads_nowhere(application: Application) -> None:
    record_relations(report(), application=application, now=NOW)
    Relation.objects.update(until=LATER)
    pod = asset("shop/Deployment/web").pk
    assert lineage_of([pod]).root_of(pod, finding("pkg:npm/lodash@4", kind=Kind.DEPENDENCY)).path == (pod,)


def test_loading_asks_one_question_a_step_and_ends(application: Application) -> None:
    length = DEEPEST + 4
    chain = [said(BASED_ON, f"base-{at}", f"base-{(at + 1) % length}") for at in range(length)]
    record_relations(chain, application=application, now=NOW)
    starts = [asset(f"base-{at}").pk for at in range(length)]
    with CaptureQueriesContext(connection) as asked:
        lineage = lineage_of(starts[:1])
    assert len(asked) == DEEPEST + 1
    assert lineage.root_of(starts[0], finding("pkg:deb/debian/openssl@3")).asset == starts[DEEPEST]
    with CaptureQueriesContext(connection) as asked:
        lineage_of(starts)
    assert len(asked) == 2


def test_without_relations_one_question_is_enough() -> None:
    alone = Asset.objects.create(kind="image", key=SHOP)
    with CaptureQueriesContext(connection) as asked:
        lineage = lineage_of([alone.pk])
    assert len(asked) == 1
    assert lineage.root_of(alone.pk, finding("pkg:deb/debian/openssl@3")).asset == alone.pk


def test_nothing_is_loaded_for_nothing() -> None:
    with CaptureQueriesContext(connection) as asked:
        assert lineage_of([]).root_of(7, finding("pkg:deb/debian/openssl@3")).asset == 7
    assert len(asked) == 0


def test_layers_are_remembered_over_builds_and_written_once() -> None:
    image = Asset.objects.create(kind="image", key=SHOP, attributes={"team": "harbour"})
    assert record_layers(image.pk, [layer(1), layer(2)])
    assert record_layers(image.pk, [layer(1), layer(3)])
    assert not record_layers(image.pk, [layer(3), layer(2)])
    image.refresh_from_db()
    assert image.attributes == {"team": "harbour", "layers": [layer(1), layer(3), layer(2)]}


def test_layers_are_bounded_and_must_look_like_some() -> None:
    image = Asset.objects.create(kind="image", key=SHOP)
    assert not record_layers(image.pk, ["", "latest", "sha256:zz", "<script>"])
    for start in range(0, 2 * MOST_LAYERS, MOST_LAYERS):
        assert record_layers(image.pk, [layer(start + at) for at in range(MOST_LAYERS + 50)])
    image.refresh_from_db()
    assert len(image.attributes["layers"]) == MOST_LAYERS
    assert image.attributes["layers"][0] == layer(MOST_LAYERS)


def test_images_are_found_by_what_findings_call_them() -> None:
    shop = Asset.objects.create(kind="image", key=SHOP)
    debian = Asset.objects.create(kind="image", key="debian")
    Asset.objects.create(kind="repository", key="alpine")
    asked = [f"{SHOP}:1.4", "docker.io/library/debian:12", "alpine:3", "two words"]
    assert images_of(asked) == {f"{SHOP}:1.4": shop.pk, "docker.io/library/debian:12": debian.pk}


def test_a_lineage_of_values_and_one_of_rows_agree(application: Application) -> None:
    record_relations(report(), application=application, now=NOW)
    rows = Relation.objects.values_list("kind", "source", "target", "confidence")
    kinds = {row.pk: AssetKind(row.kind) for row in Asset.objects.all()}
    by_hand = Lineage([Edge(RelationKind(kind), source, target, sure) for kind, source, target, sure in rows], kinds)
    starts = list(kinds)
    for one in (finding("pkg:deb/debian/openssl@3"), finding("pkg:npm/lodash@4", kind=Kind.DEPENDENCY)):
        loaded = lineage_of(starts)
        assert [loaded.root_of(at, one).asset for at in starts] == [by_hand.root_of(at, one).asset for at in starts]
