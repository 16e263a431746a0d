"""Finds pins in files: where an editor could move a version, and which one stands there now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import yaml

from seamark.intake.discovery.infrastructure.dockerfiles import read_dockerfile
from seamark.intake.discovery.infrastructure.images import read_image
from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.notation import hcl
from seamark.response.remediation.editors.notation.source import Source, UnsafeEdit, source
from seamark.response.remediation.editors.notation.yaml_ import child, entries, read_yaml, text_of
from seamark.response.remediation.editors.references import split
from seamark.response.remediation.pins.pin import Pin

FILES: Final = (
    r"(?:[^/]+[.-])?(?i:dockerfile|containerfile)(?:[.-][^/]+)?", r"[^/]+\.ya?ml", r"[^/]+\.(?:tf|tofu)", r"\.terraform\.lock\.hcl",
)  # fmt: skip
"""Regular expressions of the names of files that may pin something."""
_DOCKERFILE: Final = re.compile(rf"(?:.*/)?{FILES[0]}")
_WORKFLOW: Final = re.compile(r"(?:.*/)?(?:\.(?:github|gitea|forgejo)/workflows/[^/]+|action)\.ya?ml")
_CHART: Final = re.compile(r"(?:.*/)?(?:Chart|requirements)\.ya?ml")
_USES: Final = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?:/[^@\s]*)?@(?P<ref>\S+)")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_TAG: Final = re.compile(r"[ \t]+#[ \t]*(?:tag=|ratchet:\S*@|pin@)?(?P<tag>v?[0-9][\w.-]*)")
_IMAGE_KEYS: Final = frozenset({"image", "container", "baseImage"})
_VERSION: Final = re.compile(r"(?:^|[\s,])(?:=|==|~>|>=|\^|~)?\s*v?(?P<version>\d[\w.+-]*)")
MOST: Final = 5_000
"""Pins of a tree that are looked at."""


class _One(NamedTuple):
    kind: ChangeKind
    name: str
    version: str
    held: str
    line: int


def pins(files: Mapping[str, bytes]) -> tuple[Pin, ...]:
    """Return what files pin, each version of each thing once, in their order. What cannot be read pins nothing."""
    found: dict[tuple[ChangeKind, str, str, str], list[tuple[str, int]]] = {}
    locks = {path: dict(_locked(path, data)) for path, data in files.items() if path.endswith(".terraform.lock.hcl")}
    beside: dict[tuple[ChangeKind, str, str, str], list[str]] = {}
    for path in sorted(files):
        for one in _of(path, files[path]):
            lock = f"{path.rpartition('/')[0]}/.terraform.lock.hcl".lstrip("/")
            locked = locks.get(lock, {}).get(_address(one.name)) if one.kind is ChangeKind.MODULE else None
            key = (one.kind, one.name, locked or one.version, one.held)
            if key not in found and len(found) >= MOST:
                continue
            found.setdefault(key, []).append((path, one.line))
            others = [lock] if locked else [name for name in _chart_locks(path, one.kind) if name in files]
            beside.setdefault(key, []).extend(others)
    return tuple(sorted(
        Pin(kind=key[0], name=key[1], version=key[2], held=key[3], places=tuple(places), beside=tuple(dict.fromkeys(beside[key]))) for key, places in found.items()
    ))  # fmt: skip


def _chart_locks(path: str, kind: ChangeKind) -> tuple[str, ...]:
    folder = path[: path.rfind("/") + 1]
    return (f"{folder}Chart.lock", f"{folder}requirements.lock") if kind is ChangeKind.CHART else ()


def _of(path: str, data: bytes) -> Iterable[_One]:
    try:
        text = source(path, data)
        if _DOCKERFILE.fullmatch(path):
            return list(_dockerfile(text))
        if path.endswith((".tf", ".tofu")):
            return list(_terraform(text))
        if path.endswith((".yml", ".yaml")):
            return list(_yaml(path, text))
    except (UnsafeEdit, ValueError, RecursionError, KeyError):
        pass
    return ()


def _image(reference: str, line: int, *, sure: bool = True) -> Iterator[_One]:
    """Yield an image of a reference; `sure` says that the place holds images and nothing else."""
    name, tag, digest = split(reference.strip().removeprefix("docker://"))
    if "$" in reference or "{{" in reference or read_image(reference) is None or not (sure or tag or digest):
        return
    yield _One(ChangeKind.IMAGE, name, tag, digest, line)


def _dockerfile(text: Source) -> Iterator[_One]:
    read = read_dockerfile(text.text)
    for stage in read.stages:
        if read.named(stage.base, stage) is None:
            yield from _image(stage.base, stage.line)
        for copy in stage.copies:
            if copy.stage and read.named(copy.stage) is None:
                yield from _image(copy.stage, copy.line)


def _yaml(path: str, text: Source) -> Iterator[_One]:
    roots = read_yaml(text)
    if _CHART.fullmatch(path):
        for root in roots:
            yield from _chart(root)
        return
    workflow = _WORKFLOW.fullmatch(path) is not None
    for entry in entries(roots):
        line = entry.node.start_mark.line + 1
        if isinstance(entry.node, yaml.MappingNode):
            yield from _in_parts(path, entry.node)
        elif not isinstance(entry.node, yaml.ScalarNode):
            continue
        elif workflow and entry.path[-1] == "uses":
            yield from _action(text, entry.node, line)
        elif entry.path[-1] in _IMAGE_KEYS:
            yield from _image(entry.value, line, sure=_runs_images(roots))


def _runs_images(roots: list[yaml.Node]) -> bool:
    """Tell whether a document is one of Compose or of a cluster, where `image` is nothing else."""
    return any(isinstance(child(root, "services"), yaml.MappingNode) or child(root, "kind") is not None for root in roots)  # fmt: skip


def _in_parts(path: str, node: yaml.MappingNode) -> Iterator[_One]:
    keys = {key.value for key, _ in node.value}
    if keys >= {"repository", "tag"}:
        name, registry = text_of(child(node, "repository")), text_of(child(node, "registry"))
        whole = f"{registry}/{name}" if registry else name
        tag = text_of(child(node, "tag")).partition("@")
        held = text_of(child(node, "digest")) or tag[2]
        yield from _image(f"{whole}:{tag[0]}" + (f"@{held}" if held else ""), node.start_mark.line + 1)
    elif "newTag" in keys and path.rpartition("/")[2].startswith("kustomization"):
        name = text_of(child(node, "newName")) or text_of(child(node, "name"))
        yield from _image(f"{name}:{text_of(child(node, 'newTag'))}", node.start_mark.line + 1)


def _action(text: Source, node: yaml.ScalarNode, line: int) -> Iterator[_One]:
    if node.value.startswith("docker://"):
        yield from _image(node.value, line)
        return
    found = _USES.fullmatch(node.value)
    if found is None:
        return
    held = found["ref"] if _COMMIT.fullmatch(found["ref"]) else ""
    at = node.end_mark.index
    comment = _TAG.match(text.text, at, text.end_of_line(at))
    version = found["ref"] if not held else comment["tag"] if comment is not None else ""
    yield _One(ChangeKind.ACTION_PIN, found["name"], version, held, line)


def _chart(root: yaml.Node) -> Iterator[_One]:
    listed = child(root, "dependencies")
    for node in listed.value if isinstance(listed, yaml.SequenceNode) else ():
        name, repository, version = (text_of(child(node, key)) for key in ("name", "repository", "version"))
        if name and repository.startswith(("https://", "http://", "oci://")):
            yield _One(ChangeKind.CHART, f"{repository.rstrip('/')}/{name}", _lowest(version), "", node.start_mark.line + 1)  # fmt: skip


def _lowest(requirement: str) -> str:
    """Return the version that a requirement starts from, empty where it is not clear."""
    found = _VERSION.search(requirement)
    return found["version"] if found is not None and not set(requirement) & set("|<!*xX") else ""


def _terraform(text: Source) -> Iterator[_One]:
    for block in hcl.blocks(hcl.read_hcl(text)):
        if block.type == "module":
            yield from _module(text, block)
        elif block.type == "terraform":
            for inner in hcl.blocks(block.body):
                if inner.type == "required_providers":
                    yield from _providers(text, inner.body)


def _line(text: Source, node: Any) -> int:
    return text.line(text.at(node.start_byte))


def _module(text: Source, block: hcl.Block) -> Iterator[_One]:
    told = hcl.attributes(block.body)
    address = hcl.string(told.get("source"))
    name, mark, query = address.partition("?")
    if mark:
        found = re.search(r"(?:^|&)ref=(?P<ref>[^&]+)", query)
        if found is not None:
            held = found["ref"] if _COMMIT.fullmatch(found["ref"]) else ""
            yield _One(ChangeKind.MODULE, name, "" if held else found["ref"], held, _line(text, block.node))
    elif re.fullmatch(r"(?:[\w.-]+\.[\w.-]+/)?[\w-]+/[\w-]+/[\w-]+(?://[\w./-]+)?", name):
        yield _One(ChangeKind.MODULE, name, _lowest(hcl.string(told.get("version"))), "", _line(text, block.node))


def _providers(text: Source, body: Any) -> Iterator[_One]:
    for name, node in hcl.attributes(body).items():
        told = hcl.members(node)
        address = hcl.string(told["source"]) if told.get("source") is not None else f"hashicorp/{name}"
        version = hcl.string(told.get("version") if told else node)
        if address and version:
            yield _One(ChangeKind.MODULE, address, _lowest(version), "", _line(text, node))


def _locked(path: str, data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the providers of a lock with their versions."""
    try:
        found = list(hcl.blocks(hcl.read_hcl(source(path, data))))
    except (UnsafeEdit, ValueError, RecursionError):
        return
    for block in found:
        told = hcl.attributes(block.body)
        if block.type == "provider" and block.labels and "version" in told:
            yield _address(block.labels[0]), hcl.string(told["version"])


def _address(name: str) -> str:
    return "/".join(name.lower().split("/")[-2:])
