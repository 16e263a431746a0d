"""Makes the changes of plans in a copy of a working tree, and proves what they clear: the copy is read and matched anew."""

from __future__ import annotations

import difflib
import stat
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from seamark.core.advisory import Advisory
from seamark.core.assets import AssetKind, Discovery
from seamark.core.errors import SeamarkError
from seamark.intake.discovery.discover import discover
from seamark.pipeline.fixing import written
from seamark.pipeline.fixing.patched import Mended, Patches, mend, read_below
from seamark.pipeline.fixing.pinned import move
from seamark.pipeline.fixing.sandbox import TOOLS, relock
from seamark.pipeline.fixing.tree import Load, Plans, read_tree
from seamark.response.remediation.change import Change
from seamark.response.remediation.editors.edit import edit
from seamark.response.remediation.editors.notation.source import UnsafeEdit
from seamark.response.remediation.flaws import Book, Flaw
from seamark.response.remediation.plan.make import Plan, Step
from seamark.response.remediation.project import Project
from seamark.response.remediation.projects import EXTRACTORS, projects

LARGEST: Final = 50_000_000
"""Bytes of a manifest or lock that is changed."""
_BESIDE: Final = frozenset({
    "pnpm-workspace.yaml", "go.sum", "go.work", "Directory.Packages.props", "Directory.Build.props", "libs.versions.toml", "gradle.properties",
    "settings.gradle", "settings.gradle.kts", "package.json", "Cargo.toml",
})  # fmt: skip
"""Files that bear on manifests without listing packages themselves."""


class Hashes(Protocol):
    """Who knows what locks keep of a version."""

    def hashes(self, ecosystem: str, name: str, version: str) -> tuple[tuple[str, str], ...]:
        """Return pairs such as (`integrity`, `sha512-…`)."""


class Done(Struct, frozen=True, kw_only=True):
    """What came of one step."""

    project: str
    step: Step
    made: bool
    words: str = ""
    """How the lock was brought up to date, or why the step was not made."""
    clears: tuple[Flaw, ...] = ()
    """What it was to clear, and no longer matches."""
    still: tuple[Flaw, ...] = ()
    """What it was to clear, and matches all the same."""


class Applied(Struct, frozen=True, kw_only=True):
    """What came of plans."""

    steps: tuple[Done, ...] = ()
    before: dict[str, bytes] = {}
    after: dict[str, bytes] = {}
    """Files that differ, by path from the root."""
    introduced: tuple[Flaw, ...] = ()
    """Flaws that were not there before, in any of the changed projects."""
    troubles: tuple[str, ...] = ()
    patches: Patches = Patches()
    """What patches did. Whether their findings are gone is for the next scan to say."""
    missed: tuple[Mended, ...] = ()
    """What patches were to do and did not: another change was in their way."""

    @property
    def proven(self) -> bool:
        """Tell whether all that was claimed is cleared."""
        return all(one.made and not one.still for one in self.steps) and not self.missed


def apply(
    root: Path, plans: Plans, load: Load, *, hashes: Hashes | None = None, tools: bool = False, trust: bool = False
) -> Applied:  # fmt: skip
    """Make the steps of plans in a copy, and say what they clear by reading it anew. The tree itself stays as it is.

    `tools` allows the ecosystems' own programs, which ask the network; without them locks are edited where that is exact. `trust`
    allows programs that may run code of the tree. Raises `SeamarkError` where the tree is no folder.
    """
    found = read_tree(root)
    files = _files(root, found)
    listed = frozenset(files)
    if plans.pinned is not None:
        files = {**plans.pinned.files, **files}
    before = dict(files)
    done: list[Done] = []
    of = {one.place: one for one in plans.projects}
    for plan in plans.plans:
        if plan.project in of:
            files, made = _applied(files, of[plan.project], plan, hashes, tools=tools, trust=trust)
            done += made
    again, troubles = _read_anew({path: files[path] for path in listed}, found.repository)
    told, introduced = _proof(done, plans, again, load)
    if plans.pinned is not None:
        files, moved, fresh = move(plans.pinned, [one for one in plans.plans if one.project in plans.pinned.pins], files)  # fmt: skip
        told += [Done(project=one.plan.project, step=one.step, made=one.made, words=one.words, clears=one.clears, still=one.still) for one in moved]  # fmt: skip
        introduced = tuple(sorted({*introduced, *fresh}))
    patches, missed = _mended(root, plans, files)
    before |= {path: patches.before[path] for path in patches.files if path not in before}
    files = {**files, **patches.files}
    changed = {path: data for path, data in files.items() if data != before[path]}
    return Applied(
        steps=tuple(told), before={path: before[path] for path in changed}, after=changed, introduced=introduced, troubles=troubles, patches=patches,
        missed=missed,
    )  # fmt: skip


