"""Elastic Container Service: services, the tasks that run, and what they were defined as."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from seamark.core.assets import AssetKind, AssetRef, RelationKind
from seamark.intake.discovery.infrastructure.places import environment_of
from seamark.intake.discovery.infrastructure.values import dig, is_true, mapping, plain, sequence
from seamark.intake.dumps.aws.names import ARN, arns, is_cut
from seamark.intake.dumps.dump import GOES_ON, Told, image_entry, rows, unique

_ENDED: Final = frozenset({"STOPPED", "DEPROVISIONING", "DELETED"})


class Ecs:
    """What all answers say of one cluster."""

    def __init__(self, cluster: str) -> None:
        self.cluster = cluster
        """ARN."""
        self.services: dict[str, dict[str, Any]] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.listed: set[str] | None = None
        """The tasks that there are, where a list names them all."""
        self.problems: list[str] = []

    def read(
        self, told: Told, definitions: dict[str, dict[str, Any]], behind: dict[str, list[AssetRef]], environment: str
    ) -> None:
        """Tell of the services and of the tasks that belong to none; `behind` has the load balancers of target groups."""
        me = AssetRef(AssetKind.CLUSTER, self.cluster)
        name = self.cluster.rpartition("/")[2]
        told.add(me, name, {"type": "aws_ecs_cluster", "environment": environment or environment_of(name)})
        by_service: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for task in self.tasks.values():
            if plain(task.get("lastStatus")) not in _ENDED:
                by_service[self._owner(task)].append(task)
        for key in sorted({*self.services, *by_service}):
            self._one(key, by_service.get(key, []), told, me, definitions, behind, environment)
        told.partial += self.problems + self._gaps()

    def _gaps(self) -> list[str]:
        if self.listed is None:
            return ["nothing lists all tasks of the cluster (aws ecs list-tasks)"]
        missing = len(self.listed - set(self.tasks))
        return [f"{missing:,} tasks are listed and not described"] if missing else []

    def _owner(self, task: dict[str, Any]) -> str:
        """Return the ARN of the service that a task belongs to, else that of its family."""
        sort, colon, name = plain(task.get("group")).partition(":")
        if colon and sort == "service":
            named = [key for key, one in self.services.items() if plain(one.get("serviceName")) == name]
            return named[0] if named else f"{self.cluster.replace(':cluster/', ':service/', 1)}/{name}"
        return plain(task.get("taskDefinitionArn")).rpartition(":")[0]

    def _one(
        self, key: str, tasks: list[dict[str, Any]], told: Told, me: AssetRef, definitions: dict[str, dict[str, Any]],
        behind: dict[str, list[AssetRef]], environment: str,
    ) -> None:  # fmt: skip
        service = self.services.get(key, {})
        named = [plain(one.get("taskDefinitionArn")) for one in tasks] + [plain(service.get("taskDefinition"))]
        definition = next((definitions[one] for one in named if one in definitions), {})
        containers = rows(definition.get("containerDefinitions"), 200)
        images = unique(
            image_entry(plain(one.get("image")), container=plain(one.get("name")), digest=plain(one.get("imageDigest")))
            for task in tasks
            for one in rows(task.get("containers"), 200)
        )
        live = bool(tasks) or (not self.tasks and bool(service.get("desiredCount")))
        images = images or unique(
            image_entry(plain(one.get("image")), container=plain(one.get("name"))) for one in containers
        )
        ref = AssetRef(AssetKind.CLOUD_RESOURCE, key)
        name = plain(service.get("serviceName")) or key.rpartition("/")[2]
        started = sorted(filter(None, (plain(task.get("startedAt")) for task in tasks)))
        public = plain(dig(service, "networkConfiguration", "awsvpcConfiguration", "assignPublicIp")) == "ENABLED"
        facts: dict[str, Any] = {
            "type": "aws_ecs_service" if ":service/" in key else "aws_ecs_task_definition", "orchestrator": "ecs", "cluster": self.cluster,
            "images": images, "replicas": service.get("desiredCount"), "running": len(tasks) or service.get("runningCount") or 0,
            "started": started[0] if started else "", "public_ip": public or None, "launch_type": plain(service.get("launchType")),
            "environment": environment or environment_of(name, self.cluster.rpartition("/")[2]),
        }  # fmt: skip
        told.add(ref, name, facts | _defined(definition, containers))
        told.edge(RelationKind.CONTAINS, me, ref)
        if live:
            told.runs(ref, images)
        for one in rows(service.get("loadBalancers"), 50):
            for balancer in behind.get(plain(one.get("targetGroupArn")), []):
                told.add(balancer, "", {})
                told.edge(RelationKind.EXPOSES, balancer, ref)


def _defined(definition: dict[str, Any], containers: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what a task definition says of how its containers run, in the words that manifests are told in."""
    if not definition:
        return {}
    users = [plain(one.get("user")).partition(":")[0] for one in containers]
    ports = [port.get("containerPort") for one in containers for port in rows(one.get("portMappings"), 200)]
    variables = {
        plain(mapping(each).get("name")) for one in containers for each in sequence(one.get("environment"))[:2_000]
    }
    return {
        "privileged": any(is_true(one.get("privileged")) for one in containers), "host_network": plain(definition.get("networkMode")) == "host",
        "run_as_root": True if any(one in {"0", "root"} for one in users) else (False if users and all(users) else None),
        "read_only_root": bool(containers) and all(is_true(one.get("readonlyRootFilesystem")) for one in containers),
        "ports": sorted({one for one in ports if isinstance(one, int)}), "variables": sorted(variables - {""})[:500],
        "cloud_role": plain(definition.get("taskRoleArn")), "family": plain(definition.get("family")),
    }  # fmt: skip


