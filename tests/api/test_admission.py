"""The admission webhook, with requests as API servers send them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from seamark.core.errors import SeamarkError
from seamark.core.severity import Severity
from seamark.interfaces.api.admission import LARGEST
from seamark.pipeline.deployment.decide import forget
from seamark.pipeline.deployment.review import MOST_IMAGES, Review, read_review, written
from seamark.pipeline.people import make_token
from seamark.store.models import LedgerEntry, Verdict
from seamark.store.models.people import Role
from tests.factories import make_person
from tests.pipeline.test_deployment import IMAGE, NEW, NO_CRITICAL, OLD, flaw, in_force, scan

BAD, GOOD = f"{IMAGE}@{OLD}", f"{IMAGE}@{NEW}"
UID = "705ab4f5-6393-11e8-b7cc-42010a800002"
GROUPS = {
    "Deployment": "apps",
    "StatefulSet": "apps",
    "DaemonSet": "apps",
    "ReplicaSet": "apps",
    "Job": "batch",
    "CronJob": "batch",
}


def box(image: str, **more: Any) -> dict[str, Any]:
    return {"name": "main", "image": image, "resources": {}, "imagePullPolicy": "IfNotPresent", **more}


def made(kind: str, spec: dict[str, Any], name: str = "orders", **metadata: Any) -> dict[str, Any]:
    """Return an object that runs pods of a spec."""
    group = GROUPS.get(kind, "")
    head = {
        "apiVersion": f"{group}/v1" if group else "v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "shop", **metadata},
    }
    template = {"metadata": {"labels": {"app": name}}, "spec": spec}
    if kind == "Pod":
        return {**head, "spec": spec}
    if kind == "PodTemplate":
        return {**head, "template": template}
    if kind == "CronJob":
        return {**head, "spec": {"schedule": "0 * * * *", "jobTemplate": {"spec": {"template": template}}}}
    return {**head, "spec": {"selector": {"matchLabels": {"app": name}}, "template": template}}


def review(value: dict[str, Any] | None, old: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return an AdmissionReview about an object."""
    shown: dict[str, Any] = value or old or {}
    kind = shown["kind"]
    resource = {"group": GROUPS.get(kind, ""), "version": "v1", "resource": f"{kind.lower()}s"}
    asked = {
        "uid": UID, "kind": {"group": GROUPS.get(kind, ""), "version": "v1", "kind": kind}, "resource": resource, "requestKind": {"group": "", "version": "v1", "kind": kind},
        "requestResource": resource, "name": shown["metadata"].get("name", ""), "namespace": "shop", "operation": "UPDATE" if old else "CREATE",
        "userInfo": {"username": "admin", "groups": ["system:authenticated"]}, "object": value, "oldObject": old, "dryRun": False,
        "options": {"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"}, **more,
    }  # fmt: skip
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": asked}


def read(value: dict[str, Any] | None, old: dict[str, Any] | None = None, **more: Any) -> Review:
    return read_review(json.dumps(review(value, old, **more)).encode(), cluster="prod")


@pytest.mark.parametrize("kind", ["Pod", "PodTemplate", *GROUPS])
def test_all_containers_of_all_kinds_are_judged(kind: str) -> None:
    spec = {
        "initContainers": [box("a/init:1")],
        "containers": [box("a/main:1"), box("a/side:1")],
        "ephemeralContainers": [box("a/debug:1")],
    }
    found = read(made(kind, spec))
    assert [one.image for one in found.subjects] == ["a/init:1", "a/main:1", "a/side:1", "a/debug:1"] or sorted(
        one.image for one in found.subjects
    ) == ["a/debug:1", "a/init:1", "a/main:1", "a/side:1"]
    assert (found.uid, found.dry_run, found.what) == (UID, False, f"{kind} shop/orders")
    place = found.subjects[0].place
    assert (place.cluster, place.namespace, place.privileged, place.host_network) == ("prod", "shop", False, False)


def test_what_makes_no_pods_is_let_through() -> None:
    assert read({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {}}).subjects == ()
    deleted = made("Pod", {"containers": [box("a:1")]})
    assert read(None, deleted, operation="DELETE").subjects == ()


def test_a_pod_belongs_to_the_workload_that_controls_it() -> None:
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "orders-6f9d8", "uid": "1", "controller": True}
    pod = made(
        "Pod",
        {"containers": [box("a:1")]},
        name="",
        generateName="orders-6f9d8-",
        labels={"pod-template-hash": "6f9d8"},
        ownerReferences=[owner],
    )
    (one,) = read(pod, name="").subjects
    assert (one.place.kind, one.place.name, one.place.key) == ("Deployment", "orders", "prod/shop/Deployment/orders")


def test_a_change_is_judged_where_it_brings_images_or_rights() -> None:
    def spec(image: str, **more: Any) -> dict[str, Any]:
        return made("Deployment", {"containers": [box(image, **more)]})

    assert read(spec("a:1"), spec("a:1")).subjects == ()
    (one,) = read(spec("a:2"), spec("a:1")).subjects
    assert (one.image, one.replaces) == ("a:2", ("a:1",))
    (taken,) = read(spec("a:1", securityContext={"privileged": True}), spec("a:1")).subjects
    assert taken.place.privileged is True
    assert read(spec("a:1"), spec("a:1", securityContext={"privileged": True})).subjects == ()
    debug = made("Pod", {"containers": [box("a:1")]})
    more = made("Pod", {"containers": [box("a:1")], "ephemeralContainers": [box("shell:1")]})
    assert [one.image for one in read(more, debug, subResource="ephemeralcontainers").subjects] == ["shell:1"]


