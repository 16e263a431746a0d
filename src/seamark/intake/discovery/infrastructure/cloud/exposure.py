"""From where resources of a cloud can be reached, each with the attributes and neighbours that prove it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from msgspec import Struct

from seamark.intake.discovery.infrastructure.cloud import azure, google
from seamark.intake.discovery.infrastructure.cloud.estate import (
    Estate,
    document,
    engine_of,
    every,
    is_compute,
    is_store,
    one,
)
from seamark.intake.discovery.infrastructure.cloud.reach import ANYWHERE, Reach
from seamark.intake.discovery.infrastructure.cloud.types import GATEWAYS, PLUMBING, PORTS
from seamark.intake.discovery.infrastructure.terraform import Resource
from seamark.intake.discovery.infrastructure.values import is_false, is_true, listed, mapping, plain

_RULES_OF_GROUPS: Final = ("aws_security_group_rule", "aws_vpc_security_group_ingress_rule")
_GROUPS: Final = ("vpc_security_group_ids", "security_groups", "security_group_ids")


class Ports(Struct, frozen=True):
    """Ports that a security group opens to everybody; all of them from `first` to `last`."""

    first: int
    last: int

    def __str__(self) -> str:
        """Return them as people write them."""
        if self.first == self.last:
            return str(self.first)
        return "all ports" if self.first <= 0 and self.last in {-1, 0, 65535} else f"{self.first}-{self.last}"

    def has(self, port: int) -> bool:
        """Tell whether a port is among them."""
        return self.last in {-1, 0} or self.first <= port <= self.last


def reach_of(estate: Estate, each: Resource) -> Reach | None:
    """Return from where a resource can be reached by what it says itself and by its settings around it; None where nothing is said."""
    if each.count == 0 and not isinstance(each.count, bool):
        return None
    rule = _RULES.get(each.type)
    return rule(estate, each) if rule is not None else None


def behind(estate: Estate, gateway: Resource) -> list[Resource]:
    """Return the programs and stores that a gateway sends traffic to, by way of listeners, target groups, integrations and the like."""
    found: dict[str, Resource] = {}
    seen, waiting = {gateway.address}, [gateway]
    while waiting and len(seen) < 2_000:
        each = waiting.pop()
        parts = [to for to in estate.from_(each) if each is not gateway or to.type in PLUMBING]
        if each is gateway:
            parts += [
                to
                for key in ("origin", "uri", "integration_uri", "default_action", "instances", "droplet_ids")
                for to in estate.referred(each.values.get(key))
            ]
            if each.type in {"azurerm_lb", "azurerm_application_gateway"}:
                parts = [to for to in parts if to.type in PLUMBING]
        parts += [to for to in estate.to(each) if to.type in PLUMBING or _takes_from(estate, to, each)]
        for to in parts:
            if to.address in seen:
                continue
            seen.add(to.address)
            if to.type in PLUMBING:
                waiting.append(to)
            elif (
                is_compute(to)
                or to.type in GATEWAYS
                or (
                    is_store(to)
                    and gateway.type
                    in {
                        "aws_cloudfront_distribution",
                        "google_compute_global_forwarding_rule",
                        "azurerm_cdn_endpoint",
                        "azurerm_cdn_frontdoor_endpoint",
                    }
                )
            ):
                found[to.address] = to
    return [to for to in found.values() if to is not gateway]


def _takes_from(estate: Estate, each: Resource, gateway: Resource) -> bool:
    """Tell whether a program says itself that it takes traffic from a gateway or from a part of it."""
    if not is_compute(each):
        return False
    said = [each.values.get(key) for key in ("load_balancer", "load_balancers", "target_group_arns", "traffic_source")]
    return gateway.type in PLUMBING or gateway in estate.referred(said)


def open_ports(estate: Estate, group: Resource) -> list[Ports]:
    """Return the ports that a security group opens to every address."""
    rules: list[Any] = every(group.values, "ingress")
    for said in estate.to(group, *_RULES_OF_GROUPS):
        about = estate.referred([said.values.get("security_group_id"), said.values.get("group_id")])
        if group in about and (
            said.type != "aws_security_group_rule" or plain(said.values.get("type")) in {"ingress", ""}
        ):
            rules.append(said.values)
    for key in ("ingress_with_cidr_blocks", "ingress_cidr_blocks"):
        rules += [
            {"cidr_blocks": each}
            if isinstance(each, str)
            else {**mapping(each), "cidr_blocks": mapping(each).get("cidr_blocks", "")}
            for each in listed(group.values.get(key))
        ]
    found = []
    for rule in map(mapping, rules[:1_000]):
        ranges = [
            plain(each)
            for key in ("cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6", "cidr_ip", "cidr_ipv6_block")
            for each in listed(rule.get(key))
        ]
        if ANYWHERE & {part.strip() for each in ranges for part in each.split(",")}:
            first, last = (_port(rule.get(key)) for key in ("from_port", "to_port"))
            everything = plain(rule.get("protocol") or rule.get("ip_protocol")) in {"-1", "all"} or (
                first == 0 and last == 0
            )
            found.append(Ports(0, 65535) if everything else Ports(first, last if last > 0 else first))
    return found


def _port(value: Any) -> int:
    return (
        int(value)
        if isinstance(value, (int, float))
        or (isinstance(value, str) and value.lstrip("-").isdigit() and len(value) < 7)
        else 0
    )


def _groups(estate: Estate, each: Resource) -> list[Resource]:
    given = [each.values.get(key) for key in _GROUPS] + every(each.values, "network_configuration", "security_groups") + every(each.values, "vpc_config", "security_group_ids") + every(each.values, "network_interfaces", "security_groups")  # fmt: skip
    return [to for to in estate.referred(given) if to.type in {"aws_security_group", "aws_default_security_group"}]


def _by_groups(estate: Estate, each: Resource, said: str, port: int = 0) -> Reach:
    """Return the reach of what has a public address, as its security groups leave it."""
    groups = _groups(estate, each)
    if not groups:
        return Reach("internet", said, 0.8)
    opened = [(group, ports) for group in groups for ports in open_ports(estate, group)]
    names = ", ".join(group.address for group in groups[:5])
    if not opened:
        return Reach("internal", f"{said}, but {names} lets nobody in from every address", 0.9)
    shown = ", ".join(dict.fromkeys(str(ports) for _, ports in opened[:10]))
    by = ", ".join(dict.fromkeys(group.address for group, _ in opened[:5]))
    if port and not any(ports.has(port) for _, ports in opened):
        return Reach("internet", f"{said}; {by} opens {shown} to every address, not {port} itself", 0.6)
    return Reach("internet", f"{said}; {by} opens {shown} to every address", 1.0)


def _database(estate: Estate, each: Resource) -> Reach:
    members = [
        each,
        *estate.to(each, "aws_rds_cluster_instance", "aws_docdb_cluster_instance", "aws_neptune_cluster_instance"),
    ]
    if not any(is_true(member.values.get("publicly_accessible")) for member in members):
        return Reach("internal", "not publicly accessible", 0.9)
    return _by_groups(estate, each, "publicly accessible", PORTS.get(engine_of(each), 0))


def _bucket(estate: Estate, each: Resource) -> Reach:
    blocks = [block.values for block in estate.to(each, "aws_s3_bucket_public_access_block")] + [each.values] * any(
        key in each.values for key in ("block_public_acls", "block_public_policy")
    )
    no_lists = any(
        is_true(block.get("ignore_public_acls")) or is_true(block.get("block_public_acls")) for block in blocks
    )
    no_policies = any(
        is_true(block.get("restrict_public_buckets")) or is_true(block.get("block_public_policy")) for block in blocks
    )
    if not no_lists:
        for said in (each, *estate.to(each, "aws_s3_bucket_acl")):
            acl = plain(said.values.get("acl")).lower()
            if acl.startswith("public-"):
                return Reach("internet", f"{said.address} gives everybody the access {acl}")
            if any(
                "AllUsers" in plain(uri) or "AuthenticatedUsers" in plain(uri)
                for uri in [
                    *every(said.values, "access_control_policy", "grant", "grantee", "uri"),
                    *every(said.values, "grant", "uri"),
                ]
            ):
                return Reach("internet", f"{said.address} grants access to everybody")
    if not no_policies:
        for policy in estate.to(each, "aws_s3_bucket_policy"):
            if _opens(estate, policy.values.get("policy")):
                return Reach("internet", f"{policy.address} lets everybody in")
        if _opens(estate, each.values.get("policy")):
            return Reach("internet", "its policy lets everybody in")
    if no_lists and no_policies:
        return Reach("internal", "public access is blocked")
    return Reach("internal", "nothing makes it public", 0.9)


def _opens(estate: Estate, policy: Any) -> bool:
    """Tell whether a policy of a resource lets everybody do something, without a condition."""
    statements = every(document(policy), "Statement")
    for each in estate.referred(policy):
        if each.type == "data.aws_iam_policy_document":
            statements += every(each.values, "statement")
    for statement in map(mapping, statements[:500]):
        if (
            plain(statement.get("Effect", statement.get("effect", "Allow"))) != "Allow"
            or statement.get("Condition")
            or statement.get("condition")
        ):
            continue
        principal = statement.get("Principal", statement.get("principals"))
        given = (
            [principal]
            if isinstance(principal, str)
            else [*every(principal, "AWS"), *every(principal, "identifiers"), *every(principal, "Service")]
        )
        if any(plain(name) == "*" for name in given):
            return True
    return False


def _queue(estate: Estate, each: Resource) -> Reach:
    said = [(each, each.values.get("policy"))] + [
        (one, one.values.get("policy"))
        for one in estate.to(each, "aws_sqs_queue_policy", "aws_sns_topic_policy", "aws_efs_file_system_policy")
    ]
    for by, policy in said:
        if policy and _opens(estate, policy):
            return Reach("internet", f"the policy of {by.address} lets everybody in")
    return Reach("internal", "no policy lets everybody in", 0.9)


def _search(estate: Estate, each: Resource) -> Reach:
    if every(each.values, "vpc_options", "subnet_ids"):
        return Reach("internal", "inside a VPC")
    policies = [
        each.values.get("access_policies"),
        *(
            one.values.get("access_policies")
            for one in estate.to(each, "aws_elasticsearch_domain_policy", "aws_opensearch_domain_policy")
        ),
    ]
    if any(policy and _opens(estate, policy) for policy in policies):
        return Reach("internet", "a public endpoint, and its policy lets everybody in")
    return Reach("internal", "a public endpoint that takes signed requests only", 0.8)


def _balancer(estate: Estate, each: Resource) -> Reach:
    if is_true(each.values.get("internal")):
        return Reach("internal", "an internal load balancer")
    if "${" in plain(each.values.get("internal")):
        return Reach("internet", "a load balancer; whether it is internal is not known", 0.6)
    found = _by_groups(estate, each, "an internet-facing load balancer")
    return found if found.confidence != 0.8 else Reach("internet", found.why, 0.9)


def _instance(estate: Estate, each: Resource) -> Reach | None:
    public = is_true(each.values.get("associate_public_ip_address")) or any(
        is_true(value) for value in every(each.values, "network_interfaces", "associate_public_ip_address")
    )
    if public or estate.to(each, "aws_eip", "aws_eip_association"):
        return _by_groups(estate, each, "has a public address")
    if is_false(each.values.get("associate_public_ip_address")):
        return Reach("internal", "has no public address")
    nets = [to for to in estate.referred(each.values.get("subnet_id")) if to.type == "aws_subnet"]
    if any(is_true(net.values.get("map_public_ip_on_launch")) for net in nets):
        return _by_groups(estate, each, f"{nets[0].address} gives it a public address")
    return None


def _ecs(estate: Estate, each: Resource) -> Reach | None:
    said = one(each.values, "network_configuration", "assign_public_ip")
    if is_true(said):
        return _by_groups(estate, each, "its tasks have public addresses")
    return Reach("internal", "its tasks have no public addresses", 0.8) if said is not None else None


def _function(estate: Estate, each: Resource) -> Reach | None:
    for url in estate.to(each, "aws_lambda_function_url"):
        free = plain(url.values.get("authorization_type")).upper() == "NONE"
        return Reach(
            "internet", f"{url.address} calls it" + ("" if free else ", for signed requests only"), 1.0 if free else 0.8
        )
    return None


def _function_url(_: Estate, each: Resource) -> Reach:
    free = plain(each.values.get("authorization_type")).upper() == "NONE"
    return Reach(
        "internet",
        "a function URL" + (" that asks for no authorization" if free else " for signed requests"),
        1.0 if free else 0.8,
    )


def _api(_: Estate, each: Resource) -> Reach:
    private = "PRIVATE" in [plain(kind) for kind in every(each.values, "endpoint_configuration", "types")]
    return Reach("internal", "a private API") if private else Reach("internet", "an API gateway's endpoint", 0.9)


def _eks(_: Estate, each: Resource) -> Reach:
    settings = {**each.values, **mapping(one(each.values, "vpc_config"))}
    module = "cluster_endpoint_public_access" in each.values or each.module
    public = settings.get("cluster_endpoint_public_access" if module else "endpoint_public_access", not module)
    ranges = {
        plain(value)
        for value in listed(settings.get("public_access_cidrs") or settings.get("cluster_endpoint_public_access_cidrs"))
    } or set(ANYWHERE)
    if is_false(public):
        return Reach("internal", "the endpoint of its API is private")
    if not ANYWHERE & ranges:
        return Reach("internal", f"the endpoint of its API is open to {', '.join(sorted(ranges)[:5])} only")
    return Reach("internet", "the endpoint of its API is public")


def _apprunner(_: Estate, each: Resource) -> Reach:
    said = one(each.values, "network_configuration", "ingress_configuration", "is_publicly_accessible")
    if is_false(said) or (each.module and is_true(each.values.get("create_ingress_vpc_connection"))):
        return Reach("internal", "not publicly accessible")
    return Reach("internet", "App Runner services have a public endpoint unless told otherwise", 0.9)


def _group(estate: Estate, each: Resource) -> Reach | None:
    opened = open_ports(estate, each)
    return (
        Reach("internet", "opens " + ", ".join(dict.fromkeys(map(str, opened[:10]))) + " to every address")
        if opened
        else None
    )


def _flag(estate: Estate, each: Resource) -> Reach | None:
    if is_true(each.values.get("publicly_accessible")):
        return _by_groups(estate, each, "publicly accessible")
    return Reach("internal", "not publicly accessible", 0.9)


def _inside(why: str, level: str = "internal") -> Callable[[Estate, Resource], Reach | None]:
    return lambda _, __: Reach(level, why, 0.9)


_RULES: Final[dict[str, Callable[[Estate, Resource], Reach | None]]] = {
    **dict.fromkeys(("aws_db_instance", "aws_rds_cluster", "aws_docdb_cluster", "aws_neptune_cluster"), _database), **dict.fromkeys(("aws_redshift_cluster", "aws_redshiftserverless_workgroup", "aws_mq_broker"), _flag),
    "aws_s3_bucket": _bucket, **dict.fromkeys(("aws_sqs_queue", "aws_sns_topic", "aws_efs_file_system"), _queue), **dict.fromkeys(("aws_opensearch_domain", "aws_elasticsearch_domain"), _search),
    **dict.fromkeys(("aws_lb", "aws_alb", "aws_elb"), _balancer), **dict.fromkeys(("aws_instance", "aws_launch_template", "aws_launch_configuration", "aws_spot_instance_request"), _instance),
    "aws_ecs_service": _ecs, "aws_lambda_function": _function, "aws_lambda_function_url": _function_url, **dict.fromkeys(("aws_api_gateway_rest_api", "aws_apigatewayv2_api", "aws_appsync_graphql_api"), _api), "aws_eks_cluster": _eks,
    "aws_apprunner_service": _apprunner, "aws_cloudfront_distribution": _inside("a content delivery network's endpoint", "internet"), "aws_globalaccelerator_accelerator": _inside("an accelerator's addresses are public", "internet"), "aws_security_group": _group, "aws_default_security_group": _group,
    **dict.fromkeys(("aws_elasticache_cluster", "aws_elasticache_replication_group", "aws_memorydb_cluster", "aws_elasticache_serverless_cache"), _inside("reached from inside its VPC only")),
    **dict.fromkeys(("aws_dynamodb_table", "aws_kinesis_stream"), _inside("reached by signed requests only")), "aws_ebs_volume": _inside("reached by the instance that it is attached to only", "none"),
    **google.RULES, **azure.RULES,
}  # fmt: skip


def domains(estate: Estate) -> Iterator[tuple[str, Resource, list[Resource]]]:
    """Yield host names that records and distributions give, what says so, and what they lead to."""
    for each in estate.of_type(
        "aws_route53_record",
        "google_dns_record_set",
        "azurerm_dns_a_record",
        "azurerm_dns_cname_record",
        "cloudflare_record",
        "cloudflare_dns_record",
        "digitalocean_record",
    ):
        if plain(each.values.get("type")).upper() in {"TXT", "MX", "NS", "SOA", "CAA", "SRV"}:
            continue
        name, zone = (
            plain(each.values.get("name")).rstrip("."),
            plain(each.values.get("zone_name") or each.values.get("domain")),
        )
        for to in estate.referred(
            [each.values.get("zone_id"), each.values.get("managed_zone"), each.values.get("zone_name")]
        ):
            zone = (
                plain(to.values.get("name") or to.values.get("dns_name") or to.values.get("zone")).rstrip(".") or zone
            )
        if zone and "${" not in zone and "." in zone and not name.endswith(zone):
            name = f"{name}.{zone}" if name not in {"", "@"} else zone
        targets = estate.referred(
            [
                each.values.get(key)
                for key in ("alias", "records", "record", "rrdatas", "content", "value", "target_resource_id")
            ]
        )
        targets = [to for to in targets if to.type in GATEWAYS or is_compute(to) or is_store(to)] + [
            to
            for address in targets
            if address.type
            in {"google_compute_global_address", "google_compute_address", "aws_eip", "azurerm_public_ip"}
            for to in estate.to(address)
            if to.type in GATEWAYS or is_compute(to)
        ]
        if "." in name and "${" not in name:
            yield name.lower(), each, targets
    for each in estate.of_type("aws_cloudfront_distribution"):
        for alias in listed(each.values.get("aliases")):
            if (name := plain(alias)) and "${" not in name:
                yield name.lower(), each, [each]
    for each in estate.of_type(
        "aws_apprunner_custom_domain_association",
        "google_cloud_run_domain_mapping",
        "aws_apigatewayv2_domain_name",
        "aws_api_gateway_domain_name",
        "azurerm_app_service_custom_hostname_binding",
    ):
        name = plain(each.values.get("domain_name") or each.values.get("name") or each.values.get("hostname"))
        targets = [to for to in estate.from_(each) if to.type in GATEWAYS or is_compute(to)]
        targets += [
            to
            for mapping_ in estate.to(each, "aws_apigatewayv2_api_mapping", "aws_api_gateway_base_path_mapping")
            for to in estate.from_(mapping_)
            if to.type in GATEWAYS
        ]
        if "." in name and "${" not in name:
            yield name.lower(), each, targets
