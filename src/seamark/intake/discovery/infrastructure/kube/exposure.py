"""Ways from outside to the workloads of a cluster: ingresses, gateways, routes and services with addresses of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from seamark.core.assets import AssetKind, AssetRef, Found, Relation, RelationKind
from seamark.intake.discovery.infrastructure.addresses import is_public_name
from seamark.intake.discovery.infrastructure.kube.objects import Cluster, Object
from seamark.intake.discovery.infrastructure.kube.workloads import Workloads
from seamark.intake.discovery.infrastructure.values import listed, mapping, plain, sequence, without_empty

_INTERNAL: Final = {
    "service.beta.kubernetes.io/aws-load-balancer-internal": {"true", "0.0.0.0/0"}, "service.beta.kubernetes.io/aws-load-balancer-scheme": {"internal"},
    "service.beta.kubernetes.io/azure-load-balancer-internal": {"true"}, "networking.gke.io/load-balancer-type": {"internal"}, "cloud.google.com/load-balancer-type": {"internal"},
    "service.beta.kubernetes.io/oci-load-balancer-internal": {"true"}, "service.beta.kubernetes.io/openstack-internal-load-balancer": {"true"},
    "service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type": {"private"}, "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type": {"intranet"},
    "service.beta.kubernetes.io/do-loadbalancer-network": {"internal"}, "alb.ingress.kubernetes.io/scheme": {"internal"}, "appgw.ingress.kubernetes.io/use-private-ip": {"true"},
}  # fmt: skip
_MATCH: Final = re.compile(r"Host(?:SNI)?\(([^()]{1,500})\)")
_QUOTED: Final = re.compile(r"[`'\"]([A-Za-z0-9*][A-Za-z0-9.*-]{0,250})[`'\"]")
_MOST: Final = 500


class Way(Struct, frozen=True):
    """One way in: the object that opens it, the hosts it answers to, the workloads behind, and from where it is open."""

    by: Object
    hosts: tuple[str, ...]
    services: tuple[tuple[str, str], ...]
    """Names and namespaces (empty: its own) of the Services behind."""
    internal: bool
    tls: bool = False
    paths: tuple[str, ...] = ()


class Exposures:
    """The ways in of one cluster."""

    def __init__(self, repository: str, cluster: Cluster, workloads: Workloads) -> None:
        self._repository, self._cluster, self._workloads = repository, cluster, workloads

    def read(self) -> Iterator[Found | Relation]:
        """Yield the domains and load balancers with the workloads they expose, and what that makes of those."""
        for each in self._cluster.objects:
            for way in self._ways(each):
                yield from self._way(way)
            if each.kind == "Service" and each.group == "":
                yield from self._service(each)
            elif each.kind == "KnativeService":
                local = each.labels.get("networking.knative.dev/visibility") == "cluster-local"
                yield self._exposed(each, each, "internal" if local else "internet", "Knative Service", 0.8)

    def _ways(self, each: Object) -> Iterator[Way]:
        if each.kind == "Ingress" and each.group in {"networking.k8s.io", "extensions"}:
            yield from _ingress(each)
        elif each.group == "gateway.networking.k8s.io" and each.kind in {
            "HTTPRoute",
            "GRPCRoute",
            "TLSRoute",
            "TCPRoute",
            "UDPRoute",
        }:
            yield from self._route(each)
        elif each.group == "networking.istio.io" and each.kind == "VirtualService":
            yield from self._virtual(each)
        elif each.kind == "Route" and each.group == "route.openshift.io":
            names = [mapping(each.spec.get("to")), *map(mapping, sequence(each.spec.get("alternateBackends"))[:10])]
            hosts = (plain(each.spec.get("host")),) if each.spec.get("host") else ()
            yield Way(
                each,
                hosts,
                tuple((plain(one.get("name")), "") for one in names),
                _by_names(hosts),
                bool(each.spec.get("tls")),
            )
        elif each.kind in {"IngressRoute", "IngressRouteTCP"}:
            for rule in map(mapping, sequence(each.spec.get("routes"))[:_MOST]):
                found = tuple(
                    host
                    for inner in _MATCH.findall(plain(rule.get("match"))[:2_000])
                    for host in _QUOTED.findall(inner)
                )
                behind = tuple(
                    (plain(one.get("name")), plain(one.get("namespace")))
                    for one in map(mapping, sequence(rule.get("services"))[:50])
                )
                yield Way(each, found, behind, _by_names(found), bool(each.spec.get("tls")))
        elif each.kind == "HTTPProxy" and each.group == "projectcontour.io":
            host = mapping(each.spec.get("virtualhost"))
            found = (plain(host.get("fqdn")),) if host.get("fqdn") else ()
            behind = tuple((plain(mapping(one).get("name")), "") for rule in sequence(each.spec.get("routes"))[:_MOST] for one in sequence(mapping(rule).get("services"))[:50])  # fmt: skip
            yield Way(each, found, behind, _by_names(found), bool(host.get("tls")))

    def _route(self, each: Object) -> Iterator[Way]:
        hosts = [plain(one) for one in sequence(each.spec.get("hostnames"))[:_MOST]]
        internal, tls = False, False
        for parent in map(mapping, sequence(each.spec.get("parentRefs"))[:20]):
            if parent.get("kind", "Gateway") != "Gateway":
                internal = True  # a route of the mesh, bound to a Service
                continue
            gateway = self._cluster.find("Gateway", plain(parent.get("name")), each, plain(parent.get("namespace")))
            if gateway is not None:
                listeners = [mapping(one) for one in sequence(gateway.spec.get("listeners"))[:_MOST]]
                hosts = hosts or [plain(one["hostname"]) for one in listeners if one.get("hostname")]
                tls = tls or any(plain(one.get("protocol")) in {"HTTPS", "TLS"} for one in listeners)
                internal = internal or _is_internal(gateway) or "internal" in plain(gateway.spec.get("gatewayClassName")) or "rilb" in plain(gateway.spec.get("gatewayClassName"))  # fmt: skip
        behind, paths = [], []
        for rule in map(mapping, sequence(each.spec.get("rules"))[:_MOST]):
            behind += [
                (plain(one.get("name")), plain(one.get("namespace")))
                for one in map(mapping, sequence(rule.get("backendRefs"))[:50])
            ]
            paths += [
                plain(mapping(mapping(one).get("path")).get("value")) for one in sequence(rule.get("matches"))[:50]
            ]
        names = tuple(dict.fromkeys(hosts))
        yield Way(
            each,
            names,
            tuple(dict.fromkeys(behind)),
            internal or _by_names(names),
            tls,
            tuple(one for one in paths if one),
        )

    def _virtual(self, each: Object) -> Iterator[Way]:
        gateways = [plain(one) for one in sequence(each.spec.get("gateways"))[:50] if plain(one) != "mesh"]
        if not gateways:
            return
        hosts = [plain(one) for one in sequence(each.spec.get("hosts"))[:_MOST] if plain(one) != "*"]
        tls, internal = False, False
        for name in gateways:
            namespace, _, last = name.rpartition("/")
            gateway = self._cluster.find("Gateway", last, each, namespace)
            servers = [mapping(one) for one in sequence(gateway.spec.get("servers") if gateway else None)[:_MOST]]
            if not hosts:
                hosts = [
                    host
                    for one in servers
                    for given in sequence(one.get("hosts"))
                    if (host := plain(given).rpartition("/")[2]) != "*"
                ]
            tls = tls or any(one.get("tls") for one in servers)
            chosen = mapping(gateway.spec.get("selector") if gateway else None)
            internal = internal or "internal" in " ".join(plain(one) for one in chosen.values())
        behind = []
        for kind in ("http", "tls", "tcp"):
            for rule in map(mapping, sequence(each.spec.get(kind))[:_MOST]):
                for one in map(mapping, sequence(rule.get("route"))[:50]):
                    parts = plain(mapping(one.get("destination")).get("host")).split(".")
                    behind.append((parts[0], parts[1] if len(parts) > 1 else ""))
        yield Way(
            each, tuple(dict.fromkeys(hosts)), tuple(dict.fromkeys(behind)), internal or _by_names(tuple(hosts)), tls
        )

    def _way(self, way: Way) -> Iterator[Found | Relation]:
        by = way.by
        reach = "internal" if way.internal else "internet"
        behind: dict[AssetRef, Object] = {}
        for name, namespace in way.services[:_MOST]:
            service = self._cluster.find("Service", name, by, namespace) or self._cluster.find(
                "KnativeService", name, by, namespace
            )
            behind |= {self._workloads.ref(each): each for each in self._cluster.behind(service)}
        sources = [AssetRef(AssetKind.DOMAIN, host.lower().rstrip(".")) for host in way.hosts if host not in {"", "*"}][
            :_MOST
        ]
        for source in sources:
            facts = {
                "exposure": reach,
                "tls": way.tls,
                "by": f"{by.shown_kind}/{by.name}",
                "paths": list(way.paths[:50]),
            }
            yield Found(
                ref=source,
                name=source.key,
                origin=by.origin,
                at=by.at,
                confidence=by.confidence,
                facts=without_empty(facts),
            )
        if not sources:
            sources = [self._workloads.ref(by, AssetKind.CLOUD_RESOURCE)]
            facts = {
                "type": f"kubernetes_{by.kind.lower()}",
                "exposure": reach,
                "tls": way.tls,
                "paths": list(way.paths[:50]),
            }
            yield Found(
                ref=sources[0],
                name=by.name,
                origin=by.origin,
                at=by.at,
                confidence=by.confidence,
                facts=without_empty(facts),
            )
        for ref, each in behind.items():
            for source in sources:
                yield Relation(
                    kind=RelationKind.EXPOSES,
                    source=source,
                    target=ref,
                    origin=by.origin,
                    at=by.at,
                    confidence=min(by.confidence, each.confidence),
                )
            hosts = ", ".join(way.hosts[:5]) or "all hosts"
            yield self._exposed(each, by, reach, f"{by.shown_kind} {by.name} sends {hosts} here")

    def _service(self, each: Object) -> Iterator[Found | Relation]:
        """Yield what a Service with an address outside the cluster opens."""
        kind = plain(each.spec.get("type"))
        outside = [plain(one) for one in sequence(each.spec.get("externalIPs"))[:20]]
        if kind not in {"LoadBalancer", "NodePort"} and not outside:
            return
        ranges = [plain(one) for one in listed(each.spec.get("loadBalancerSourceRanges"))[:200]]
        closed = kind == "NodePort" or _is_internal(each) or (bool(ranges) and not {"0.0.0.0/0", "::/0"} & set(ranges))
        reach = "internal" if closed else "internet"
        ref = self._workloads.ref(each, AssetKind.CLOUD_RESOURCE)
        ports = [mapping(one).get("port") for one in sequence(each.spec.get("ports"))[:200]]
        facts = {
            "type": "kubernetes_service",
            "service_type": kind,
            "exposure": reach,
            "ports": ports,
            "source_ranges": ranges,
        }
        yield Found(
            ref=ref,
            name=each.name,
            origin=each.origin,
            at=each.at,
            confidence=each.confidence,
            facts=without_empty(facts),
        )
        host = each.annotations.get("external-dns.alpha.kubernetes.io/hostname", "")
        for workload in self._cluster.behind(each):
            target = self._workloads.ref(workload)
            yield Relation(
                kind=RelationKind.EXPOSES,
                source=ref,
                target=target,
                origin=each.origin,
                at=each.at,
                confidence=min(each.confidence, workload.confidence),
            )
            for name in filter(None, (one.strip().lower() for one in host.split(",")[:20])):
                domain = AssetRef(AssetKind.DOMAIN, name)
                yield Found(
                    ref=domain,
                    name=name,
                    origin=each.origin,
                    at=each.at,
                    confidence=each.confidence,
                    facts={"exposure": reach},
                )
                yield Relation(
                    kind=RelationKind.EXPOSES,
                    source=domain,
                    target=target,
                    origin=each.origin,
                    at=each.at,
                    confidence=each.confidence,
                )
            limited = f", for {', '.join(ranges[:5])} only" if ranges else ""
            yield self._exposed(
                workload, each, reach, f"Service {each.name} is a {kind or 'Service with external addresses'}{limited}"
            )

    def _exposed(self, each: Object, by: Object, reach: str, why: str, sure: float = 1.0) -> Found:
        # What is open to the internet outweighs what another way opens to fewer.
        sure = min(sure, each.confidence, by.confidence) - (0 if reach == "internet" else 0.1)
        facts: dict[str, Any] = {"exposure": reach, "exposure_why": why}
        return Found(
            ref=self._workloads.ref(each),
            name=each.name,
            origin=by.origin,
            at=by.at,
            confidence=round(sure, 2),
            facts=facts,
        )


def _ingress(each: Object) -> Iterator[Way]:
    secured = {
        plain(host) for one in sequence(each.spec.get("tls"))[:_MOST] for host in sequence(mapping(one).get("hosts"))
    }
    class_name = plain(each.spec.get("ingressClassName")) or each.annotations.get("kubernetes.io/ingress.class", "")
    internal = _is_internal(each) or "internal" in class_name or "private" in class_name
    if class_name == "alb" and each.annotations.get("alb.ingress.kubernetes.io/scheme") != "internet-facing":
        internal = True  # that controller's default
    fallback = _backend(each.spec.get("defaultBackend") or each.spec.get("backend"))
    rules = [mapping(one) for one in sequence(each.spec.get("rules"))[:_MOST]]
    if fallback and not rules:
        yield Way(each, (), (fallback,), internal, bool(each.spec.get("tls")))
    for rule in rules:
        paths = [mapping(one) for one in sequence(mapping(rule.get("http")).get("paths"))[:_MOST]]
        behind = [found for one in paths if (found := _backend(one.get("backend")))]
        host = plain(rule.get("host"))
        hosts = (host,) if host else ()
        shown = tuple(plain(one.get("path")) for one in paths if one.get("path"))
        yield Way(
            each,
            hosts,
            tuple(dict.fromkeys(behind)),
            internal or _by_names(hosts),
            host in secured or (bool(each.spec.get("tls")) and not secured),
            shown,
        )


def _backend(value: Any) -> tuple[str, str] | None:
    """Return the Service of a backend, as the first and the later versions write it."""
    name = plain(mapping(mapping(value).get("service")).get("name")) or plain(mapping(value).get("serviceName"))
    return (name, "") if name else None


def _is_internal(each: Object) -> bool:
    return any(each.annotations.get(key, "").lower() in values for key, values in _INTERNAL.items())


def _by_names(hosts: tuple[str, ...]) -> bool:
    """Tell whether all hosts are names of a local network."""
    named = [each for each in hosts if each not in {"", "*"}]
    return bool(named) and not any(is_public_name(each) for each in named)