def test_the_kind_is_what_the_api_server_says() -> None:
    value = {**made("Pod", {"containers": [box("a:1")]}), "kind": "ConfigMap"}
    asked = review({**value, "kind": "Pod"})
    asked["request"]["object"] = value
    assert len(read_review(json.dumps(asked).encode()).subjects) == 1


def test_too_many_containers_are_refused() -> None:
    many = made("Pod", {"containers": [box(f"a/i{number}:1") for number in range(MOST_IMAGES + 1)]})
    assert "more than" in read(many).refused


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"apiVersion": "v1", "kind": "Pod"}',
        b"\xff",
        json.dumps({**review(made("Pod", {})), "apiVersion": "admission.k8s.io/v1beta1"}).encode(),
    ],
)
def test_what_is_no_review_is_refused(body: bytes) -> None:
    with pytest.raises(SeamarkError):
        read_review(body)


def test_an_answer_has_the_documented_form() -> None:
    told = json.loads(
        written(UID, allowed=False, message="no", warnings=["a\nb", "x" * 900], annotations={"outcome": "block"})
    )
    assert told == {
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "response": {"uid": UID, "allowed": False, "status": {"code": 403, "message": "no"}, "warnings": ["a b", "x" * 256], "auditAnnotations": {"outcome": "block"}},
    }  # fmt: skip
    assert json.loads(written(UID, allowed=True))["response"] == {"uid": UID, "allowed": True}


@pytest.fixture
def token(db: None) -> str:
    return make_token(make_person("cluster", Role.ANALYST), "prod", scopes=("import",))


@pytest.fixture
def policies(db: None, tmp_path: Path) -> Iterator[None]:
    forget()
    in_force(
        tmp_path / "p",
        no_critical=NO_CRITICAL,
        no_privileged="match: deployment.privileged",
        mild="match: issue.severity >= HIGH\nstages: {deploy: warn}",
    )
    scan(OLD, flaw(), flaw("CVE-2024-2", Severity.LOW, "zlib"))
    scan(NEW)
    yield
    forget()


def send(body: Any, token: str = "", path: str = "/admission/v1/validate/prod") -> HttpResponse:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Client(enforce_csrf_checks=True).post(path, data, content_type="application/json", headers=headers)


def test_a_vulnerable_image_is_stopped_and_a_clean_one_is_not(policies: None, token: str) -> None:
    stopped = send(review(made("Deployment", {"containers": [box(GOOD), box(BAD)]})), token)
    assert stopped.status_code == 200
    told = stopped.json()["response"]
    assert (told["uid"], told["allowed"], told["status"]["code"]) == (UID, False, 403)
    assert "no-critical" in told["status"]["message"]
    assert BAD in told["status"]["message"]
    assert GOOD not in told["status"]["message"]
    assert any(one.startswith("Seamark: mild: ") for one in told["warnings"])
    assert (told["auditAnnotations"]["outcome"], told["auditAnnotations"]["violated"]) == ("block", "no-critical")
    assert told["auditAnnotations"]["verdicts"] == ",".join(str(one.pk) for one in Verdict.objects.order_by("id"))
    passed = send(review(made("Deployment", {"containers": [box(GOOD)]})), token).json()["response"]
    assert (passed["allowed"], "status" in passed) == (True, False)
    privileged = send(
        review(made("Pod", {"containers": [box(GOOD, securityContext={"privileged": True})]})), token
    ).json()["response"]
    assert (privileged["allowed"], privileged["auditAnnotations"]["violated"]) == (False, "no-privileged")


def test_a_tag_that_nobody_knows_is_stopped_where_the_policy_fails_closed(policies: None, token: str) -> None:
    told = send(review(made("Pod", {"containers": [box("nginx:1.27")]})), token).json()["response"]
    assert (told["allowed"], told["auditAnnotations"]["outcome"]) == (False, "indeterminate")
    assert "cannot be decided for nginx:1.27, since issue.severity is not known" in told["status"]["message"]


def test_a_dry_run_has_no_side_effects(policies: None, token: str) -> None:
    before = LedgerEntry.objects.count()
    told = send(review(made("Pod", {"containers": [box(BAD)]}), dryRun=True), token).json()["response"]
    assert (told["allowed"], "ledger" in told["auditAnnotations"]) == (False, False)
    assert (LedgerEntry.objects.count(), Verdict.objects.count()) == (before, 0)


def test_who_asks_has_a_token(policies: None, token: str) -> None:
    body = review(made("Pod", {"containers": [box(GOOD)]}))
    reader = make_token(make_person("reader", Role.VIEWER), "x", scopes=("read",))
    for path in (
        "/admission/v1/validate",
        "/admission/v1/validate/prod",
        "/admission/v1/validate/prod/smk_wrong",
        "/admission/v1/validate/smk_wrong",
    ):
        assert send(body, "", path).status_code == 401
    assert send(body, "smk_wrong").status_code == 401
    assert send(body, reader).status_code == 401
    assert send(body, "smk_wrong", f"/admission/v1/validate/prod/{token}").status_code == 401, (
        "a header that is wrong is not mended"
    )
    for path in (f"/admission/v1/validate/prod/{token}", f"/admission/v1/validate/{token}"):
        assert send(body, "", path).json()["response"]["allowed"]


def test_requests_are_bounded_and_well_formed(policies: None, token: str) -> None:
    assert send(b"{" + b" " * LARGEST, token).status_code == 413
    assert send(b"{}", token).status_code == 400
    assert send(b"[" * 100_000, token).status_code == 400
    answer = Client().get("/admission/v1/validate")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