class EcsAnswers:
    """Answers about ECS, by cluster."""

    def __init__(self) -> None:
        self.clusters: dict[str, Ecs] = {}
        self.definitions: dict[str, dict[str, Any]] = {}
        self._nothing_runs = False

    def settled(self) -> dict[str, Ecs]:
        """Return what is said of each cluster. A list of tasks that is empty names no cluster: it is of the one that is told of."""
        if self._nothing_runs and len(self.clusters) == 1:
            (only,) = self.clusters.values()
            only.listed = only.listed or set()
        return self.clusters

    def take(self, value: dict[str, Any]) -> bool:
        """Keep an answer; tell whether it was one about ECS."""
        failed = [plain(one.get("reason")) for one in rows(value.get("failures"), 100)]
        if isinstance(value.get("taskDefinition"), dict) and "containerDefinitions" in value["taskDefinition"]:
            definition = value["taskDefinition"]
            self.definitions[plain(definition.get("taskDefinitionArn"))] = definition
            return True
        for name, mark in (("services", "serviceArn"), ("tasks", "taskArn")):
            found = rows(value.get(name))
            if found and all(mark in each and "clusterArn" in each for each in found):
                for each in found:
                    self._keep(name, plain(each.get(mark)), each, failed)
                return True
        for name in ("taskArns", "serviceArns"):
            if isinstance(value.get(name), list):
                self._nothing_runs = self._nothing_runs or (
                    name == "taskArns" and not value[name] and not is_cut(value)
                )
                return self._listed(name, list(arns(value[name])), cut=is_cut(value))
        return False

    def _keep(self, name: str, key: str, each: dict[str, Any], failed: list[str]) -> None:
        arn = plain(each.get("clusterArn"))
        if not ARN.fullmatch(arn) or not ARN.fullmatch(key):
            return
        cluster = self.clusters.setdefault(arn, Ecs(arn))
        (cluster.services if name == "services" else cluster.tasks)[key] = each
        cluster.problems += [f"something was asked for and not answered: {reason}"[:200] for reason in failed]

    def _listed(self, name: str, listed: list[str], *, cut: bool) -> bool:
        for one in listed:
            head, _, rest = one.partition(":task/" if name == "taskArns" else ":service/")
            cluster, slash, _ = rest.partition("/")
            if not slash:
                continue  # the ARNs of old do not say their cluster
            arn = f"{head}:cluster/{cluster}"
            known = self.clusters.setdefault(arn, Ecs(arn))
            if cut:
                known.problems.append(GOES_ON)
            if name == "taskArns":
                known.listed = {*(known.listed or ()), one}
        return True
