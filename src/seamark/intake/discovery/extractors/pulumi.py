"""Pulumi programs in YAML: resources, data stores, who reaches them, and from where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from seamark.core.assets import Found, Listing, Relation
from seamark.intake.discovery.infrastructure.builds import builds_of
from seamark.intake.discovery.infrastructure.cloud.report import Reporter
from seamark.intake.discovery.infrastructure.kube.deployed import read_cluster
from seamark.intake.discovery.infrastructure.kube.objects import read_objects
from seamark.intake.discovery.infrastructure.places import environment_of, key_lines
from seamark.intake.discovery.infrastructure.terraform import Resource
from seamark.intake.discovery.infrastructure.values import dig, first_document, mapping, plain
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree, folder_of

_NAME: Final = "pulumi"
_DEEPEST: Final = 60
_PROVIDERS: Final = {
    "aws": "aws",
    "gcp": "google",
    "azure": "azurerm",
    "digitalocean": "digitalocean",
    "aws-native": "aws",
}
_TYPES: Final = {
    "aws:rds:Instance": "aws_db_instance", "aws:rds:Cluster": "aws_rds_cluster", "aws:rds:ClusterInstance": "aws_rds_cluster_instance", "aws:s3:BucketV2": "aws_s3_bucket", "aws:s3:Bucket": "aws_s3_bucket", "aws:s3:BucketAclV2": "aws_s3_bucket_acl", "aws:s3:BucketPublicAccessBlock": "aws_s3_bucket_public_access_block",
    "aws:s3:BucketPolicy": "aws_s3_bucket_policy", "aws:s3:BucketObject": "aws_s3_object", "aws:ec2:Instance": "aws_instance", "aws:ec2:SecurityGroup": "aws_security_group", "aws:ec2:SecurityGroupRule": "aws_security_group_rule", "aws:ec2:Vpc": "aws_vpc", "aws:ec2:Subnet": "aws_subnet", "aws:ebs:Volume": "aws_ebs_volume",
    "aws:alb:LoadBalancer": "aws_lb", "aws:alb:Listener": "aws_lb_listener", "aws:alb:TargetGroup": "aws_lb_target_group", "aws:elasticloadbalancingv2:LoadBalancer": "aws_lb", "aws:apigateway:RestApi": "aws_api_gateway_rest_api", "aws:route53:Record": "aws_route53_record", "aws:kms:Key": "aws_kms_key",
    "aws:elasticsearch:Domain": "aws_elasticsearch_domain", "aws:cloudfront:Distribution": "aws_cloudfront_distribution", "gcp:sql:DatabaseInstance": "google_sql_database_instance", "gcp:storage:Bucket": "google_storage_bucket", "gcp:storage:BucketIAMMember": "google_storage_bucket_iam_member", "gcp:storage:BucketIAMBinding": "google_storage_bucket_iam_binding",
    "gcp:cloudrun:IamMember": "google_cloud_run_service_iam_member", "gcp:cloudrun:Service": "google_cloud_run_service", "gcp:cloudrunv2:Service": "google_cloud_run_v2_service", "gcp:compute:Firewall": "google_compute_firewall", "gcp:container:Cluster": "google_container_cluster", "azure:storage:Account": "azurerm_storage_account", "azure:storage:Container": "azurerm_storage_container",
    "azure-native:storage:StorageAccount": "azurerm_storage_account", "azure-native:storage:BlobContainer": "azurerm_storage_container", "azure-native:web:WebApp": "azurerm_linux_web_app", "azure-native:sql:Server": "azurerm_mssql_server", "azure-native:sql:Database": "azurerm_mssql_database", "azure-native:keyvault:Vault": "azurerm_key_vault",
}  # fmt: skip
"""Types whose names do not follow from the provider's: the rest are made of provider, module and name."""
_SNAKE: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_REFERENCE: Final = re.compile(r"\$\{([^${}]{1,500})\}")
_KEPT: Final = frozenset(
    {"tags", "labels", "policy", "environment", "variables", "container_definitions", "inline_policy"}
)


