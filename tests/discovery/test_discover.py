"""What several extractors say becomes one discovery."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from seamark.core.assets import AssetKind, AssetRef, Found, Listing, Relation, RelationKind
from seamark.core.component import Component, DependsOn
from seamark.core.errors import SeamarkError
from seamark.intake.discovery import registry
from seamark.intake.discovery.discover import discover
from seamark.intake.discovery.joins import endpoint_names, image_names, implied, renamed, store_names
from seamark.intake.discovery.listed import packages
from seamark.intake.discovery.merging import merged, surest
from seamark.intake.discovery.registry import Extractor
from seamark.intake.discovery.structure import dependencies
from seamark.intake.discovery.tree import Tree

from .trees import REPOSITORY, Fact, edges, make, short

R = RelationKind


def ref(kind: AssetKind, key: str) -> AssetRef:
    return AssetRef(
        kind, key if kind in {AssetKind.DOMAIN, AssetKind.PACKAGE} or key.startswith("=") else f"{REPOSITORY}//{key}"
    )


def image(key: str) -> AssetRef:
    return AssetRef(AssetKind.IMAGE, key)


def edge(kind: RelationKind, source: AssetRef, target: AssetRef, confidence: float = 1.0, at: str = "x:1") -> Relation:
    return Relation(kind=kind, source=source, target=target, confidence=confidence, at=at, origin="t")


def only(monkeypatch: pytest.MonkeyPatch, *facts: Fact) -> None:
    """Make one extractor of the test's own all there is."""

    def extract(_: Tree) -> Iterator[Fact]:
        yield from facts

    monkeypatch.setattr("seamark.intake.discovery.discover.extractors", lambda: (Extractor("t", "Test", extract),))


SERVICE, SECOND = ref(AssetKind.SERVICE, "services/orders"), ref(AssetKind.SERVICE, "services/carts")


def test_accounts_of_one_node_are_merged() -> None:
    found = [
        Found(
            ref=SERVICE,
            origin="b",
            at="f:10",
            confidence=0.5,
            facts={"kind": "cli", "tags": ["b", "a"], "more": {"x": 1, "y": 2}, "only": True},
        ),
        Found(
            ref=SERVICE,
            name="orders",
            origin="a",
            at="f:9",
            confidence=0.9,
            facts={"kind": "web", "tags": ["a"], "more": {"x": 3}},
        ),
        Found(ref=SERVICE, origin="a", at="f:10", confidence=0.9),
        Found(ref=SERVICE, origin="a", at="f:9", confidence=0.2),
    ]
    (one,) = merged(found)
    assert (one.name, one.origin, one.at, one.confidence) == ("orders", "a", "f:9", 0.9)
    assert one.facts == {
        "kind": "web", "tags": ["a", "b"], "more": {"x": 3, "y": 2}, "only": True,
        "said_by": [{"origin": "a", "at": "f:9", "confidence": 0.9}, {"origin": "a", "at": "f:10", "confidence": 0.9}, {"origin": "b", "at": "f:10", "confidence": 0.5}],
    }  # fmt: skip
    assert merged(found) == merged(reversed(found))
    assert found[0].facts["tags"] == ["b", "a"], "what extractors said stays as it was"


def test_the_surest_of_equal_relations_stays() -> None:
    few = [
        edge(R.CALLS, SERVICE, SECOND, 0.5),
        edge(R.CALLS, SERVICE, SECOND, 0.9, "x:2"),
        edge(R.CALLS, SECOND, SERVICE),
        edge(R.READS, SERVICE, SECOND),
    ]
    assert [(each.kind, each.at) for each in surest(few)] == [(R.CALLS, "x:1"), (R.CALLS, "x:2"), (R.READS, "x:1")]
    assert surest(few) == surest(reversed(few))


DOCKERFILE = image(f"{REPOSITORY}//services/orders/Dockerfile")
NAMED = image("images.shop.example/orders")


def test_an_unnamed_image_gets_the_name_of_the_same_service() -> None:
    relations = [
        edge(R.BUILT_FROM, DOCKERFILE, SERVICE),
        edge(R.BUILT_FROM, NAMED, SERVICE, 0.95),
        edge(R.BASED_ON, DOCKERFILE, image("python")),
    ]
    names, added = image_names([], relations, REPOSITORY)
    assert (names[DOCKERFILE].ref, names[DOCKERFILE].confidence, added) == (NAMED, 0.95, [])
    _, changed = renamed([], relations, names)
    assert [(each.source.key, each.target.key, each.confidence) for each in surest(changed)] == [
        (NAMED.key, "python", 0.95), (NAMED.key, SERVICE.key, 0.95)
    ]  # fmt: skip


