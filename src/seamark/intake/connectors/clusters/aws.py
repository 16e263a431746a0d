"""AWS through its command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from msgspec.structs import replace

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.clusters.look import Look, partly, together
from seamark.intake.connectors.clusters.programs import Program, document, word
from seamark.intake.discovery.infrastructure.values import mapping, plain
from seamark.intake.dumps.aws.read import is_aws
from seamark.intake.dumps.dump import Said
from seamark.intake.dumps.read import read_dumps

RIGHTS: Final = (
    "sts:GetCallerIdentity", "ecs:ListClusters", "ecs:ListTasks", "ecs:DescribeTasks", "ecs:ListServices", "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition", "lambda:ListFunctions", "lambda:GetFunction", "ec2:DescribeInstances", "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeListeners", "ecr:DescribeRepositories", "ecr:DescribeImages",
    "eks:ListClusters", "eks:DescribeCluster", "rds:DescribeDBInstances", "s3:ListAllMyBuckets", "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketPolicyStatus", "s3:GetBucketAcl",
)  # fmt: skip
"""What the credentials must allow."""
_REGION: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}")
_QUIET: Final = {"AWS_PAGER": "", "AWS_CLI_AUTO_PROMPT": "off"}
_STANDS_ON: Final = {"ecs": ("elb",)}
"""Services that are told with the answers of others."""


def look_at_aws(
    said: Said, regions: Sequence[str], profile: str = "", *, progress: Callable[[str], None] = lambda _: None
) -> Look:  # fmt: skip
    """Read what runs in some regions of an account, and its buckets. Raises `RemoteFailure` where nobody is let in, `UnreadableReport`."""
    if not regions:
        raise RemoteFailure("Nothing says which regions of AWS to look at; name them with --region", permanent=True)
    for region in regions:
        if not _REGION.fullmatch(region):
            raise RemoteFailure(f"{region[:100]!r} is no region of AWS", permanent=True)
    looks: list[Look] = []
    account = ""
    for number, region in enumerate(regions):
        options = ["--output", "json", "--region", region, *(["--profile", profile] if profile else [])]
        program = Program("aws", options, _QUIET, progress=progress)
        account = account or plain(mapping(program.must("sts", "get-caller-identity")).get("Account"))
        if not re.fullmatch(r"[0-9]{12}", account):
            raise RemoteFailure("aws sts get-caller-identity names no account", permanent=True)
        looks.append(_Region(program, account, region).look(said))
        if number == 0:
            looks.append(_buckets(program, account, said))
    return together(looks)


class _Region:
    def __init__(self, program: Program, account: str, region: str) -> None:
        self._program, self._account, self._region = program, account, region
        self._files: list[tuple[str, bytes]] = []
        self._empty: list[str] = []

    def look(self, said: Said) -> Look:
        for read in (
            self._balancers,
            self._ecs,
            self._functions,
            self._machines,
            self._registry,
            self._eks,
            self._databases,
        ):
            read()
        # Every list was asked for here: what the dumps by themselves do not prove, the commands do.
        given = replace(said, account=f"{self._account}/{self._region}", partial=False, complete=True)
        return _look(self._files, given, self._program, said, self._empty)

    def _list(self, service: str, name: str, *words: str) -> list[Any]:
        value, rows = self._program.rows(service, name, *words)
        if value is not None and is_aws(value):
            self._files.append(document(" ".join(words[:2]), value))
        return rows

    def _source(self, service: str) -> str:
        return f"aws {self._account} {self._region} {service}"

    def _balancers(self) -> None:
        balancers = self._list("elb", "LoadBalancers", "elbv2", "describe-load-balancers")
        self._list("elb", "TargetGroups", "elbv2", "describe-target-groups")
        for each in map(mapping, balancers):
            if arn := word(each.get("LoadBalancerArn")):
                self._list("elb", "Listeners", "elbv2", "describe-listeners", "--load-balancer-arn", arn)

    def _ecs(self) -> None:
        definitions: dict[str, None] = {}
        value, clusters = self._program.rows("ecs", "clusterArns", "ecs", "list-clusters")
        for arn in filter(None, map(word, clusters if value is not None else ())):
            at = ("--cluster", arn)
            tasks = [one for one in map(word, self._list("ecs", "taskArns", "ecs", "list-tasks", *at)) if one]
            services = [one for one in map(word, self._list("ecs", "serviceArns", "ecs", "list-services", *at)) if one]
            if not tasks and not services:
                self._empty.append(self._source(f"ecs/{arn.rpartition('/')[2]}"))
            for some in _pieces(tasks, 100):
                found = self._list("ecs", "tasks", "ecs", "describe-tasks", *at, "--tasks", *some)
                definitions |= dict.fromkeys(word(mapping(one).get("taskDefinitionArn")) for one in found)
            for some in _pieces(services, 10):
                found = self._list("ecs", "services", "ecs", "describe-services", *at, "--services", *some)
                definitions |= dict.fromkeys(word(mapping(one).get("taskDefinition")) for one in found)
        for name in filter(None, definitions):
            words = ("ecs", "describe-task-definition", "--task-definition", name)
            definition = self._program.ask("ecs", *words)
            if definition is not None and is_aws(definition):
                self._files.append(document(" ".join(words[:2]), definition))

    def _functions(self) -> None:
        for each in map(mapping, self._list("lambda", "Functions", "lambda", "list-functions")):
            if plain(each.get("PackageType")) == "Image" and (arn := word(each.get("FunctionArn"))):
                # Only this answer names the image and its digest.
                found = self._program.ask("lambda", "lambda", "get-function", "--function-name", arn)
                if found is not None and is_aws(found):
                    self._files.append(document("lambda get-function", found))

    def _machines(self) -> None:
        self._list("ec2", "Reservations", "ec2", "describe-instances")

    def _registry(self) -> None:
        for each in map(mapping, self._list("ecr", "repositories", "ecr", "describe-repositories")):
            if name := word(each.get("repositoryName")):
                self._list("ecr", "imageDetails", "ecr", "describe-images", "--repository-name", name)

    def _eks(self) -> None:
        value, names = self._program.rows("eks", "clusters", "eks", "list-clusters")
        for name in filter(None, map(word, names)):
            found = self._program.ask("eks", "eks", "describe-cluster", "--name", name)
            if found is not None and is_aws(found):
                self._files.append(document("eks describe-cluster", found))
        if value is not None and not names:
            self._empty.append(self._source("eks"))

    def _databases(self) -> None:
        self._list("rds", "DBInstances", "rds", "describe-db-instances")


def _buckets(program: Program, account: str, said: Said) -> Look:
    """Read the buckets, which are of no region."""
    value, buckets = program.rows("s3", "Buckets", "s3api", "list-buckets")
    files = [document("s3api list-buckets", value)] if value is not None else []
    for name in filter(None, (word(mapping(each).get("Name")) for each in buckets)):
        for command, fine in (
            ("get-public-access-block", "NoSuchPublicAccessBlockConfiguration"), ("get-bucket-policy-status", "NoSuchBucketPolicy"), ("get-bucket-acl", ""),
        ):  # fmt: skip
            found = program.ask("s3", "s3api", command, "--bucket", name, fine=[fine] if fine else ())
            if isinstance(found, dict) and is_aws(found):
                files.append(document(f"s3api {command}", {**found, "Bucket": name}))
    return _look(files, replace(said, account=account, partial=False, complete=True), program, said, [])


def _pieces(rows: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for at in range(0, len(rows), size):
        yield rows[at : at + size]


def _look(files: list[tuple[str, bytes]], given: Said, program: Program, said: Said, empty: Sequence[str]) -> Look:
    dumps = []
    for dump in read_dumps(files, given):
        service = dump.source.rpartition(" ")[2].partition("/")[0]
        reasons = [why for one in (service, *_STANDS_ON.get(service, ())) for why in program.problems[one]]
        dumps.append(partly(dump, [*(["the caller says so"] if said.partial else []), *reasons]))
    asked = {"s3"} if "/" not in given.account else set(program.problems) - {"s3"}
    troubled = {service for service in asked if program.problems[service]}
    return Look(
        dumps=tuple(dumps), problems=tuple(why for service in sorted(troubled) for why in program.problems[service]), failed=frozenset(troubled),
        empty=() if said.partial else tuple(one for one in empty if one.rpartition(" ")[2].partition("/")[0] not in troubled),
    )  # fmt: skip