@extractor(_NAME, title="Pulumi YAML: resources, data stores, exposure")
def extract(tree: Tree) -> Iterator[Found | Relation | Listing]:
    """Yield the resources of each program; those of a cluster as manifests have them."""
    builds = builds_of(tree)
    for path in tree.matching("Pulumi.yaml", "Pulumi.yml", "Main.yaml"):
        content = first_document(tree, path)
        declared = mapping(content.get("resources"))
        if not any(":" in plain(mapping(each).get("type")) for each in declared.values()):
            continue
        scope = _settings(tree, path, content)
        lines = key_lines(tree.text(path) or "", "resources")
        resources, objects = [], []
        for name, given in list(declared.items())[:5_000]:
            each = mapping(given)
            type_, at = plain(each.get("type")), lines.get(name, 1)
            values = mapping(_filled(each.get("properties"), scope, 0))
            if type_.startswith("kubernetes:"):
                kind = type_.rpartition(":")[2]
                metadata = {"name": name, **mapping(values.get("metadata"))}
                group = type_.split(":")[1] if type_.count(":") > 1 else "v1"
                objects += list(
                    read_objects(
                        {
                            **values,
                            "apiVersion": "v1" if group.startswith("core") else group,
                            "kind": kind,
                            "metadata": metadata,
                        },
                        path=path,
                        line=at,
                        origin=_NAME,
                    )
                )
            else:
                resources.append(
                    Resource(address=name, type=resource_type(type_), name=name, values=_attributes(values, 0), at=f"{path}:{at}", key=f"{path}#{name}", environment=environment_of(folder_of(path)))
                )  # fmt: skip
        yield from Reporter(tree, builds, resources, _NAME).read()
        yield from read_cluster(tree, objects)


def resource_type(token: str) -> str:
    """Return the type of a resource as the providers themselves name it: `aws:sqs/queue:Queue` and `aws:sqs:Queue` are `aws_sqs_queue`."""
    parts = token.split(":")
    if len(parts) < 3:
        return token
    package, module, name = parts[0], parts[1].partition("/")[0], parts[2]
    short = f"{package}:{module}:{name}"
    if short in _TYPES:
        return _TYPES[short]
    snake = _SNAKE.sub("_", name).lower()
    provider = _PROVIDERS.get(package, package)
    return (
        f"{provider}_{module}_{snake}"
        if provider != "azurerm" and module not in {"index", ""}
        else f"{provider}_{snake}"
    )


def _attributes(values: dict[str, Any], depth: int) -> dict[str, Any]:
    """Return properties under the names of attributes."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = _SNAKE.sub("_", key).lower()
        if name == "vpc_security_group_ids" or name in _KEPT or depth > _DEEPEST:
            found[name] = value
        elif isinstance(value, dict):
            found[name] = _attributes(mapping(value), depth + 1)
        elif isinstance(value, list):
            found[name] = [_attributes(mapping(each), depth + 1) if isinstance(each, dict) else each for each in value]
        else:
            found[name] = value
    return found


def _settings(tree: Tree, path: str, content: dict[str, Any]) -> dict[str, Any]:
    """Return variables and settings that have a value in the program or its only stack."""
    found: dict[str, Any] = {}
    for key in ("config", "configuration"):
        for name, given in mapping(content.get(key)).items():
            value = dig(given, "default") if isinstance(given, dict) else given
            found[name.rpartition(":")[2]] = dig(given, "value") if value is None and isinstance(given, dict) else value
    stacks = [each for each in tree.matching("Pulumi.*.yaml", "Pulumi.*.yml") if folder_of(each) == folder_of(path)]
    stack = first_document(tree, stacks[0]) if len(stacks) == 1 else {}
    for name, value in mapping(stack.get("config")).items():
        if not isinstance(value, dict):
            found[name.rpartition(":")[2]] = value
    found |= {
        name: value for name, value in mapping(content.get("variables")).items() if not isinstance(value, (dict, list))
    }
    return {name: value for name, value in found.items() if value is not None}


def _filled(value: Any, scope: dict[str, Any], depth: int) -> Any:
    """Return a value with settings put in; references to resources stay, functions give what they are about."""
    if depth > _DEEPEST:
        return None
    if isinstance(value, str):
        whole = _REFERENCE.fullmatch(value)
        if whole and whole[1] in scope:
            return scope[whole[1]]
        return _REFERENCE.sub(lambda match: plain(scope[match[1]]) if match[1] in scope else match[0], value)
    if isinstance(value, list):
        return [_filled(each, scope, depth + 1) for each in value[:5_000]]
    if isinstance(value, dict):
        if len(value) == 1 and str(next(iter(value))).startswith("fn::"):
            name, inner = next(iter(value.items()))
            found = _filled(inner, scope, depth + 1)
            return (
                plain(dig(found, 0)).join(plain(each) for each in dig(found, 1) or []) if name == "fn::join" else found
            )
        return {str(key): _filled(each, scope, depth + 1) for key, each in value.items()}
    return value
