"""What goes on between services: whom they call, which stores they use and fill, and what pipelines bring out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from seamark.core.assets import AssetKind, AssetRef, Found, Relation, RelationKind
from seamark.intake.discovery.joins import ORIGIN, plain

_CLUSTER: Final = re.compile(r"([a-z0-9-]+)(?:\.[a-z0-9-]+)?(?:\.svc(?:\.cluster\.local)?)?")


def service_calls(found: list[Found], relations: list[Relation]) -> tuple[list[Relation], list[Relation]]:
    """Return the edges with calls of hosts inside the cluster made calls of services, and those that follow from workloads' calls.

    `http://orders:8000` calls the service whose workload, compose service or folder is called `orders`.
    """
    runs = _service_of_workloads(relations)
    by_name = _names_of_services(found, runs)
    kept: list[Relation] = []
    added: list[Relation] = []
    for each in relations:
        target = each.target
        if each.kind is RelationKind.CALLS and target.kind is AssetKind.DOMAIN and _is_inner(target.key):
            match = _CLUSTER.fullmatch(target.key)
            called = by_name.get(plain(match[1]), []) if match else []
            if each.source.kind is AssetKind.SERVICE and len(called) == 1 and called[0] != each.source:
                added.append(replace(each, target=called[0], confidence=round(each.confidence * 0.9, 2)))
            continue
        kept.append(each)
        if each.kind is RelationKind.CALLS and each.source.kind is AssetKind.WORKLOAD:
            targets = runs.get(target, [target] if target.kind is AssetKind.SERVICE else [])
            for source in runs.get(each.source, ()):
                added += [
                    replace(each, source=source, target=service, confidence=round(each.confidence * 0.95, 2))
                    for service in targets
                    if service != source
                ]
    return kept, added


def _is_inner(host: str) -> bool:
    return "." not in host or host.endswith((".svc", ".cluster.local", ".internal", ".local"))


def _service_of_workloads(relations: list[Relation]) -> dict[AssetRef, list[AssetRef]]:
    built: defaultdict[AssetRef, list[AssetRef]] = defaultdict(list)
    for each in relations:
        if each.kind is RelationKind.BUILT_FROM and each.target.kind is AssetKind.SERVICE:
            built[each.source].append(each.target)
    found: defaultdict[AssetRef, list[AssetRef]] = defaultdict(list)
    for each in relations:
        if each.kind is RelationKind.RUNS and each.source.kind is AssetKind.WORKLOAD:
            services = [each.target] if each.target.kind is AssetKind.SERVICE else built.get(each.target, [])
            found[each.source] += [service for service in services if service not in found[each.source]]
    return dict(found)


def _names_of_services(found: list[Found], runs: dict[AssetRef, list[AssetRef]]) -> dict[str, list[AssetRef]]:
    names: defaultdict[str, list[AssetRef]] = defaultdict(list)
    for workload, services in sorted(runs.items(), key=lambda pair: pair[0].key):
        # A job that runs an image of the service does not answer under its name.
        if len(services) != 1 or {"Job", "CronJob"} & set(workload.key.split("/")):
            continue
        known = names[plain(workload.key.rpartition("/")[2])]
        if services[0] not in known:
            known.append(services[0])
    for each in found:
        name = plain(each.ref.key.rpartition("/")[2])
        if each.ref.kind is AssetKind.SERVICE and name not in names:
            names[name].append(each.ref)
    return names


_CLOUDS: Final = frozenset({AssetKind.CLOUD_RESOURCE, AssetKind.DATA_STORE, AssetKind.SECRET_STORE})
_PROVISIONERS: Final = frozenset({"terraform", "tofu", "terragrunt", "pulumi", "aws cloudformation", "sam", "cdk"})


def deployments(found: list[Found], repository: str) -> Iterator[Relation]:
    """Yield which workloads and cloud resources pipelines deploy: those declared in the files they apply, or called as they say."""
    mark = f"{repository}//"
    declared = [
        (each, each.at.rpartition(":")[0] if each.at.rpartition(":")[2].isdecimal() else each.at)
        for each in found
        if each.ref.key.startswith(mark) and (each.ref.kind is AssetKind.WORKLOAD or each.ref.kind in _CLOUDS)
    ]
    for pipeline in found:
        if pipeline.ref.kind is not AssetKind.PIPELINE:
            continue
        for deploy in pipeline.facts.get("deploys", ()):
            clouds = deploy["tool"] in _PROVISIONERS
            at = f"{pipeline.ref.key.removeprefix(mark)}:{deploy.get('line', 1)}"
            paths, name = deploy.get("paths", ()), deploy.get("target", "").rpartition("/")[2].lower()
            for each, path in declared:
                if clouds != (each.ref.kind in _CLOUDS):
                    continue
                if any(_below(path, given) for given in paths):
                    confidence = 0.9
                elif (
                    not paths
                    and name
                    and each.ref.key.rpartition("/")[2].lower() == name
                    and not each.ref.key.startswith(f"{mark}compose/")
                ):
                    confidence = 0.8
                else:
                    continue
                yield Relation(
                    kind=RelationKind.DEPLOYS,
                    source=pipeline.ref,
                    target=each.ref,
                    origin=ORIGIN,
                    at=at,
                    confidence=confidence,
                )


def _below(path: str, given: str) -> bool:
    if given == ".":
        return "/" not in path
    return path == given or path.startswith(given + "/")


def service_stores(relations: list[Relation]) -> Iterator[Relation]:
    """Yield which stores services read and write: those of the workloads that run them."""
    runs = _service_of_workloads(relations)
    for each in relations:
        if each.kind in {RelationKind.READS, RelationKind.WRITES} and each.source.kind is AssetKind.WORKLOAD:
            for service in runs.get(each.source, ()):
                yield replace(each, source=service, confidence=round(each.confidence * 0.95, 2))


_KEEPS: Final = frozenset({"postgres", "mysql", "mariadb", "mongo", "sqlserver", "oracle", "sqlite", "aurora", "dynamodb", "cockroach", "cassandra", "firestore", "cosmos"})  # fmt: skip


def stored_data(found: list[Found], relations: list[Relation]) -> Iterator[Relation]:
    """Yield which classes of data databases hold: those of the columns that the services declare which write to them."""
    databases = {
        each.ref
        for each in found
        if each.ref.kind is AssetKind.DATA_STORE
        and any(
            word in f"{each.facts.get('engine', '')} {each.facts.get('type', '')} {each.ref.key}".lower()
            for word in _KEEPS
        )
    }
    written: defaultdict[AssetRef, list[Relation]] = defaultdict(list)
    for each in relations:
        if each.kind is RelationKind.WRITES and each.source.kind is AssetKind.SERVICE and each.target in databases:
            written[each.source].append(each)
    for one in found:
        for row in one.facts.get("data_fields", ()) if one.ref in written else ():
            for write in written[one.ref] if row.get("stored") else ():
                yield Relation(
                    kind=RelationKind.HANDLES, source=write.target, target=AssetRef(AssetKind.DATA_CLASS, row["class"]), origin=ORIGIN, at=row["at"],
                    confidence=round(row["confidence"] * write.confidence * 0.8, 2),
                )  # fmt: skip
