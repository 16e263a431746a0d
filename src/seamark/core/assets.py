"""References to nodes of the inventory, and typed relations between them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from seamark.core.component import Component, DependsOn


class AssetKind(StrEnum):
    """The sorts of node in the inventory."""

    APPLICATION = "application"
    SERVICE = "service"
    API = "api"
    ENDPOINT = "endpoint"
    REPOSITORY = "repository"
    PIPELINE = "pipeline"
    IMAGE = "image"
    MANIFEST = "manifest"
    PACKAGE = "package"
    REGISTRY = "registry"
    WORKLOAD = "workload"
    CLUSTER = "cluster"
    CLOUD_ACCOUNT = "cloud_account"
    CLOUD_RESOURCE = "cloud_resource"
    HOST = "host"
    DOMAIN = "domain"
    DATA_STORE = "data_store"
    DATA_CLASS = "data_class"
    SECRET_STORE = "secret_store"  # noqa: S105 - a sort of asset
    AGENT_CONFIG = "agent_config"
    TEAM = "team"
    PERSON = "person"


class RelationKind(StrEnum):
    """The sorts of directed edge; read as `source KIND target`."""

    OWNS = "owns"
    """Team or person OWNS anything."""
    CONTAINS = "contains"
    """Repository CONTAINS service, manifest, pipeline; service CONTAINS manifest; API CONTAINS endpoint; cluster CONTAINS workload."""
    BUILT_FROM = "built_from"
    """Image BUILT_FROM service or repository."""
    BASED_ON = "based_on"
    """Image BASED_ON image."""
    RUNS = "runs"
    """Workload, or a cloud's function or container service, RUNS image or service."""
    DEPENDS_ON = "depends_on"
    """Manifest or service DEPENDS_ON package; package DEPENDS_ON package; service DEPENDS_ON service."""
    EXPOSES = "exposes"
    """Domain, load balancer or gateway EXPOSES workload, service or cloud resource: traffic goes from source to target."""
    SERVES = "serves"
    """Service SERVES API or endpoint."""
    READS = "reads"
    """Service or workload READS data store or secret store."""
    WRITES = "writes"
    """Service or workload WRITES data store."""
    CALLS = "calls"
    """Service CALLS another service, or the domain of a third party."""
    HANDLES = "handles"
    """Application, service, endpoint or data store HANDLES data class."""
    BUILDS = "builds"
    """Pipeline BUILDS image or service."""
    DEPLOYS = "deploys"
    """Pipeline DEPLOYS workload or cloud resource."""
    DECLARED_IN = "declared_in"
    """Running workload or cloud resource DECLARED_IN its declaration in git: a workload or resource of a repository."""


class AssetRef(Struct, frozen=True):
    """Names an asset by its kind and natural key (`repository`, `github.com/acme/shop`)."""

    kind: AssetKind
    key: str


class Relation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A typed, directed edge with where it is known from and how sure that is."""

    kind: RelationKind
    source: AssetRef
    target: AssetRef
    origin: str = ""
    confidence: float = 1.0
    """From 0 to 1."""
    at: str = ""
    """Where it is said, for people: `deploy/k8s/orders.yaml:12`; empty where the origin has no lines."""


class Found(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A node of the inventory, as one file or one answer of a service tells it. Several may tell of one node."""

    ref: AssetRef
    name: str = ""
    """What people call it; empty where the key says it all."""
    origin: str = ""
    """Who says so: the extractor's name (`dockerfile`, `kubernetes`) or the service's."""
    at: str = ""
    """Where: `services/orders/Dockerfile:3`."""
    confidence: float = 1.0
    """From 0 to 1."""
    facts: dict[str, Any] = {}
    """What is known of it, as JSON values: `{"language": "python", "ports": [8080], "exposure": "internet"}`."""


class Listing(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The packages that one manifest or lock file lists, with the edges between them."""

    manifest: AssetRef
    ecosystem: str = ""
    """A purl type: `npm`, `pypi`, `maven` …"""
    locked: bool = False
    """Whether the versions are those that get installed, not ranges."""
    components: tuple[Component, ...] = ()
    """`ref` names each within this listing."""
    edges: tuple[DependsOn, ...] = ()
    """Between `ref`s; the direct dependencies are those of the manifest's own ref, `""`."""


class Trouble(Struct, frozen=True):
    """What could not be read, with the place and a sentence: it is told, and the rest is kept."""

    at: str
    text: str


class Discovery(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a working tree says, put together: one `Found` a node, one `Relation` an edge, in an order of their own."""

    repository: str = ""
    """The natural key of the repository: `github.com/acme/shop`."""
    assets: tuple[Found, ...] = ()
    """All nodes but packages: those stand in `listings`. `facts["said_by"]` names who told of each."""
    relations: tuple[Relation, ...] = ()
    listings: tuple[Listing, ...] = ()
    troubles: tuple[Trouble, ...] = ()


_HUBS: Final = ("index.docker.io/", "registry-1.docker.io/", "docker.io/")


def image_name(reference: str) -> str:
    """Return an image's name as people write it, without tag and digest: `docker.io/library/alpine:3.20` is `alpine`."""
    name = reference.strip().partition("@")[0]
    head, colon, tail = name.rpartition(":")
    if colon and "/" not in tail:
        name = head
    for hub in _HUBS:
        if name.startswith(hub):
            return name.removeprefix(hub).removeprefix("library/")
    return name
