"""Backstage catalogues: what `catalog-info.yaml` files say of components, their owners and what they need."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, Final

from msgspec import Struct

from seamark.core.assets import AssetKind, AssetRef
from seamark.intake.discovery.history.people import person_ref, team_ref
from seamark.intake.discovery.tree import Tree, folder_of, joined

MOST_FILES: Final = 5_000
MOST_ENTITIES: Final = 50_000
_KINDS: Final = frozenset({"component", "api", "resource", "system", "domain", "group", "user", "location"})
_STORES: Final = re.compile(r"database|\bdb\b|-db$|bucket|cache|queue|topic|stream|storage|datastore|data-store|table|postgres|mysql|mongo|redis|kafka|s3|blob|warehouse|dataset|elasticsearch|dynamodb")  # fmt: skip
_SOURCE: Final = ("backstage.io/source-location", "backstage.io/managed-by-location")


class Entity(Struct, frozen=True, kw_only=True):
    """One entity of a catalogue. Names of others are written as `kind:namespace/name`, in lower case."""

    kind: str
    """In lower case: `component`, `api`, `resource`, `system`, `domain`, `group`, `user`."""
    name: str
    namespace: str = "default"
    title: str = ""
    description: str = ""
    type: str = ""
    lifecycle: str = ""
    owner: str = ""
    system: str = ""
    domain: str = ""
    tags: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    consumes: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    """Of a group: its users. Of a user: its groups."""
    email: str = ""
    definition: str = ""
    """An API's description: its path in the tree."""
    folder: str | None = None
    """Where the source stands, None where the entity does not say."""
    at: str
    """The place: `catalog-info.yaml:12`."""

    @property
    def id(self) -> str:
        """Return how others name it."""
        return f"{self.kind}:{self.namespace}/{self.name}".lower()

    @property
    def path(self) -> str:
        """Return the file that it stands in."""
        return self.at.rpartition(":")[0]


class Catalog:
    """The entities of a tree by their names, and the assets that they are."""

    def __init__(self, tree: Tree, entities: list[Entity]) -> None:
        self.entities = entities
        self._by_id = {entity.id: entity for entity in reversed(entities)}
        self._folders = _Folders(tree, entities)
        self._tree = tree

    def get(self, id: str) -> Entity | None:
        """Return an entity by its name."""
        return self._by_id.get(id)

    def ref(self, entity: Entity) -> AssetRef:
        """Return the asset that an entity is."""
        match entity.kind:
            case "component":
                folder, _ = self.folder(entity)
                if folder is None:
                    return self._tree.ref(AssetKind.SERVICE, entity.path, entity.name)
                return self._tree.ref(AssetKind.SERVICE, folder)
            case "api":
                if entity.definition:
                    return self._tree.ref(AssetKind.API, entity.definition)
                return self._tree.ref(AssetKind.API, entity.path, entity.name)
            case "resource":
                store = _STORES.search(f"{entity.type} {entity.name}".lower())
                kind = AssetKind.DATA_STORE if store else AssetKind.CLOUD_RESOURCE
                return self._tree.ref(kind, entity.path, entity.name)
            case "system":
                return AssetRef(AssetKind.APPLICATION, entity.name)
            case "user":
                return person_ref(entity.email or f"@{entity.name}")
            case _:
                return team_ref(entity.name)

    def folder(self, entity: Entity) -> tuple[str | None, float]:
        """Return the folder of a component's source and how sure that is; None where nothing tells it."""
        return self._folders.of(entity)

    def owner(self, entity: Entity) -> AssetRef | None:
        """Return the team or person that owns an entity, None where it names none."""
        if not entity.owner:
            return None
        known = self.get(entity.owner)
        if known is not None:
            return self.ref(known)
        kind, _, name = entity.owner.partition(":")
        bare = name.removeprefix("default/")
        return person_ref(f"@{bare}") if kind == "user" else team_ref(bare)


def read_catalog(tree: Tree) -> Catalog:
    """Read the catalogue files of a tree, those that locations in it name among them. What is broken is told as trouble."""
    waiting = list(tree.matching("catalog-info.yaml", "catalog-info.yml", ".backstage/*.yaml"))
    seen: set[str] = set()
    found: list[Entity] = []
    while waiting and len(seen) < MOST_FILES and len(found) < MOST_ENTITIES:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        for document in tree.documents(path):
            entity = _entity(tree, path, document.line, document.value)
            if entity is None:
                continue
            if entity.kind == "location":
                waiting += _targets(tree, path, document.value)
            else:
                found.append(entity)
    return Catalog(tree, found)


