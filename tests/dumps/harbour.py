"""What `kubectl get … -A -o json` prints of a cluster in which the example application runs. The digests stand for builds."""

from __future__ import annotations

import json
from typing import Any

import yaml

ORDERS, STOREFRONT = "images.shop.example/harbour/orders", "images.shop.example/harbour/storefront"
CLUSTER = "harbour-prod"


def digest(letter: str) -> str:
    """Return the digest of a build."""
    return "sha256:" + letter * 64


def owned(kind: str, name: str) -> list[dict[str, Any]]:
    return [
        {
            "apiVersion": "apps/v1",
            "kind": kind,
            "name": name,
            "uid": f"uid-{name}",
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]


def thing(version: str, kind: str, name: str, namespace: str = "harbour", **more: Any) -> dict[str, Any]:
    metadata = {
        "name": name,
        "uid": f"uid-{kind}-{name}",
        "creationTimestamp": "2026-05-01T08:00:00Z",
        **more.pop("metadata", {}),
    }
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


def pod(
    name: str, owner: tuple[str, str] | None, labels: dict[str, str], spec: dict[str, Any], image_id: str, *, namespace: str = "harbour", phase: str = "Running",
    started: str = "2026-05-20T09:00:00Z",
) -> dict[str, Any]:  # fmt: skip
    """A pod with one container; `image_id` is what the container runtime says."""
    metadata: dict[str, Any] = {"labels": labels}
    if owner:
        metadata["ownerReferences"] = owned(*owner)
    box = spec["containers"][0]
    state = {
        "name": box["name"],
        "image": box["image"],
        "imageID": image_id,
        "ready": phase == "Running",
        "started": True,
    }
    status = {
        "phase": phase, "startTime": started, "conditions": [{"type": "Ready", "status": "True" if phase == "Running" else "False"}],
        "containerStatuses": [state],
    }  # fmt: skip
    return thing("v1", "Pod", name, namespace, metadata=metadata, spec=spec, status=status)


def replica_set(name: str, owner: str) -> dict[str, Any]:
    template = {"metadata": {"labels": {}}, "spec": {"containers": [{"name": "x", "image": "x"}]}}
    return thing(
        "apps/v1",
        "ReplicaSet",
        name,
        metadata={"ownerReferences": owned("Deployment", owner)},
        spec={"replicas": 0, "template": template},
    )


def deployment(
    name: str,
    image: str,
    *,
    replicas: int = 2,
    port: int = 8000,
    pod_spec: dict[str, Any] | None = None,
    **container: Any,
) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "harbour"}
    box = {"name": name, "image": image, "ports": [{"containerPort": port, "protocol": "TCP"}], **container}
    template = {"metadata": {"labels": labels}, "spec": {**(pod_spec or {}), "containers": [box]}}
    return thing(
        "apps/v1", "Deployment", name, metadata={"labels": labels}, spec={"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
        status={"replicas": replicas, "readyReplicas": replicas},
    )  # fmt: skip


AS_DECLARED: dict[str, Any] = {
    "securityContext": {"privileged": True, "runAsUser": 0, "allowPrivilegeEscalation": True}, "envFrom": [{"configMapRef": {"name": "orders"}}],
}  # fmt: skip
HOST_PATHS = [
    {"name": "data", "hostPath": {"path": "/var/lib/harbour"}},
    {"name": "runtime", "hostPath": {"path": "/var/run/docker.sock"}},
]


def system_pod() -> dict[str, Any]:
    spec = {
        "containers": [{"name": "coredns", "image": "registry.k8s.io/coredns/coredns:v1.11.1"}],
        "serviceAccountName": "coredns",
    }
    return pod(
        "coredns-7db6d8ff4d-abcde", ("ReplicaSet", "coredns-7db6d8ff4d"), {"k8s-app": "kube-dns", "pod-template-hash": "7db6d8ff4d"}, spec,
        f"registry.k8s.io/coredns/coredns@{digest('c')}", namespace="kube-system",
    )  # fmt: skip


def of_deployment(
    each: dict[str, Any], number: int, build: str, *, template_hash: str = "6f9d8", prefix: str = ""
) -> dict[str, Any]:
    name, template = each["metadata"]["name"], each["spec"]["template"]
    reference = template["spec"]["containers"][0]["image"].rpartition(":")[0]
    labels = {**template["metadata"]["labels"], "pod-template-hash": template_hash}
    return pod(
        f"{name}-{template_hash}-{number:05d}",
        ("ReplicaSet", f"{name}-{template_hash}"),
        labels,
        template["spec"],
        f"{prefix}{reference}@{digest(build)}",
    )


def services() -> list[dict[str, Any]]:
    found = [
        thing("v1", "Service", "orders", spec={"type": "ClusterIP", "selector": {"app.kubernetes.io/name": "orders"}, "ports": [{"port": 8000}]}),
        thing("v1", "Service", "storefront", spec={"type": "NodePort", "selector": {"app.kubernetes.io/name": "storefront"}, "ports": [{"port": 80, "nodePort": 30080}]}),
    ]  # fmt: skip
    rules = [
        {
            "host": host,
            "http": {
                "paths": [
                    {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": name, "port": {"number": 80}}}}
                ]
            },
        }
        for host, name in (("shop.example", "storefront"), ("api.shop.example", "orders"))
    ]
    return [*found, thing("networking.k8s.io/v1", "Ingress", "shop", spec={"rules": rules})]


def cron_job() -> dict[str, Any]:
    box = {"name": "report", "image": f"{ORDERS}:latest", "command": ["sh", "-c", "true"]}
    template = {"spec": {"hostPID": True, "restartPolicy": "Never", "containers": [box]}}
    return thing(
        "batch/v1",
        "CronJob",
        "monthly-report",
        spec={"schedule": "0 4 1 * *", "jobTemplate": {"spec": {"template": template}}},
    )


def objects(
    orders: str = "a", storefront: str = "b", *, orders_box: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """The whole cluster, with the builds that run."""
    one = deployment(
        "orders",
        f"{ORDERS}:latest",
        pod_spec={"hostNetwork": True, "volumes": HOST_PATHS},
        **(AS_DECLARED if orders_box is None else orders_box),
    )
    two = deployment(
        "storefront",
        f"{STOREFRONT}:2.6.0",
        replicas=3,
        port=3000,
        env=[{"name": "ORDERS_URL", "value": "http://orders:8000"}],
    )
    spaces = [
        thing("v1", "Namespace", "harbour", "", metadata={"labels": {"environment": "prod"}}), thing("v1", "Namespace", "kube-system", ""),
    ]  # fmt: skip
    node = thing("v1", "Node", "node-1", "", status={"nodeInfo": {"kubeletVersion": "v1.30.2"}})
    pods = [of_deployment(one, number, orders) for number in range(2)] + [
        of_deployment(two, number, storefront, template_hash="77c4b") for number in range(3)
    ]
    sets = [
        replica_set("orders-6f9d8", "orders"),
        replica_set("storefront-77c4b", "storefront"),
        replica_set("orders-old00", "orders"),
    ]
    return [*spaces, node, *pods, *sets, one, two, cron_job(), *services(), system_pod()]


def listed(items: list[dict[str, Any]], **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": "", **metadata}, "items": items}


def as_json(items: list[dict[str, Any]], **metadata: Any) -> bytes:
    return json.dumps(listed(items, **metadata), indent=4).encode()


def as_yaml(items: list[dict[str, Any]]) -> bytes:
    """As `kubectl get -o yaml` prints a List."""
    return yaml.safe_dump(listed(items), sort_keys=True).encode()
