"""Findings in code and settings cleared by patches: our own, else what the tool itself proposes."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from seamark.core.finding import Finding
from seamark.core.location import CodeLocation
from seamark.response.remediation.editors.notation.source import UnsafeEdit
from seamark.response.remediation.patches import proposed
from seamark.response.remediation.patches.patch import Patched, patch, patches_for

LARGEST: Final = 5_000_000
"""Bytes of a file that is patched."""
Read = Callable[[str], bytes | None]


class Mended(Struct, frozen=True, kw_only=True):
    """A finding with what a patch does about it, or why none does."""

    tool: str
    rule: str
    path: str
    line: int
    title: str = ""
    """What was done; empty where nothing was."""
    note: str = ""
    ours: bool = True
    """Whether the patch is one of our own; else it is the tool's."""
    why: str = ""
    """Why nothing was done."""


class Patches(Struct, frozen=True, kw_only=True):
    """What patches make of files."""

    files: dict[str, bytes] = {}
    """Those that changed, as they are now."""
    before: dict[str, bytes] = {}
    done: tuple[Mended, ...] = ()
    left: tuple[Mended, ...] = ()


def mend(found: Iterable[tuple[str, Finding]], read: Read, given: Mapping[str, str] | None = None) -> Patches:
    """Return what patches make of files, by the findings of tools. `given` tells what only people or registries know."""
    files: dict[str, bytes] = {}
    before: dict[str, bytes] = {}
    done: list[Mended] = []
    left: list[Mended] = []
    # From the end of a file to its beginning: a patch may move the lines behind it.
    for tool, one in sorted(found, key=lambda each: (-_line(each[1]), each[0], each[1].rule)):
        place = one.location
        if not isinstance(place, CodeLocation) or not place.path:
            continue
        for path in {place.path, *(part.path for each in one.patches for part in each.replacements)}:
            if path not in files and (data := read(path)) is not None:
                files[path] = before[path] = data
        told = Mended(tool=tool, rule=one.rule, path=place.path, line=_line(one))
        try:
            made, ours = _one(tool, one, place, files, given)
        except UnsafeEdit as error:
            left.append(Mended(tool=tool, rule=one.rule, path=place.path, line=_line(one), why=str(error)))
            continue
        files = dict(made.files)
        done.append(Mended(tool=told.tool, rule=told.rule, path=told.path, line=told.line, title=made.title, note=made.note, ours=ours))  # fmt: skip
    changed = {path: data for path, data in files.items() if data != before[path]}
    return Patches(
        files=changed, before={path: before[path] for path in changed}, done=tuple(sorted(done, key=_place)), left=tuple(sorted(left, key=_place))
    )  # fmt: skip


def _place(one: Mended) -> tuple[str, int, str]:
    return one.path, one.line, one.rule


def is_patched(tool: str, one: Finding) -> bool:
    """Tell whether there is a patch for a finding at all."""
    place = one.location
    if not isinstance(place, CodeLocation) or not place.path:
        return False
    return bool(patches_for(tool, one.rule, place.path)) or any(each.replacements for each in one.patches)


def _one(
    tool: str, one: Finding, place: CodeLocation, files: dict[str, bytes], given: Mapping[str, str] | None
) -> tuple[Patched, bool]:  # fmt: skip
    """Return what a patch of ours makes of the files, else what the tool proposes; True for one of ours."""
    try:
        return patch(tool, one.rule, files, place, given), True
    except UnsafeEdit:
        theirs = next((each for each in one.patches if each.replacements), None)
        if theirs is None:
            raise
        return proposed.apply(theirs, files, place), False


def _line(one: Finding) -> int:
    return (one.location.line or 0) if isinstance(one.location, CodeLocation) else 0


def read_below(root: Path, path: str) -> bytes | None:
    """Return a regular file below a folder, None for what is none, is too large or lies elsewhere."""
    place = root / path
    try:
        told = place.lstat()
        inside = place.resolve().is_relative_to(root.resolve())
    except (OSError, ValueError):
        return None
    return place.read_bytes() if inside and stat.S_ISREG(told.st_mode) and told.st_size <= LARGEST else None
