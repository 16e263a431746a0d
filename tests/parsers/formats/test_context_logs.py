"""Audit logs: who reached what, and never a finding; who was refused, and the control plane's own noise, prove nothing."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from seamark.core.assets import AssetKind, Relation, RelationKind
from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.formats import _acts
from seamark.intake.parsers.kit.read import open_bytes

from .reading import findings, read, run, sample

LOGS = ("kubernetes-audit/audit.log", "cloudtrail/records.json")


def edges(items: list[Any]) -> set[tuple[str, str, str]]:
    return {(one.kind.value, one.source.key, one.target.key) for one in items if isinstance(one, Relation)}


@pytest.mark.parametrize("name", LOGS)
def test_a_log_closes_nothing_and_finds_nothing(name: str) -> None:
    items = sample(name)
    assert not findings(items)
    assert run(items).ruleset == frozenset()
    assert run(items).complete is False
    assert edges(items)


@pytest.mark.parametrize("name", LOGS)
def test_every_relation_says_when_it_was_seen_last(name: str) -> None:
    assert all("last 2026-11-20T" in one.at for one in sample(name) if isinstance(one, Relation))


def event(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "auditID": "0",
        "stage": "ResponseComplete",
        "verb": "get",
        "user": {"username": "system:serviceaccount:shop:orders"},
        "objectRef": {"resource": "secrets", "namespace": "shop", "name": "db"},
        "responseStatus": {"code": 200},
        "stageTimestamp": "2026-11-20T10:00:00Z",
        **changes,
    }


def test_a_service_account_reads_a_secret() -> None:
    (edge,) = [one for one in read(event()) if isinstance(one, Relation)]
    assert (edge.kind, edge.source.kind, edge.target.kind) == (
        RelationKind.READS,
        AssetKind.WORKLOAD,
        AssetKind.SECRET_STORE,
    )
    assert (edge.source.key, edge.target.key) == ("shop/ServiceAccount/orders", "shop/Secret/db")


NOTHING: dict[str, dict[str, Any]] = {
    "refused": {"responseStatus": {"code": 403}},
    "not answered yet": {"stage": "RequestReceived"},
    "a failure inside": {"stage": "Panic"},
    "a list names no secret": {"verb": "list", "objectRef": {"resource": "secrets", "namespace": "shop"}},
    "the control plane": {"user": {"username": "system:kube-scheduler"}},
    "a node": {"user": {"username": "system:node:n1"}},
    "a name that may be no person's": {"user": {"username": "admin"}},
    "another resource": {"objectRef": {"resource": "configmaps", "namespace": "shop", "name": "db"}},
    "no object": {"objectRef": None},
}


@pytest.mark.parametrize("what", NOTHING)
def test_what_proves_nothing_gives_no_relation(what: str) -> None:
    assert not edges(read(event(**NOTHING[what])))


def test_a_session_in_a_pod_counts_once() -> None:
    pod = {"resource": "pods", "namespace": "shop", "name": "orders-1", "subresource": "exec"}
    both = [
        event(objectRef=pod, verb="create", stage=stage, responseStatus={"code": 101})
        for stage in ("ResponseStarted", "ResponseComplete")
    ]
    (edge,) = [one for one in read(both) if isinstance(one, Relation)]
    assert edge.at == "exec, last 2026-11-20T10:00:00Z"


def test_secrets_in_the_bodies_of_requests_are_not_read() -> None:
    held = event(verb="update", requestObject={"data": {"password": "aW52ZW50ZWQ="}})
    assert "aW52ZW50ZWQ" not in repr(read(held))


def record(**changes: Any) -> dict[str, Any]:
    issuer = {"arn": "arn:aws:iam::123456789012:role/orders"}
    return {
        "eventVersion": "1.11",
        "eventSource": "secretsmanager.amazonaws.com",
        "eventName": "GetSecretValue",
        "eventTime": "2026-11-20T10:00:00Z",
        "awsRegion": "eu-west-1",
        "recipientAccountId": "123456789012",
        "userIdentity": {"type": "AssumedRole", "sessionContext": {"sessionIssuer": issuer}},
        "requestParameters": {"secretId": "shop/db"},
        **changes,
    }


def test_a_role_reads_a_secret_of_its_account() -> None:
    secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db"
    assert edges(read({"Records": [record()]})) == {
        ("reads", "arn:aws:iam::123456789012:role/orders", secret),
        ("contains", "123456789012", secret),
    }


def test_who_was_refused_has_read_nothing() -> None:
    assert not edges(read({"Records": [record(errorCode="AccessDenied")]}))


def test_a_parameter_that_was_not_decrypted_is_no_secret_that_was_read() -> None:
    asked = {"eventSource": "ssm.amazonaws.com", "eventName": "GetParameter"}
    assert not edges(read([record(**asked, requestParameters={"name": "/shop/key"})]))
    assert edges(read([record(**asked, requestParameters={"name": "/shop/key", "withDecryption": True})]))


@pytest.mark.parametrize(
    ("identity", "source"),
    [
        (
            {
                "type": "WebIdentityUser",
                "userName": "repo:acme/shop:pull_request",
                "identityProvider": "arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com",
            },
            "github.com/acme/shop",
        ),
        ({"type": "WebIdentityUser", "userName": "system:serviceaccount:a:b"}, "a/ServiceAccount/b"),
        ({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/ci/session"}, "arn:aws:iam::1:role/ci"),
        ({"type": "AWSAccount", "accountId": "210987654321"}, "210987654321"),
    ],
)
def test_who_took_on_a_role(identity: dict[str, Any], source: str) -> None:
    asked = {"eventSource": "sts.amazonaws.com", "eventName": "AssumeRole", "userIdentity": identity}
    role = "arn:aws:iam::123456789012:role/deploy"
    assert ("calls", source, role) in edges(read([record(**asked, requestParameters={"roleArn": role})]))


def test_amazons_own_services_are_nobody() -> None:
    service = {"type": "AWSService", "invokedBy": "lambda.amazonaws.com"}
    assert not edges(read([record(userIdentity=service)]))


def test_files_of_a_trail_are_read_packed() -> None:
    packed = gzip.compress(json.dumps({"Records": [record()]}).encode())
    assert open_bytes(packed).parser.name == "cloudtrail"


def test_a_record_that_was_looked_up_and_is_damaged_is_refused_with_its_place() -> None:
    with pytest.raises(UnreadableReport, match="CloudTrailEvent"):
        read({"Events": [{"CloudTrailEvent": '{"eventName": 1'}]})


def test_a_log_is_read_in_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_acts, "MOST", 3)
    many = [event(objectRef={"resource": "secrets", "namespace": "shop", "name": f"s{number}"}) for number in range(10)]
    items = read(many)
    assert len(edges(items)) == 3
    (problem,) = run(items).problems
    assert problem.startswith("7 events")
