"""Images in YAML: Compose, Kubernetes, values of Helm charts, Kustomize, workflows."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit
from seamark.response.remediation.editors.notation.yaml_ import (
    Entry,
    child,
    entries,
    is_shared,
    loaded,
    read_yaml,
    set_scalar,
    text_of,
)
from seamark.response.remediation.editors.references import matches, moved, put, same_image
from seamark.response.remediation.editors.registry import Work, editor

_KEYS = frozenset({"image", "container", "baseImage", "uses"})


@editor(
    "images",
    title="Images in YAML: Compose, Kubernetes, Helm values, Kustomize",
    files=r"[^/]+\.ya?ml",
    kinds=(ChangeKind.IMAGE,),
    read=loaded,
)
def edits(work: Work, path: str) -> Iterator[Splice]:
    """Move an image wherever a key says that it is one, whole or in parts (repository, tag, digest)."""
    source = work.source(path)
    roots = read_yaml(source)
    for entry in entries(roots):
        if isinstance(entry.node, yaml.ScalarNode) and entry.path[-1] in _KEYS:
            yield from _whole(work, source, roots, entry)
        elif isinstance(entry.node, yaml.MappingNode):
            yield from _parts(work, source, roots, entry.node)


def _whole(work: Work, source: Source, roots: list[yaml.Node], entry: Entry) -> Iterator[Splice]:
    scheme = "docker://" if entry.value.startswith("docker://") else ""
    if entry.path[-1] == "uses" and not scheme:
        return
    where = f"{source.path} on line {entry.node.start_mark.line + 1}"
    new = moved(entry.value.removeprefix(scheme), work.change, where)
    if new is not None:
        yield set_scalar(source, roots, entry.node, scheme + new)


def _parts(work: Work, source: Source, roots: list[yaml.Node], node: yaml.MappingNode) -> Iterator[Splice]:
    """Yield the pieces of an image that is told in parts: Helm's `repository`, Kustomize's `name` and `newName`."""
    keys = {key.value for key, _ in node.value}
    change = work.change
    if keys & {"newTag", "newName"} or (
        "name" in keys
        and "digest" in keys
        and "newTag" not in keys
        and source.path.rpartition("/")[2].startswith("kustomization")
    ):
        name, tag_key = text_of(child(node, "newName")) or text_of(child(node, "name")), "newTag"
    elif "repository" in keys and keys & {"tag", "digest"}:
        name, tag_key = text_of(child(node, "repository")), "tag"
        registry = text_of(child(node, "registry"))
        name = f"{registry}/{name}" if registry and not same_image(name, change) else name
    else:
        return
    tag, digest = child(node, tag_key), child(node, "digest")
    if not same_image(name, change) or not matches(text_of(tag).partition("@")[0], text_of(digest), change):
        return
    where = f"{source.path} on line {node.start_mark.line + 1}"
    inner_digest = text_of(tag).partition("@")[2]
    new = put(text_of(tag).partition("@")[0], text_of(digest) or inner_digest, change, where)
    if inner_digest:
        raise UnsafeEdit(f"{where} writes a digest behind the tag of {change.name}, which is not edited.")
    if (new.tag and tag is None) or (new.digest and digest is None):
        raise UnsafeEdit(
            f"{where} has no place for the {'tag' if new.tag and tag is None else 'digest'} of {change.name}."
        )
    if any(each is not None and is_shared(source, each) for each in (tag, digest)):
        raise UnsafeEdit(
            f"{where} gives the tag of {change.name} a name (an anchor), so that others may have it as well."
        )
    if tag is not None and new.tag and text_of(tag) != new.tag:
        yield set_scalar(source, roots, tag, new.tag)
    if digest is not None and new.digest and text_of(digest) != new.digest:
        yield set_scalar(source, roots, digest, new.digest)
