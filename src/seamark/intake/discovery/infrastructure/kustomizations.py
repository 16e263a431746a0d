"""Kustomizations: the objects that each builds, from its resources, bases, components, images and patches."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final
from weakref import WeakKeyDictionary

import yaml

from seamark.intake.discovery import bounded
from seamark.intake.discovery.infrastructure.composefiles import env_file
from seamark.intake.discovery.infrastructure.kube.objects import MOST_OBJECTS
from seamark.intake.discovery.infrastructure.values import (
    dig,
    documents,
    first_document,
    listed,
    mapping,
    plain,
    sequence,
)
from seamark.intake.discovery.tree import Tree, folder_of, joined

NAMES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_DEEPEST: Final = 20
_CLUSTER_WIDE: Final = frozenset(
    [
        "Namespace",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "PersistentVolume",
        "StorageClass",
        "IngressClass",
        "ClusterIssuer",
        "GatewayClass",
        "PriorityClass",
    ]
)
_REFERENCES: Final = (("configMapRef", "name"), ("secretRef", "name"), ("configMapKeyRef", "name"), ("secretKeyRef", "name"), ("secret", "secretName"), ("configMap", "name"), ("persistentVolumeClaim", "claimName"))  # fmt: skip

Placed = tuple[dict[str, Any], str, int]
"""An object, the file it is written in, and its line."""


class Kustomizations:
    """The kustomizations of a tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._left = MOST_OBJECTS

    @cached_property
    def files(self) -> dict[str, dict[str, Any]]:
        """Their contents by folder."""
        found: dict[str, dict[str, Any]] = {}
        for path in self._tree.matching(*NAMES):
            content = first_document(self._tree, path)
            if plain(content.get("apiVersion")).startswith("kustomize.config.k8s.io") or not content.get("apiVersion"):
                found.setdefault(folder_of(path), content)
        return found

    @cached_property
    def claimed(self) -> frozenset[str]:
        """The files that kustomizations take, as resources or as patches: none of them is applied as it stands."""
        found = set()
        for folder, content in self.files.items():
            for each in self._entries(content):
                found.add(joined(folder, each))
            for key in ("patches", "patchesStrategicMerge", "patchesJson6902"):
                for one in listed(content.get(key)):
                    path = plain(mapping(one).get("path")) if isinstance(one, dict) else plain(one)
                    if path and "\n" not in path:
                        found.add(joined(folder, path))
        return frozenset(found)

    @cached_property
    def tops(self) -> list[str]:
        """The folders of those that no other one takes in; components that nothing here uses among them."""
        taken = {joined(folder, each) for folder, content in self.files.items() for each in self._entries(content)}
        return [folder for folder in self.files if folder not in taken]

    def is_component(self, folder: str) -> bool:
        """Tell whether a folder holds a component: it is deployed only where somebody asks for it."""
        return self.files[folder].get("kind") == "Component"

    def build(self, folder: str) -> list[Placed]:
        """Return the objects that the kustomization of a folder makes."""
        return self._build(folder, (), [])

    def _entries(self, content: dict[str, Any]) -> Iterator[str]:
        for key in ("resources", "bases", "components"):
            for each in listed(content.get(key))[:2_000]:
                if (text := plain(each)) and "://" not in text and "?ref=" not in text and not text.startswith("git@"):
                    yield text

    def _build(self, folder: str, above: tuple[str, ...], start: list[Placed]) -> list[Placed]:
        content = self.files.get(folder)
        if content is None or folder in above or len(above) > _DEEPEST:
            return start
        objects = list(start)
        for key in ("bases", "resources"):
            for each in self._entries({"resources": content.get(key)}):
                where = joined(folder, each)
                objects += self._build(where, (*above, folder), []) if where in self.files else self._read(where)
        objects += self._generated(folder, content)
        for each in self._entries({"resources": content.get("components")}):
            objects = self._build(joined(folder, each), (*above, folder), objects)
        for target, patch in self._patches(folder, content):
            objects = _patched(objects, target, patch)
        return _transformed(objects, content)

    def _read(self, path: str) -> list[Placed]:
        found = []
        for document in documents(self._tree, path) if self._tree.has(path) else ():
            value = mapping(document.value)
            items = (
                value["items"]
                if plain(value.get("kind")).endswith("List") and isinstance(value.get("items"), list)
                else [value]
            )
            for each in items:
                if self._left > 0 and isinstance(each, dict) and each.get("kind"):
                    self._left -= 1
                    found.append((copy.deepcopy(mapping(each)), path, document.line))
        return found

    def _generated(self, folder: str, content: dict[str, Any]) -> list[Placed]:
        """Return the config maps and secrets that are generated, under the names that other objects use."""
        found: list[Placed] = []
        file = next((path for name in NAMES if (path := f"{folder}/{name}".lstrip("/")) in self._tree.files), folder)
        for key, kind in (("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")):
            for one in map(mapping, sequence(content.get(key))[:200]):
                data: dict[str, str] = {}
                for each in sequence(one.get("literals"))[:1_000]:
                    name, _, value = plain(each).partition("=")
                    data[name] = value.strip("\"'")
                for each in [*listed(one.get("envs")), *listed(one.get("env"))][:50]:
                    data |= env_file(self._tree.text(joined(folder, plain(each))) or "")
                for each in sequence(one.get("files"))[:200]:
                    data.setdefault(plain(each).partition("=")[0].rpartition("/")[2], "")
                metadata = {"name": plain(one.get("name")), "namespace": plain(one.get("namespace"))}
                found.append(
                    (
                        {
                            "apiVersion": "v1",
                            "kind": kind,
                            "metadata": {k: v for k, v in metadata.items() if v},
                            "data": data,
                        },
                        file,
                        1,
                    )
                )
        return found

    def _patches(self, folder: str, content: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Any]]:
        """Yield what each patch is for (empty: what it names itself) and the patch, decoded."""
        for each in listed(content.get("patchesStrategicMerge"))[:500]:
            for patch in self._load(folder, plain(each)):
                yield {}, patch
        for key in ("patches", "patchesJson6902"):
            for one in map(mapping, sequence(content.get(key))[:500]):
                for patch in self._load(
                    folder, plain(one.get("patch")) or plain(one.get("path")), inline=bool(one.get("patch"))
                ):
                    yield mapping(one.get("target")), patch

    def _load(self, folder: str, text: str, *, inline: bool | None = None) -> list[Any]:
        if inline or (inline is None and "\n" in text):
            try:
                return bounded.load_all(text[:200_000])
            except (yaml.YAMLError, ValueError, RecursionError):
                self._tree.trouble(folder, "has a patch that is not valid YAML")
                return []
        path = joined(folder, text)
        return [each.value for each in documents(self._tree, path)] if self._tree.has(path) else []


