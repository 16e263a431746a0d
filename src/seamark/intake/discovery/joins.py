"""Different names of one thing found in a tree become one: images, endpoints, services."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from msgspec.structs import replace

from seamark.core.assets import AssetKind, AssetRef, Found, Relation, RelationKind

ORIGIN: Final = "discover"
_PARAMETER: Final = re.compile(r"\{[^{}]*\}")
_CALLED_ALIKE: Final = 0.8
"""How sure it is that an image that is called like a folder is built from it."""
_LEAST_SHARED: Final = 0.5
"""Share of an API's endpoints that a service must answer for the API to be its own."""


class Same(NamedTuple):
    """Under which name a node is known, and how sure that is."""

    ref: AssetRef
    confidence: float = 1.0


Names = dict[AssetRef, Same]


def renamed(found: Iterable[Found], relations: Iterable[Relation], names: Names) -> tuple[list[Found], list[Relation]]:
    """Return both with other names for some nodes; edges from a node to itself are gone. What is unsure makes its edges so."""
    changed = [replace(each, ref=names[each.ref].ref) if each.ref in names else each for each in found]
    edges = []
    for each in relations:
        source, target = names.get(each.source), names.get(each.target)
        if source is None and target is None:
            edges.append(each)
            continue
        source, target = source or Same(each.source), target or Same(each.target)
        if source.ref != target.ref:
            confidence = round(each.confidence * source.confidence * target.confidence, 2)
            edges.append(replace(each, source=source.ref, target=target.ref, confidence=confidence))
    return changed, edges


def image_names(found: list[Found], relations: list[Relation], repository: str) -> tuple[Names, list[Relation]]:
    """Return under which name images are known that only their Dockerfile names, and the edges that this adds.

    A named image that is said to be built from the same service is the same. Failing that, an image that a workload runs and
    that is called like the service's folder is, less surely.
    """
    built: defaultdict[AssetRef, list[AssetRef]] = defaultdict(list)
    sure: dict[tuple[AssetRef, AssetRef], float] = {}
    for each in relations:
        if each.kind is RelationKind.BUILT_FROM and each.source.kind is AssetKind.IMAGE:
            key = (each.source, each.target)
            if key not in sure:
                built[each.target].append(each.source)
            sure[key] = max(sure.get(key, 0.0), each.confidence)
    run = {each.target for each in relations if each.kind is RelationKind.RUNS and each.target.kind is AssetKind.IMAGE}
    external = {each.target for each in relations if each.kind is RelationKind.BASED_ON}
    mark = f"{repository}//"
    names: Names = _named_by_file(found, sure, mark)
    edges: list[Relation] = []
    dockerfiles = {each.ref: each.at for each in found if each.ref.kind is AssetKind.IMAGE}
    files = {each.ref: each.facts["dockerfile"] for each in found if isinstance(each.facts.get("dockerfile"), str)}
    taken: set[AssetRef] = {image for images in built.values() for image in images if not image.key.startswith(mark)}
    for service, images in sorted(built.items(), key=lambda pair: pair[0].key):
        unnamed = sorted((each for each in images if each.key.startswith(mark)), key=lambda ref: _plainness(ref.key))
        named = [each for each in images if not each.key.startswith(mark)]
        unnamed = [each for each in unnamed if each not in names]
        if not unnamed or service.kind is not AssetKind.SERVICE:
            continue
        if len(named) > 1:
            named = [each for each in named if each in run] or named
        if not named:
            word = plain(service.key.rpartition("/")[2])
            named = sorted(
                (each for each in run - taken - external if _is_called(each.key, word, service.key)),
                key=lambda ref: ref.key,
            )
            if len(named) == 1:
                taken.add(named[0])
                edges.append(
                    Relation(
                        kind=RelationKind.BUILT_FROM,
                        source=named[0],
                        target=service,
                        origin=ORIGIN,
                        at=dockerfiles.get(unnamed[0], ""),
                        confidence=_CALLED_ALIKE,
                    )
                )
        # A name that is told with another Dockerfile is not this one's.
        if len(named) == 1 and files.get(named[0], unnamed[0].key.removeprefix(mark)) == unnamed[0].key.removeprefix(
            mark
        ):
            names[unnamed[0]] = Same(named[0], sure.get((named[0], service), _CALLED_ALIKE))
    return names, edges


def _named_by_file(found: list[Found], sure: dict[tuple[AssetRef, AssetRef], float], mark: str) -> Names:
    """Return the names of images whose Dockerfile is told with the name, where it is one name."""
    by_file: defaultdict[str, set[AssetRef]] = defaultdict(set)
    for each in found:
        if (
            each.ref.kind is AssetKind.IMAGE
            and not each.ref.key.startswith(mark)
            and isinstance(each.facts.get("dockerfile"), str)
        ):
            by_file[each.facts["dockerfile"]].add(each.ref)
    surest: dict[AssetRef, float] = {}
    for (image, _), confidence in sure.items():
        surest[image] = max(surest.get(image, 0.0), confidence)
    return {
        AssetRef(AssetKind.IMAGE, mark + path): Same(one, surest.get(one, 1.0))
        for path, refs in by_file.items()
        if len(refs) == 1
        for one in refs
    }


def _plainness(key: str) -> tuple[int, int, str]:
    """The plain `Dockerfile` first: `Dockerfile.dev` is another image."""
    name = key.rpartition("/")[2]
    return (0 if name in {"Dockerfile", "Containerfile"} else 1), len(key), key


