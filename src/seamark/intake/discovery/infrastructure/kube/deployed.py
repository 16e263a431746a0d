"""All that the objects of one cluster say together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from seamark.core.assets import AssetKind, AssetRef, Found, Relation, RelationKind
from seamark.intake.discovery.infrastructure.builds import builds_of
from seamark.intake.discovery.infrastructure.kube.exposure import Exposures
from seamark.intake.discovery.infrastructure.kube.objects import Cluster, Object
from seamark.intake.discovery.infrastructure.kube.workloads import Workloads
from seamark.intake.discovery.infrastructure.values import mapping, plain, sequence, without_empty
from seamark.intake.discovery.tree import Tree

_STORES: Final = {
    ("postgresql.cnpg.io", "Cluster"): "postgresql", ("acid.zalan.do", "postgresql"): "postgresql", ("postgres-operator.crunchydata.com", "PostgresCluster"): "postgresql",
    ("mysql.oracle.com", "InnoDBCluster"): "mysql", ("pxc.percona.com", "PerconaXtraDBCluster"): "mysql", ("k8s.mariadb.com", "MariaDB"): "mariadb", ("rabbitmq.com", "RabbitmqCluster"): "rabbitmq",
    ("kafka.strimzi.io", "Kafka"): "kafka", ("kafka.strimzi.io", "KafkaTopic"): "kafka", ("elasticsearch.k8s.elastic.co", "Elasticsearch"): "elasticsearch", ("mongodbcommunity.mongodb.com", "MongoDBCommunity"): "mongodb",
    ("psmdb.percona.com", "PerconaServerMongoDB"): "mongodb", ("databases.spotahome.com", "RedisFailover"): "redis", ("redis.redis.opstreelabs.in", "Redis"): "redis", ("clickhouse.altinity.com", "ClickHouseInstallation"): "clickhouse",
    ("cassandra.datastax.com", "CassandraDatacenter"): "cassandra", ("minio.min.io", "Tenant"): "s3", ("sql.cnrm.cloud.google.com", "SQLInstance"): "sql", ("storage.cnrm.cloud.google.com", "StorageBucket"): "gcs",
    ("opensearch.opster.io", "OpenSearchCluster"): "opensearch", ("dynamodb.services.k8s.aws", "Table"): "dynamodb", ("rds.services.k8s.aws", "DBInstance"): "sql", ("s3.services.k8s.aws", "Bucket"): "s3",
}  # fmt: skip
"""Data stores that operators run, by group and kind of the object that asks for one."""


def read_cluster(tree: Tree, objects: Iterable[Object]) -> Iterator[Found | Relation]:
    """Yield what objects that are deployed together say: workloads, ways in, data, secrets."""
    cluster = Cluster(objects)
    workloads = Workloads(tree.repository, cluster, builds_of(tree))
    for each in cluster.objects:
        if each.template is not None:
            yield from workloads.read(each)
        elif (each.group, each.kind) in _STORES:
            engine = _STORES[each.group, each.kind]
            facts = without_empty(
                {
                    "engine": engine,
                    "namespace": each.namespace,
                    "environment": each.environment,
                    "type": f"{each.group}/{each.kind}",
                }
            )
            yield Found(
                ref=workloads.ref(each, AssetKind.DATA_STORE), name=each.name, origin=each.origin, at=each.at, confidence=each.confidence, facts=facts
            )  # fmt: skip
        else:
            yield from _secret(tree, each)
    yield from Exposures(tree.repository, cluster, workloads).read()


def _secret(tree: Tree, each: Object) -> Iterator[Found | Relation]:
    if each.kind == "Secret" and each.group == "":
        facts = {
            "type": "kubernetes_secret",
            "in_git": each.origin != "helm",
            "keys": sorted({*mapping(each.value.get("data")), *mapping(each.value.get("stringData"))})[:100],
        }
        yield _store(tree, each, "Secret", each.name, facts)
    elif each.kind == "SealedSecret":
        yield _store(tree, each, "Secret", each.name, {"type": "kubernetes_secret", "sealed": True})
    elif each.group == "external-secrets.io" and each.kind in {"SecretStore", "ClusterSecretStore"}:
        providers = sorted(mapping(each.spec.get("provider")))
        yield _store(tree, each, each.kind, each.name, {"type": "external_secrets", "providers": providers})
    elif each.group == "external-secrets.io" and each.kind == "ExternalSecret":
        name = plain(mapping(each.spec.get("target")).get("name")) or each.name
        store = mapping(each.spec.get("secretStoreRef"))
        keys = [
            plain(mapping(mapping(one).get("remoteRef")).get("key")) for one in sequence(each.spec.get("data"))[:200]
        ]
        found = _store(
            tree,
            each,
            "Secret",
            name,
            {"type": "kubernetes_secret", "external": True, "remote_keys": sorted({key for key in keys if key})},
        )
        yield found
        if store.get("name"):
            kind = plain(store.get("kind")) or "SecretStore"
            target = AssetRef(
                AssetKind.SECRET_STORE, f"{tree.repository}//{each.namespace}/{kind}/{plain(store['name'])}"
            )
            yield Relation(
                kind=RelationKind.READS,
                source=found.ref,
                target=target,
                origin=each.origin,
                at=each.at,
                confidence=each.confidence,
            )


def _store(tree: Tree, each: Object, kind: str, name: str, facts: dict[str, object]) -> Found:
    ref = AssetRef(AssetKind.SECRET_STORE, f"{tree.repository}//{each.namespace}/{kind}/{name}")
    return Found(
        ref=ref, name=name, origin=each.origin, at=each.at, confidence=each.confidence, facts=without_empty(dict(facts))
    )