def _mended(root: Path, plans: Plans, files: Mapping[str, bytes]) -> tuple[Patches, tuple[Mended, ...]]:
    """Make the patches of plans on top of other changes; return them, and those that were planned and could not be made."""
    if plans.patches is None:
        return Patches(), ()
    made = mend(plans.mending, lambda path: files[path] if path in files else read_below(root, path))
    wanted = {(one.tool, one.rule, one.path, one.line) for one in plans.patches.done}
    return made, tuple(one for one in made.left if (one.tool, one.rule, one.path, one.line) in wanted)


def _files(root: Path, found: Discovery) -> dict[str, bytes]:
    """Return manifests and locks with what bears on them. Links, and what is too large, are left alone."""
    listed = {one.ref.key.partition("//")[2] for one in found.assets if one.ref.kind is AssetKind.MANIFEST}
    folders = {Path(path).parent for path in listed}
    folders |= {above for folder in folders for above in folder.parents}
    near = {str(folder / name) for folder in folders for name in (*_BESIDE, "gradle/libs.versions.toml")}
    base = root.resolve()
    read = {}
    for path in sorted(listed | near):
        place = root / path
        try:
            told = place.lstat()
            inside = place.resolve().is_relative_to(base)
        except (OSError, ValueError):
            continue
        if stat.S_ISREG(told.st_mode) and inside and told.st_size <= LARGEST:
            read[path] = place.read_bytes()
    return read


def _applied(
    files: dict[str, bytes], project: Project, plan: Plan, hashes: Hashes | None, *, tools: bool, trust: bool
) -> tuple[dict[str, bytes], list[Done]]:  # fmt: skip
    why = ""
    if tools and project.lock and project.manager in TOOLS:
        edited, done, changes = _edited(files, project, plan.steps, None, lock=False)
        if changes:
            result = relock(edited, project, tuple(changes), trust=trust)
            if result.done:
                return result.files, [replace(one, words=result.words) if one.made else one for one in done]
            why = result.words
    edited, done, _ = _edited(files, project, plan.steps, hashes, lock=True)
    return edited, [replace(one, words="; ".join(filter(None, (one.words, why)))) for one in done]


def _edited(
    files: dict[str, bytes], project: Project, steps: Iterable[Step], hashes: Hashes | None, *, lock: bool
) -> tuple[dict[str, bytes], list[Done], list[Change]]:  # fmt: skip
    """Make the edits of steps one after the other; those that are refused, and what only pays with them, are left out."""
    done: list[Done] = []
    changes: list[Change] = []
    refused: set[int] = set()
    for step in steps:
        told = Done(project=project.place, step=step, made=False)
        if step.together and step.together in refused:
            done.append(replace(told, words="it only pays with another change, which was not made"))
            continue
        try:
            files, change = _one(files, project, step, hashes, lock=lock)
        except UnsafeEdit as error:
            refused.add(step.together)
            done.append(replace(told, words=str(error)))
            continue
        changes.append(change)
        done.append(replace(told, made=True))
    return files, done, changes


