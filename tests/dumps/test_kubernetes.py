"""Dumps of clusters: whom pods belong to, which builds run, whether a dump is the whole."""

from __future__ import annotations

import copy
import gzip
import json
from typing import Any

import pytest

from seamark.core.assets import AssetKind, AssetRef, Found, RelationKind
from seamark.core.errors import UnreadableReport
from seamark.intake.dumps.dump import Dump, Said
from seamark.intake.dumps.read import read_dumps

from .harbour import (
    CLUSTER,
    ORDERS,
    STOREFRONT,
    as_json,
    as_yaml,
    deployment,
    digest,
    listed,
    objects,
    owned,
    pod,
    replica_set,
    system_pod,
    thing,
)


def read(*files: bytes, **said: Any) -> Dump:
    (found,) = read_dumps(
        [(f"dump-{number}", data) for number, data in enumerate(files)], Said(**{"cluster": CLUSTER, **said})
    )
    return found


def asset(dump: Dump, key: str, kind: AssetKind = AssetKind.WORKLOAD) -> Found:
    return next(
        each
        for each in dump.discovery.assets
        if each.ref == AssetRef(kind, f"{CLUSTER}/{key}" if kind is AssetKind.WORKLOAD else key)
    )


def workloads(dump: Dump) -> set[str]:
    return {each.ref.key for each in dump.discovery.assets if each.ref.kind is AssetKind.WORKLOAD}


def runs(dump: Dump) -> set[tuple[str, str]]:
    return {(each.source.key, each.at) for each in dump.discovery.relations if each.kind is RelationKind.RUNS}


def test_the_example_as_it_runs() -> None:
    dump = read(as_json(objects()))
    assert (dump.source, dump.complete) == (f"kubernetes {CLUSTER}", True)
    assert workloads(dump) == {
        f"{CLUSTER}/harbour/Deployment/orders", f"{CLUSTER}/harbour/Deployment/storefront", f"{CLUSTER}/harbour/CronJob/monthly-report",
        f"{CLUSTER}/kube-system/Deployment/coredns",
    }  # fmt: skip
    orders = asset(dump, "harbour/Deployment/orders")
    assert orders.facts["images"] == [
        {"container": "orders", "reference": f"{ORDERS}:latest", "name": ORDERS, "tag": "latest", "digest": digest("a")}
    ]
    told = (
        "replicas",
        "running",
        "exposure",
        "environment",
        "privileged",
        "run_as_root",
        "host_network",
        "service_account",
        "started",
    )
    assert [orders.facts[name] for name in told] == [
        2,
        2,
        "internet",
        "production",
        True,
        True,
        True,
        "default",
        "2026-05-20T09:00:00Z",
    ]
    assert runs(dump) == {
        (f"{CLUSTER}/harbour/Deployment/orders", f"{ORDERS}@{digest('a')}"), (f"{CLUSTER}/harbour/Deployment/storefront", f"{STOREFRONT}@{digest('b')}"),
        (f"{CLUSTER}/harbour/CronJob/monthly-report", f"{ORDERS}:latest"),
        (f"{CLUSTER}/kube-system/Deployment/coredns", f"registry.k8s.io/coredns/coredns@{digest('c')}"),
    }  # fmt: skip
    edges = {(each.source.key, each.kind.value, each.target.key) for each in dump.discovery.relations}
    assert ("shop.example", "exposes", f"{CLUSTER}/harbour/Deployment/storefront") in edges
    assert (CLUSTER, "contains", f"{CLUSTER}/harbour/Deployment/orders") in edges
    assert (f"{CLUSTER}/harbour/Deployment/storefront", "calls", f"{CLUSTER}/harbour/Deployment/orders") in edges


def test_ends_of_all_edges_are_told() -> None:
    dump = read(as_json(objects()))
    known = {each.ref for each in dump.discovery.assets}
    assert {end for each in dump.discovery.relations for end in (each.source, each.target)} <= known


@pytest.mark.parametrize("form", ["yaml", "documents", "lines", "concatenated", "array", "gzip"])
def test_all_forms_say_the_same(form: str) -> None:
    items = objects()
    data = {
        "yaml": lambda: as_yaml(items), "documents": lambda: b"---\n".join(as_yaml([item]) for item in items), "lines": lambda: "\n".join(map(json.dumps, items)).encode(),
        "concatenated": lambda: "".join(json.dumps(item, indent=1) for item in items).encode(), "array": lambda: json.dumps(items).encode(),
        "gzip": lambda: gzip.compress(as_json(items)),
    }[form]()  # fmt: skip
    assert read(data) == read(as_json(items))


