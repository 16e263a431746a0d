"""From where resources of Google Cloud can be reached."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from seamark.intake.discovery.infrastructure.cloud.estate import Estate, every, one
from seamark.intake.discovery.infrastructure.cloud.reach import ANYWHERE, Reach
from seamark.intake.discovery.infrastructure.terraform import Resource
from seamark.intake.discovery.infrastructure.values import is_false, is_true, listed, plain

_EVERYBODY: Final = frozenset({"allUsers", "allAuthenticatedUsers"})


def _granted(estate: Estate, each: Resource, *types: str) -> Resource | None:
    """Return the grant, of some types, that gives everybody access to a resource."""
    for grant in estate.to(each, *types):
        members = {
            plain(member)
            for key in ("member", "members", "entity", "role_entity", "special_group", "iam_member")
            for member in listed(grant.values.get(key))
        }
        if any(member.rpartition(":")[2] in _EVERYBODY for member in members):
            return grant
    name = plain(each.values.get("name"))
    for kind in types:
        for grant in estate.of_type(kind):
            about = plain(
                grant.values.get("service")
                or grant.values.get("bucket")
                or grant.values.get("cloud_function")
                or grant.values.get("name")
            )
            if (
                name
                and about == name
                and _EVERYBODY
                & {plain(member) for key in ("member", "members", "entity") for member in listed(grant.values.get(key))}
            ):
                return grant
    return None


def _bucket(estate: Estate, each: Resource) -> Reach:
    if plain(each.values.get("public_access_prevention")) == "enforced":
        return Reach("internal", "public access is prevented")
    grant = _granted(
        estate,
        each,
        "google_storage_bucket_iam_member",
        "google_storage_bucket_iam_binding",
        "google_storage_bucket_access_control",
        "google_storage_bucket_acl",
        "google_storage_default_object_acl",
        "google_storage_default_object_access_control",
    )
    return (
        Reach("internet", f"{grant.address} gives everybody access")
        if grant is not None
        else Reach("internal", "nothing makes it public", 0.9)
    )


def _dataset(estate: Estate, each: Resource) -> Reach:
    if _EVERYBODY & {plain(value) for value in every(each.values, "access", "special_group")} or _granted(
        estate,
        each,
        "google_bigquery_dataset_iam_member",
        "google_bigquery_dataset_access",
        "google_bigquery_dataset_iam_binding",
    ):
        return Reach("internet", "everybody has access")
    return Reach("internal", "nothing makes it public", 0.9)


def _sql(_: Estate, each: Resource) -> Reach:
    settings = every(each.values, "settings", "ip_configuration")
    networks = {plain(value) for value in every(settings, "authorized_networks", "value")}
    if is_false(one(settings, "ipv4_enabled")):
        return Reach("internal", "has no public address")
    if ANYWHERE & networks:
        return Reach("internet", "has a public address that every network is let in on")
    return Reach("internal", "its public address lets in named networks only", 0.8)


def _run(estate: Estate, each: Resource) -> Reach:
    ingress = plain(
        each.values.get("ingress") or one(each.values, "metadata", "annotations", "run.googleapis.com/ingress")
    ).lower()
    if "internal" in ingress:
        return Reach("internal", "takes internal traffic only")
    grant = _granted(
        estate,
        each,
        "google_cloud_run_service_iam_member",
        "google_cloud_run_service_iam_binding",
        "google_cloud_run_v2_service_iam_member",
        "google_cloud_run_v2_service_iam_binding",
        "google_cloud_run_service_iam_policy",
    )
    if grant is not None or is_true(each.values.get("invoker_iam_disabled")):
        return Reach(
            "internet", f"{grant.address} lets everybody call it" if grant is not None else "everybody may call it"
        )
    return Reach("internal", "its public endpoint is for callers with a role", 0.8)


def _function(estate: Estate, each: Resource) -> Reach | None:
    http = is_true(each.values.get("trigger_http")) or each.type == "google_cloudfunctions2_function"
    if (
        "INTERNAL"
        in plain(each.values.get("ingress_settings") or one(each.values, "service_config", "ingress_settings"))
        or not http
    ):
        return Reach("internal", "is not called from outside", 0.9)
    grant = _granted(
        estate,
        each,
        "google_cloudfunctions_function_iam_member",
        "google_cloudfunctions_function_iam_binding",
        "google_cloudfunctions2_function_iam_member",
        "google_cloud_run_service_iam_member",
        "google_cloud_run_v2_service_iam_member",
    )
    return (
        Reach("internet", f"{grant.address} lets everybody call it")
        if grant is not None
        else Reach("internal", "its public endpoint is for callers with a role", 0.8)
    )


def _instance(estate: Estate, each: Resource) -> Reach | None:
    interfaces = every(each.values, "network_interface")
    if not any(isinstance(face, dict) and "access_config" in face for face in interfaces):
        return Reach("internal", "has no public address", 0.9)
    tags = {plain(tag) for tag in listed(each.values.get("tags"))}
    nets = {
        to.address
        for to in estate.referred(interfaces)
        if to.type in {"google_compute_network", "google_compute_subnetwork"}
    }
    nets |= {
        to.address
        for net in list(nets)
        for one_ in estate.of_type("google_compute_subnetwork")
        if one_.address == net
        for to in estate.from_(one_)
        if to.type == "google_compute_network"
    }
    walls = [
        wall
        for wall in estate.of_type("google_compute_firewall")
        if _lets_in(wall)
        and (
            not listed(wall.values.get("target_tags"))
            or tags & {plain(tag) for tag in listed(wall.values.get("target_tags"))}
        )
    ]
    walls = [
        wall
        for wall in walls
        if not nets or not (about := {to.address for to in estate.referred(wall.values.get("network"))}) or about & nets
    ]
    if walls:
        return Reach("internet", f"has a public address, and {walls[0].address} lets every address in")
    return Reach("internet", "has a public address; which ports are open is not said", 0.6)


def _lets_in(wall: Resource) -> bool:
    ranges = {plain(value) for value in listed(wall.values.get("source_ranges"))}
    return (
        bool(ANYWHERE & ranges) and plain(wall.values.get("direction")) in {"", "INGRESS"} and "deny" not in wall.values
    )


def _firewall(_: Estate, each: Resource) -> Reach | None:
    if not _lets_in(each):
        return None
    ports = [plain(port) for port in every(each.values, "allow", "ports")]
    return Reach("internet", f"opens {', '.join(ports[:10]) or 'all ports'} to every address")


def _cluster(_: Estate, each: Resource) -> Reach:
    if is_true(one(each.values, "private_cluster_config", "enable_private_endpoint")):
        return Reach("internal", "the endpoint of its API is private")
    blocks = {
        plain(value) for value in every(each.values, "master_authorized_networks_config", "cidr_blocks", "cidr_block")
    }
    if "master_authorized_networks_config" in each.values and not ANYWHERE & blocks:
        return Reach("internal", "the endpoint of its API lets in named networks only")
    return Reach("internet", "the endpoint of its API is public", 0.9)


def _forwarding(_: Estate, each: Resource) -> Reach:
    internal = plain(each.values.get("load_balancing_scheme")).startswith("INTERNAL")
    return (
        Reach("internal", "an internal load balancer") if internal else Reach("internet", "an external forwarding rule")
    )


def _said(level: str, why: str) -> Callable[[Estate, Resource], Reach | None]:
    return lambda _, __: Reach(level, why, 0.9)


RULES: Final[dict[str, Callable[[Estate, Resource], Any]]] = {
    "google_storage_bucket": _bucket, "google_bigquery_dataset": _dataset, "google_sql_database_instance": _sql, "google_cloud_run_service": _run, "google_cloud_run_v2_service": _run, "google_cloudfunctions_function": _function,
    "google_cloudfunctions2_function": _function, "google_compute_instance": _instance, "google_compute_firewall": _firewall, "google_container_cluster": _cluster, "google_compute_forwarding_rule": _forwarding, "google_compute_global_forwarding_rule": _forwarding,
    **dict.fromkeys(("google_redis_instance", "google_redis_cluster", "google_memcache_instance", "google_alloydb_cluster", "google_filestore_instance"), _said("internal", "reached from inside its network only")),
    **dict.fromkeys(("google_pubsub_topic", "google_spanner_instance", "google_bigtable_instance", "google_firestore_database"), _said("internal", "reached by callers with a role only")),
}  # fmt: skip
