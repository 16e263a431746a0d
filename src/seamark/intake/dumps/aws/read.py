"""Sorts the answers of AWS by account, region and service, and reads each group as one dump."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct

from seamark.core.assets import AssetKind, AssetRef, RelationKind
from seamark.core.errors import UnreadableReport
from seamark.intake.discovery.infrastructure.values import dig, mapping, plain
from seamark.intake.dumps.aws import others
from seamark.intake.dumps.aws.ecs import EcsAnswers
from seamark.intake.dumps.aws.names import ARN, Where, is_cut, where
from seamark.intake.dumps.dump import GOES_ON, Dump, Given, Said, Told, rows

ORIGIN: Final = "aws"
_ONE: Final = "it tells of single resources, not of all"
_LISTS: Final = {
    "Functions": ("FunctionArn", "lambda"), "Reservations": ("Instances", "ec2"), "LoadBalancers": ("LoadBalancerArn", "elb"),
    "TargetGroups": ("TargetGroupArn", "elb"), "Listeners": ("ListenerArn", "elb"), "DBInstances": ("DBInstanceArn", "rds"),
    "imageDetails": ("imageDigest", "ecr"), "repositories": ("repositoryArn", "ecr"), "Buckets": ("Name", "s3"),
}  # fmt: skip
"""Names of lists, the field by which their rows are told, and the service."""
_BUCKET: Final = ("PublicAccessBlockConfiguration", "PolicyStatus", "Policy", "Grants")


class _Group(Struct):
    """The answers of one service in one account and region."""

    told: Told
    lists: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {}
    """Rows by the name of their list, each with the answer that it stood in."""
    whole: bool = False
    """Whether something lists all there is."""


def is_aws(value: Any) -> bool:
    """Tell whether a document is an answer of AWS that can be read."""
    if not isinstance(value, dict):
        return False
    for name, (mark, _) in _LISTS.items():
        listed = value.get(name)
        if isinstance(listed, list) and (not listed or (isinstance(listed[0], dict) and mark in listed[0])):
            return True
    if isinstance(value.get("Configuration"), dict) and "FunctionArn" in value["Configuration"]:
        return True
    if isinstance(value.get("cluster"), dict) and ":eks:" in plain(value["cluster"].get("arn")):
        return True
    return any(name in value for name in _BUCKET) or EcsAnswers().take(value)


class _Reading:
    def __init__(self, said: Said) -> None:
        self._said = said
        self._ecs = EcsAnswers()
        self._groups: dict[tuple[Where, str], _Group] = {}
        self._regions: set[Where] = set()

    def read(self, given: Sequence[Given]) -> list[Dump]:
        for each in given:
            self._take(mapping(each.value))
        behind = self._behind()
        found = [
            self._dump(place, service, group)
            for (place, service), group in sorted(self._groups.items(), key=lambda one: one[0])
        ]
        for arn, cluster in sorted(self._ecs.settled().items()):
            place = where(self._said, arn)
            told = Told(ORIGIN)
            cluster.read(told, self._ecs.definitions, behind, self._said.environment)
            self._hold(told, place)
            found.append(told.dump(f"{_named(place)} ecs/{arn.rpartition('/')[2]}"))
        if not found:
            raise UnreadableReport(
                "It names nothing that could be told of",
                hint="give task definitions and lists together with the tasks or services",
            )
        return found

    def _group(self, service: str, *hints: Any) -> _Group:
        place = where(self._said, *hints)
        self._regions.add(place)
        return self._groups.setdefault((place, service), _Group(Told(ORIGIN), {}))

    def _take(self, value: dict[str, Any]) -> None:
        if self._ecs.take(value):
            return
        if isinstance(value.get("Configuration"), dict):
            group = self._group("lambda", value["Configuration"].get("FunctionArn"))
            group.lists.setdefault("Functions", []).append((value["Configuration"], value))
            return
        if isinstance(value.get("cluster"), dict):
            cluster = value["cluster"]
            group = self._group("eks", cluster.get("arn"))
            group.lists.setdefault("cluster", []).append((cluster, value))
            return
        for name, (_, service) in _LISTS.items():
            if isinstance(value.get(name), list):
                self._listed(name, service, value)
                return
        self._bucket(value)

    def _listed(self, name: str, service: str, value: dict[str, Any]) -> None:
        found = rows(value[name])
        if name == "Reservations":
            found = [{**one, "_owner": each.get("OwnerId")} for each in found for one in rows(each.get("Instances"))]
        groups = {id(group): group for each in found if (group := self._keep(name, service, each, value))}
        if not found:
            group = self._group(service)
            groups = {id(group): group}
        for group in groups.values():
            # Target groups and listeners are looked up: what a list of them lacks ends nothing by itself.
            group.whole = group.whole or name not in {"TargetGroups", "Listeners", "repositories"}
            if is_cut(value):
                group.told.partial.append(GOES_ON)

    def _keep(self, name: str, service: str, each: dict[str, Any], value: dict[str, Any]) -> _Group | None:
        hints = {
            "Reservations": (each.get("_owner"), dig(each, "Placement", "AvailabilityZone")),
            "imageDetails": (each.get("registryId"),),
            "Buckets": (),
        }.get(name, (each.get(_LISTS[name][0]),))
        group = self._group(service, *hints)
        group.lists.setdefault(name, []).append((each, value))
        return group

    def _bucket(self, value: dict[str, Any]) -> None:
        name = others.bucket_of(value)
        if not name:
            raise UnreadableReport(
                "It does not say which bucket it is about", hint='write the name into it: jq \'. + {"Bucket": "NAME"}\''
            )
        group = self._group("s3")
        group.lists.setdefault("bucket", []).append(({**value, "Bucket": name}, value))

    def _behind(self) -> dict[str, list[AssetRef]]:
        """Return the load balancers in front of target groups."""
        found: dict[str, list[AssetRef]] = {}
        for (_, service), group in self._groups.items():
            if service == "elb":
                for each, _ in group.lists.get("TargetGroups", ()):
                    named = each.get("LoadBalancerArns")
                    found[plain(each.get("TargetGroupArn"))] = [
                        AssetRef(AssetKind.CLOUD_RESOURCE, plain(one)) for one in (named if isinstance(named, list) else ())[:50] if ARN.fullmatch(plain(one))
                    ]  # fmt: skip
        return found

    def _dump(self, place: Where, service: str, group: _Group) -> Dump:
        told, environment = group.told, self._said.environment
        readers: dict[str, Callable[[dict[str, Any], dict[str, Any]], None]] = {
            "Functions": lambda each, value: others.function(each, mapping(value.get("Code")), told, environment),
            "Reservations": lambda each, _: others.instance(each, _machine(place, each), told, environment),
            "LoadBalancers": lambda each, _: others.balancer(each, [one for one, _ in group.lists.get("Listeners", ())], told, environment),
            "DBInstances": lambda each, _: others.database(each, told, environment),
            "cluster": lambda each, _: others.kubernetes(each, told, environment),
            "bucket": lambda each, _: others.bucket(each, plain(each.get("Bucket")), told, environment),
            "Buckets": lambda each, _: others.bucket({}, plain(each.get("Name")), told, environment),
        }  # fmt: skip
        for name, read in readers.items():
            for each, value in group.lists.get(name, ()):
                read(each, value)
        if service == "ecr":
            self._pushed(place, group)
        if not group.whole:
            told.partial.append(_ONE)
        self._hold(told, place)
        return told.dump(f"{_named(place)} {service}", runs=service == "lambda")

    def _pushed(self, place: Where, group: _Group) -> None:
        """Tell of the images of a registry: their addresses are told, or made from account and region."""
        addresses = {
            plain(each.get("repositoryName")): plain(each.get("repositoryUri"))
            for each, _ in group.lists.get("repositories", ())
        }
        region = place.region or next(
            (one.region for one in sorted(self._regions) if one.account == place.account and one.region), ""
        )
        by_name: dict[str, list[dict[str, Any]]] = {}
        for each, _ in group.lists.get("imageDetails", ()):
            by_name.setdefault(plain(each.get("repositoryName")), []).append(each)
        for name, details in by_name.items():
            address = addresses.get(name) or (
                f"{place.account}.dkr.ecr.{region}.amazonaws.com/{name}" if region else ""
            )
            if not address:
                raise UnreadableReport(
                    "It does not say in which region the registry is",
                    hint="name it with --account 123456789012/eu-west-1",
                )
            others.pushed(address, details, group.told)
        # describe-images tells of one repository at a time.
        group.told.partial.append("it tells of single repositories, not of the registry")

    def _hold(self, told: Told, place: Where) -> None:
        account = AssetRef(AssetKind.CLOUD_ACCOUNT, place.account)
        told.add(account, place.account, {"provider": "aws"})
        for ref in dict.fromkeys(each.ref for each in told.found):
            if ref.kind in {AssetKind.CLOUD_RESOURCE, AssetKind.DATA_STORE, AssetKind.CLUSTER}:
                told.edge(RelationKind.CONTAINS, account, ref)


def read_aws(given: Sequence[Given], said: Said) -> list[Dump]:
    """Return what the answers say, a dump for each account, region and service. Raises `UnreadableReport`."""
    return _Reading(said).read(given)


def _named(place: Where) -> str:
    return " ".join(one for one in ("aws", place.account, place.region) if one)


def _machine(place: Where, each: dict[str, Any]) -> str:
    return f"arn:aws:ec2:{place.region}:{place.account}:instance/{plain(each.get('InstanceId'))}"
