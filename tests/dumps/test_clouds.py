"""Dumps of clouds: what each answer tells, and when it is the whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from seamark.core.assets import AssetKind, Found, RelationKind
from seamark.core.errors import UnreadableReport
from seamark.intake.dumps.dump import Dump, Said
from seamark.intake.dumps.read import read_dumps

from .clouds import ACCOUNT, AWS, AZURE, BALANCER, ECS, GOOGLE, REGION, REGISTRY, SHA, SITES, task


def read(*values: Any, **said: Any) -> dict[str, Dump]:
    files = [(f"dump-{number}.json", json.dumps(value).encode()) for number, value in enumerate(values)]
    return {dump.source: dump for dump in read_dumps(files, Said(**said))}


def asset(dump: Dump, key: str) -> Found:
    return next(each for each in dump.discovery.assets if each.ref.key == key)


def edges(dump: Dump) -> set[tuple[str, str, str]]:
    return {(each.source.key, each.kind.value, each.target.key) for each in dump.discovery.relations}


SERVICE = f"{ECS}:service/shop/orders"
SOURCE = f"aws {ACCOUNT} {REGION} ecs/shop"


def test_a_service_of_ecs_with_the_build_that_runs() -> None:
    found = read(*(AWS[name] for name in AWS if name.startswith(("ecs", "elbv2"))))
    dump = found[SOURCE]
    service = asset(dump, SERVICE)
    assert (service.ref.kind, dump.complete) == (AssetKind.CLOUD_RESOURCE, True)
    told = ("images", "running", "replicas", "privileged", "run_as_root", "ports", "variables", "started")
    assert [service.facts[name] for name in told] == [
        [{"container": "orders", "reference": f"{REGISTRY}/orders:1.4", "name": f"{REGISTRY}/orders", "tag": "1.4", "digest": SHA}], 1, 2, False, False, [8000], ["ORDERS_DB"],
        "2026-05-20T09:00:00.190000+00:00",
    ]  # fmt: skip
    assert (SERVICE, "runs", f"{REGISTRY}/orders") in edges(dump)
    assert (BALANCER, "exposes", SERVICE) in edges(dump)
    balancers = found[f"aws {ACCOUNT} {REGION} elb"]
    assert ("shop-1.eu-west-1.elb.amazonaws.com", "exposes", BALANCER) in edges(balancers)
    facts = asset(balancers, BALANCER).facts
    assert (facts["exposure"], facts["ports"], facts["tls"]) == ("internet", [443], True)


def test_tasks_are_the_whole_only_with_a_list_of_all() -> None:
    alone = read(AWS["ecs describe-tasks"])[SOURCE]
    assert alone.partial == ("nothing lists all tasks of the cluster (aws ecs list-tasks)",)
    assert asset(alone, SERVICE).facts["running"] == 1
    more = {"taskArns": [task(1)["taskArn"], task(2)["taskArn"]]}
    assert read(AWS["ecs describe-tasks"], more)[SOURCE].partial == ("1 tasks are listed and not described",)
    cut = {**AWS["ecs list-tasks"], "nextToken": "x"}
    assert read(AWS["ecs describe-tasks"], cut)[SOURCE].partial == ("a list goes on where the dump ends",)
    failed = {"tasks": [task()], "failures": [{"arn": "x", "reason": "MISSING"}]}
    assert not read(failed, AWS["ecs list-tasks"])[SOURCE].complete


def test_a_cluster_in_which_nothing_runs_is_told_whole() -> None:
    dump = read(AWS["ecs describe-services"], {"taskArns": []})[SOURCE]
    assert (dump.complete, edges(dump) & {(SERVICE, "runs", f"{REGISTRY}/orders")}) == (True, set())
    assert not read(AWS["ecs describe-services"], {"taskArns": [], "nextToken": "x"})[SOURCE].complete


def test_functions_with_and_without_an_image() -> None:
    found = read(AWS["lambda list-functions"], AWS["lambda get-function"])
    (dump,) = found.values()
    assert (dump.source, dump.complete, dump.runs) == (f"aws {ACCOUNT} {REGION} lambda", True, True)
    resize = asset(dump, f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:resize")
    assert resize.facts["images"] == [
        {
            "container": "resize",
            "reference": f"{REGISTRY}/resize:3",
            "name": f"{REGISTRY}/resize",
            "tag": "3",
            "digest": SHA,
        }
    ]
    assert asset(dump, f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:thumbs").facts["variables"] == ["BUCKET"]
    assert read(AWS["lambda get-function"])[dump.source].partial == ("it tells of single resources, not of all",)
    assert not read({**AWS["lambda list-functions"], "NextMarker": "x"})[dump.source].complete


def test_machines_databases_clusters_and_buckets() -> None:
    machines = read(AWS["ec2 describe-instances"])[f"aws {ACCOUNT} {REGION} ec2"]
    bastion = asset(machines, f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-0abc")
    assert (bastion.name, bastion.facts["exposure"], bastion.facts["environment"]) == (
        "bastion-prod",
        "internet",
        "production",
    )
    assert not any("i-0def" in each.ref.key for each in machines.discovery.assets)
    database = asset(
        read(AWS["rds describe-db-instances"])[f"aws {ACCOUNT} {REGION} rds"],
        f"arn:aws:rds:{REGION}:{ACCOUNT}:db:orders-prod",
    )
    assert (database.ref.kind, database.facts["exposure"], database.facts["engine"]) == (
        AssetKind.DATA_STORE,
        "internet",
        "postgres",
    )
    cluster = asset(read(AWS["eks describe-cluster"])[f"aws {ACCOUNT} {REGION} eks"], "prod-eu")
    assert (cluster.ref.kind, cluster.facts["exposure"]) == (AssetKind.CLUSTER, "partner")
    buckets = read(AWS["s3api get-bucket-policy"], AWS["s3api get-public-access-block"], account=ACCOUNT)[
        f"aws {ACCOUNT} s3"
    ]
    assert {
        each.name: each.facts["exposure"] for each in buckets.discovery.assets if each.ref.kind is AssetKind.DATA_STORE
    } == {"pictures": "internet", "invoices": "internal"}


def test_a_registry_tells_the_builds_of_an_image_newest_first() -> None:
    (dump,) = read(AWS["ecr describe-images"], account=f"{ACCOUNT}/{REGION}").values()
    image = asset(dump, f"{REGISTRY}/orders")
    assert [(one["tags"], one["at"][:10]) for one in image.facts["builds"]] == [
        (["1.5"], "2026-05-09"),
        (["1.4"], "2026-05-01"),
    ]
    assert (dump.complete, dump.runs) == (False, False)
    with pytest.raises(UnreadableReport, match="in which region"):
        read(AWS["ecr describe-images"])


def test_cloud_run_with_the_digest_of_its_revision() -> None:
    service = json.loads(json.dumps(GOOGLE["run services list"]))
    key = "projects/shop-prod/locations/europe-west1/services/orders"
    (dump,) = read(service).values()
    found = asset(dump, key)
    assert (dump.source, dump.complete) == ("google shop-prod run", True)
    assert (found.facts["images"][0]["digest"], found.facts["exposure"], found.facts["ports"]) == (
        SHA,
        "internet",
        [8080],
    )
    assert ("orders-x.a.run.app", "exposes", key) in edges(dump)
    service[0]["spec"]["template"]["spec"]["containers"][0]["image"] = "europe-docker.pkg.dev/shop/orders:1.4"
    assert "digest" not in asset(next(iter(read(service).values())), key).facts["images"][0]
    revision = {
        "apiVersion": "serving.knative.dev/v1", "kind": "Revision", "metadata": {"name": "orders-00007", "namespace": "shop-prod", "labels": {"cloud.googleapis.com/location": "europe-west1"}},
        "status": {"imageDigest": f"europe-docker.pkg.dev/shop/orders@{SHA}"},
    }  # fmt: skip
    assert asset(read(service, [revision])["google shop-prod run"], key).facts["images"][0]["digest"] == SHA


def test_the_rest_of_google() -> None:
    found = read(GOOGLE["container clusters list"], GOOGLE["functions list"], GOOGLE["sql instances list"])
    assert set(found) == {"google shop-prod gke", "google shop-prod functions", "google shop-prod sql"}
    assert asset(found["google shop-prod gke"], "shop").facts["exposure"] == "internet"
    mail = asset(found["google shop-prod functions"], "projects/shop-prod/locations/europe-west1/functions/mail")
    assert (mail.facts["exposure"], mail.facts["runtime"]) == ("internal", "python312")
    database = asset(found["google shop-prod sql"], "projects/shop-prod/instances/orders")
    assert (database.facts["engine"], database.facts["exposure"]) == ("postgresql", "internet")


def test_azure() -> None:
    found = read(*AZURE.values())
    account = SITES.split("/")[2]
    assert set(found) == {f"azure {account} {sort}" for sort in ("aks", "containerapps", "functions", "sql", "webapps")}
    apps = found[f"azure {account} containerapps"]
    app = asset(apps, f"{SITES}/Microsoft.App/containerApps/orders")
    assert (app.facts["images"][0]["digest"], app.facts["exposure"], app.facts["environment"]) == (
        SHA,
        "internet",
        "production",
    )
    assert asset(found[f"azure {account} aks"], "shop").facts["exposure"] == "internal"
    site = asset(found[f"azure {account} webapps"], f"{SITES}/Microsoft.Web/sites/front")
    assert [image["name"] for image in site.facts["images"]] == ["shop.azurecr.io/front"]
    assert (
        asset(found[f"azure {account} functions"], f"{SITES}/Microsoft.Web/sites/mail").facts["runtime"]
        == "Python|3.12"
    )
    assert (
        asset(found[f"azure {account} sql"], f"{SITES}/Microsoft.Sql/servers/shop/databases/orders").ref.kind
        is AssetKind.DATA_STORE
    )
    single = read(AZURE["containerapp list"][0])[apps.source]
    assert single.partial == ("it tells of a single resource, not of all",)


@pytest.mark.parametrize("name", [*AWS, *GOOGLE, *AZURE])
def test_every_answer_is_recognised_alone(name: str) -> None:
    value = {**AWS, **GOOGLE, **AZURE}[name]
    if name == "ecs describe-task-definition":
        with pytest.raises(UnreadableReport, match="names nothing that could be told of"):
            read(value)
        return
    (dump,) = read(value, account=f"{ACCOUNT}/{REGION}").values()
    known = {each.ref for each in dump.discovery.assets}
    assert {end for each in dump.discovery.relations for end in (each.source, each.target)} <= known
    # Target groups, listeners and a registry's images say something of others only.
    about_others = name in {"elbv2 describe-target-groups", "elbv2 describe-listeners", "ecr describe-images"}
    assert any(each.kind is RelationKind.CONTAINS for each in dump.discovery.relations) is not about_others


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "An empty answer does not say what it is of"), ({"hello": "world"}, "It is no dump that is known"), ("text", "It is no dump that is known"), ([1, 2], "It is no dump that is known"),
        ({"runs": [], "version": "2.1.0"}, "It is no dump that is known"), ({"PublicAccessBlockConfiguration": {}}, "It does not say which bucket it is about"),
        ({"Functions": []}, "Nothing in it says which AWS account this is"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_one_clear_sentence(value: Any, words: str) -> None:
    with pytest.raises(UnreadableReport) as refused:
        read(value)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