def test_a_dockerfiles_name_is_taken_where_it_is_told() -> None:
    found = [Found(ref=NAMED, facts={"dockerfile": "services/orders/Dockerfile"})]
    assert image_names(found, [], REPOSITORY)[0][DOCKERFILE].ref == NAMED
    twice = [*found, Found(ref=image("other"), facts={"dockerfile": "services/orders/Dockerfile"})]
    assert image_names(twice, [], REPOSITORY)[0] == {}


def test_an_image_that_runs_and_is_called_like_the_folder_is_built_from_it_less_surely() -> None:
    workload = ref(AssetKind.WORKLOAD, "default/Deployment/orders")
    relations = [
        edge(R.BUILT_FROM, DOCKERFILE, SERVICE),
        edge(R.RUNS, workload, NAMED),
        edge(R.RUNS, workload, image("redis")),
    ]
    names, added = image_names([], relations, REPOSITORY)
    assert (names[DOCKERFILE].ref, names[DOCKERFILE].confidence) == (NAMED, 0.8)
    assert [(each.source, each.target, each.confidence) for each in added] == [(NAMED, SERVICE, 0.8)]
    unclear = [*relations, edge(R.RUNS, workload, image("other.example/orders"))]
    assert image_names([], unclear, REPOSITORY) == ({}, [])


def endpoint(holder: str, rest: str) -> Found:
    return Found(ref=ref(AssetKind.ENDPOINT, f"{holder} {rest}"))


API = Found(ref=ref(AssetKind.API, "api.yaml"))


def test_described_endpoints_are_those_of_the_service_with_the_routes() -> None:
    found = [
        API, endpoint("api.yaml", "GET /api/v1/orders/{order_id}"), endpoint("api.yaml", "POST /api/v1/orders"), endpoint("api.yaml", "GET /api/v1/gone"),
        endpoint("services/orders", "GET /orders/{id}"), endpoint("services/orders", "* /orders"), endpoint("services/carts", "POST /orders"),
    ]  # fmt: skip
    names, served = endpoint_names(found, [])
    assert {short(before.key): short(after.ref.key) for before, after in names.items()} == {
        "api.yaml GET /api/v1/orders/{order_id}": "services/orders GET /orders/{id}", "api.yaml POST /api/v1/orders": "services/orders * /orders",
    }  # fmt: skip
    assert [(short(each.source.key), each.kind, short(each.target.key), each.confidence) for each in served] == [
        ("services/orders", R.SERVES, "api.yaml", 0.83)
    ]


def test_a_service_that_answers_too_little_of_an_api_does_not_serve_it() -> None:
    found = [API, *(endpoint("api.yaml", f"GET /{name}") for name in "abcde"), endpoint("services/orders", "GET /a")]
    assert endpoint_names(found, []) == ({}, [])


def test_buckets_and_databases_are_those_that_the_infrastructure_declares() -> None:
    bucket, database = (
        ref(AssetKind.DATA_STORE, "tf#aws_s3_bucket.invoices"),
        ref(AssetKind.DATA_STORE, "tf#aws_db_instance.orders"),
    )
    by_code, by_address = (
        AssetRef(AssetKind.DATA_STORE, "arn:aws:s3:::invoices"),
        AssetRef(AssetKind.DATA_STORE, "postgresql://db.shop.example/orders"),
    )
    found = [
        Found(ref=bucket, facts={"bucket": "invoices"}), Found(ref=database, facts={"engine": "aurora-postgresql", "database": "orders"}), Found(ref=by_code),
        Found(ref=by_address, facts={"engine": "postgresql", "database": "orders"}),
    ]  # fmt: skip
    names = store_names(found, REPOSITORY)
    assert {each.key: (same.ref, same.confidence) for each, same in names.items()} == {
        by_code.key: (bucket, 1.0),
        by_address.key: (database, 0.7),
    }
    several = [
        *found,
        Found(
            ref=ref(AssetKind.DATA_STORE, "tf#aws_db_instance.copy"), facts={"engine": "postgres", "database": "orders"}
        ),
    ]
    assert by_address not in store_names(several, REPOSITORY)


