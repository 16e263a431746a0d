"""Clouds through their command lines: read-only commands, without a shell; what fails makes its service partial."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seamark.core.assets import AssetKind
from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.clusters import aws, azure, google
from seamark.intake.connectors.clusters.aws import look_at_aws
from seamark.intake.connectors.clusters.azure import look_at_azure
from seamark.intake.connectors.clusters.google import look_at_google
from seamark.intake.connectors.clusters.kubectl import look_with_kubectl
from seamark.intake.connectors.clusters.look import Look
from seamark.intake.connectors.clusters.process import answer
from seamark.intake.dumps.dump import Dump, Said
from tests.dumps.clouds import ACCOUNT, AWS, AZURE, ECS, GOOGLE, REGION
from tests.dumps.harbour import CLUSTER, objects

from .programs import Fake

READ_ONLY = re.compile(r"(list|describe|get|show)(-[a-z-]+)?")
EMPTY: dict[str, Any] = {
    "elbv2 describe-load-balancers": {"LoadBalancers": []}, "elbv2 describe-target-groups": {"TargetGroups": []}, "ecs list-clusters": {"clusterArns": []},
    "lambda list-functions": {"Functions": []}, "ec2 describe-instances": {"Reservations": []}, "ecr describe-repositories": {"repositories": []},
    "eks list-clusters": {"clusters": []}, "rds describe-db-instances": {"DBInstances": []}, "s3api list-buckets": {"Buckets": []},
}  # fmt: skip


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Fake]:
    """Return a function that puts a program on the PATH, where nothing else is."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return lambda name: Fake(folder, name)


