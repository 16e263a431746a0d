"""What a fix changes in a working tree: versions by the planner, code and settings by patches; proven where that can be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from seamark.analysis.correlation.fixes import BASE_IMAGE, CODE, CONFIGURATION, KINDS, UPGRADE
from seamark.core.errors import NotAllowed
from seamark.core.finding import Finding as Full
from seamark.intake.connectors.registries.registries import PINNED, Registries
from seamark.pipeline.fixing.apply import Applied, apply
from seamark.pipeline.fixing.kept import loader_of
from seamark.pipeline.fixing.patched import mend, read_below
from seamark.pipeline.fixing.tree import Plans, plan_all, read_tree
from seamark.pipeline.pulls.bases import Bases
from seamark.response.remediation import reported
from seamark.response.remediation.impact import distance
from seamark.response.remediation.plan.make import Plan, Step
from seamark.response.remediation.project import package_of_purl
from seamark.response.remediation.projects import projects
from seamark.response.remediation.pulls.facts import Facts
from seamark.store import evidence
from seamark.store.models import Finding, Fix


class Prepared(NamedTuple):
    """Files to replace, by path, and what that does."""

    files: dict[str, bytes]
    facts: Facts
    ecosystems: frozenset[str] = frozenset()
    """Of the packages that are moved; empty where none is."""


def prepare(fix: Fix, rows: Sequence[Finding], root: Path, *, online: bool) -> Prepared:
    """Return what a fix changes in a tree. Raises `NotAllowed` with why nothing can be changed safely."""
    full = evidence.read(rows)
    if fix.kind == UPGRADE:
        return _upgrade(rows, list(full.values()), root, online=online)
    if fix.kind in {CODE, CONFIGURATION}:
        return _patched([(row.stream.tool, full[row.pk]) for row in rows if row.pk in full], root, online=online)
    if fix.kind == BASE_IMAGE:
        said = list(full.values())
        return Prepared(*Bases(root, loader_of(reported.advisories(said)), online=online).base(fix, said))
    raise NotAllowed(f"A fix of the kind {KINDS.get(fix.kind, fix.kind).lower()!r} is made by people")


def _upgrade(rows: Sequence[Finding], full: Sequence[Full], root: Path, *, online: bool) -> Prepared:
    wanted = {package for one in full if one.component is not None and (package := package_of_purl(one.component.purl))}
    if not wanted:
        raise NotAllowed("No open finding of it names its package by a package URL")
    load = loader_of(reported.advisories(full))
    with ExitStack() as stack:
        catalogue = stack.enter_context(Registries()) if online else None
        found = read_tree(root)
        installed = [one for one in projects(found) if any(part.package in wanted for part in one.parts)]
        if not installed and (pinned := {one for one in wanted if one.partition("/")[0] in PINNED}):
            return _pinned(pinned, Bases(root, load, online=online))
        if not installed:
            raise NotAllowed("No manifest or lock of the default branch lists the package any more")
        plans = plan_all(installed, load, catalogue)
        chosen = _only(plans, wanted)
        if not any(one.steps for one in chosen.plans):
            raise NotAllowed(_why_none(plans, wanted))
        made = apply(root, chosen, load, hashes=catalogue, tools=online)
    if not made.after:
        told = "; ".join(dict.fromkeys(one.words for one in made.steps if one.words))
        raise NotAllowed(told or "The files are already as they should be")
    return Prepared(made.after, _facts(made, rows), frozenset(one.step.change.ecosystem for one in made.steps))


def _pinned(wanted: Collection[str], bases: Bases) -> Prepared:
    """Return what moves a vulnerable action, module or chart. Raises `NotAllowed`."""
    moved = bases.upgraded(wanted)
    if moved is None:
        raise NotAllowed("No file of the default branch pins it any more, or no version without its flaws is known")
    return Prepared(*moved, frozenset(one.partition("/")[0] for one in wanted))


def _only(plans: Plans, wanted: Collection[str]) -> Plans:
    """Return plans with the steps alone that clear flaws of some packages, and those without which these do not pay."""
    return replace(plans, plans=tuple(replace(one, steps=tuple(_steps(one, wanted))) for one in plans.plans))


def _steps(plan: Plan, wanted: Collection[str]) -> Iterable[Step]:
    mine = [one for one in plan.steps if any(flaw.package in wanted for flaw in one.clears)]
    groups = {one.together for one in mine if one.together}
    return [one for one in plan.steps if one in mine or one.together in groups]


def _why_none(plans: Plans, wanted: Collection[str]) -> str:
    why = [left.why for one in plans.plans for left in one.unfixed if left.flaw.package in wanted]
    return f"There is no change that clears it: {why[0]}" if why else "Nothing that is listed there is known to be vulnerable any more"  # fmt: skip


def _facts(made: Applied, rows: Sequence[Finding]) -> Facts:
    done = [one for one in made.steps if one.made]
    moves = tuple(dict.fromkeys(
        (one.step.change.name, one.step.change.from_version, one.step.change.to_version,
         distance(one.step.change.ecosystem, one.step.change.from_version, one.step.change.to_version).value)
        for one in done
    ))  # fmt: skip
    clears = tuple(sorted({flaw.name for one in done for flaw in one.clears}))
    still = tuple(sorted({flaw.name for one in made.steps for flaw in one.still}))
    words = [one.words for one in made.steps if one.words]
    hints = [hint for one in done for hint in one.step.hints]
    hints += ["What the new version needs is not known; it is taken for unchanged." for one in done if one.step.assumed][:1]  # fmt: skip
    return Facts(
        made_by="plan", moves=moves, files=tuple(sorted(made.after)), clears=clears, still=still, introduced=tuple(sorted({one.name for one in made.introduced})),
        hints=tuple(dict.fromkeys((*hints, *words))), proven=made.proven and not made.introduced and bool(clears),
        verified=f"The changed manifests were read and matched against advisories anew: {', '.join(clears) or 'nothing'} no longer matches.",
        known_since=_known_since(moves, rows),
    )  # fmt: skip


def _known_since(moves: Iterable[tuple[str, str, str, str]], rows: Sequence[Finding]) -> str:
    """Return since when all new versions are known to be published: a tool named them then. Empty where that is not known."""
    days = []
    for _, _, after, _ in moves:
        told = [row.opened_in.at for row in rows if after in row.fixed_version.replace(",", " ").split()]
        if not told:
            return ""
        days.append(min(told))
    return max(days).isoformat() if days else ""


def _patched(found: Sequence[tuple[str, Full]], root: Path, *, online: bool) -> Prepared:
    """Return what clears findings in code and settings: pins that are held or named, and patches on top of that."""
    held = Bases(root, loader_of(()), online=online).held(found)
    moved, facts = held if held is not None else ({}, None)
    # What is cleared by another version needs no patch.
    rest = [one for one in found if facts is None or one[1].rule not in facts.clears]
    made = mend(rest, lambda path: moved[path] if path in moved else read_below(root, path))
    changed = {**moved, **made.files}
    if not changed:
        raise NotAllowed(made.left[0].why if made.left else "None of its findings names a file")
    notes = [one.note for one in made.done if one.note]
    notes += [f"Not changed: {one}" for one in dict.fromkeys(one.why for one in made.left)]
    if facts is not None:
        # Versions that move with patches beside them are for people: nothing proves the patches.
        made_by = "patch" if made.done else facts.made_by
        return Prepared(changed, replace(
            facts, made_by=made_by, titles=tuple(dict.fromkeys(one.title for one in made.done)), files=tuple(sorted(changed)),
            hints=tuple(dict.fromkeys((*facts.hints, *notes))), proven=facts.proven and not made.done,
        ))  # fmt: skip
    return Prepared(changed, Facts(
        made_by="patch" if all(one.ours for one in made.done) else "proposed", titles=tuple(dict.fromkeys(one.title for one in made.done)),
        files=tuple(sorted(changed)), hints=tuple(dict.fromkeys(notes)),
        verified="The changed files are well formed. Whether the finding is gone is proven by the next scan.",
    ))  # fmt: skip
