"""CocoaPods: `Podfile.lock`. Parts of a pod (`Firebase/Core`) count as the pod."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from seamark.core.assets import Found, Listing
from seamark.intake.discovery.extractors.packages.draft import Draft
from seamark.intake.discovery.extractors.packages.read import mapping, rows, word, yaml_at
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree, folder_of, joined

_POD = re.compile(r"([^\s(]+)(?: \(([^)]*)\))?").match


@extractor("cocoapods", title="CocoaPods locks")
def extract(tree: Tree) -> Iterator[Found | Listing]:
    """Yield the locks of CocoaPods."""
    for path in tree.matching("Podfile.lock"):
        said = yaml_at(tree, path)
        if "PODS" in said:
            yield from _lock(tree, path, said)


def _lock(tree: Tree, path: str, said: dict[str, Any]) -> Iterator[Found | Listing]:
    draft = Draft(tree, path, "cocoapods", origin="cocoapods", locked=True)
    sums = mapping(said.get("SPEC CHECKSUMS"))
    external = mapping(said.get("EXTERNAL SOURCES"))
    # A pod that is taken from a folder outside of what git keeps is somebody else's, put there by another manager.
    inside = {folder for file in tree.files for folder in _folders(file)}
    refs: dict[str, str] = {}
    needs: list[tuple[str, list[str]]] = []
    for pod in rows(said.get("PODS")):
        head, inner = next(iter(pod.items()), ("", [])) if isinstance(pod, dict) else (pod, [])
        name, version = _named(word(head))
        digest = word(sums.get(name))
        place = word(mapping(external.get(name)).get(":path"))
        own = bool(place) and joined(folder_of(path), place.removesuffix("/")) in inside
        refs[name] = draft.add(
            name, version, scope="runtime", hashes=(("sha1", digest),) if digest else (), internal=own
        )
        needs.append((name, [_named(word(each))[0] for each in rows(inner)]))
    for name, targets in needs:
        draft.depend(refs[name], (refs.get(target, "") for target in targets))
    for each in rows(said.get("DEPENDENCIES")):
        draft.direct(refs.get(_named(word(each))[0], ""), "runtime")
    yield from draft.tell()


def _folders(path: str) -> Iterator[str]:
    while path := folder_of(path):
        yield path


def _named(text: str) -> tuple[str, str]:
    found = _POD(text)
    return (found[1].partition("/")[0], found[2] or "") if found else ("", "")
