"""References to nodes of the inventory, and typed relations between them."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class AssetKind(StrEnum):
    """The sorts of node in the inventory."""

    APPLICATION = "application"
    SERVICE = "service"
    API = "api"
    REPOSITORY = "repository"
    PIPELINE = "pipeline"
    IMAGE = "image"
    PACKAGE = "package"
    REGISTRY = "registry"
    WORKLOAD = "workload"
    CLUSTER = "cluster"
    CLOUD_ACCOUNT = "cloud_account"
    CLOUD_RESOURCE = "cloud_resource"
    HOST = "host"
    DOMAIN = "domain"
    DATA_STORE = "data_store"
    TEAM = "team"
    PERSON = "person"


class RelationKind(StrEnum):
    """The sorts of directed edge; read as `source KIND target`."""

    OWNS = "owns"
    CONTAINS = "contains"
    BUILT_FROM = "built_from"
    BASED_ON = "based_on"
    RUNS = "runs"
    DEPENDS_ON = "depends_on"
    EXPOSES = "exposes"
    READS = "reads"
    DEPLOYS = "deploys"


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
