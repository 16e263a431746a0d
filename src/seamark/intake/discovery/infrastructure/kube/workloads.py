"""Workloads of a cluster: their images, how they are secured, what they are configured with, and what they reach with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from seamark.core.assets import AssetKind, AssetRef, Found, Relation, RelationKind
from seamark.intake.discovery.infrastructure.builds import Builds
from seamark.intake.discovery.infrastructure.images import engine_of, image_facts, read_image
from seamark.intake.discovery.infrastructure.kube.objects import Cluster, Object, containers_of, pod_of, variables_of
from seamark.intake.discovery.infrastructure.links import Neighbour, Setting, links, uses
from seamark.intake.discovery.infrastructure.places import environment_of
from seamark.intake.discovery.infrastructure.values import (
    is_false,
    is_true,
    listed,
    mapping,
    plain,
    sequence,
    without_empty,
)

_ROLES: Final = ("eks.amazonaws.com/role-arn", "iam.gke.io/gcp-service-account", "azure.workload.identity/client-id")
_DATABASE: Final = ("POSTGRES_DB", "POSTGRES_USER", "MYSQL_DATABASE", "MARIADB_DATABASE", "MONGO_INITDB_DATABASE")
_MOST: Final = 2_000


class Workloads:
    """What the workloads of one cluster say."""

    def __init__(self, repository: str, cluster: Cluster, builds: Builds) -> None:
        self._repository, self._cluster, self._builds = repository, cluster, builds

    def ref(self, each: Object, kind: AssetKind = AssetKind.WORKLOAD) -> AssetRef:
        """Return the key of an object as it is declared: `<repository>//<namespace>/<kind>/<name>`."""
        return AssetRef(kind, f"{self._repository}//{each.namespace}/{each.shown_kind}/{each.name}")

    def read(self, each: Object) -> Iterator[Found | Relation]:
        """Yield a workload with its images, data and neighbours."""
        me = self.ref(each)
        yield Found(
            ref=me, name=each.name, origin=each.origin, at=each.at, confidence=each.confidence, facts=self._facts(each)
        )
        for container in containers_of(each):
            image = read_image(plain(container.get("image")))
            if image is not None:
                yield from image_facts(image, self._builds, origin=each.origin, at=each.at, confidence=each.confidence)
                yield Relation(
                    kind=RelationKind.RUNS, source=me, target=image.ref, origin=each.origin, at=each.at, confidence=each.confidence
                )  # fmt: skip
        yield from self._data(each)
        for store in dict.fromkeys(self._secrets(each)):
            ref = AssetRef(AssetKind.SECRET_STORE, f"{self._repository}//{each.namespace}/Secret/{store}")
            declared = self._cluster.find("Secret", store, each) is not None
            sure = each.confidence if declared else min(each.confidence, 0.9)
            yield Found(
                ref=ref,
                name=store,
                origin=each.origin,
                at=each.at,
                confidence=sure,
                facts={"type": "kubernetes_secret", "in_git": declared and each.origin != "helm"},
            )
            yield Relation(
                kind=RelationKind.READS, source=me, target=ref, origin=each.origin, at=each.at, confidence=sure
            )
        yield from links(
            me,
            self._settings(each),
            lambda host: self._near(host, each),
            origin=each.origin,
            confidence=each.confidence,
        )

    def engine(self, each: Object) -> str:
        """Return the engine of the data store that a workload is, empty for others."""
        images = [plain(mapping(one).get("image")) for one in sequence(pod_of(each).get("containers"))]
        return next((engine for image in images[:20] if (engine := engine_of(image))), "")

    def _near(self, host: str, each: Object) -> Iterator[Neighbour]:
        for other in self._cluster.answering(host, each):
            yield Neighbour(self.ref(other), self.ref(other, AssetKind.DATA_STORE) if self.engine(other) else None)

    def _facts(self, each: Object) -> dict[str, Any]:
        pod = pod_of(each)
        containers = containers_of(each)
        account = plain(pod.get("serviceAccountName") or pod.get("serviceAccount")) or "default"
        owner = self._cluster.find("ServiceAccount", account, each)
        contexts = [
            {**mapping(pod.get("securityContext")), **mapping(one.get("securityContext"))} for one in containers
        ]
        limited = [bool(mapping(mapping(one.get("resources")).get("limits"))) for one in containers]
        facts: dict[str, Any] = {
            "orchestrator": "kubernetes", "kind": each.shown_kind, "namespace": each.namespace,
            "environment": each.environment or environment_of(each.namespace, each.labels.get("environment", "") or each.labels.get("env", "")),
            "images": [_container(one) for one in containers], "ports": _ports(containers), "replicas": each.spec.get("replicas"),
            "schedule": plain(each.spec.get("schedule")), "service_account": account,
            "cloud_role": next((owner.annotations[key] for key in _ROLES if key in owner.annotations), "") if owner is not None else "",
            "cluster_admin": self._is_admin(account, each) or None, "limits": bool(limited) and all(limited),
            "host_paths": [plain(mapping(one.get("hostPath")).get("path")) for one in _volumes(pod) if one.get("hostPath")],
            "secrets": sorted(set(self._secrets(each))), "network_policies": self._policies(each), "labels": each.labels,
            "variables": variables_of(each), "application": each.labels.get("app.kubernetes.io/part-of", ""),
        }  # fmt: skip
        return without_empty(facts | _security(pod, contexts))

    def _is_admin(self, account: str, each: Object) -> bool:
        for binding in self._cluster.of_kind("ClusterRoleBinding", "RoleBinding"):
            if plain(mapping(binding.value.get("roleRef")).get("name")) == "cluster-admin":
                for subject in map(mapping, sequence(binding.value.get("subjects"))[:_MOST]):
                    place = plain(subject.get("namespace")) or binding.namespace
                    if (
                        subject.get("kind") == "ServiceAccount"
                        and subject.get("name") == account
                        and place == each.namespace
                    ):
                        return True
        return False

    def _policies(self, each: Object) -> list[str]:
        found = []
        for policy in self._cluster.of_kind("NetworkPolicy"):
            chosen = {
                key: plain(value)
                for key, value in mapping(mapping(policy.spec.get("podSelector")).get("matchLabels")).items()
            }
            if policy.namespace == each.namespace and chosen.items() <= each.pod_labels.items():
                found.append(policy.name)
        return sorted(set(found))[:50]

    def _secrets(self, each: Object) -> Iterator[str]:
        for one in containers_of(each):
            for source in map(mapping, sequence(one.get("envFrom"))[:_MOST]):
                yield from _name(source.get("secretRef"))
            for variable in map(mapping, sequence(one.get("env"))[:_MOST]):
                yield from _name(mapping(variable.get("valueFrom")).get("secretKeyRef"))
        for volume in _volumes(pod_of(each)):
            if (name := plain(mapping(volume.get("secret")).get("secretName"))) != "":
                yield name
            for source in map(mapping, sequence(mapping(volume.get("projected")).get("sources"))[:100]):
                yield from _name(source.get("secret"))

    def _settings(self, each: Object) -> Iterator[Setting]:
        for one in containers_of(each):
            plainly: dict[str, str] = {}
            for source in map(mapping, sequence(one.get("envFrom"))[:100]):
                config = plain(mapping(source.get("configMapRef")).get("name"))
                found = self._cluster.find("ConfigMap", config, each) if config else None
                for name, value in mapping(found.value.get("data") if found else None).items():
                    yield Setting(plain(source.get("prefix")) + name, plain(value), found.at if found else each.at)
            for variable in map(mapping, sequence(one.get("env"))[:_MOST]):
                name, value, at = plain(variable.get("name")), plain(variable.get("value")), each.at
                reference = mapping(mapping(variable.get("valueFrom")).get("configMapKeyRef"))
                if reference:
                    found = self._cluster.find("ConfigMap", plain(reference.get("name")), each)
                    value = plain(mapping(found.value.get("data") if found else None).get(plain(reference.get("key"))))
                    at = found.at if found else at
                for known, text in plainly.items():
                    value = value.replace(f"$({known})", text)
                if len(plainly) < 300 and f"$({name})" not in value:
                    plainly[name] = value[:1_000]
                yield Setting(name, value, at)
            for word in (*listed(one.get("command")), *listed(one.get("args"))):
                if "://" in plain(word):
                    yield Setting("", plain(word), each.at)

    def _data(self, each: Object) -> Iterator[Found | Relation]:
        """Yield the data store that a workload is, or the volumes that it keeps data on."""
        me, engine = self.ref(each), self.engine(each)
        claims = [plain(mapping(one.get("persistentVolumeClaim")).get("claimName")) for one in _volumes(pod_of(each))]
        templates = [
            plain(mapping(mapping(one).get("metadata")).get("name"))
            for one in sequence(each.spec.get("volumeClaimTemplates"))[:50]
        ]
        if engine:
            store = self.ref(each, AssetKind.DATA_STORE)
            settings = {one.name: one.value for one in self._settings(each)}
            image = next(
                (
                    found
                    for one in containers_of(each)
                    if (found := read_image(plain(one.get("image")))) and engine_of(plain(one.get("image")))
                ),
                None,
            )
            facts = {
                "engine": engine, "version": image.tag if image else "", "database": next((settings[key] for key in _DATABASE if settings.get(key)), ""),
                "volumes": [name for name in (*claims, *templates) if name], "persistent": bool(templates or any(claims)), "namespace": each.namespace,
                "environment": each.environment or environment_of(each.namespace),
            }  # fmt: skip
            yield Found(
                ref=store,
                name=each.name,
                origin=each.origin,
                at=each.at,
                confidence=each.confidence,
                facts=without_empty(facts),
            )
            yield from uses(me, store, origin=each.origin, at=each.at, confidence=each.confidence)
            return
        for name in dict.fromkeys((*claims, *(f"{one}-{each.name}" for one in templates if one))):
            if name:
                claim = self._cluster.find("PersistentVolumeClaim", name, each)
                size = plain(
                    mapping(mapping(mapping(claim.spec if claim else None).get("resources")).get("requests")).get(
                        "storage"
                    )
                )
                volume = AssetRef(
                    AssetKind.DATA_STORE, f"{self._repository}//{each.namespace}/PersistentVolumeClaim/{name}"
                )
                at = claim.at if claim else each.at
                facts = without_empty({"engine": "volume", "namespace": each.namespace, "size": size})
                yield Found(ref=volume, name=name, origin=each.origin, at=at, confidence=each.confidence, facts=facts)
                yield from uses(me, volume, origin=each.origin, at=each.at, confidence=each.confidence)


def _name(reference: Any) -> Iterator[str]:
    if (name := plain(mapping(reference).get("name"))) != "":
        yield name


def _volumes(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [mapping(each) for each in sequence(pod.get("volumes"))[:500]]


def _container(one: dict[str, Any]) -> dict[str, Any]:
    image = read_image(plain(one.get("image")))
    facts: dict[str, Any] = {"container": plain(one.get("name")), "reference": plain(one.get("image"))}
    return without_empty(facts | ({"name": image.ref.key, "tag": image.tag, "digest": image.digest} if image else {}))


def _ports(containers: list[dict[str, Any]]) -> list[int]:
    found = [mapping(port).get("containerPort") for one in containers for port in sequence(one.get("ports"))[:200]]
    return list(dict.fromkeys(int(each) for each in found if isinstance(each, (int, float)) and 0 < each < 65_536))


def _security(pod: dict[str, Any], contexts: list[dict[str, Any]]) -> dict[str, Any]:
    added = sorted(
        {plain(each) for one in contexts for each in sequence(mapping(one.get("capabilities")).get("add"))[:100]}
    )
    root: bool | None = None
    if any(one.get("runAsUser") == 0 and not is_true(one.get("runAsNonRoot")) for one in contexts):
        root = True
    elif contexts and all(
        is_true(one.get("runAsNonRoot")) or plain(one.get("runAsUser")) not in {"", "0"} for one in contexts
    ):
        root = False
    escalation = [one.get("allowPrivilegeEscalation") for one in contexts]
    return {
        "privileged": any(is_true(one.get("privileged")) for one in contexts), "run_as_root": root, "capabilities": added,
        "host_network": is_true(pod.get("hostNetwork")), "host_pid": is_true(pod.get("hostPID")), "host_ipc": is_true(pod.get("hostIPC")),
        "privilege_escalation": True if any(map(is_true, escalation)) else (False if escalation and all(map(is_false, escalation)) else None),
        "read_only_root": bool(contexts) and all(is_true(one.get("readOnlyRootFilesystem")) for one in contexts),
        "token_mounted": False if is_false(pod.get("automountServiceAccountToken")) else None,
    }  # fmt: skip
