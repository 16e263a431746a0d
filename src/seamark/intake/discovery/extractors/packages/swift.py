"""Swift: `Package.swift`, which is read and not run, and `Package.resolved`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from seamark.core.assets import Found, Listing
from seamark.intake.discovery.extractors.packages.draft import Draft, without_password
from seamark.intake.discovery.extractors.packages.members import beside
from seamark.intake.discovery.extractors.packages.read import json_at, mapping, rows, script_at, word
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree

_COMMENT = re.compile(r'("(?:[^"\\\n]++|\\.)*+"?)|//[^\n]*')
_NAME = re.compile(r'\bPackage\(\s*+name:\s*+"([^"\n]+)"')
_NEED = re.compile(
    r'\.package\(\s*+(?:name:\s*+"[^"\n]*+"\s*+,\s*+)?(url|id):\s*+"([^"\n]+)"\s*+,?([^()]{0,300}+(?:\([^()]{0,300}+\))?)'
)
_EXACT = re.compile(r'\bexact(?:\(|:)\s*+"([^"\n]+)"')
_ADDRESS = re.compile(r"(?:[a-z+]+://(?:[^/@\s]*@)?|[\w.-]+@)([^/:\s]+)[/:](?:\d+/)?(\S+?)(?:\.git)?/?").fullmatch


@extractor("swift", title="Swift packages")
def extract(tree: Tree) -> Iterator[Found | Listing]:
    """Yield the manifests and locks of Swift packages."""
    locks = frozenset(tree.matching("Package.resolved"))
    drafts: dict[str, Draft] = {}
    for path in tree.matching("Package.swift"):
        if (text := script_at(tree, path)) is not None:
            drafts[path] = draft = _manifest(tree, path, text)
            draft.facts["lock"] = beside(path, "Package.resolved", locks)
            yield from draft.tell()
    for path in sorted(locks):
        yield from _lock(tree, path, drafts.get(path.removesuffix("resolved") + "swift"))


def _manifest(tree: Tree, path: str, text: str) -> Draft:
    draft = Draft(tree, path, "swift", origin="swift")
    text = _COMMENT.sub(lambda each: each[1] or "", text)
    name = _NAME.search(text)
    draft.facts["name"] = name[1] if name else ""
    for found in _NEED.finditer(text):
        exact = _EXACT.search(found[3])
        wanted = " ".join(found[3].split()).strip(", ")
        draft.require(_named(found[2]), exact[1] if exact else "", wanted=wanted, scope="runtime")
    return draft


def _named(address: str) -> str:
    """Return the name of a package, which is where it is kept: `github.com/apple/swift-nio`."""
    found = _ADDRESS(address.strip()[:500])
    return f"{found[1].lower()}/{found[2]}" if found else without_password(address)


def _lock(tree: Tree, path: str, manifest: Draft | None) -> Iterator[Found | Listing]:
    found = json_at(tree, path)
    if found is None:
        return
    draft = Draft(tree, path, "swift", origin="swift", locked=True)
    draft.facts["name"] = manifest.facts.get("name") if manifest is not None else ""
    pins: list[Any] = rows(found.get("pins")) or rows(mapping(found.get("object")).get("pins"))
    refs: dict[str, str] = {}
    for pin in map(mapping, pins):
        place = word(pin.get("location")) or word(pin.get("repositoryURL"))
        state = mapping(pin.get("state"))
        own = word(pin.get("kind")).startswith("local")
        name = _named(place or word(pin.get("identity")))
        # Without a version a branch or commit is pinned.
        refs[name.lower()] = draft.add(name, word(state.get("version")) or word(state.get("revision")), scope="runtime", internal=own)  # fmt: skip
    for part in manifest.parts.values() if manifest is not None else ():
        draft.direct(refs.get(part.name.lower(), ""), part.scope)
    yield from draft.tell()
