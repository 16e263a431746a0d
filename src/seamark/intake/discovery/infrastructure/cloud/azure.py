"""From where resources of Azure can be reached."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from seamark.intake.discovery.infrastructure.cloud.estate import Estate, every, one
from seamark.intake.discovery.infrastructure.cloud.reach import ANYWHERE, Reach
from seamark.intake.discovery.infrastructure.terraform import Resource
from seamark.intake.discovery.infrastructure.values import is_false, is_true, listed, plain

_WALLS: Final = ("azurerm_sql_firewall_rule", "azurerm_mssql_firewall_rule", "azurerm_postgresql_firewall_rule", "azurerm_postgresql_flexible_server_firewall_rule", "azurerm_mysql_firewall_rule", "azurerm_mysql_flexible_server_firewall_rule", "azurerm_mariadb_firewall_rule", "azurerm_redis_firewall_rule", "azurerm_synapse_firewall_rule")  # fmt: skip


def _server(estate: Estate, each: Resource) -> Reach:
    if is_false(each.values.get("public_network_access_enabled")) or each.values.get("delegated_subnet_id"):
        return Reach("internal", "public network access is off")
    walls = estate.to(each, *_WALLS)
    for wall in walls:
        first, last = plain(wall.values.get("start_ip_address")), plain(wall.values.get("end_ip_address"))
        if first.startswith("0.") and last.startswith("255."):
            return Reach("internet", f"{wall.address} lets every address in")
    return Reach("internal", "its public endpoint lets in named addresses only", 0.8)


def _database(estate: Estate, each: Resource) -> Reach | None:
    servers = [to for to in estate.from_(each) if to.type in RULES and RULES[to.type] is _server]
    found = _server(estate, servers[0]) if servers else None
    return Reach(found.level, f"on {servers[0].address}: {found.why}", found.confidence) if found is not None else None


def _account(estate: Estate, each: Resource) -> Reach:
    if is_false(each.values.get("public_network_access_enabled")):
        return Reach("internal", "public network access is off")
    rules = estate.to(each, "azurerm_storage_account_network_rules")
    default = plain(
        one(each.values, "network_rules", "default_action")
        or next((rule.values.get("default_action") for rule in rules), "")
    )
    blobs = [
        to
        for to in estate.to(each, "azurerm_storage_container")
        if plain(to.values.get("container_access_type")) in {"blob", "container"}
    ]
    nested = each.values.get("allow_nested_items_to_be_public", each.values.get("allow_blob_public_access"))
    if blobs and not is_false(nested) and default != "Deny":
        return Reach("internet", f"{blobs[0].address} may be read by everybody")
    return Reach(
        "internal",
        "lets in named networks only" if default == "Deny" else "its public endpoint takes signed requests only",
        0.8,
    )


def _container(estate: Estate, each: Resource) -> Reach:
    access = plain(each.values.get("container_access_type"))
    accounts = [to for to in estate.from_(each) if to.type == "azurerm_storage_account"]
    if access in {"blob", "container"} and not any(
        is_false(to.values.get("allow_nested_items_to_be_public", to.values.get("allow_blob_public_access")))
        for to in accounts
    ):
        return Reach("internet", f"everybody has the access {access}")
    return Reach("internal", "private", 0.9)


def _web(_: Estate, each: Resource) -> Reach:
    if is_false(each.values.get("public_network_access_enabled")):
        return Reach("internal", "public network access is off")
    return Reach("internet", "web apps have a public address unless told otherwise", 0.9)


def _machine(estate: Estate, each: Resource) -> Reach | None:
    faces = [to for to in estate.from_(each) if to.type == "azurerm_network_interface"]
    public = [to for face in faces for to in estate.from_(face) if to.type == "azurerm_public_ip"]
    if not public:
        return Reach("internal", "has no public address", 0.9) if faces else None
    nets = [to for face in faces for to in estate.from_(face) if to.type == "azurerm_subnet"]
    walls = {
        wall.address: wall
        for near in (*faces, *nets)
        for link in estate.to(near)
        if "security_group_association" in link.type
        for wall in estate.from_(link)
        if wall.type == "azurerm_network_security_group"
    }
    for wall in walls.values():
        if (found := _group(estate, wall)) is not None:
            return Reach("internet", f"{public[0].address} is its address, and {wall.address} {found.why}")
    if walls:
        return Reach("internal", f"{next(iter(walls))} lets nobody in from every address", 0.8)
    return Reach("internet", f"{public[0].address} is its address; which ports are open is not said", 0.7)


def _group(estate: Estate, each: Resource) -> Reach | None:
    rules: list[Any] = [
        *every(each.values, "security_rule"),
        *(rule.values for rule in estate.to(each, "azurerm_network_security_rule")),
    ]
    ports = []
    for rule in rules:
        if (
            isinstance(rule, dict)
            and plain(rule.get("direction")).lower() == "inbound"
            and plain(rule.get("access")).lower() == "allow"
        ):
            sources = {
                plain(value)
                for key in ("source_address_prefix", "source_address_prefixes")
                for value in listed(rule.get(key))
            }
            if ANYWHERE & sources:
                ports += [
                    plain(value)
                    for key in ("destination_port_range", "destination_port_ranges")
                    for value in listed(rule.get(key))
                ]
    return (
        Reach(
            "internet",
            "opens " + ", ".join("all ports" if port == "*" else port for port in ports[:10]) + " to every address",
        )
        if ports
        else None
    )


def _rule(_: Estate, each: Resource) -> Reach | None:
    inbound = (
        plain(each.values.get("direction")).lower() == "inbound" and plain(each.values.get("access")).lower() == "allow"
    )
    sources = {
        plain(value)
        for key in ("source_address_prefix", "source_address_prefixes")
        for value in listed(each.values.get(key))
    }
    return (
        Reach("internet", f"opens {plain(each.values.get('destination_port_range')) or 'ports'} to every address")
        if inbound and ANYWHERE & sources
        else None
    )


def _containers(_: Estate, each: Resource) -> Reach | None:
    if each.type == "azurerm_container_app":
        outside = is_true(one(each.values, "ingress", "external_enabled"))
        return (
            Reach("internet", "takes traffic from outside")
            if outside
            else Reach("internal", "takes no traffic from outside")
        )
    kind = plain(each.values.get("ip_address_type")) or "Public"
    return (
        Reach("internet", "has a public address", 0.9)
        if kind == "Public"
        else Reach("internal", "has no public address")
    )


def _cluster(_: Estate, each: Resource) -> Reach:
    if is_true(each.values.get("private_cluster_enabled")):
        return Reach("internal", "the endpoint of its API is private")
    ranges = {
        plain(value) for key in ("api_server_authorized_ip_ranges",) for value in listed(each.values.get(key))
    } | {plain(value) for value in every(each.values, "api_server_access_profile", "authorized_ip_ranges")}
    if ranges and not ANYWHERE & ranges:
        return Reach("internal", "the endpoint of its API lets in named networks only")
    return Reach("internet", "the endpoint of its API is public", 0.9)


def _front(estate: Estate, each: Resource) -> Reach:
    faces = every(each.values, "frontend_ip_configuration")
    public = [to for to in estate.referred(faces) if to.type == "azurerm_public_ip"]
    return (
        Reach("internet", f"{public[0].address} is its address")
        if public
        else Reach("internal", "has no public address", 0.8)
    )


def _said(level: str, why: str) -> Callable[[Estate, Resource], Reach | None]:
    return lambda _, __: Reach(level, why, 0.9)


RULES: Final[dict[str, Callable[[Estate, Resource], Reach | None]]] = {
    **dict.fromkeys(("azurerm_mssql_server", "azurerm_sql_server", "azurerm_postgresql_server", "azurerm_postgresql_flexible_server", "azurerm_mysql_server", "azurerm_mysql_flexible_server", "azurerm_mariadb_server", "azurerm_redis_cache", "azurerm_synapse_workspace"), _server),
    **dict.fromkeys(("azurerm_mssql_database", "azurerm_sql_database", "azurerm_postgresql_database", "azurerm_postgresql_flexible_server_database"), _database), "azurerm_storage_account": _account, "azurerm_storage_container": _container,
    **dict.fromkeys(("azurerm_linux_web_app", "azurerm_windows_web_app", "azurerm_app_service", "azurerm_linux_function_app", "azurerm_windows_function_app", "azurerm_function_app"), _web),
    **dict.fromkeys(("azurerm_linux_virtual_machine", "azurerm_windows_virtual_machine", "azurerm_virtual_machine"), _machine), "azurerm_network_security_group": _group, "azurerm_network_security_rule": _rule,
    "azurerm_container_app": _containers, "azurerm_container_group": _containers, "azurerm_kubernetes_cluster": _cluster, "azurerm_lb": _front, "azurerm_application_gateway": _front,
    **dict.fromkeys(("azurerm_cdn_frontdoor_endpoint", "azurerm_frontdoor", "azurerm_cdn_endpoint"), _said("internet", "a content delivery network's endpoint")), "azurerm_managed_disk": _said("none", "reached by the machine that it is attached to only"),
}  # fmt: skip
