"""A live cluster: the same dump as kubectl's, page by page; what fails makes it partial and is never half told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from seamark.core.assets import AssetKind, RelationKind
from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.clusters.api import RESTARTS, Api
from seamark.intake.connectors.clusters.kinds import LISTS
from seamark.intake.connectors.clusters.kubernetes import look_at_cluster
from seamark.intake.connectors.clusters.look import Look
from seamark.intake.dumps.dump import Dump, Said
from seamark.intake.dumps.read import read_dumps
from tests.dumps.harbour import CLUSTER, as_json, objects, thing

from .apiserver import PATHS, ROUTES, Cluster

SAID = Said(cluster=CLUSTER)
Open = Callable[..., Api]


def look(api: Api, *namespaces: str, **said: Any) -> Look:
    return look_at_cluster(api, Said(**{"cluster": CLUSTER, **said}), namespaces)


def one(came: Look) -> Dump:
    (dump,) = came.dumps
    return dump


def workloads(dump: Dump) -> set[str]:
    return {
        each.ref.key.removeprefix(f"{CLUSTER}/")
        for each in dump.discovery.assets
        if each.ref.kind is AssetKind.WORKLOAD
    }


ALL = {
    "harbour/Deployment/orders",
    "harbour/Deployment/storefront",
    "harbour/CronJob/monthly-report",
    "kube-system/Deployment/coredns",
}


@pytest.mark.parametrize("size", [0, 1, 2])
def test_what_the_api_says_is_what_kubectl_prints(size: int, cluster: Cluster, api: Open) -> None:
    cluster.size = size
    came = look(api())
    (expected,) = read_dumps([("dump.json", as_json(objects()))], SAID)
    for told, wanted in (
        (one(came).discovery.assets, expected.discovery.assets),
        (one(came).discovery.relations, expected.discovery.relations),
    ):
        assert sorted(map(repr, told)) == sorted(map(repr, wanted))
    assert (one(came).source, one(came).complete, came.problems) == (f"kubernetes {CLUSTER}", True, ())
    assert workloads(one(came)) == ALL
    assert came.versions["pods"] == "4711"


def test_every_list_is_asked_for_by_its_documented_address(cluster: Cluster, api: Open) -> None:
    cluster.routes = []
    look(api())
    asked = {path for path, _ in cluster.asked}
    assert asked >= {*PATHS.values(), ROUTES, "/apis"}
    assert all(asked["limit"] == "500" for path, asked in cluster.asked if path != "/apis")
    assert not {path for path in asked if "secrets" in path or "configmaps" in path}
    assert {each.kind for each in LISTS if each.everywhere} == set(PATHS)


def test_what_a_cluster_does_not_serve_is_not_asked_for_and_not_missed(cluster: Cluster, api: Open) -> None:
    assert one(look(api())).complete
    assert not any("gateway" in path for path, _ in cluster.asked)
    # A server that does not list its groups is asked for each list; what is not there is not missed either.
    cluster.refuses["/apis"] = 403
    assert one(look(api())).complete
    assert any("gateway" in path for path, _ in cluster.asked)


def test_routes_of_the_gateway_api_expose(cluster: Cluster, api: Open) -> None:
    cluster.objects = [each for each in cluster.objects if each["kind"] != "Ingress"]
    spec = {"hostnames": ["new.shop.example"], "rules": [{"backendRefs": [{"name": "orders", "port": 8000}]}]}
    cluster.routes = [thing("gateway.networking.k8s.io/v1", "HTTPRoute", "orders", spec=spec)]
    found = [each for each in one(look(api())).discovery.relations if each.kind is RelationKind.EXPOSES]
    assert ("new.shop.example", f"{CLUSTER}/harbour/Deployment/orders") in {
        (each.source.key, each.target.key) for each in found
    }


def test_a_forgotten_continuation_begins_the_list_anew(cluster: Cluster, api: Open) -> None:
    cluster.size, cluster.forgets[PATHS["Pod"]] = 2, RESTARTS
    came = look(api())
    assert (one(came).complete, workloads(one(came))) == (True, ALL)
    orders = next(
        each
        for each in one(came).discovery.assets
        if each.ref.key.endswith("/orders") and each.ref.kind is AssetKind.WORKLOAD
    )
    assert orders.facts["running"] == 2
    assert sum(path == PATHS["Pod"] and "continue" not in asked for path, asked in cluster.asked) == RESTARTS + 1


def test_a_list_that_is_forgotten_again_and_again_is_not_told(cluster: Cluster, api: Open) -> None:
    cluster.size = 1
    cluster.objects = [*cluster.objects, thing("networking.k8s.io/v1", "Ingress", "other", spec={"rules": []})]
    cluster.forgets[PATHS["Ingress"]] = 99
    came = look(api())
    assert came.failed == {"ingresses"}
    assert "ingresses: it answers 410" in came.problems[0]
    assert not one(came).complete


@pytest.mark.parametrize("kind", ["Ingress", "Node", "NetworkPolicy", "Namespace"])
def test_a_refused_list_makes_it_partial_and_says_so(kind: str, cluster: Cluster, api: Open) -> None:
    cluster.refuses[PATHS[kind]] = 403
    came = look(api())
    name = PATHS[kind].rpartition("/")[2]
    assert came.failed == {name}
    assert came.problems == (f"{name}: it answers 403: {name} is forbidden: User cannot list resource",)
    assert set(came.problems) <= set(one(came).partial)
    assert workloads(one(came)) == ALL


def test_without_pods_no_workload_is_told_to_run_nothing(cluster: Cluster, api: Open) -> None:
    cluster.refuses[PATHS["Pod"]] = 403
    came = look(api())
    assert (workloads(one(came)), one(came).complete, came.failed) == (set(), False, {"pods"})


def test_pods_whose_owners_nobody_listed_are_not_told_as_if_they_were_the_whole_truth(
    cluster: Cluster, api: Open
) -> None:
    cluster.refuses[PATHS["Deployment"]] = 403
    assert workloads(one(look(api()))) == {"harbour/CronJob/monthly-report"}


def test_busy_servers_are_asked_again(cluster: Cluster, api: Open) -> None:
    cluster.refuses, cluster.times = {PATHS["Pod"]: 429, PATHS["Service"]: 503}, {PATHS["Pod"]: 2, PATHS["Service"]: 3}
    assert one(look(api())).complete
    assert sum(path == PATHS["Pod"] for path, _ in cluster.asked) == 3


def test_slow_and_cut_answers_are_lists_that_failed(cluster: Cluster, api: Open) -> None:
    cluster.slow, cluster.cut = {PATHS["Service"]}, {PATHS["Ingress"]}
    came = look(api(patience=0.5))
    assert came.failed == {"services", "ingresses"}
    assert any("services: it takes longer than 0.5 s" in each for each in came.problems)
    assert any("ingresses: 127.0.0.1" in each and "does not answer" in each for each in came.problems)
    assert workloads(one(came)) == ALL


def test_a_cluster_that_stops_to_answer_is_not_asked_on_and_on(cluster: Cluster, api: Open) -> None:
    cluster.cut = {*PATHS.values()} - {PATHS["Pod"], PATHS["Deployment"], PATHS["ReplicaSet"]}
    came = look(api())
    assert {problem for problem in came.problems if "has stopped to answer" not in problem} == {
        problem for problem in came.problems if problem.startswith(("statefulsets: ", "daemonsets: "))
    }
    assert came.failed == {path.rpartition("/")[2] for path in cluster.cut}
    assert not any(path == PATHS["Node"] for path, _ in cluster.asked)
    assert workloads(one(came)) == {each for each in ALL if "/Deployment/" in each}


def test_namespaces_are_a_part_unless_somebody_vouches(cluster: Cluster, api: Open) -> None:
    came = look(api(), "harbour")
    assert workloads(one(came)) == {each for each in ALL if each.startswith("harbour/")}
    assert one(came).partial[-1] == "only namespace harbour asked for"
    assert tuple(path for path, _ in cluster.asked if path.endswith(("/harbour", "harbour/pods"))) == (
        "/api/v1/namespaces/harbour/pods",
        "/api/v1/namespaces/harbour",
    )
    assert not any(path == PATHS["Node"] for path, _ in cluster.asked)
    assert one(look(api(), "harbour", complete=True)).complete
    assert one(look(api(), "harbour", "kube-system", partial=True)).partial[-2:] == (
        "the caller says so",
        "only namespaces harbour, kube-system asked for",
    )
    environments = {
        each.facts.get("environment") for each in one(came).discovery.assets if each.ref.kind is AssetKind.WORKLOAD
    }
    assert environments == {"production"}
    with pytest.raises(RemoteFailure, match="no name of a namespace"):
        look(api(), "../secrets")


def test_wrong_credentials_and_nobody_at_home(cluster: Cluster, api: Open) -> None:
    with pytest.raises(RemoteFailure, match="does not accept these credentials") as caught:
        look(api(token="old"))
    assert caught.value.permanent
    with pytest.raises(RemoteFailure, match="does not answer") as caught:
        look(api(server="https://127.0.0.1:9"))
    assert not caught.value.permanent
    cluster.refuses = dict.fromkeys([*PATHS.values(), "/apis"], 403)
    with pytest.raises(RemoteFailure, match="pods: it answers 403"):
        look(api())


def test_what_nobody_reads_is_not_kept(cluster: Cluster, api: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    def spy(files: Any, said: Said) -> list[Dump]:
        files = list(files)
        seen.extend(data for _, data in files)
        return read_dumps(files, said)

    monkeypatch.setattr("seamark.intake.connectors.clusters.kubernetes.read_dumps", spy)
    for each in cluster.objects:
        each["metadata"]["managedFields"] = [{"manager": "kubectl"}]
        notes = each["metadata"].setdefault("annotations", {})
        notes |= {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"secret": 1}), "owner": "acme"}
    look(api())
    text = b"".join(seen)
    assert b"acme" in text
    assert not any(word in text for word in (b"managedFields", b"last-applied"))


def test_lists_that_are_too_large_together_are_left_out(
    cluster: Cluster, api: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seamark.intake.connectors.clusters.kubernetes.MOST_BYTES", 2_000)
    came = look(api())
    assert came.failed
    assert all("the lists are larger than" in problem for problem in came.problems)
    assert not one(came).complete