def _patched(objects: list[Placed], target: dict[str, Any], patch: Any) -> list[Placed]:
    found = []
    named = (
        {"kind": dig(patch, "kind"), "name": dig(patch, "metadata", "name")}
        if not target and isinstance(patch, dict)
        else target
    )
    for value, path, line in objects:
        if not named or not _meant(value, mapping(named)):
            found.append((value, path, line))
        elif isinstance(patch, list):
            for operation in patch[:500]:
                _operate(value, mapping(operation))
            found.append((value, path, line))
        elif isinstance(patch, dict) and patch.get("$patch") != "delete":
            kept = {key: each for key, each in patch.items() if key not in {"apiVersion", "kind", "metadata"}}
            inner = {
                key: each for key, each in mapping(patch.get("metadata")).items() if key in {"labels", "annotations"}
            }
            found.append((mapping(_merged(value, {**kept, "metadata": inner}, 0)), path, line))
    return found


def _meant(value: dict[str, Any], target: dict[str, Any]) -> bool:
    kind, name, namespace = (plain(target.get(key)) for key in ("kind", "name", "namespace"))
    if (kind and value.get("kind") != kind) or (
        namespace and plain(dig(value, "metadata", "namespace")) not in {namespace, ""}
    ):
        return False
    group = plain(target.get("group"))
    if group and not plain(value.get("apiVersion")).startswith(f"{group}/"):
        return False
    own = plain(dig(value, "metadata", "name"))
    # Names of targets are patterns; of those, only the usual ones are followed.
    if name and name != own and name not in {".*", "*"} and not (name.endswith(".*") and own.startswith(name[:-2])):
        return False
    labels = mapping(dig(value, "metadata", "labels"))
    chosen = dict(pair.split("=", 1) for pair in plain(target.get("labelSelector")).split(",") if "=" in pair)
    return all(plain(labels.get(key.strip())) == each.strip("= ") for key, each in chosen.items())


def _merged(below: Any, above: Any, depth: int) -> Any:
    """Merge as the strategic way does: mappings key by key, lists of named things name by name, other lists replaced."""
    if depth > 60:
        return above
    if isinstance(below, dict) and isinstance(above, dict):
        found = dict(below)
        for key, value in above.items():
            if value is None or (isinstance(value, dict) and value.get("$patch") == "delete"):
                found.pop(key, None)
            else:
                found[key] = _merged(found[key], value, depth + 1) if key in found else value
        return found
    if isinstance(below, list) and isinstance(above, list):
        for name in ("name", "containerPort", "mountPath", "port"):
            if above and all(isinstance(each, dict) and name in each for each in (*below, *above)):
                merged = {plain(each[name]): each for each in below}
                for each in above:
                    key = plain(each[name])
                    if each.get("$patch") == "delete":
                        merged.pop(key, None)
                    else:
                        merged[key] = _merged(merged[key], each, depth + 1) if key in merged else each
                return list(merged.values())
    return above