def plain(name: str) -> str:
    """Return a name's letters and digits only: `Catalog.API` and `catalog-api` are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _is_called(image: str, word: str, service: str) -> bool:
    last = plain(image.rpartition("/")[2])
    if not word or not last:
        return False
    # A folder such as `src` says nothing: the one above it does.
    if word in {"src", "app", "server", "source", ""}:
        word = plain(service.rpartition("/")[0].rpartition("/")[2])
    return last == word or last in {f"{word}service", f"{word}api"} or word == f"{last}service"


def _shape(endpoint: str) -> tuple[str, str, str]:
    """Return holder, method and path of an endpoint's key, the names of parameters left out."""
    holder, method, path = (*endpoint.split(" ", 2), "", "")[:3]
    return holder, method, _PARAMETER.sub("{}", path).rstrip("/") or "/"


def endpoint_names(found: list[Found], relations: list[Relation]) -> tuple[Names, list[Relation]]:
    """Return which described endpoints are those of a service's code, and that the service serves the API."""
    apis = {each.ref.key: each.ref for each in found if each.ref.kind is AssetKind.API}
    described: defaultdict[str, dict[tuple[str, str], AssetRef]] = defaultdict(dict)
    coded: defaultdict[tuple[str, str], dict[str, AssetRef]] = defaultdict(dict)
    for each in found:
        if each.ref.kind is AssetKind.ENDPOINT:
            holder, method, path = _shape(each.ref.key)
            if holder in apis:
                described[holder][method, path] = each.ref
            else:
                coded[method, path].setdefault(holder, each.ref)
    names: Names = {}
    edges: list[Relation] = []
    served = {(each.target.key, each.source.key) for each in relations if each.kind is RelationKind.SERVES}
    for api, endpoints in sorted(described.items()):
        matches = _matches(endpoints, coded)
        counted = Counter(holder for _, holder in matches)
        declared = {holder for key, holder in served if key == api}
        for holder, count in counted.most_common():
            if (
                holder not in declared
                and count / len(endpoints) < _LEAST_SHARED
                and not (count >= 3 and len(counted) == 1)
            ):
                continue
            for (endpoint, other), target in matches.items():
                if other == holder:
                    names.setdefault(endpoint, Same(target))
            share = round(min(0.95, 0.6 + 0.35 * count / len(endpoints)), 2)
            edges.append(
                Relation(
                    kind=RelationKind.SERVES,
                    source=AssetRef(AssetKind.SERVICE, holder),
                    target=apis[api],
                    origin=ORIGIN,
                    at=api.partition("//")[2],
                    confidence=share,
                )
            )
            break
    return names, edges


def _matches(
    endpoints: dict[tuple[str, str], AssetRef], coded: dict[tuple[str, str], dict[str, AssetRef]]
) -> dict[tuple[AssetRef, str], AssetRef]:
    """Return which of a description's endpoints which services answer: with the description's base path, or without it."""
    found: dict[tuple[AssetRef, str], AssetRef] = {}
    for (method, path), endpoint in endpoints.items():
        parts = path.strip("/").split("/")
        # What a proxy puts in front, as `/api/v1`, the code does not know.
        for cut in range(min(len(parts), 4)):
            shorter = "/" + "/".join(parts[cut:])
            holders = {**coded.get(("*", shorter), {}), **coded.get((method, shorter), {})}
            if holders:
                for holder, target in holders.items():
                    found[endpoint, holder] = target
                break
    return found


_ENGINES: Final = (("postgres", "postgres"), ("maria", "mysql"), ("mysql", "mysql"), ("redis", "redis"), ("valkey", "redis"), ("mongo", "mongo"), ("docdb", "mongo"), ("sqlserver", "sqlserver"), ("mssql", "sqlserver"))  # fmt: skip
_NAMED_BY: Final = ("bucket", "name", "identifier", "cloud_name", "queue", "table")
_SAME_DATABASE: Final = 0.7


def store_names(found: list[Found], repository: str) -> Names:
    """Return which data stores that code and settings name are those that the infrastructure of the tree declares.

    A bucket by its name; a database by the engine and its own name, where only one declared store has them.
    """
    mark = f"{repository}//"
    stores = [each for each in found if each.ref.kind is AssetKind.DATA_STORE]
    declared = [each for each in stores if each.ref.key.startswith(mark) and "#" in each.ref.key]
    names: Names = {}
    for each in stores:
        key = each.ref.key
        if key.startswith(mark):
            continue
        if key.startswith(("arn:aws:s3:::", "gs://")):
            bucket = key.rpartition(":::")[2].removeprefix("gs://").strip("/")
            fitting = {other.ref for other in declared if bucket in {other.facts.get(word) for word in _NAMED_BY}}
            confidence = 1.0
        else:
            engine, database = _engine(each), each.facts.get("database")
            fitting = {
                other.ref for other in declared if engine and _engine(other) == engine and database and other.facts.get("database") == database
            }  # fmt: skip
            confidence = _SAME_DATABASE
        if len(fitting) == 1:
            names[each.ref] = Same(fitting.pop(), confidence)
    return names


def _engine(store: Found) -> str:
    told = str(store.facts.get("engine", "")).lower()
    return next((family for word, family in _ENGINES if word in told), "")


def implied(found: Iterable[Found], relations: Iterable[Relation]) -> Iterator[Found]:
    """Yield the nodes that only edges name; packages stand in their listings."""
    known = {each.ref for each in found}
    for each in relations:
        for ref in (each.source, each.target):
            if ref in known or ref.kind is AssetKind.PACKAGE:
                continue
            facts = {}
            if ref.kind is AssetKind.SERVICE and each.kind is RelationKind.BUILT_FROM and "//" in ref.key:
                facts = {"path": ref.key.partition("//")[2], "why": "an image is built from it"}
            yield Found(ref=ref, origin=each.origin, at=each.at, confidence=each.confidence, facts=facts)