def test_what_only_edges_name_is_an_asset_too() -> None:
    found = list(
        implied(
            [Found(ref=SERVICE)],
            [edge(R.CALLS, SERVICE, SECOND, 0.4), edge(R.DEPENDS_ON, SERVICE, ref(AssetKind.PACKAGE, "pkg:npm/x@1"))],
        )
    )
    assert [(each.ref, each.confidence, each.at) for each in found] == [(SECOND, 0.4, "x:1")]


LISTING = Listing(
    manifest=ref(AssetKind.MANIFEST, "services/orders/package-lock.json"), ecosystem="npm", locked=True,
    components=(
        Component(name="a", version="1", purl="pkg:npm/a@1", ref="a", direct=True), Component(name="b", version="2", purl="pkg:npm/b@2", ref="b", direct=False),
        Component(name="t", version="3", purl="pkg:npm/t@3", ref="t", direct=True, scope="development"), Component(name="own", ref="own"),
    ),
    edges=(DependsOn("", ("a", "t", "own")), DependsOn("a", ("b", "own", "missing")), DependsOn("b", ("b",))),
)  # fmt: skip


def test_packages_of_listings() -> None:
    found, between = packages([LISTING, LISTING])
    assert [(each.ref.key, each.facts["direct"], each.facts["manifests"]) for each in found] == [
        (f"pkg:npm/{name}", direct, ["services/orders/package-lock.json"]) for name, direct in (("a@1", True), ("b@2", False), ("t@3", True))
    ]  # fmt: skip
    assert [(short(each.source.key), short(each.target.key)) for each in between] == [
        ("services/orders/package-lock.json", "pkg:npm/a@1"), ("services/orders/package-lock.json", "pkg:npm/t@3"), ("pkg:npm/a@1", "pkg:npm/b@2"),
    ]  # fmt: skip


def test_services_depend_on_what_their_locks_install_to_run() -> None:
    loose = Listing(
        manifest=ref(AssetKind.MANIFEST, "services/orders/package.json"),
        ecosystem="npm",
        components=(Component(name="a", purl="pkg:npm/a", direct=True),),
    )
    held = [edge(R.CONTAINS, SERVICE, each.manifest) for each in (LISTING, loose)]
    manifests = [loose.manifest.key, LISTING.manifest.key]
    assert [each.target.key for each in dependencies([loose, LISTING], held)] == [*manifests, "pkg:npm/a@1"]
    assert [each.target.key for each in dependencies([loose], held)] == [manifests[0], "pkg:npm/a"]
    assert list(dependencies([LISTING], [])) == []


def test_structure_calls_stores_and_deployments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    orders, carts = ref(AssetKind.WORKLOAD, "shop/Deployment/orders"), ref(AssetKind.WORKLOAD, "shop/Deployment/carts")
    job, store = ref(AssetKind.WORKLOAD, "shop/CronJob/orders"), ref(AssetKind.DATA_STORE, "tf#aws_db_instance.x")
    manifest, pipeline = (
        ref(AssetKind.MANIFEST, "services/orders/requirements.txt"),
        ref(AssetKind.PIPELINE, ".github/workflows/ci.yml"),
    )
    stored = {
        "data_fields": [
            {"class": "PII", "at": "s.sql:1", "confidence": 0.9, "stored": True},
            {"class": "PCI", "at": "x.py:1", "confidence": 0.9},
        ]
    }
    only(
        monkeypatch,
        Found(ref=SERVICE, facts=stored), Found(ref=SECOND), Found(ref=manifest), Found(ref=orders, at="deploy/orders.yaml:3"), Found(ref=carts, at="other/carts.yaml:1"),
        Found(ref=job, at="deploy/job.yaml:1"), Found(ref=store, at="tf/x.tf:1", facts={"engine": "postgres"}),
        Found(ref=pipeline, facts={"deploys": [{"tool": "kubectl", "paths": ["deploy"], "line": 7}, {"tool": "terraform", "paths": ["tf"]}, {"tool": "kubectl", "target": "deployment/carts"}]}),
        edge(R.BUILT_FROM, NAMED, SERVICE), edge(R.BUILT_FROM, image("carts"), SECOND), edge(R.RUNS, orders, NAMED), edge(R.RUNS, carts, image("carts")), edge(R.RUNS, job, NAMED),
        edge(R.WRITES, orders, store, 0.8), edge(R.CALLS, SECOND, ref(AssetKind.DOMAIN, "orders"), 0.8), edge(R.CALLS, SERVICE, ref(AssetKind.DOMAIN, "carts.shop.svc.cluster.local")),
        edge(R.CALLS, SERVICE, ref(AssetKind.DOMAIN, "nobody")), edge(R.CALLS, SERVICE, ref(AssetKind.DOMAIN, "far.example")), edge(R.CALLS, carts, orders, 0.9),
    )  # fmt: skip
    found = discover(tmp_path, REPOSITORY)
    told = edges(found.relations)
    assert ("services/orders", "contains", "services/orders/requirements.txt") in told
    assert (REPOSITORY, "contains", "services/orders") in told
    assert (REPOSITORY, "contains", "services/orders/requirements.txt") not in told
    assert [each for each in told if each[1] == "calls"] == [
        ("services/carts", "calls", "services/orders"), ("services/orders", "calls", "far.example"), ("services/orders", "calls", "services/carts"),
        ("shop/Deployment/carts", "calls", "shop/Deployment/orders"),
    ]  # fmt: skip
    assert [each for each in told if each[1] == "deploys"] == [
        (".github/workflows/ci.yml", "deploys", name) for name in ("shop/CronJob/orders", "shop/Deployment/carts", "shop/Deployment/orders", "tf#aws_db_instance.x")
    ]  # fmt: skip
    assert ("services/orders", "writes", "tf#aws_db_instance.x") in told
    assert [each for each in told if each[1] == "handles"] == [("tf#aws_db_instance.x", "handles", "PII")]
    confidence = {(short(each.source.key), str(each.kind)): each.confidence for each in found.relations}
    assert (confidence["services/orders", "writes"], confidence["tf#aws_db_instance.x", "handles"]) == (0.76, 0.55)
    assert {each.ref.kind for each in found.assets} >= {AssetKind.REPOSITORY, AssetKind.DATA_CLASS, AssetKind.IMAGE}


