"""Terraform: encryption, public access, versions and the like, where one attribute or one resource of its own settles it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from tree_sitter import Node

from seamark.intake.discovery.syntax import text
from seamark.response.remediation.editors.notation import hcl
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit
from seamark.response.remediation.patches.registry import Job, codemod

FILES: Final = r"[^/]+\.(?:tf|tofu)"
REPLACES: Final = (
    "Terraform makes the resource anew for this, and its data is lost: copy it first (a snapshot), or move it over."
)


class Setting(NamedTuple):
    """An attribute that settles findings: of which resources, in which nested block, and what it has to be."""

    about: str
    types: tuple[str, ...]
    name: str
    value: str
    block: str = ""
    rules: tuple[str, ...] = ()
    """Checkov's, where the family is not in the table of rules."""
    note: str = ""


SETTINGS: Final = (
    Setting("aws-bucket-block-acls", ("aws_s3_bucket_public_access_block", "aws_s3_account_public_access_block"), "block_public_acls", "true"),
    Setting("aws-bucket-block-policy", ("aws_s3_bucket_public_access_block", "aws_s3_account_public_access_block"), "block_public_policy", "true"),
    Setting("aws-bucket-ignore-acls", ("aws_s3_bucket_public_access_block", "aws_s3_account_public_access_block"), "ignore_public_acls", "true"),
    Setting("aws-bucket-restrict", ("aws_s3_bucket_public_access_block", "aws_s3_account_public_access_block"), "restrict_public_buckets", "true"),
    Setting("aws-bucket-public-read", ("aws_s3_bucket_acl", "aws_s3_bucket"), "acl", '"private"', note="What reads the bucket without signing in stops working."),
    Setting("aws-bucket-public-write", ("aws_s3_bucket_acl", "aws_s3_bucket"), "acl", '"private"'),
    Setting("aws-database-encryption", ("aws_db_instance",), "storage_encrypted", "true", note=REPLACES),
    Setting("aws-cluster-encryption", ("aws_rds_cluster",), "storage_encrypted", "true", note=REPLACES),
    Setting("aws-database-public", ("aws_db_instance", "aws_rds_cluster_instance"), "publicly_accessible", "false", note="What reaches the database from outside its network stops working."),
    Setting("aws-database-deletion", ("aws_db_instance",), "deletion_protection", "true"),
    Setting("aws-database-iam", ("aws_db_instance",), "iam_database_authentication_enabled", "true"),
    Setting("aws-cluster-iam", ("aws_rds_cluster",), "iam_database_authentication_enabled", "true"),
    Setting("aws-database-upgrades", ("aws_db_instance", "aws_rds_cluster_instance"), "auto_minor_version_upgrade", "true", rules=("CKV_AWS_226",)),
    Setting("aws-volume-encryption", ("aws_ebs_volume",), "encrypted", "true", note=REPLACES),
    Setting("aws-instance-disk-encryption", ("aws_instance", "aws_launch_configuration"), "encrypted", "true", "root_block_device", note=REPLACES),
    Setting("aws-instance-metadata", ("aws_instance", "aws_launch_template", "aws_launch_configuration"), "http_tokens", '"required"', "metadata_options", note="Old SDKs that know only the first version of the metadata service stop working."),
    Setting("aws-subnet-public-address", ("aws_subnet",), "map_public_ip_on_launch", "false", note="Machines started in the subnet have no public address any more."),
    Setting("aws-queue-encryption", ("aws_sqs_queue",), "sqs_managed_sse_enabled", "true"),
    Setting("aws-topic-encryption", ("aws_sns_topic",), "kms_master_key_id", '"alias/aws/sns"'),
    Setting("aws-table-recovery", ("aws_dynamodb_table",), "enabled", "true", "point_in_time_recovery"),
    Setting("aws-key-rotation", ("aws_kms_key",), "enable_key_rotation", "true"),
    Setting("aws-balancer-headers", ("aws_lb", "aws_alb"), "drop_invalid_header_fields", "true"),
    Setting("aws-registry-mutable", ("aws_ecr_repository",), "image_tag_mutability", '"IMMUTABLE"', note="Tags cannot be pushed twice any more, `latest` among them."),
    Setting("aws-registry-scan", ("aws_ecr_repository",), "scan_on_push", "true", "image_scanning_configuration"),
    Setting("aws-trail-validation", ("aws_cloudtrail",), "enable_log_file_validation", "true"),
    Setting("aws-trail-regions", ("aws_cloudtrail",), "is_multi_region_trail", "true"),
    Setting("azure-storage-tls", ("azurerm_storage_account",), "min_tls_version", '"TLS1_2"'),
    Setting("azure-app-https", ("azurerm_app_service", "azurerm_linux_web_app", "azurerm_windows_web_app"), "https_only", "true"),
    Setting("azure-vault-purge", ("azurerm_key_vault",), "purge_protection_enabled", "true", note="This cannot be taken back."),
    Setting("google-bucket-uniform", ("google_storage_bucket",), "uniform_bucket_level_access", "true", note="Access lists of single objects stop counting."),
)  # fmt: skip


