"""Maven: `pom.xml`, with properties, parents and managed versions as far as they stand in the same tree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from seamark.core.assets import Found, Listing
from seamark.intake.discovery.extractors.packages.draft import Draft
from seamark.intake.discovery.extractors.packages.pom import Need, Pom, Poms, filled, read
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree, folder_of, joined

_SCOPES: Final = {"": "runtime", "compile": "runtime", "runtime": "runtime", "system": "runtime", "provided": "development", "test": "test"}  # fmt: skip
_MOST_INHERITED: Final = 1_000
_RANGE = re.compile(r"[\[(,]|\$\{|^(?:LATEST|RELEASE)$").search


@extractor("maven", title="Maven projects")
def extract(tree: Tree) -> Iterator[Found | Listing]:
    """Yield the Maven projects with their dependencies, those that they inherit in the tree included."""
    poms = Poms({path: pom for path in tree.matching("pom.xml") if (pom := read(tree, path)) is not None})
    for path, pom in poms.poms.items():
        draft = Draft(tree, path, "maven", origin="maven")
        known = poms.properties(pom)
        draft.facts |= _facts(poms, pom, known)
        for need in (*pom.needs, *(need for each in poms.line(pom)[1:] for need in each.needs[:_MOST_INHERITED])):
            _require(draft, poms, pom, need, known)
        yield from draft.tell()


def _facts(poms: Poms, pom: Pom, known: Mapping[str, str]) -> dict[str, object]:
    places = [joined(folder_of(pom.path), module) for module in pom.modules]
    return {
        "name": f"{filled(pom.group, known)}:{pom.artifact}",
        "version": filled(pom.version, known),
        "licence": " OR ".join(pom.licences),
        "parent": ":".join(filled(part, known) for part in pom.parent) if pom.parent else "",
        "workspaces": [
            each.removesuffix("/pom.xml") for each in places if each in poms.poms or f"{each}/pom.xml" in poms.poms
        ],
    }


def _require(draft: Draft, poms: Poms, pom: Pom, need: Need, known: Mapping[str, str]) -> None:
    group, artifact = filled(need.group, known), filled(need.artifact, known)
    if not group or not artifact or (group, artifact) in poms.by_name:
        return
    managed = poms.managed(pom, group, artifact)
    version = filled(need.version, known) or managed.version
    scope = "optional" if need.optional else _SCOPES.get(need.scope or managed.scope, "runtime")
    ranged = bool(_RANGE(version))
    draft.require(f"{group}/{artifact}", "" if ranged else version, wanted=version, scope=scope)