def test_folders_that_images_name_belong_to_the_service_around_or_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, around = ref(AssetKind.SERVICE, "services/orders/tools"), ref(AssetKind.SERVICE, "services")
    alone = ref(AssetKind.SERVICE, "proxy")
    only(
        monkeypatch, Found(ref=SERVICE, origin="services"), edge(R.BUILT_FROM, image("a"), inside), edge(R.BUILT_FROM, image("b"), around), edge(R.BUILT_FROM, image("c"), alone)
    )  # fmt: skip
    told = edges(discover(tmp_path, REPOSITORY).relations)
    assert [each for each in told if each[1] == "built_from"] == [
        ("a", "built_from", "services/orders"), ("b", "built_from", "services/orders"), ("c", "built_from", "proxy"),
    ]  # fmt: skip


def test_an_extractor_that_fails_costs_only_what_it_had_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Tree) -> Iterator[Fact]:
        yield Found(ref=SERVICE)
        raise KeyError("oops")

    def fine(_: Tree) -> Iterator[Fact]:
        yield Found(ref=SECOND)

    monkeypatch.setattr(
        "seamark.intake.discovery.discover.extractors",
        lambda: (Extractor("bad", "", broken), Extractor("good", "", fine)),
    )
    found = discover(tmp_path, REPOSITORY)
    assert {SERVICE, SECOND} <= {each.ref for each in found.assets}
    assert [each.text for each in found.troubles] == ["bad stopped early: KeyError: 'oops'"]


def test_wrong_words_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SeamarkError, match="no folder"):
        discover(tmp_path / "nope")
    with pytest.raises(SeamarkError, match="no extractor called 'nope'"):
        discover(tmp_path, only=["nope"])


def test_every_extractor_is_registered_under_its_own_name() -> None:
    names = {each.name for each in registry.extractors()}
    assert {"services", "apis", "endpoints", "pipelines", "data", "hosts", "secrets"} <= names
    assert all(each.title for each in registry.extractors())


def test_the_same_tree_gives_the_same_twice(tmp_path: Path) -> None:
    make(
        tmp_path,
        {
            "a/app.py": "from flask import Flask\napp = Flask(__name__)\n@app.route('/x')\ndef x(): return 1\n",
            "a/requirements.txt": "flask==3.0\n",
            "a/Dockerfile": "FROM python:3\n",
        },
    )
    first = discover(tmp_path, REPOSITORY)
    assert first == discover(tmp_path, REPOSITORY)
    assert all(each.name for each in first.assets)
    alone = discover(tmp_path, REPOSITORY, only=["services"])
    assert {each.ref.kind for each in alone.assets} == {AssetKind.REPOSITORY, AssetKind.SERVICE}