def _declare(setting: Setting) -> None:
    def fix(job: Job) -> Iterator[Splice]:
        for block in _resources(job, setting.types):
            if setting.name == "acl" and block.labels[0] == "aws_s3_bucket" and "acl" not in hcl.attributes(block.body):
                continue
            yield from _set(job.source, block.body, setting)

    rules = {"checkov": setting.rules} if setting.rules else None
    title = f"Set {setting.block + '.' if setting.block else ''}{setting.name} to {setting.value}"
    codemod(
        f"terraform-{setting.about}", title=title, files=FILES, about=(setting.about,), rules=rules, note=setting.note
    )(fix)


for _setting in SETTINGS:
    _declare(_setting)


def _resources(job: Job, types: tuple[str, ...]) -> Iterator[hcl.Block]:
    """Yield the resources of some types that a finding is about: by its address, else by its lines."""
    scope = job.location.scope
    for block in hcl.blocks(hcl.read_hcl(job.source)):
        if block.type != "resource" or not block.labels or block.labels[0] not in types:
            continue
        address = ".".join(block.labels)
        named = bool(scope) and (scope == address or scope.endswith(f".{address}") or scope.startswith(f"{address}["))
        lines = job.covers(block.node.start_point.row + 1, block.node.end_point.row + 1)
        if named or (lines and (job.location.line is not None or not scope)):
            yield block


def _set(source: Source, body: Node, setting: Setting) -> Iterator[Splice]:
    if setting.block:
        inner = [each for each in hcl.blocks(body) if each.type == setting.block]
        if len(inner) > 1 or any(each.type == "dynamic" and setting.block in each.labels for each in hcl.blocks(body)):
            raise UnsafeEdit(f"{source.path} has several blocks {setting.block}, or makes them by a loop.")
        if not inner:
            yield add_lines(source, body, [f"{setting.block} {{", f"  {setting.name} = {setting.value}", "}"], gap=True)
            return
        body = inner[0].body if inner[0].body is not inner[0].node else inner[0].node
        if body is inner[0].node:
            raise UnsafeEdit(f"{source.path} has an empty block {setting.block} on line {body.start_point.row + 1}.")
    node = hcl.attributes(body).get(setting.name)
    if node is None:
        yield add_lines(source, body, [_aligned(body, setting.name, setting.value)])
    elif not is_literal(node):
        raise UnsafeEdit(
            f"{source.path} computes {setting.name} on line {node.start_point.row + 1}; change it where it is computed."
        )
    elif text(node).strip() != setting.value:
        yield source.splice(source.at(node.start_byte), source.at(node.end_byte), setting.value)


def is_literal(node: Node) -> bool:
    """Tell whether an expression is a plain value."""
    return bool(re.fullmatch(r'true|false|null|-?[0-9.]+|"[^"$%\\]*"', text(node).strip()))


def _aligned(body: Node, name: str, value: str) -> str:
    """Return a line that sets an attribute, its sign below that of the attribute before it."""
    last = next((each for each in reversed(body.named_children) if each.type == "attribute"), None)
    width = len(name)
    if last is not None and body.named_children[-1] == last:
        written = text(last).partition("=")[0]
        width = max(width, len(written.rstrip()) if len(written) - len(written.rstrip()) <= 1 else len(written) - 1)
    return f"{name.ljust(width)} = {value}"


def add_lines(source: Source, body: Node, lines: list[str], *, gap: bool = False) -> Splice:
    """Return the piece that adds lines at the end of a body, indented as it is."""
    if not body.named_children or body.type != "body":
        raise UnsafeEdit(f"{source.path} has an empty block on line {body.start_point.row + 1}.")
    last = body.named_children[-1]
    end = source.end_of_line(source.at(last.end_byte))
    indent = source.indent(source.at(last.start_byte))
    if body.named_children[0].start_point.row == (body.parent.start_point.row if body.parent else -1):
        raise UnsafeEdit(f"{source.path} writes a block in one line on line {body.start_point.row + 1}.")
    written = "".join(f"{source.newline}{indent}{each}" for each in lines)
    return source.splice(end, end, (source.newline if gap else "") + written)