def test_answers_of_one_cluster_are_read_together() -> None:
    items = objects()
    pods = [item for item in items if item["kind"] == "Pod"]
    rest = [item for item in items if item["kind"] != "Pod"]
    assert read(as_json(pods), as_yaml(rest)) == read(as_json(items))


def test_a_typed_list_of_the_api_names_kinds_once() -> None:
    items = [
        {key: value for key, value in item.items() if key not in {"apiVersion", "kind"}}
        for item in objects()
        if item["kind"] == "Pod"
    ]
    data = json.dumps({"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": items}).encode()
    assert f"{CLUSTER}/harbour/ReplicaSet/orders-6f9d8" not in workloads(read(data))
    assert f"{CLUSTER}/harbour/Deployment/orders" in workloads(read(data))


def test_pods_alone_tell_of_their_deployments_with_less_confidence() -> None:
    dump = read(as_json([item for item in objects() if item["kind"] == "Pod"]))
    orders = asset(dump, "harbour/Deployment/orders")
    assert (orders.confidence, orders.facts["running"]) == (0.95, 2)
    assert (f"{CLUSTER}/harbour/Deployment/orders", f"{ORDERS}@{digest('a')}") in runs(dump)


def test_a_job_of_a_schedule_belongs_to_it() -> None:
    spec = {"containers": [{"name": "report", "image": f"{ORDERS}:latest"}]}
    one = pod("nightly-29111040-x7", ("Job", "nightly-29111040"), {}, spec, f"{ORDERS}@{digest('d')}")
    guessed = asset(read(as_json([one])), "harbour/CronJob/nightly")
    assert guessed.confidence == 0.8
    job = thing(
        "batch/v1",
        "Job",
        "nightly-29111040",
        metadata={"ownerReferences": owned("CronJob", "nightly")},
        spec={"template": {"spec": spec}},
    )
    known = asset(read(as_json([one, job])), "harbour/CronJob/nightly")
    assert (known.confidence, known.facts["images"][0]["digest"]) == (1.0, digest("d"))


@pytest.mark.parametrize(
    ("image_id", "told"),
    [
        (f"docker-pullable://{ORDERS}@{digest('a')}", digest("a")), (f"{ORDERS}@{digest('a')}", digest("a")), (digest("a"), None), (f"docker://{digest('a')}", None), ("", None),
    ],
)  # fmt: skip
def test_only_a_manifest_s_digest_is_one(image_id: str, told: str | None) -> None:
    spec = {"containers": [{"name": "web", "image": f"{ORDERS}:1.0"}]}
    found = asset(read(as_json([pod("alone", None, {}, spec, image_id)])), "harbour/Pod/alone")
    assert found.facts["images"][0].get("digest") == told


def test_two_builds_during_a_roll_out_are_both_told() -> None:
    one = deployment("orders", f"{ORDERS}:latest")
    items = [one, replica_set("orders-1", "orders"), replica_set("orders-2", "orders")]
    for number, letter in enumerate("ab"):
        labels = {"app.kubernetes.io/name": "orders"}
        items.append(
            pod(
                f"orders-{number}",
                ("ReplicaSet", f"orders-{number + 1}"),
                labels,
                one["spec"]["template"]["spec"],
                f"{ORDERS}@{digest(letter)}",
            )
        )
    found = asset(read(as_json(items)), "harbour/Deployment/orders")
    assert [image["digest"] for image in found.facts["images"]] == [digest("a"), digest("b")]


def test_what_has_ended_and_what_is_scaled_to_nothing_runs_no_image() -> None:
    one = deployment("orders", f"{ORDERS}:latest", replicas=0)
    spec = {"containers": [{"name": "x", "image": f"{STOREFRONT}:1"}]}
    done = pod("import", None, {}, spec, f"{STOREFRONT}@{digest('b')}", phase="Succeeded")
    dump = read(as_json([one, done, system_pod()]))
    assert {source for source, _ in runs(dump)} == {f"{CLUSTER}/kube-system/Deployment/coredns"}
    assert asset(dump, "harbour/Deployment/orders").facts["images"][0]["tag"] == "latest"


def test_pods_of_an_operator_stay_with_the_set_that_it_owns() -> None:
    labels, spec = {"app": "db"}, {"containers": [{"name": "db", "image": "postgres:16"}]}
    made = thing(
        "apps/v1",
        "StatefulSet",
        "db",
        metadata={"ownerReferences": owned("Postgresql", "db")},
        spec={"replicas": 1, "template": {"metadata": {"labels": labels}, "spec": spec}},
    )
    dump = read(as_json([made, pod("db-0", ("StatefulSet", "db"), labels, spec, f"postgres@{digest('e')}")]))
    assert workloads(dump) == {f"{CLUSTER}/harbour/StatefulSet/db"}
    assert runs(dump) == {(f"{CLUSTER}/harbour/StatefulSet/db", f"postgres@{digest('e')}")}
    assert AssetRef(AssetKind.DATA_STORE, f"{CLUSTER}/harbour/StatefulSet/db") in {
        each.ref for each in dump.discovery.assets
    }


