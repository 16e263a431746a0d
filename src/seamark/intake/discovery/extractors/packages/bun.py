"""`bun.lock`: JSON with trailing commas, a row a package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from seamark.intake.discovery.extractors.packages.draft import Draft, integrity
from seamark.intake.discovery.extractors.packages.read import decoded, mapping, rows, word
from seamark.intake.discovery.tree import Tree

_GROUPS: Final = {
    "devDependencies": "development", "optionalDependencies": "optional",
    "dependencies": "runtime", "peerDependencies": "runtime",
}  # fmt: skip
_LOOSE = re.compile(r'("(?:[^"\\]++|\\.)*+"?)|,(?=\s*+[}\]])', re.DOTALL)
_DEEPEST: Final = 50


def read(tree: Tree, draft: Draft, own: Mapping[str, dict[str, Any]]) -> bool:  # noqa: ARG001 - the lock holds the workspace's manifests
    """Fill a draft from its lock, and tell whether it could be read."""
    text = tree.text(draft.path)
    found = None if text is None else decoded(tree, draft.path, _LOOSE.sub(lambda each: each[1] or "", text).encode())
    if found is None:
        return False
    packages = {key: row for key, row in mapping(found.get("packages")).items() if rows(row) and word(row[0])}
    refs = {key: _add(draft, row) for key, row in packages.items()}
    for key, row in packages.items():
        needs = next((mapping(each) for each in row[1:] if isinstance(each, dict)), {})
        groups = [mapping(needs.get(group)) for group in _GROUPS if group != "devDependencies"]
        draft.depend(refs[key], (_resolved(key, name, refs) for group in groups for name in group))
    for folder, manifest in mapping(found.get("workspaces")).items():
        inside = word(mapping(manifest).get("name"))
        if folder:
            draft.direct(refs.get(inside, ""))
        for group, scope in _GROUPS.items():
            for name in mapping(mapping(manifest).get(group)):
                target = _resolved(inside if folder else "", name, refs)
                draft.direct(target, scope)
                draft.depend(refs.get(inside, "") if folder else "", (target,))
    draft.spread_scopes()
    return True


def _add(draft: Draft, row: list[Any]) -> str:
    name, _, version = word(row[0]).rpartition("@")
    if "@" in name[1:]:
        # `name@git+ssh://user@host/…`: the last sign is part of the address.
        name = name[0] + name[1:].partition("@")[0]
        version = "git:"
    own = version.startswith(("workspace:", "link:", "file:", "root:"))
    digest = row[-1] if isinstance(row[-1], str) else ""
    return draft.add(name, "" if ":" in version else version, hashes=integrity(digest), internal=own)


def _resolved(key: str, name: str, refs: dict[str, str]) -> str:
    """Return what the package under a key gets when it asks for a name: keys are paths of names, the nearest counts."""
    for _ in range(_DEEPEST):
        place = f"{key}/{name}" if key else name
        if place in refs:
            return refs[place]
        if not key:
            break
        key = key.rpartition("/")[0]
        if key.rpartition("/")[2].startswith("@"):
            key = key.rpartition("/")[0]
    return ""