def _one(
    files: dict[str, bytes], project: Project, step: Step, hashes: Hashes | None, *, lock: bool
) -> tuple[dict[str, bytes], Change]:  # fmt: skip
    change = step.change
    if not change.manifests:
        raise UnsafeEdit(f"No manifest here names {change.name}: it comes with what this is built on.")
    if not lock:
        named = tuple(path for path in change.manifests if path != project.lock)
        # What only the lock names is the tool's to move.
        return (edit(files, replace(change, manifests=named)) if named else files), change
    if project.lock and step.moves_too:
        others = ", ".join(sorted({package.partition("/")[2] for package, _, _ in step.moves_too})[:4])
        raise UnsafeEdit(
            f"Other packages move with it ({others}), so that {project.manager} has to write the lock; --online allows that."
        )
    known = hashes.hashes(change.ecosystem, change.name, change.to_version) if hashes is not None else ()
    return edit(files, replace(change, integrity=known)), change


def _read_anew(files: Mapping[str, bytes], repository: str) -> tuple[tuple[Project, ...], tuple[str, ...]]:
    with tempfile.TemporaryDirectory(prefix="seamark-fix-") as folder:
        root = Path(folder)
        for path, data in files.items():
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        found = discover(root, repository, only=EXTRACTORS)
    return projects(found), tuple(f"{one.at}: {one.text}" for one in found.troubles)


def _proof(done: Sequence[Done], plans: Plans, again: Sequence[Project], load: Load) -> tuple[list[Done], tuple[Flaw, ...]]:  # fmt: skip
    """Match what was read anew; a claim holds only where the flaw matches no version of its package any more."""
    touched = {one.project for one in done}
    now = {one.place: one for one in again if one.place in touched}
    old = {one.place: one for one in plans.projects if one.place in touched}
    advisories = tuple(load(frozenset(part.package for one in (*now.values(), *old.values()) for part in one.parts)))
    left = {place: _flaws(project, advisories) for place, project in now.items()}
    was = {place: _flaws(project, advisories) for place, project in old.items()}
    told = []
    for one in done:
        # A project that is gone from the copy proves nothing.
        present = left.get(one.project)
        clears = tuple(flaw for flaw in one.step.clears if one.made and present is not None and flaw not in present)
        told.append(replace(one, clears=clears, still=tuple(flaw for flaw in one.step.clears if flaw not in clears)))
    introduced = {flaw for place, flaws in left.items() for flaw in flaws - was.get(place, frozenset())}
    return told, tuple(sorted(introduced))


def _flaws(project: Project, advisories: Sequence[Advisory]) -> frozenset[Flaw]:
    book = Book(project, advisories)
    return frozenset(flaw for part in project.parts for flaw in book.of(part.node))


def diff(applied: Applied) -> str:
    """Return all changes as one unified diff that `git apply` takes."""
    return "".join(_diff_of(path, applied.before[path], applied.after[path]) for path in sorted(applied.after))


def _diff_of(path: str, before: bytes, after: bytes) -> str:
    old, new = (data.decode("utf-8", "surrogateescape") for data in (before, after))
    lines = difflib.unified_diff(_lines(old), _lines(new), f"a/{path}", f"b/{path}")
    told = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    return f"diff --git a/{path} b/{path}\n{told}"


def _lines(text: str) -> list[str]:
    # Only line feeds end lines for git: other signs that Python takes for ends stay within them.
    *whole, rest = text.split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])


def write(root: Path, applied: Applied) -> tuple[str, ...]:
    """Write the changed files into the tree, each at once; return their paths. Raises `SeamarkError` where one changed meanwhile."""
    for path, data in applied.before.items():
        if (root / path).is_symlink() or (root / path).read_bytes() != data:
            raise SeamarkError(f"{path} changed while the plan was made; nothing was written")
    for path, data in applied.after.items():
        written.write(root / path, data, path)
    return tuple(sorted(applied.after))
