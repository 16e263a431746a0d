"""PHP: `composer.json` and `composer.lock`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from seamark.core.assets import Found, Listing
from seamark.intake.discovery.extractors.packages.draft import Draft
from seamark.intake.discovery.extractors.packages.members import beside
from seamark.intake.discovery.extractors.packages.read import json_at, licences, mapping, rows, word
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree

_GROUPS: Final = (("require", "runtime"), ("require-dev", "development"))
_EXACT = re.compile(r"v?\d+(?:\.\d+)+(?:-[\w.]+)?").fullmatch


@extractor("composer", title="PHP packages (Composer)")
def extract(tree: Tree) -> Iterator[Found | Listing]:
    """Yield the manifests and locks of PHP packages."""
    locks = frozenset(tree.matching("composer.lock"))
    manifests = {path: found for path in tree.matching("composer.json") if (found := json_at(tree, path)) is not None}
    for path, found in manifests.items():
        draft = Draft(tree, path, "composer", origin="composer")
        draft.facts |= {
            "name": word(found.get("name")),
            "version": word(found.get("version")),
            "licence": " OR ".join(licences(found.get("license"))),
            "lock": beside(path, "composer.lock", locks),
        }
        for group, scope in _GROUPS:
            for name, wanted in mapping(found.get(group)).items():
                # Without a maker's name it is PHP itself, an extension, or a library of the system.
                if "/" in name:
                    said = word(wanted)
                    draft.require(name.lower(), said if _EXACT(said) else "", wanted=said, scope=scope)
        yield from draft.tell()
    for path in sorted(locks):
        yield from _lock(tree, path, manifests.get(path.removesuffix("lock") + "json", {}))


def _lock(tree: Tree, path: str, manifest: dict[str, Any]) -> Iterator[Found | Listing]:
    found = json_at(tree, path)
    if found is None:
        return
    draft = Draft(tree, path, "composer", origin="composer", locked=True)
    draft.facts |= {"name": word(manifest.get("name")), "version": word(manifest.get("version"))}
    refs: dict[str, str] = {}
    entries: list[tuple[str, dict[str, Any]]] = []
    for group, scope in (("packages", "runtime"), ("packages-dev", "development")):
        for entry in map(mapping, rows(found.get(group))):
            name = word(entry.get("name")).lower()
            source = mapping(entry.get("dist"))
            digest = word(source.get("shasum"))
            refs[name] = ref = draft.add(
                name,
                word(entry.get("version")),
                scope=scope,
                hashes=(("sha1", digest),) if digest else (),
                licences=licences(entry.get("license")),
                internal=word(source.get("type")) == "path",
            )
            entries.append((ref, entry))
            # A package may stand in for others: a polyfill, a part of a framework.
            for other in (*mapping(entry.get("replace")), *mapping(entry.get("provide"))):
                refs.setdefault(other.lower(), ref)
    for ref, entry in entries:
        draft.depend(ref, (refs.get(need.lower(), "") for need in mapping(entry.get("require"))))
    for group, scope in _GROUPS:
        for name in mapping(manifest.get(group)):
            draft.direct(refs.get(name.lower(), ""), scope)
    yield from draft.tell()
