"""Dart and Flutter: `pubspec.yaml` and `pubspec.lock`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from seamark.core.assets import Found, Listing
from seamark.intake.discovery.extractors.packages.draft import Draft, without_password
from seamark.intake.discovery.extractors.packages.members import Workspaces, by_folder
from seamark.intake.discovery.extractors.packages.read import mapping, word, words, yaml_at
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree, folder_of

_GROUPS: Final = (("dependencies", "runtime"), ("dev_dependencies", "development"))
_SCOPES: Final = {"direct main": "runtime", "direct overridden": "runtime", "direct dev": "development"}
_EXACT = re.compile(r"\d+\.\d+\.\d+[\w.+-]*").fullmatch


@extractor("pub", title="Dart and Flutter packages (pub)")
def extract(tree: Tree) -> Iterator[Found | Listing]:
    """Yield the manifests and locks of Dart packages."""
    manifests = {
        folder_of(path): (path, said) for path in tree.matching("pubspec.yaml") if (said := yaml_at(tree, path))
    }
    locks = by_folder(tree.matching("pubspec.lock"))
    patterns = {folder: words(said.get("workspace")) for folder, (_, said) in manifests.items()}
    spaces = Workspaces(patterns, locks, manifests)
    for folder, (path, said) in manifests.items():
        draft = Draft(tree, path, "pub", origin="pub")
        draft.facts |= {
            "name": word(said.get("name")),
            "version": word(said.get("version")),
            "private": word(said.get("publish_to")) == "none",
            "lock": spaces.lock(folder),
            "workspaces": spaces.members(folder),
        }
        for group, scope in _GROUPS:
            for name, given in mapping(said.get(group)).items():
                _require(draft, name, given, scope)
        yield from draft.tell()
    for folder, path in locks.items():
        own = [manifests[each][1] for each in (folder, *spaces.members(folder)) if each in manifests]
        yield from _lock(tree, path, own)


def _require(draft: Draft, name: str, given: Any, scope: str) -> None:
    said = mapping(given)
    if "sdk" in said or "path" in said:
        return
    source = said.get("git")
    address = word(mapping(source).get("url")) or word(source)
    wanted = word(said.get("version")) if said else word(given)
    draft.require(name, wanted if _EXACT(wanted) else "", wanted=wanted or without_password(address), scope=scope)


def _lock(tree: Tree, path: str, own: list[dict[str, Any]]) -> Iterator[Found | Listing]:
    said = yaml_at(tree, path)
    if "packages" not in said:
        return
    draft = Draft(tree, path, "pub", origin="pub", locked=True)
    if own:
        draft.facts |= {"name": word(own[0].get("name")), "version": word(own[0].get("version"))}
    # The lock of a workspace names as direct only what its root asks for.
    wanted: dict[str, str] = {}
    for group, scope in reversed(_GROUPS):
        wanted |= {name: scope for manifest in own for name in mapping(manifest.get(group))}
    for name, given in mapping(said.get("packages")).items():
        entry = mapping(given)
        source = word(entry.get("source"))
        if source == "sdk":
            continue
        digest = word(mapping(entry.get("description")).get("sha256"))
        scope = _SCOPES.get(word(entry.get("dependency")), "") or wanted.get(name, "")
        ref = draft.add(name, word(entry.get("version")), scope=scope, hashes=(("sha256", digest),) if digest else (), internal=source == "path")  # fmt: skip
        if scope:
            draft.direct(ref, scope)
    yield from draft.tell()