COMPANIONS: Final = {
    "aws-bucket-public-block": (
        "aws_s3_bucket_public_access_block",
        ("block_public_acls       = true", "block_public_policy     = true", "ignore_public_acls      = true", "restrict_public_buckets = true"),
    ),
    "aws-bucket-versioning": ("aws_s3_bucket_versioning", ("versioning_configuration {", '  status = "Enabled"', "}")),
    "aws-bucket-encryption": (
        "aws_s3_bucket_server_side_encryption_configuration",
        ("rule {", "  apply_server_side_encryption_by_default {", '    sse_algorithm = "AES256"', "  }", "}"),
    ),
}  # fmt: skip
"""Resources that stand beside a bucket, and what is in them."""


@codemod(
    "terraform-bucket-companion", title="Give a bucket the resource that protects it", files=FILES, about=COMPANIONS
)
def companion(job: Job) -> Iterator[Splice]:
    """Add the resource that a bucket lacks behind it."""
    kind, lines = COMPANIONS[job.about]
    source = job.source
    everything = list(hcl.blocks(hcl.read_hcl(source)))
    for bucket in _resources(job, ("aws_s3_bucket",)):
        name = bucket.labels[1]
        if any(
            each.type == "resource" and each.labels[:1] == (kind,) and f"aws_s3_bucket.{name}." in text(each.node)
            for each in everything
        ):
            continue
        if any(each.type == "resource" and each.labels[:2] == (kind, name) for each in everything):
            raise UnsafeEdit(f"{source.path} has a resource {kind}.{name} already.")
        if {"count", "for_each"} & hcl.attributes(bucket.body).keys():
            raise UnsafeEdit(f"{source.path} makes several buckets of aws_s3_bucket.{name}.")
        reference = "bucket" if kind != "aws_s3_bucket_public_access_block" else "bucket                 "
        body = [
            f"  {reference} = aws_s3_bucket.{name}.id",
            *(() if lines[0].startswith("block") else ("",)),
            *(f"  {each}" for each in lines),
        ]
        end = source.end_of_line(source.at(bucket.node.end_byte))
        yield source.splice(end, end, source.newline.join(("", "", f'resource "{kind}" "{name}" {{', *body, "}")))


_PORTS: Final = {"ckv_aws_24": 22, "aws-group-ssh": 22, "ckv_aws_25": 3389}


@codemod(
    "terraform-security-group", title="Open a port to the given addresses only", files=FILES, about=("aws-group-ssh", "aws-group-ingress"),
    rules={"checkov": ("CKV_AWS_25",)}, note="Who comes from other addresses is shut out.",
)  # fmt: skip
def security_group(job: Job) -> Iterator[Splice]:
    """Replace 0.0.0.0/0 by the given addresses in the rules of a security group that a finding is about."""
    places = list(_open_to_all(job))
    if not places:
        return
    cidr = job.need("cidr", "who may still come in has to be given, as addresses")
    try:
        network = ipaddress.ip_network(cidr)
    except ValueError:
        raise UnsafeEdit(f"{cidr!r} is no network.") from None
    if network.prefixlen == 0 or network.version != 4:
        raise UnsafeEdit(f"{cidr} leaves the port open to all, or is of another kind of address.")
    for node in places:
        start = job.source.at(node.start_byte)
        written = text(node)
        at = start + written.index('"0.0.0.0/0"')
        yield job.source.splice(at, at + len('"0.0.0.0/0"'), f'"{cidr}"')


def _open_to_all(job: Job) -> Iterator[Node]:
    port = _PORTS.get(job.about)
    for block in _resources(
        job, ("aws_security_group", "aws_security_group_rule", "aws_vpc_security_group_ingress_rule")
    ):
        rules = (
            [block.body]
            if block.labels[0] != "aws_security_group"
            else [each.body for each in hcl.blocks(block.body) if each.type == "ingress"]
        )
        for body in rules:
            told = hcl.attributes(body)
            if hcl.string(told.get("type")) == "egress":
                continue
            node = told.get("cidr_blocks") or told.get("cidr_ipv4")
            if node is None or '"0.0.0.0/0"' not in text(node):
                continue
            first, last = (text(told.get(key)).strip() for key in ("from_port", "to_port"))
            if (
                port is None
                or (first.isdigit() and last.isdigit() and int(first) <= port <= int(last))
                or first == "-1"
            ):
                yield node
