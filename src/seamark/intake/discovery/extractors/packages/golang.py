"""Go: `go.mod` with its replacements, and `go.work`; `go.sum` only gives the hashes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct, field

from seamark.core.assets import Found, Listing
from seamark.intake.discovery.extractors.packages.draft import Draft, Hashes, from_base64
from seamark.intake.discovery.extractors.packages.members import beside
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree, folder_of, joined

_PRUNED: Final = (1, 17)
"""Since this version a module file names every module that is built in, at the version that is taken."""


class Module(Struct):
    """A `go.mod` or `go.work`."""

    name: str = ""
    go: tuple[int, int] = (1, 0)
    needs: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """Versions, and whether only others need the module."""
    excluded: set[tuple[str, str]] = field(default_factory=set)
    replaced: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """By name and version, the latter empty for all; a replacement without a version is a folder."""
    tools: list[str] = field(default_factory=list)
    uses: list[str] = field(default_factory=list)


@extractor("golang", title="Go modules")
def extract(tree: Tree) -> Iterator[Found | Listing]:
    """Yield the Go modules with what they require, and the workspaces."""
    files = frozenset(tree.matching("go.sum"))
    modules = {path: parse(text) for path in tree.matching("go.mod") if (text := tree.text(path)) is not None}
    own = {module.name for module in modules.values() if module.name}
    for path, module in modules.items():
        draft = Draft(tree, path, "golang", origin="golang", locked=module.go >= _PRUNED)
        sums = beside(path, "go.sum", files)
        draft.facts |= {"name": module.name, "lock": sums, "tools": module.tools}
        hashes = _sums(tree.text(sums) or "") if sums else {}
        for name, (version, indirect) in module.needs.items():
            _require(draft, module, name, version, hashes, own, indirect=indirect)
        yield from draft.tell()
    for path in tree.matching("go.work"):
        if (text := tree.text(path)) is not None:
            draft = Draft(tree, path, "golang", origin="golang")
            uses = [joined(folder_of(path), each) for each in parse(text).uses]
            draft.facts["workspaces"] = [each for each in uses if f"{each}/go.mod".lstrip("/") in modules]
            yield draft.manifest()


def _require(draft: Draft, module: Module, name: str, version: str, hashes: dict[str, Hashes], own: set[str], *, indirect: bool) -> None:  # fmt: skip
    if (name, version) in module.excluded:
        return
    target = module.replaced.get((name, version)) or module.replaced.get((name, ""))
    if target is not None:
        draft.facts.setdefault("replaced", {})[name] = " ".join(target).strip()
        if not target[1]:
            return
        name, version = target
    elif name in own and version.startswith("v0.0.0"):
        return
    ref = draft.add(name, version, scope="runtime", hashes=hashes.get(f"{name}@{version}", ()))
    if not indirect:
        draft.direct(ref, "runtime")


def _sums(text: str) -> dict[str, Hashes]:
    found: dict[str, Hashes] = {}
    for line in text.split("\n"):
        parts = line.split()
        if len(parts) == 3 and parts[2].startswith("h1:") and not parts[1].endswith("/go.mod"):
            found[f"{parts[0]}@{parts[1]}"] = (("h1", from_base64(parts[2][3:])),)
    return found


def parse(text: str) -> Module:
    """Return what a `go.mod` or `go.work` says; lines that are neither are left out."""
    module = Module()
    block = ""
    for raw in text.split("\n"):
        line, _, comment = raw.partition("//")
        parts = [part.strip('"`') for part in line.split()]
        if not parts:
            continue
        if block:
            if parts[0] == ")":
                block = ""
                continue
            verb = block
        else:
            verb, parts = parts[0], parts[1:]
            if parts[:1] == ["("]:
                block = verb
                continue
        _say(module, verb, parts, comment.strip())
    return module


def _say(module: Module, verb: str, parts: list[str], comment: str) -> None:
    match verb, parts:
        case "module", [name]:
            module.name = name
        case "go", [version]:
            numbers = re.match(r"(\d{1,4})\.(\d{1,4})", version)
            module.go = (int(numbers[1]), int(numbers[2])) if numbers else module.go
        case "require", [name, version] if version.startswith("v"):
            module.needs[name] = (version, comment.partition(";")[0].strip() == "indirect")
        case "exclude", [name, version]:
            module.excluded.add((name, version))
        case "replace", [name, "=>", *target]:
            module.replaced[name, ""] = (target[0], target[1] if len(target) > 1 else "") if target else ("", "")
        case "replace", [name, version, "=>", *target]:
            module.replaced[name, version] = (target[0], target[1] if len(target) > 1 else "") if target else ("", "")
        case "tool", [name]:
            module.tools.append(name)
        case "use", [folder]:
            module.uses.append(folder)
        case _:
            pass
