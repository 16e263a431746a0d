"""Functions, machines, load balancers, registries, clusters, databases and buckets of AWS."""

from __future__ import annotations

import json
from typing import Any, Final

from seamark.core.assets import AssetKind, AssetRef, RelationKind
from seamark.intake.discovery.infrastructure.places import environment_of
from seamark.intake.discovery.infrastructure.values import dig, listed, mapping, plain, sequence
from seamark.intake.dumps.dump import DIGEST, Told, image_entry, rows, unique

MOST_BUILDS: Final = 100
_ANYWHERE: Final = frozenset({"0.0.0.0/0", "::/0"})


def function(each: dict[str, Any], code: dict[str, Any], told: Told, environment: str) -> None:
    """Tell of a Lambda function."""
    arn, name = plain(each.get("FunctionArn")), plain(each.get("FunctionName"))
    resolved, _, digest = plain(code.get("ResolvedImageUri")).partition("@")
    images = unique([image_entry(plain(code.get("ImageUri")) or resolved, container=name, digest=digest)])
    facts = {
        "type": "aws_lambda_function", "runtime": plain(each.get("Runtime")), "images": images, "cloud_role": plain(each.get("Role")),
        "variables": sorted(map(str, mapping(dig(each, "Environment", "Variables"))))[:500], "started": plain(each.get("LastModified")),
        "package": plain(each.get("PackageType")), "environment": environment or environment_of(name), "in_network": bool(dig(each, "VpcConfig", "VpcId")),
    }  # fmt: skip
    ref = told.add(AssetRef(AssetKind.CLOUD_RESOURCE, arn), name, facts)
    told.runs(ref, images)


def instance(each: dict[str, Any], arn: str, told: Told, environment: str) -> None:
    """Tell of a machine that is not gone."""
    state = plain(dig(each, "State", "Name"))
    if state in {"terminated", "shutting-down"}:
        return
    tags = {plain(one.get("Key")): plain(one.get("Value")) for one in rows(each.get("Tags"), 100)}
    name = tags.get("Name") or plain(each.get("InstanceId"))
    public = plain(each.get("PublicIpAddress"))
    facts = {
        "type": "aws_instance", "state": state, "public_ip": public, "private_ip": plain(each.get("PrivateIpAddress")), "machine_image": plain(each.get("ImageId")),
        "started": plain(each.get("LaunchTime")), "cloud_role": plain(dig(each, "IamInstanceProfile", "Arn")), "labels": tags,
        "environment": environment or environment_of(tags.get("environment", ""), tags.get("Environment", ""), tags.get("env", ""), name),
        "security_groups": sorted({plain(one.get("GroupId")) for one in rows(each.get("SecurityGroups"), 50)}),
    }  # fmt: skip
    ref = told.add(AssetRef(AssetKind.CLOUD_RESOURCE, arn), name, facts)
    if public and state == "running":
        # What its security groups let through stands in another answer.
        why = {"exposure": "internet", "exposure_why": f"has the public address {public}"}
        told.add(ref, name, why, confidence=0.6)


def balancer(each: dict[str, Any], listeners: list[dict[str, Any]], told: Told, environment: str) -> None:
    """Tell of a load balancer with the name that it answers to."""
    arn, name = plain(each.get("LoadBalancerArn")), plain(each.get("LoadBalancerName"))
    exposure = "internal" if plain(each.get("Scheme")) == "internal" else "internet"
    mine = [one for one in listeners if plain(one.get("LoadBalancerArn")) == arn]
    facts = {
        "type": "aws_lb", "exposure": exposure, "exposure_why": f"its scheme is {plain(each.get('Scheme')) or 'internet-facing'}",
        "ports": sorted({one["Port"] for one in mine if isinstance(one.get("Port"), int)}), "environment": environment or environment_of(name),
        "tls": bool(mine) and all(plain(one.get("Protocol")) in {"HTTPS", "TLS"} for one in mine),
    }  # fmt: skip
    ref = told.add(AssetRef(AssetKind.CLOUD_RESOURCE, arn), name, facts)
    if host := plain(each.get("DNSName")).lower():
        domain = told.add(AssetRef(AssetKind.DOMAIN, host), host, {"exposure": exposure})
        told.edge(RelationKind.EXPOSES, domain, ref)