def _entity(tree: Tree, path: str, line: int, value: Any) -> Entity | None:
    if not isinstance(value, dict) or "backstage" not in str(value.get("apiVersion", "")):
        return None
    kind = str(value.get("kind", "")).lower()
    metadata, spec = _map(value.get("metadata")), _map(value.get("spec"))
    if kind not in _KINDS or not (name := _word(metadata.get("name"))):
        tree.trouble(f"{path}:{line}", "is no entity that the catalogue knows: kind or name is missing")
        return None
    namespace = _word(metadata.get("namespace")) or "default"

    def named(key: str, default: str) -> tuple[str, ...]:
        told = spec.get(key)
        words = told if isinstance(told, list) else [told]
        return tuple(entity_id(word, default, namespace) for word in words if isinstance(word, str) and word.strip())

    owner, system, domain = named("owner", "group"), named("system", "system"), named("domain", "domain")
    return Entity(
        kind=kind, name=name, namespace=namespace, at=f"{path}:{line}",
        title=_word(metadata.get("title")), description=_word(metadata.get("description")),
        type=_word(spec.get("type")), lifecycle=_word(spec.get("lifecycle")),
        owner=owner[0] if owner else "", system=system[0] if system else "", domain=domain[0] if domain else "",
        tags=tuple(_word(tag) for tag in metadata.get("tags") or () if isinstance(tag, str)) if isinstance(metadata.get("tags"), list) else (),
        provides=named("providesApis", "api"), consumes=named("consumesApis", "api"), depends_on=named("dependsOn", "component"),
        members=named("members", "user") if kind == "group" else named("memberOf", "group"),
        email=_word(_map(spec.get("profile")).get("email")).lower() if kind == "user" else "",
        definition=_definition(tree, path, spec.get("definition")), folder=_source(tree, path, _map(metadata.get("annotations"))),
    )  # fmt: skip


def entity_id(word: str, kind: str, namespace: str = "default") -> str:
    """Return a reference in full and in lower case: `orders` is `group:default/orders` where a group is expected."""
    head, colon, rest = word.strip().partition(":")
    if not colon:
        head, rest = kind, word.strip()
    space, slash, name = rest.partition("/")
    return f"{head}:{space}/{name}".lower() if slash else f"{head}:{namespace}/{rest}".lower()


def _definition(tree: Tree, path: str, told: Any) -> str:
    """Return the path of the file that `$text`, `$json` or `$yaml` includes, empty where it is none of the tree."""
    for target in (
        (told.get(key) for key in ("$text", "$json", "$yaml", "$openapi", "$asyncapi"))
        if isinstance(told, dict)
        else ()
    ):
        if isinstance(target, str) and "://" not in target:
            inside = joined(folder_of(path), target)
            return inside if tree.has(inside) else ""
    return ""


def _source(tree: Tree, path: str, annotations: dict[str, Any]) -> str | None:
    for key in _SOURCE:
        told = annotations.get(key)
        if not isinstance(told, str):
            continue
        sort, _, target = told.partition(":")
        if sort in {"dir", "file"} and "://" not in target:
            inside = joined(folder_of(path), target.strip().rstrip("/") or ".")
            if not inside and target.strip("./"):
                return None  # it leads out of the tree
            return folder_of(inside) if sort == "file" else inside
        found = re.search(r"/(?:-/)?(?:tree|blob|src)/[^/]+/?(.*)$", target)
        if found and key == _SOURCE[0]:
            inside = found[1].strip("/")
            return inside if any(each.startswith(f"{inside}/") for each in tree.files) or not inside else None
    return None


def _targets(tree: Tree, path: str, value: dict[str, Any]) -> Iterator[str]:
    spec = _map(value.get("spec"))
    told = [spec.get("target"), *(spec["targets"] if isinstance(spec.get("targets"), list) else [])]
    for target in told[:1_000]:
        if not isinstance(target, str) or "://" in target:
            continue
        inside = joined(folder_of(path), target)
        if "*" in inside:
            yield from (each for each in tree.files if fnmatchcase(each, inside))
        elif tree.has(inside):
            yield inside


class _Folders:
    """Finds where a component's source stands."""

    def __init__(self, tree: Tree, entities: list[Entity]) -> None:
        self._in_file: dict[str, int] = {}
        for entity in entities:
            if entity.kind == "component":
                self._in_file[entity.path] = self._in_file.get(entity.path, 0) + 1
        self._named: dict[str, set[str]] = {}
        for path in tree.files:
            folder = folder_of(path)
            while folder:
                self._named.setdefault(folder.rpartition("/")[2].lower(), set()).add(folder)
                folder = folder_of(folder)

    def of(self, entity: Entity) -> tuple[str | None, float]:
        if entity.folder is not None:
            return entity.folder, 1.0
        home = folder_of(entity.path)
        if self._in_file.get(entity.path) == 1:
            return home, 1.0 if home else 0.9
        below = [each for each in self._named.get(entity.name.lower(), ()) if not home or each.startswith(f"{home}/")]
        least = min((each.count("/") for each in below), default=0)
        nearest = [each for each in below if each.count("/") == least]
        return (nearest[0], 0.9) if len(nearest) == 1 else (None, 1.0)


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _word(value: Any) -> str:
    return str(value).strip()[:2_000] if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
