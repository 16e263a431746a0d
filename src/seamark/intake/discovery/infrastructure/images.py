"""Container images as files name them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from seamark.core.assets import AssetKind, AssetRef, Found, Relation, RelationKind, image_name
from seamark.intake.discovery.infrastructure.builds import Builds
from seamark.intake.discovery.infrastructure.values import without_empty

_REFERENCE: Final = re.compile(
    r"(?:[A-Za-z0-9][A-Za-z0-9.-]{0,250}(?::[0-9]{1,5})?/)?[a-z0-9][a-z0-9._/-]{0,250}"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@[a-z0-9+._-]{1,32}:[0-9a-fA-F]{16,128})?"
)
"""As the distribution specification writes references; a registry may stand in front."""

STORES: Final = {
    "postgres": "postgresql", "postgresql": "postgresql", "postgis": "postgresql", "timescaledb": "postgresql", "timescaledb-ha": "postgresql", "pgvector": "postgresql",
    "mysql": "mysql", "mysql-server": "mysql", "percona": "mysql", "percona-server": "mysql", "mariadb": "mariadb", "mariadb-galera": "mariadb",
    "mongo": "mongodb", "mongodb": "mongodb", "mongodb-community-server": "mongodb", "redis": "redis", "redis-stack": "redis", "redis-stack-server": "redis", "keydb": "redis",
    "valkey": "valkey", "dragonfly": "redis", "memcached": "memcached", "rabbitmq": "rabbitmq", "kafka": "kafka", "cp-kafka": "kafka", "redpanda": "kafka", "nats": "nats",
    "elasticsearch": "elasticsearch", "opensearch": "opensearch", "cassandra": "cassandra", "scylla": "cassandra", "couchdb": "couchdb", "couchbase": "couchbase", "neo4j": "neo4j",
    "influxdb": "influxdb", "clickhouse": "clickhouse", "clickhouse-server": "clickhouse", "minio": "s3", "cockroach": "cockroachdb", "etcd": "etcd", "zookeeper": "zookeeper",
    "cp-zookeeper": "zookeeper", "activemq": "activemq", "activemq-artemis": "activemq", "activemq-classic": "activemq", "qdrant": "qdrant", "weaviate": "weaviate", "chroma": "chroma", "milvus": "milvus", "meilisearch": "meilisearch",
    "solr": "solr", "arangodb": "arangodb", "dynamodb-local": "dynamodb", "aws-dynamodb-local": "dynamodb", "localstack": "aws", "azurite": "azure-storage", "azure-sql-edge": "mssql", "rethinkdb": "rethinkdb",
    "surrealdb": "surrealdb", "dgraph": "dgraph", "typesense": "typesense", "beanstalkd": "beanstalkd", "eventstore": "eventstore", "seaweedfs": "s3",
}  # fmt: skip
"""Engines of data stores by the last part of the image's name."""


class Image(Struct, frozen=True):
    """A reference taken apart: the asset it names, its tag and its digest (`sha256:…`), each empty where it is not given."""

    ref: AssetRef
    tag: str = ""
    digest: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        """What the reference says beside the name."""
        return without_empty({"tag": self.tag, "digest": self.digest})


def read_image(reference: str) -> Image | None:
    """Return what a reference names; None for what is no reference: an unresolved variable, a sentence, a stage."""
    text = reference.strip().removeprefix("docker://").removeprefix("oci://")
    if len(text) > 600 or not _REFERENCE.fullmatch(text):
        return None
    whole, _, digest = text.partition("@")
    head, colon, tail = whole.rpartition(":")
    tag = tail if colon and "/" not in tail else ""
    name = image_name(text)
    return Image(AssetRef(AssetKind.IMAGE, name), tag, digest) if name and head != "scratch" != name else None


def engine_of(reference: str) -> str:
    """Return the engine of the data store that an image holds (`postgresql`, `redis` …), empty for other images."""
    return STORES.get(image_name(reference).rpartition("/")[2].lower(), "") if reference else ""


def image_facts(
    image: Image, builds: Builds, *, origin: str, at: str, confidence: float = 1.0
) -> Iterator[Found | Relation]:
    """Yield an image that a file names, and the service it is built from where the tree shows it."""
    built = builds.of_image(image.ref.key)
    facts = dict(image.facts)
    if built is not None:
        facts |= {"dockerfile": built.dockerfile, "context": built.context or "."}
        if built.confidence < 0.8:
            facts["why"] = f"called like {built.folder}, which has a Dockerfile"
    yield Found(ref=image.ref, name=image.ref.key, origin=origin, at=at, confidence=confidence, facts=facts)
    if built is not None:
        yield Relation(
            kind=RelationKind.BUILT_FROM, source=image.ref, target=builds.service(built), origin=origin,
            at=built.at or at, confidence=min(confidence, built.confidence),
        )  # fmt: skip