def _operate(value: Any, operation: dict[str, Any]) -> None:
    """Apply an operation of a JSON patch; one that does not fit changes nothing."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in plain(operation.get("path")).split("/")[1:]]
    if not steps or len(steps) > 60:
        return
    for step in steps[:-1]:
        value = (
            value.get(step)
            if isinstance(value, dict)
            else (dig(value, int(step)) if step.isdigit() and len(step) < 7 else None)
        )
    last, word = steps[-1], operation.get("op")
    if isinstance(value, dict):
        if word == "remove":
            value.pop(last, None)
        elif word in {"add", "replace"}:
            value[last] = operation.get("value")
    elif isinstance(value, list):
        index = len(value) if last == "-" else int(last) if last.isdigit() and len(last) < 7 else -1
        if word == "add" and 0 <= index <= len(value):
            value.insert(index, operation.get("value"))
        elif word == "replace" and 0 <= index < len(value):
            value[index] = operation.get("value")
        elif word == "remove" and 0 <= index < len(value):
            value.pop(index)


def _transformed(objects: list[Placed], content: dict[str, Any]) -> list[Placed]:
    namespace, prefix, suffix = (plain(content.get(key)) for key in ("namespace", "namePrefix", "nameSuffix"))
    images = {plain(mapping(each).get("name")): mapping(each) for each in sequence(content.get("images"))[:500]}
    replicas = {
        plain(mapping(each).get("name")): mapping(each).get("count") for each in sequence(content.get("replicas"))[:500]
    }
    labels = dict(mapping(content.get("commonLabels")))
    for each in map(mapping, sequence(content.get("labels"))[:50]):
        if each.get("includeSelectors") or each.get("includeTemplates"):
            labels |= mapping(each.get("pairs"))
    renamed: set[str] = set()
    for value, _, _ in objects:
        metadata = mapping(value.get("metadata"))
        value["metadata"] = metadata
        name = plain(metadata.get("name"))
        if name in replicas and isinstance(value.get("spec"), dict):
            value["spec"]["replicas"] = replicas[name]
        if namespace and plain(value.get("kind")) not in _CLUSTER_WIDE:
            metadata["namespace"] = namespace
        if (prefix or suffix) and plain(value.get("kind")) not in {"Namespace", "CustomResourceDefinition"} and name:
            renamed.add(name)
            metadata["name"] = f"{prefix}{name}{suffix}"
        if labels:
            metadata["labels"] = {**mapping(metadata.get("labels")), **labels}
    for value, _, _ in objects:
        _walk(value, images, renamed, prefix, suffix, namespace, labels)
    return objects


def _walk(
    value: dict[str, Any], images: dict[str, dict[str, Any]], renamed: set[str], prefix: str, suffix: str, namespace: str, labels: dict[str, Any]
) -> None:  # fmt: skip
    """Change what stands deep in an object: images, names of others, labels of pods and selectors."""
    waiting: list[tuple[str, Any]] = [("", value)]
    for _ in range(20_000):
        if not waiting:
            return
        key, each = waiting.pop()
        if isinstance(each, list):
            waiting += [(key, one) for one in each]
        if not isinstance(each, dict):
            continue
        waiting += list(each.items())
        if key in {"containers", "initContainers"} and images and isinstance(each.get("image"), str):
            each["image"] = _image(each["image"], images)
        for where, field in _REFERENCES:
            if key == where and plain(each.get(field)) in renamed:
                each[field] = f"{prefix}{each[field]}{suffix}"
        if key in {"service", "backend", "backendRefs", "to", "subjects", "spec"}:
            for field in ("name", "serviceName", "serviceAccountName"):
                if plain(each.get(field)) in renamed and not (key == "spec" and field == "name"):
                    each[field] = f"{prefix}{each[field]}{suffix}"
        if key == "subjects" and namespace:
            each["namespace"] = namespace
        if labels and key == "template" and isinstance(each.get("metadata"), dict):
            each["metadata"]["labels"] = {**mapping(each["metadata"].get("labels")), **labels}
        if labels and key == "matchLabels":
            each.update(labels)
        if labels and key == "selector" and value.get("kind") == "Service":
            each.update(labels)


def _image(reference: str, images: dict[str, dict[str, Any]]) -> str:
    whole, _, digest = reference.partition("@")
    head, colon, tag = whole.rpartition(":")
    name, tag = (head, tag) if colon and "/" not in tag else (whole, "")
    change = images.get(name)
    if change is None:
        return reference
    name = plain(change.get("newName")) or name
    if new := plain(change.get("digest")):
        return f"{name}@{new}"
    if new := plain(change.get("newTag")):
        return f"{name}:{new}"
    return name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


_KNOWN: WeakKeyDictionary[Tree, Kustomizations] = WeakKeyDictionary()


def kustomizations_of(tree: Tree) -> Kustomizations:
    """Return the kustomizations of a tree, read once however many extractors ask."""
    found = _KNOWN.get(tree)
    if found is None:
        found = _KNOWN[tree] = Kustomizations(tree)
    return found