@pytest.mark.parametrize(
    ("items", "metadata", "why"),
    [
        (objects(), {"continue": "eyJ2IjoibWV0YS5rOHMuaW8ifQ"}, "a list goes on where the dump ends"),
        (objects(), {"remainingItemCount": 12}, "a list goes on where the dump ends"),
        ([item for item in objects() if item["metadata"].get("namespace") == "harbour"], {}, "it tells of the pods of one namespace only"),
        ([item for item in objects() if item["metadata"].get("namespace") != "kube-system"] + [pod("x", None, {}, {"containers": [{"name": "x", "image": "x:1"}]}, "", namespace="default")], {}, "the cluster has a namespace kube-system, of which it tells no pods"),
        ([item for item in objects() if item["kind"] != "Pod"], {}, "it tells of no pods, so not of what runs"),
    ],
)  # fmt: skip
def test_a_dump_that_is_not_the_whole_says_so(items: list[dict[str, Any]], metadata: dict[str, Any], why: str) -> None:
    dump = read(as_json(items, **metadata))
    assert not dump.complete
    assert why in dump.partial


def test_where_no_pods_are_told_of_the_declaration_counts() -> None:
    other = deployment("billing", "images.shop.example/billing:1")
    other["metadata"]["namespace"] = "billing"
    dump = read(as_json([other, *(item for item in objects() if item["metadata"].get("namespace") == "harbour")]))
    assert dump.partial == ("it tells of the pods of one namespace only",)
    assert (f"{CLUSTER}/billing/Deployment/billing", "images.shop.example/billing:1") in runs(dump)


def test_a_cluster_s_name_is_no_repository_s() -> None:
    with pytest.raises(UnreadableReport, match="holds no //"):
        read(as_json(objects()), cluster="code.example/shop//x")


def test_the_caller_may_say_that_it_is_partial() -> None:
    assert read(as_json(objects()), partial=True).partial == ("the caller says so",)


def test_the_caller_may_vouch_for_a_whole_but_not_for_a_list_that_goes_on() -> None:
    mine = [item for item in objects() if item["metadata"].get("namespace") == "harbour"]
    assert not read(as_json(mine)).complete
    assert read(as_json(mine), complete=True).complete
    assert read(as_json(mine, **{"continue": "x"}), complete=True).partial == ("a list goes on where the dump ends",)


def test_nodes_name_their_cluster() -> None:
    items = objects()
    node = next(item for item in items if item["kind"] == "Node")
    node["metadata"]["labels"] = {"alpha.eksctl.io/cluster-name": "prod-eu"}
    assert read(as_json(items), cluster="").source == "kubernetes prod-eu"


def test_a_cluster_without_a_name_is_refused_with_what_to_do() -> None:
    with pytest.raises(UnreadableReport, match=r"which cluster this is \(name it with --cluster\)"):
        read(as_json(objects()), cluster="")


def test_an_environment_that_the_caller_names_counts() -> None:
    assert (
        asset(read(as_json(objects()), environment="staging"), "harbour/Deployment/orders").facts["environment"]
        == "staging"
    )


def test_secrets_in_a_dump_go_nowhere() -> None:
    secret = thing("v1", "Secret", "orders", data={"password": "aHVudGVyMg=="}, type="Opaque")
    items = copy.deepcopy(objects())
    box = next(item for item in items if item["kind"] == "Deployment")["spec"]["template"]["spec"]["containers"][0]
    box["env"] = [
        {"name": "API_TOKEN", "value": "plain-hunter2"},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "orders", "key": "password"}}},
    ]
    dump = read(as_json([*items, secret]))
    assert "hunter2" not in repr(dump)
    assert "aHVudGVyMg" not in repr(dump)
    assert asset(dump, "harbour/Deployment/orders").facts["variables"] == ["API_TOKEN", "PASSWORD"]
    assert AssetRef(AssetKind.SECRET_STORE, f"{CLUSTER}/harbour/Secret/orders") in {
        each.ref for each in dump.discovery.assets
    }


def test_an_empty_cluster_list_is_partial() -> None:
    assert not read(json.dumps(listed([])).encode()).complete