@pytest.fixture
def amazon(program: Callable[[str], Fake]) -> Fake:
    """An account in which everything is."""
    made = program("aws")
    for command, value in {**EMPTY, **{key: value for key, value in AWS.items() if "get-" not in key}}.items():
        made.says(command, value)
    made.says("sts get-caller-identity", {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/audit"})
    made.says("ecs list-clusters", {"clusterArns": [f"{ECS}:cluster/shop"]})
    made.says("ecs list-services", {"serviceArns": [f"{ECS}:service/shop/orders"]})
    resize = AWS["lambda get-function"]["Configuration"]
    made.says("lambda list-functions", {"Functions": [*AWS["lambda list-functions"]["Functions"], resize]})
    made.says("lambda get-function", AWS["lambda get-function"])
    made.says("ecr describe-repositories", {"repositories": [{"repositoryArn": f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/orders", "repositoryName": "orders", "repositoryUri": "r.example/orders"}]})  # fmt: skip
    made.says("eks list-clusters", {"clusters": ["prod-eu"]})
    made.says("s3api list-buckets", {"Buckets": [{"Name": "invoices", "CreationDate": "2026-01-01T00:00:00Z"}]})
    made.says(
        "s3api get-public-access-block",
        {"PublicAccessBlockConfiguration": AWS["s3api get-public-access-block"]["PublicAccessBlockConfiguration"]},
    )
    made.says("s3api get-bucket-policy-status", err="An error occurred (NoSuchBucketPolicy)", code=254)
    made.says("s3api get-bucket-acl", {"Owner": {}, "Grants": []})
    return made


def by_source(came: Look) -> dict[str, Dump]:
    return {dump.source: dump for dump in came.dumps}


def test_aws_is_the_whole_of_each_service(amazon: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAMARK_SECRET_KEY", "ours")
    came = look_at_aws(Said(), [REGION], "audit")
    here = f"aws {ACCOUNT} {REGION}"
    found = by_source(came)
    assert set(found) == {f"{here} {one}" for one in ("ecs/shop", "elb", "lambda", "ec2", "ecr", "eks", "rds")} | {
        f"aws {ACCOUNT} s3"
    }
    assert came.problems == ()
    assert all(dump.complete for dump in came.dumps), {dump.source: dump.partial for dump in came.dumps}
    service = next(each for each in found[f"{here} ecs/shop"].discovery.assets if each.name == "orders")
    assert service.facts["images"][0]["digest"].startswith("sha256:")
    functions = {
        each.name: each.facts
        for each in found[f"{here} lambda"].discovery.assets
        if each.ref.kind is AssetKind.CLOUD_RESOURCE
    }
    assert functions["resize"]["images"][0]["digest"].startswith("sha256:")
    bucket = next(each for each in found[f"aws {ACCOUNT} s3"].discovery.assets if each.ref.kind is AssetKind.DATA_STORE)
    assert (bucket.name, bucket.facts["exposure"]) == ("invoices", "internal")
    assert all(READ_ONLY.fullmatch(words[1]) for words in amazon.calls)
    assert all(words[-6:] == ["--output", "json", "--region", REGION, "--profile", "audit"] for words in amazon.calls)
    assert amazon.variables["AWS_PAGER"] == ""
    assert "SEAMARK_SECRET_KEY" not in amazon.variables


def test_every_command_of_aws_has_its_right(amazon: Fake) -> None:
    look_at_aws(Said(), [REGION])
    services = {"elbv2": "elasticloadbalancing", "s3api": "s3"}
    names = {"s3:list-buckets": "s3:listallmybuckets", "s3:get-public-access-block": "s3:getbucketpublicaccessblock"}
    asked = {f"{services.get(one, one)}:{what}" for one, what, *_ in amazon.calls}
    wanted = {names.get(each, each).replace("-", "").lower() for each in asked}
    assert wanted == {each.lower() for each in aws.RIGHTS}


def test_a_service_that_fails_is_partial_and_the_others_are_not(amazon: Fake) -> None:
    amazon.says("lambda get-function", err="An error occurred (AccessDeniedException): not allowed", code=254)
    amazon.says("elbv2 describe-target-groups", err="Throttling", code=254)
    amazon.says("rds describe-db-instances", "no json")
    came = look_at_aws(Said(), [REGION])
    here = f"aws {ACCOUNT} {REGION}"
    assert {source for source, dump in by_source(came).items() if not dump.complete} == {
        f"{here} {one}" for one in ("lambda", "elb", "ecs/shop")
    }
    assert came.failed == {"lambda", "elb", "rds"}
    assert f"{here} rds" not in by_source(came)
    assert any("lambda get-function" in each and "AccessDeniedException" in each for each in came.problems)
    assert any("rds describe-db-instances: aws prints no JSON" in each for each in came.problems)


def test_an_empty_account_is_told_as_empty(program: Callable[[str], Fake]) -> None:
    made = program("aws")
    for command, value in EMPTY.items():
        made.says(command, value)
    made.says("sts get-caller-identity", {"Account": ACCOUNT})
    made.says("ecs list-clusters", {"clusterArns": [f"{ECS}:cluster/idle"]})
    made.says("ecs list-tasks", {"taskArns": []})
    made.says("ecs list-services", "")
    came = look_at_aws(Said(), [REGION, "us-east-1"])
    assert came.problems == ()
    assert {f"aws {ACCOUNT} {REGION} {one}" for one in ("eks", "ecs/idle")} <= set(came.empty)
    assert all(dump.complete for dump in came.dumps)
    assert {f"aws {ACCOUNT} us-east-1 lambda", f"aws {ACCOUNT} {REGION} lambda", f"aws {ACCOUNT} s3"} <= set(
        by_source(came)
    )
    assert sum(words[:2] == ["s3api", "list-buckets"] for words in made.calls) == 1


def test_aws_that_lets_nobody_in(amazon: Fake, program: Callable[[str], Fake]) -> None:
    for regions, words in (([], "which regions"), (["--endpoint-url=http://x"], "is no region")):
        with pytest.raises(RemoteFailure, match=words):
            look_at_aws(Said(), regions)
    amazon.says("sts get-caller-identity", err="Unable to locate credentials", code=253)
    with pytest.raises(RemoteFailure, match="exit code 253: Unable to locate credentials"):
        look_at_aws(Said(), [REGION])
    with pytest.raises(RemoteFailure, match="az is not installed"):
        look_at_azure(Said())


def test_words_that_look_like_options_are_never_asked_with(amazon: Fake) -> None:
    amazon.says("s3api list-buckets", {"Buckets": [{"Name": "--endpoint-url=http://attacker.example"}]})
    look_at_aws(Said(), [REGION])
    assert not any("attacker" in word for words in amazon.calls for word in words)


def test_google(program: Callable[[str], Fake]) -> None:
    made = program("gcloud")
    for command in ("run services list", "run revisions list", "container clusters list", "sql instances list"):
        made.says(command, GOOGLE.get(command, []))
    made.says("config get-value project", '"shop-prod"')
    made.says("config get-value run/region", "")
    made.says("functions list", err="ERROR: (gcloud.functions.list) SERVICE_DISABLED", code=1)
    came = look_at_google(Said())
    assert came.problems == ()
    assert all(dump.complete for dump in came.dumps)
    assert "google shop-prod run" in by_source(came)
    # A service that the project does not use says nothing of what there is.
    assert "google shop-prod functions" not in {*by_source(came), *came.empty}
    asked = [words for words in made.calls if words[0] != "config"]
    assert all(words[-4:] == ["--format", "json", "--project", "shop-prod"] and words[-5] == "list" for words in asked)
    made.says("sql instances list", [])
    made.says("run revisions list", err="PERMISSION_DENIED", code=1)
    came = look_at_google(Said(), "shop-prod")
    assert not by_source(came)["google shop-prod run"].complete
    assert came.failed == {"run"}
    assert "google shop-prod sql" in came.empty
    made.says("run revisions list", [])
    made.says("config get-value run/region", '"europe-west1"')
    assert "region europe-west1 only" in look_at_google(Said(), "shop-prod").problems[0]
    with pytest.raises(RemoteFailure, match="which project"):
        look_at_google(Said(), "--account=x")


def test_azure(program: Callable[[str], Fake]) -> None:
    made = program("az")
    number = "11111111-2222-3333-4444-555555555555"
    made.says("account show", {"id": number})
    for command in (
        "containerapp list",
        "aks list",
        "webapp list",
        "functionapp list",
        "container list",
        "sql server list",
        "sql db list",
    ):
        made.says(command, AZURE.get(command, []))
    made.says("sql server list", [{"name": "shop", "resourceGroup": "shop"}])
    came = look_at_azure(Said())
    assert came.problems == ()
    assert all(dump.complete for dump in came.dumps)
    assert f"azure {number} containerapps" in by_source(came)
    assert all("list" in words or "show" in words for words in made.calls)
    assert made.variables["AZURE_EXTENSION_USE_DYNAMIC_INSTALL"] == "no"
    made.says("containerapp list", err="'containerapp' is misspelled or not recognized by the system.", code=2)
    made.says("aks list", {"not": "a list"})
    made.says("webapp list", [])
    came = look_at_azure(Said(), number)
    assert {"containerapps", "aks"} <= came.failed
    assert f"azure {number} webapps" in came.empty
    assert f"azure {number} containerapps" not in {*came.empty, *by_source(came)}
    with pytest.raises(RemoteFailure, match="is no subscription"):
        look_at_azure(Said(), "--debug")


def test_rights_are_named() -> None:
    assert all(role.endswith("iewer") for role in google.RIGHTS)
    assert azure.RIGHTS == ("Reader",)


def test_kubectl_tells_what_the_api_tells(program: Callable[[str], Fake]) -> None:
    made = program("kubectl")
    names = {
        "pods": "Pod", "deployments.apps": "Deployment", "replicasets.apps": "ReplicaSet", "statefulsets.apps": "StatefulSet", "daemonsets.apps": "DaemonSet",
        "jobs.batch": "Job", "cronjobs.batch": "CronJob", "services": "Service", "ingresses.networking.k8s.io": "Ingress",
        "networkpolicies.networking.k8s.io": "NetworkPolicy", "namespaces": "Namespace", "nodes": "Node",
    }  # fmt: skip
    made.says("api-resources", "\n".join(names))
    for name, kind in names.items():
        made.says(
            f"get {name}",
            {
                "apiVersion": "v1",
                "kind": "List",
                "metadata": {"resourceVersion": ""},
                "items": [one for one in objects() if one["kind"] == kind],
            },
        )
    came = look_with_kubectl(Said(cluster=CLUSTER), context="prod")
    (dump,) = came.dumps
    assert (dump.complete, came.problems) == (True, ())
    assert {each.ref.key for each in dump.discovery.assets if each.ref.kind is AssetKind.WORKLOAD} == {
        f"{CLUSTER}/{one}" for one in ("harbour/Deployment/orders", "harbour/Deployment/storefront", "harbour/CronJob/monthly-report", "kube-system/Deployment/coredns")
    }  # fmt: skip
    assert all("--context=prod" in words and words[0] in {"get", "api-resources"} for words in made.calls)
    made.says("get ingresses.networking.k8s.io", err="Error from server (Forbidden): ingresses is forbidden", code=1)
    made.says("get namespaces harbour", next(one for one in objects() if one["kind"] == "Namespace"))
    came = look_with_kubectl(Said(cluster=CLUSTER), ["harbour"])
    assert came.failed == {"ingresses"}
    assert "Forbidden" in came.problems[0]
    assert ["get", "pods", "--namespace=harbour", "--request-timeout=60s", "--output=json"] in made.calls


def test_programs_are_bounded_in_time_and_in_what_they_say(tmp_path: Path) -> None:
    with pytest.raises(RemoteFailure, match=r"ended after 0\.5 s"):
        answer(["/bin/sh", "-c", "sleep 60"], timeout=0.5, most=100)
    with pytest.raises(RemoteFailure, match="prints more than 1 MB"):
        answer(["/bin/sh", "-c", "exec yes"], timeout=60, most=1024**2)
    with pytest.raises(RemoteFailure, match="cannot be started"):
        answer([str(tmp_path)], timeout=1, most=1)
    assert answer(["/bin/echo", "$HOME; ls"], timeout=10, most=100) == b"$HOME; ls\n"
