"""Which programs of a cloud may read and write which stores, by policies, grants and settings that name them; and what images they run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from seamark.intake.discovery.infrastructure.cloud.estate import (
    Estate,
    document,
    every,
    is_compute,
    is_secret,
    is_store,
)
from seamark.intake.discovery.infrastructure.cloud.types import ACTIONS
from seamark.intake.discovery.infrastructure.terraform import Resource
from seamark.intake.discovery.infrastructure.values import dig, listed, mapping, plain, texts

_READS: Final = re.compile(
    r"(?i)(?:Get|List|Describe|Read|Query|Scan|Select|BatchGet|Receive|Subscribe|Download|View|connect|ConditionCheck|PartiQLSelect|ExecuteStatement|Decrypt|\*)"
)
_WRITES: Final = re.compile(
    r"(?i)(?:Put|Update|Delete|Write|BatchWrite|Send|Publish|Create|Abort|Restore|Upload|Purge|Tag|Replicate|connect|PartiQLInsert|PartiQLUpdate|ExecuteStatement|\*)"
)
_ROLES: Final = {"aws_iam_role", "aws_iam_user", "google_service_account", "azurerm_user_assigned_identity"}
_MACHINES: Final = frozenset(
    {
        "google_compute_instance",
        "google_compute_instance_template",
        "digitalocean_droplet",
        "hcloud_server",
        "linode_instance",
        "scaleway_instance_server",
    }
)
"""What runs images of machines, not of containers."""
_IMAGES: Final = frozenset(
    {"image", "image_uri", "image_identifier", "docker_image_name", "container_image", "linux_fx_version"}
)
_GOOGLE: Final = re.compile(
    r"google_(storage_bucket|pubsub_topic|pubsub_subscription|bigquery_dataset|secret_manager_secret|spanner_database|bigtable_instance)_iam_(?:member|binding)"
)
_SAM: Final = {"S3ReadPolicy": ("aws_s3_bucket", True, False), "S3CrudPolicy": ("aws_s3_bucket", True, True), "S3WritePolicy": ("aws_s3_bucket", False, True), "DynamoDBReadPolicy": ("aws_dynamodb_table", True, False), "DynamoDBCrudPolicy": ("aws_dynamodb_table", True, True), "DynamoDBWritePolicy": ("aws_dynamodb_table", False, True), "SQSSendMessagePolicy": ("aws_sqs_queue", False, True), "SQSPollerPolicy": ("aws_sqs_queue", True, False), "SNSPublishMessagePolicy": ("aws_sns_topic", False, True)}  # fmt: skip


class Access(Struct, frozen=True):
    """A program (or a role that no program here has) that may read or write a store."""

    by: Resource
    store: Resource
    reads: bool
    writes: bool
    at: str
    confidence: float = 1.0


def accesses(estate: Estate) -> Iterator[Access]:
    """Yield who may read and write what, where a policy, a grant or a setting names the store."""
    for each in estate.resources:
        if each.type in {"aws_iam_role_policy", "aws_iam_user_policy", "aws_iam_policy", "aws_iam_role"}:
            for holder in _holders(estate, each):
                policies = (
                    every(each.values, "inline_policy", "policy")
                    if each.type == "aws_iam_role"
                    else [each.values.get("policy")]
                )
                yield from _by_policy(estate, holder, policies, each.at)
        elif match := _GOOGLE.fullmatch(each.type):
            yield from _by_grant(estate, each, f"google_{match[1]}")
        if is_compute(each):
            yield from _by_template(estate, each)
            yield from _by_settings(estate, each)


def images(each: Resource) -> list[str]:
    """Return the references of the images that a program runs, as far as they are known."""
    found = []
    for key, text in texts({name: value for name, value in each.values.items() if name not in {"tags", "labels"}}):
        if key in _IMAGES and "${" not in text and each.type not in _MACHINES:
            found.append(text.removeprefix("DOCKER|").removeprefix("docker://"))
    for definition in _definitions(each):
        image = plain(definition.get("image"))
        if image and "${" not in image:
            found.append(image)
    return list(dict.fromkeys(found))


def settings(each: Resource) -> Iterator[tuple[str, str]]:
    """Yield the variables that a program gets, of all that its declaration has."""
    for key in (
        "environment",
        "env",
        "environment_variables",
        "app_settings",
        "application_settings",
        "runtime_environment_variables",
    ):
        yield from _variables(_deep(each.values, key))
    for definition in _definitions(each):
        yield from _variables([definition.get("environment")])


def _definitions(each: Resource) -> list[dict[str, Any]]:
    given = each.values.get("container_definitions")
    found = document({"list": given} if isinstance(given, list) else f'{{"list": {given}}}') if given else {}
    return [mapping(one) for one in listed(found.get("list"))[:100]]


def _deep(value: Any, wanted: str) -> list[Any]:
    found, waiting = [], [value]
    for _ in range(5_000):
        if not waiting:
            break
        each = waiting.pop()
        if isinstance(each, dict):
            found += [each[wanted]] if wanted in each else []
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return found


def _variables(found: list[Any]) -> Iterator[tuple[str, str]]:
    for each in found[:50]:
        for one in listed(each)[:500]:
            pair = mapping(one)
            inner = mapping(pair.get("variables") or pair.get("Variables")) or pair
            if "name" in pair and ("value" in pair or "value_source" in pair or "value_from" in pair):
                yield (
                    plain(pair["name"]),
                    " ".join(text for _, text in texts({key: value for key, value in pair.items() if key != "name"})),
                )
            else:
                yield from ((name, value) for name, value in inner.items() if isinstance(value, str))


def _users(estate: Estate, role: Resource) -> list[Resource]:
    """Return the programs that have a role, by themselves or through a profile or a task; the role itself where none does."""
    found = [one for one in estate.to(role) if is_compute(one)]
    for profile in estate.to(role, "aws_iam_instance_profile"):
        found += [one for one in estate.to(profile) if is_compute(one)]
    services = [
        one for task in found if task.type == "aws_ecs_task_definition" for one in estate.to(task, "aws_ecs_service")
    ]
    executing = [
        one
        for one in found
        if one.type == "aws_ecs_task_definition"
        and role in estate.referred(one.values.get("execution_role_arn"))
        and role not in estate.referred(one.values.get("task_role_arn"))
    ]
    return list({one.address: one for one in (*services, *found) if one not in executing}.values()) or [role]


def _holders(estate: Estate, policy: Resource) -> list[Resource]:
    roles = (
        [policy]
        if policy.type == "aws_iam_role"
        else [
            to
            for to in estate.referred([policy.values.get(key) for key in ("role", "user", "roles")])
            if to.type in _ROLES
        ]
    )
    for attached in estate.to(policy):
        if attached.type in {
            "aws_iam_role_policy_attachment",
            "aws_iam_policy_attachment",
            "aws_iam_user_policy_attachment",
        }:
            roles += [to for to in estate.from_(attached) if to.type in _ROLES]
        elif attached.type in _ROLES and attached is not policy:
            roles.append(attached)
    return [user for role in roles for user in _users(estate, role)]


def _by_policy(estate: Estate, holder: Resource, policies: list[Any], at: str) -> Iterator[Access]:
    for policy in policies:
        statements = every(document(policy), "Statement")
        for each in estate.referred(policy):
            if each.type == "data.aws_iam_policy_document":
                statements += every(each.values, "statement")
        for statement in map(mapping, statements[:500]):
            if plain(statement.get("Effect", statement.get("effect", "Allow"))) != "Allow":
                continue
            actions = [plain(value) for value in [*listed(statement.get("Action")), *listed(statement.get("actions"))]]
            for target in [*listed(statement.get("Resource")), *listed(statement.get("resources"))][:500]:
                for store in _meant(estate, target, actions):
                    about = [
                        action.partition(":")[2]
                        for action in actions
                        if store.type in ACTIONS.get(action.partition(":")[0], ()) or action == "*"
                    ]
                    reads, writes = any(_READS.match(one) for one in about), any(_WRITES.match(one) for one in about)
                    if "*" in actions or reads or writes:
                        yield Access(
                            holder,
                            store,
                            reads or "*" in actions,
                            (writes or "*" in actions) and not is_secret(store),
                            at,
                        )


def _meant(estate: Estate, target: Any, actions: list[str]) -> list[Resource]:
    stores = [to for to in estate.referred(target) if is_store(to) or is_secret(to)]
    if not stores and isinstance(target, str) and "${" not in target and target.startswith("arn:"):
        types = tuple(kind for action in actions for kind in ACTIONS.get(action.partition(":")[0], ()))
        found = estate.named(target, types)
        stores = [found] if found is not None else []
    return stores


def _by_grant(estate: Estate, grant: Resource, kind: str) -> Iterator[Access]:
    role = plain(grant.values.get("role")).lower()
    stores = [to for to in estate.from_(grant) if to.type == kind]
    accounts = [
        to
        for to in estate.referred([grant.values.get("member"), grant.values.get("members")])
        if to.type == "google_service_account"
    ]
    writes = (
        any(
            word in role
            for word in ("admin", "editor", "writer", "creator", "publisher", "objectuser", "owner", "user")
        )
        and "viewer" not in role
    )
    reads = any(
        word in role
        for word in ("admin", "editor", "viewer", "reader", "accessor", "subscriber", "objectuser", "owner", "user")
    )
    for store in stores:
        for account in accounts:
            for user in _users(estate, account):
                yield Access(user, store, reads, writes and not is_secret(store), grant.at)


def _by_template(estate: Estate, each: Resource) -> Iterator[Access]:
    """Yield the accesses that policy templates of the serverless model give."""
    for policy in listed(each.values.get("policies"))[:100]:
        for name, parameters in mapping(policy).items():
            known = _SAM.get(name)
            for store in [to for to in estate.referred(parameters) if known and to.type == known[0]]:
                yield Access(each, store, known[1] if known else False, known[2] if known else False, each.at)
        if isinstance(policy, dict) and "Statement" in policy:
            yield from _by_policy(estate, each, [policy], each.at)


def _by_settings(estate: Estate, each: Resource) -> Iterator[Access]:
    by = next(iter(estate.to(each, "aws_ecs_service")), each) if each.type == "aws_ecs_task_definition" else each
    for _, value in settings(each):
        for store in estate.referred(value):
            if is_store(store) or is_secret(store):
                yield Access(by, store, reads=True, writes=is_store(store), at=each.at, confidence=0.7)
    for definition in _definitions(each):
        for secret in listed(definition.get("secrets"))[:200]:
            for store in estate.referred(dig(secret, "valueFrom")):
                if is_secret(store):
                    yield Access(by, store, reads=True, writes=False, at=each.at, confidence=0.9)
