"""What a configuration says, as assets and relations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from seamark.core.assets import AssetKind, AssetRef, Found, Relation, RelationKind
from seamark.intake.discovery.infrastructure.builds import Builds
from seamark.intake.discovery.infrastructure.cloud.access import accesses, images
from seamark.intake.discovery.infrastructure.cloud.estate import (
    Estate,
    document,
    engine_of,
    every,
    is_compute,
    is_secret,
    is_store,
    name_of,
)
from seamark.intake.discovery.infrastructure.cloud.exposure import behind, domains, open_ports, reach_of
from seamark.intake.discovery.infrastructure.cloud.reach import Reach
from seamark.intake.discovery.infrastructure.cloud.types import GATEWAYS
from seamark.intake.discovery.infrastructure.images import image_facts, read_image
from seamark.intake.discovery.infrastructure.places import environment_of
from seamark.intake.discovery.infrastructure.terraform import Resource
from seamark.intake.discovery.infrastructure.values import is_true, listed, mapping, plain, without_empty
from seamark.intake.discovery.tree import Tree, folder_of, joined

_CLASSES: Final = frozenset(
    {"PII", "PHI", "PCI", "CREDENTIALS", "FINANCIAL", "LOCATION", "CHILDREN", "BIOMETRIC", "GDPR"}
)
_TAGS: Final = (
    "data_class",
    "data-class",
    "dataclass",
    "data_classes",
    "data_classification",
    "data-classification",
    "dataclassification",
    "data_type",
)
_PROVIDERS: Final = {"azurerm": "azure", "azuread": "azure", "google": "gcp", "oci": "oracle"}
_WALLS: Final = frozenset({"aws_security_group", "aws_default_security_group", "google_compute_firewall", "azurerm_network_security_group", "azurerm_network_security_rule"})  # fmt: skip
_ENCRYPTED: Final = (
    "storage_encrypted",
    "encrypted",
    "at_rest_encryption_enabled",
    "server_side_encryption",
    "kms_key_id",
    "kms_key_arn",
    "kms_master_key_id",
)


class Reporter:
    """Reports the resources of one configuration."""

    def __init__(self, tree: Tree, builds: Builds, resources: list[Resource], origin: str) -> None:
        self._tree, self._builds, self._origin = tree, builds, origin
        self._estate = Estate(resources)
        self._reaches: dict[str, Reach] = {}

    def read(self) -> Iterator[Found | Relation]:
        """Yield everything."""
        for each in self._estate.resources:
            if each.type.startswith("data."):
                continue
            yield Found(
                ref=self.ref(each),
                name=name_of(each) or each.name,
                origin=self._origin,
                at=each.at,
                confidence=each.confidence,
                facts=self._facts(each),
            )
            yield from self._classes(each)
            yield from self._images(each)
        yield from self._exposures()
        seen: set[tuple[str, str, RelationKind]] = set()
        for access in sorted(accesses(self._estate), key=lambda one: -one.confidence):
            for kind, said in ((RelationKind.READS, access.reads), (RelationKind.WRITES, access.writes)):
                if said and (access.by.address, access.store.address, kind) not in seen:
                    seen.add((access.by.address, access.store.address, kind))
                    sure = min(access.confidence, access.by.confidence, access.store.confidence)
                    yield self._edge(kind, self.ref(access.by), self.ref(access.store), access.at, sure)

    def ref(self, each: Resource) -> AssetRef:
        """Return the key of a resource: folder of the root module (or file) and address."""
        kind = (
            AssetKind.DATA_STORE
            if is_store(each)
            else AssetKind.SECRET_STORE
            if is_secret(each)
            else AssetKind.CLOUD_RESOURCE
        )
        place, _, address = each.key.partition("#")
        return self._tree.ref(kind, place, address)

    def _edge(
        self, kind: RelationKind, source: AssetRef, target: AssetRef, at: str, confidence: float = 1.0
    ) -> Relation:
        return Relation(kind=kind, source=source, target=target, origin=self._origin, at=at, confidence=confidence)

    def _facts(self, each: Resource) -> dict[str, Any]:
        values, provider = each.values, "aws" if "::" in each.type else each.type.partition("_")[0]
        tags = {
            key: text
            for key, value in {**mapping(values.get("labels")), **mapping(values.get("tags"))}.items()
            if (text := plain(value)) and "${" not in text
        }
        facts: dict[str, Any] = {
            "type": each.type, "address": each.address, "provider": _PROVIDERS.get(provider, provider), "name": name_of(each), "module": each.module, "tags": tags,
            "environment": environment_of(tags.get("environment", "") or tags.get("Environment", "") or tags.get("env", "")) or each.environment,
            "region": _known(values.get("region") or values.get("location")), "count": 0 if each.count == 0 and not isinstance(each.count, bool) else None,
            "arn": _known(values.get("arn")), "cloud_id": _known(values.get("id")) if values.get("arn") or each.module == "state" else "",
        }  # fmt: skip
        if is_store(each):
            encrypted = next((values[key] for key in _ENCRYPTED if key in values), None)
            facts |= {
                "engine": engine_of(each), "engine_version": _known(values.get("engine_version") or values.get("version")), "database": _known(values.get("db_name") or values.get("database_name")),
                "encrypted": None if encrypted is None else encrypted if isinstance(encrypted, bool) else bool(encrypted), "public_endpoint": values["publicly_accessible"] if isinstance(values.get("publicly_accessible"), bool) else None,
            }  # fmt: skip
        elif is_compute(each):
            facts |= {
                "runtime": _known(values.get("runtime")),
                "images": images(each),
                "instance_type": _known(values.get("instance_type")),
                "handler": _known(values.get("handler")),
            }
        elif each.type in {"aws_security_group", "aws_default_security_group"}:
            facts["open_ports"] = [str(ports) for ports in open_ports(self._estate, each)]
        elif each.type in {"aws_iam_role_policy", "aws_iam_policy", "aws_iam_user_policy"}:
            facts["administrator"] = (
                any(_all(mapping(one)) for one in every(document(values.get("policy")), "Statement")[:200]) or None
            )
        return without_empty(facts)

    def _classes(self, each: Resource) -> Iterator[Relation]:
        tags = {**mapping(each.values.get("labels")), **mapping(each.values.get("tags"))}
        for key, value in tags.items():
            if key.lower() in _TAGS and is_store(each):
                for word in (
                    plain(value)
                    .replace(";", ",")
                    .replace("/", ",")
                    .replace("+", ",")
                    .replace(" ", ",")
                    .replace("_", ",")
                    .split(",")
                ):
                    if word.upper() in _CLASSES:
                        yield self._edge(
                            RelationKind.HANDLES, self.ref(each), AssetRef(AssetKind.DATA_CLASS, word.upper()), each.at
                        )

    def _images(self, each: Resource) -> Iterator[Found | Relation]:
        if not is_compute(each):
            return
        runners = (
            [each, *self._estate.to(each, "aws_ecs_service")] if each.type == "aws_ecs_task_definition" else [each]
        )
        for reference in images(each):
            image = read_image(reference)
            if image is not None and (
                "/" in reference or ":" in reference or each.type.startswith(("kubernetes_", "aws_ecs"))
            ):
                yield from image_facts(image, self._builds, origin=self._origin, at=each.at, confidence=each.confidence)
                for runner in runners:
                    yield self._edge(
                        RelationKind.RUNS, self.ref(runner), image.ref, each.at, min(each.confidence, runner.confidence)
                    )
        for source in (each.values.get("code_uri"), each.values.get("source_dir"), each.values.get("source_path")):
            folder = (
                joined(folder_of(each.at.rpartition(":")[0]), source)
                if isinstance(source, str) and "${" not in source and "://" not in source
                else ""
            )
            if folder and self._tree.has_folder(folder):
                yield self._edge(
                    RelationKind.RUNS, self.ref(each), self._tree.ref(AssetKind.SERVICE, folder), each.at, 0.9
                )

    def _exposures(self) -> Iterator[Found | Relation]:
        estate = self._estate
        for each in estate.resources:
            if (reach := reach_of(estate, each)) is not None:
                self._reaches[each.address] = reach
        edges: list[tuple[Resource, Resource]] = []
        for gateway in estate.of_type(*GATEWAYS):
            edges += [(gateway, target) for target in behind(estate, gateway)]
        for url in estate.of_type("aws_lambda_function_url"):
            edges += [(url, target) for target in estate.from_(url) if is_compute(target)]
        for source, target in edges:
            self._through(source, target)
        for source, target in edges:  # what stands behind a gateway that itself stands behind another
            self._through(source, target)
            yield self._edge(
                RelationKind.EXPOSES,
                self.ref(source),
                self.ref(target),
                source.at,
                min(source.confidence, target.confidence, 0.95),
            )
        for address, reach in self._reaches.items():
            each = estate.at(address)
            facts: dict[str, Any] = {"exposure": reach.level, "exposure_why": reach.why}
            if each.type in _WALLS:  # a wall with a gate is not reached itself
                facts = {"open_to_internet": True, "open_why": reach.why}
            yield Found(
                ref=self.ref(each),
                name=name_of(each) or each.name,
                origin=self._origin,
                at=each.at,
                confidence=min(reach.confidence, each.confidence),
                facts=facts,
            )
        for name, by, targets in domains(estate):
            domain = AssetRef(AssetKind.DOMAIN, name)
            yield Found(
                ref=domain, name=name, origin=self._origin, at=by.at, confidence=by.confidence, facts={"by": by.address}
            )
            for target in targets:
                yield self._edge(
                    RelationKind.EXPOSES, domain, self.ref(target), by.at, min(by.confidence, target.confidence)
                )

    def _through(self, source: Resource, target: Resource) -> None:
        """Note that what stands behind a gateway is reached as the gateway is."""
        reach, own = self._reaches.get(source.address), self._reaches.get(target.address)
        if reach is not None and reach.level == "internet" and (own is None or own.level != "internet"):
            self._reaches[target.address] = Reach(
                "internet", f"through {source.address}: {reach.why}"[:500], round(min(reach.confidence, 0.95), 2)
            )


def _known(value: Any) -> str:
    text = plain(value)
    return "" if "${" in text else text


def _all(statement: dict[str, Any]) -> bool:
    said = plain(statement.get("Effect")) == "Allow"
    return (
        said
        and "*" in map(plain, listed(statement.get("Action")))
        and "*" in map(plain, listed(statement.get("Resource")))
        and not is_true(statement.get("Condition"))
    )