def pushed(name: str, details: list[dict[str, Any]], told: Told) -> None:
    """Tell of the builds that a registry has of an image, the newest first."""
    builds = [
        {
            "digest": plain(each.get("imageDigest")), "at": plain(each.get("imagePushedAt")),
            "tags": sorted(plain(tag) for tag in sequence(each.get("imageTags"))[:50]),
        }
        for each in details
        if DIGEST.fullmatch(plain(each.get("imageDigest")))
    ]  # fmt: skip
    builds.sort(key=lambda one: (str(one["at"]), str(one["digest"])), reverse=True)
    if len(builds) > MOST_BUILDS:
        told.partial.append(f"of {name} the newest {MOST_BUILDS} builds are kept")
    told.add(AssetRef(AssetKind.IMAGE, name), name, {"builds": builds[:MOST_BUILDS]})


def database(each: dict[str, Any], told: Told, environment: str) -> None:
    """Tell of a database."""
    name = plain(each.get("DBInstanceIdentifier"))
    public = each.get("PubliclyAccessible") is True
    facts = {
        "type": "aws_db_instance", "engine": plain(each.get("Engine")), "version": plain(each.get("EngineVersion")), "database": plain(each.get("DBName")),
        "host": plain(dig(each, "Endpoint", "Address")), "port": dig(each, "Endpoint", "Port"), "encrypted": each.get("StorageEncrypted"),
        "exposure": "internet" if public else "internal", "exposure_why": "is publicly accessible" if public else "is not publicly accessible",
        "environment": environment or environment_of(name),
    }  # fmt: skip
    told.add(AssetRef(AssetKind.DATA_STORE, plain(each.get("DBInstanceArn"))), name, facts, confidence=0.9)


def kubernetes(each: dict[str, Any], told: Told, environment: str) -> None:
    """Tell of a Kubernetes cluster, by the name that its own dumps bear."""
    name = plain(each.get("name"))
    network = mapping(each.get("resourcesVpcConfig"))
    ranges = [plain(one) for one in sequence(network.get("publicAccessCidrs"))[:100]]
    public = network.get("endpointPublicAccess") is True
    reach = ("internet" if _ANYWHERE & set(ranges) or not ranges else "partner") if public else "internal"
    facts = {
        "type": "aws_eks_cluster", "arn": plain(each.get("arn")), "version": plain(each.get("version")), "endpoint": plain(each.get("endpoint")),
        "exposure": reach, "exposure_why": "its API answers on a public address" if public else "its API answers inside its network only",
        "source_ranges": ranges, "environment": environment or environment_of(name),
    }  # fmt: skip
    told.add(AssetRef(AssetKind.CLUSTER, name), name, facts)


def bucket(value: dict[str, Any], name: str, told: Told, environment: str) -> None:
    """Tell of a bucket what one answer says of who may read it."""
    facts: dict[str, Any] = {
        "type": "aws_s3_bucket",
        "engine": "s3",
        "environment": environment or environment_of(name),
    }
    block = mapping(value.get("PublicAccessBlockConfiguration"))
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    why, reach = "", ""
    if block and all(block.get(one) is True for one in names):
        reach, why = "internal", "public access is blocked"
    elif dig(value, "PolicyStatus", "IsPublic") is True or _is_public(value.get("Policy")):
        reach, why = "internet", "its policy lets everybody in"
    elif any("AllUsers" in plain(dig(one, "Grantee", "URI")) for one in rows(value.get("Grants"), 100)):
        reach, why = "internet", "its access list names everybody"
    sure = 1.0 if reach == "internal" else 0.9
    told.add(
        AssetRef(AssetKind.DATA_STORE, f"arn:aws:s3:::{name}"), name, facts | {"exposure": reach, "exposure_why": why}, confidence=sure
    )  # fmt: skip


def _is_public(policy: Any) -> bool:
    try:
        statements = listed(mapping(json.loads(policy) if isinstance(policy, str) else policy).get("Statement"))
    except (ValueError, RecursionError):
        return False
    return any(
        one.get("Effect") == "Allow" and not one.get("Condition") and (one.get("Principal") == "*" or "*" in listed(mapping(one.get("Principal")).get("AWS")))
        for one in map(mapping, statements[:500])
    )  # fmt: skip


def bucket_of(value: dict[str, Any]) -> str:
    """Return the bucket that an answer is about: the one that somebody wrote beside it, else the one that its policy names."""
    if name := plain(value.get("Bucket")):
        return name
    policy = value.get("Policy")
    try:
        read = mapping(json.loads(policy) if isinstance(policy, str) else {})
    except (ValueError, RecursionError):
        return ""
    for statement in map(mapping, listed(read.get("Statement"))[:500]):
        for resource in listed(statement.get("Resource")):
            head, mark, rest = plain(resource).partition(":s3:::")
            if mark and head.startswith("arn:aws") and (name := rest.partition("/")[0]) and "*" not in name:
                return name
    return ""
