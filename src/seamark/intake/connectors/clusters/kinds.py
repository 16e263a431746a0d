"""The lists of a Kubernetes API that say what runs, and who reaches it."""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class Listed(Struct, frozen=True):
    """A list: its name in addresses, the kind of what it holds, its group with the versions that are understood."""

    name: str
    kind: str
    group: str = ""
    versions: tuple[str, ...] = ("v1",)
    spaced: bool = True
    """Whether its objects lie in namespaces."""
    everywhere: bool = True
    """Whether every cluster has it."""

    def path(self, version: str, namespace: str = "") -> str:
        """Return its address on the server."""
        base = f"/apis/{self.group}/{version}" if self.group else f"/api/{version}"
        return f"{base}/namespaces/{namespace}/{self.name}" if namespace else f"{base}/{self.name}"

    @property
    def label(self) -> str:
        """Its name, with the group where several groups have one of that name."""
        return f"{self.name}.{self.group}" if not self.everywhere else self.name


def _extra(name: str, kind: str, group: str, *versions: str) -> Listed:
    return Listed(name, kind, group, versions, everywhere=False)


LISTS: Final = (
    Listed("pods", "Pod"),
    Listed("deployments", "Deployment", "apps"),
    Listed("replicasets", "ReplicaSet", "apps"),
    Listed("statefulsets", "StatefulSet", "apps"),
    Listed("daemonsets", "DaemonSet", "apps"),
    Listed("jobs", "Job", "batch"),
    Listed("cronjobs", "CronJob", "batch", ("v1", "v1beta1")),
    Listed("services", "Service"),
    Listed("ingresses", "Ingress", "networking.k8s.io"),
    Listed("networkpolicies", "NetworkPolicy", "networking.k8s.io"),
    Listed("namespaces", "Namespace", spaced=False),
    Listed("nodes", "Node", spaced=False),
    _extra("gateways", "Gateway", "gateway.networking.k8s.io", "v1", "v1beta1"),
    _extra("httproutes", "HTTPRoute", "gateway.networking.k8s.io", "v1", "v1beta1"),
    _extra("rollouts", "Rollout", "argoproj.io", "v1alpha1"),
    _extra("gateways", "Gateway", "networking.istio.io", "v1", "v1beta1"),
    _extra("virtualservices", "VirtualService", "networking.istio.io", "v1", "v1beta1"),
    _extra("ingressroutes", "IngressRoute", "traefik.io", "v1alpha1"),
    _extra("ingressroutetcps", "IngressRouteTCP", "traefik.io", "v1alpha1"),
    _extra("httpproxies", "HTTPProxy", "projectcontour.io", "v1"),
    _extra("routes", "Route", "route.openshift.io", "v1"),
)  # fmt: skip
"""Secrets and ConfigMaps are not among them: their content is nobody's business here."""

WORKLOADS: Final = frozenset({
    "pods", "deployments", "replicasets", "statefulsets", "daemonsets", "jobs", "cronjobs", "rollouts.argoproj.io",
})  # fmt: skip
"""Labels of the lists that cannot be understood without pods."""
OWNERS: Final = {
    "deployments": "ReplicaSet", "rollouts.argoproj.io": "ReplicaSet", "statefulsets": "StatefulSet", "daemonsets": "DaemonSet", "jobs": "Job", "cronjobs": "Job",
}  # fmt: skip
"""By label of a list: whom the pods of its objects name as their owner."""
