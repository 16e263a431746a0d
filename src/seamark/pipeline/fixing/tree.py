"""Plans for a working tree, without a server: what its manifests install, against advisories or reports at hand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from seamark.core.advisory import Advisory
from seamark.core.assets import Discovery
from seamark.core.errors import SeamarkError
from seamark.core.finding import Finding
from seamark.intake.connectors.registries.release import Catalogue
from seamark.intake.discovery.checkout import WorkingTree
from seamark.intake.discovery.discover import discover
from seamark.intake.sbom.osv import read_advisories
from seamark.pipeline.fixing.patched import Patches
from seamark.pipeline.fixing.pinned import Pinned
from seamark.pipeline.gather import Gathered
from seamark.response.remediation import reported
from seamark.response.remediation.flaws import Risks
from seamark.response.remediation.plan.estate import Point, Turn, curve, turns
from seamark.response.remediation.plan.make import Plan, plan
from seamark.response.remediation.project import Project
from seamark.response.remediation.projects import EXTRACTORS, projects

_ROUNDS: Final = 3
Load = Callable[[Collection[str]], Iterable[Advisory]]
"""Returns the advisories about packages, by their keys."""


class Plans(Struct, frozen=True, kw_only=True):
    """What to change in several projects."""

    projects: tuple[Project, ...]
    plans: tuple[Plan, ...]
    """One for each project that has a flaw."""
    curve: tuple[Point, ...]
    turns: tuple[Turn, ...]
    troubles: tuple[str, ...] = ()
    pinned: Pinned | None = None
    """What else is pinned, where that was looked at; its plans are among `plans`."""
    patches: Patches | None = None
    """What patches would do about findings in code and settings, where that was looked at."""
    mending: tuple[tuple[str, Finding], ...] = ()
    """The findings that these patches are for, by tool."""

    def plan_of(self, place: str) -> Plan | None:
        """Return the plan of a project."""
        return next((one for one in self.plans if one.project == place), None)


class Sources(Struct, frozen=True, kw_only=True):
    """What is known of flaws."""

    advisories: Path | None = None
    """OSV records: a file, a zip, a folder of both."""
    reports: tuple[Path, ...] = ()
    inventories: tuple[tuple[str, Path], ...] = ()
    """What images hold: reference and SBOM."""


def loader(sources: Sources, found: Iterable[tuple[str, Finding]] | None = None) -> Load:
    """Return who gives advisories. Reports are read at once; what a database says of the same flaw wins over them.

    `found` is what the reports say, where they were read already. Raises `UnreadableReport`.
    """
    said = reported.advisories(one for _, one in (findings_of(sources.reports) if found is None else found))

    def load(packages: Collection[str]) -> Iterable[Advisory]:
        known = tuple(read_advisories(sources.advisories, packages)) if sources.advisories is not None else ()
        return reported.joined(known, said, packages)

    return load


def findings_of(reports: Sequence[Path], root: Path | None = None) -> tuple[tuple[str, Finding], ...]:
    """Return the findings of reports with the tools that made them, placed in a tree where one is given. Raises `UnreadableReport`."""
    gathered = Gathered()
    for path in reports:
        gathered.read(path, str(path))
    placed = gathered.placed(WorkingTree(root) if root is not None else None)
    runs = [gathered.runs[one.run].tool if 0 <= one.run < len(gathered.runs) else one.format for one in gathered.told]
    return tuple(zip(runs, placed, strict=True))


def read_tree(root: Path) -> Discovery:
    """Return what the manifests and locks below a folder list. Raises `SeamarkError` where it is no folder."""
    return discover(root, only=EXTRACTORS)


def plan_tree(
    root: Path, sources: Sources, catalogue: Catalogue | None = None, *, only: Collection[str] = (), most_changes: int | None = None,
) -> Plans:  # fmt: skip
    """Return the plans of a working tree's packages. `only` names manifests or locks by their paths.

    Raises `UnreadableReport` for what cannot be read, and `SeamarkError` for a path of `only` that lists no packages.
    """
    found = read_tree(root)
    installed = projects(found)
    if unknown := [path for path in only if not any(path in one.manifests for one in installed)]:
        raise SeamarkError(f"{unknown[0]} lists no packages here; there are {', '.join(path for one in installed for path in one.manifests) or 'none'}")  # fmt: skip
    chosen = [one for one in installed if not only or not set(only).isdisjoint(one.manifests)]
    troubles = tuple(f"{one.at}: {one.text}" for one in found.troubles)
    return plan_all(chosen, loader(sources), catalogue, most_changes=most_changes, troubles=troubles)


def plan_all(
    installed: Sequence[Project], load: Load, catalogue: Catalogue | None = None, *, risks: Mapping[str, Risks] | None = None,
    most_changes: int | None = None, troubles: tuple[str, ...] = (),
) -> Plans:  # fmt: skip
    """Return the plans of projects as one. `risks` weighs flaws by project; `most_changes` bounds each plan."""
    known: dict[str, Advisory] = {}
    asked: set[str] = set()
    wanted = {part.package for project in installed for part in project.parts}
    made: dict[str, Plan] = {}
    for _ in range(_ROUNDS):
        # What a plan newly installs is looked up as well, until nothing more is said of it.
        fresh = list(load(frozenset(wanted - asked)))
        asked |= wanted
        if made and not fresh:
            break
        for one in fresh:
            known[one.id] = _joined(known[one.id], one) if one.id in known else one
        touched = {one.package for each in fresh for one in each.affected}
        for project in installed:
            packages = {part.package for part in project.parts} | {package for package, _ in made[project.place].after} if project.place in made else {part.package for part in project.parts}  # fmt: skip
            if project.place not in made or not packages.isdisjoint(touched):
                made[project.place] = plan(
                    project,
                    known.values(),
                    catalogue,
                    risks=(risks or {}).get(project.place),
                    most_changes=most_changes,
                )
        wanted = {package for one in made.values() for package, _ in one.after}
        if wanted <= asked:
            break
    told = tuple(made[one.place] for one in installed if made[one.place].flaws)
    return Plans(
        projects=tuple(installed), plans=told, curve=curve(told), turns=turns(installed, {one.project: one for one in told}), troubles=troubles
    )  # fmt: skip


def with_pins(packages: Plans, moves: Iterable[Plan]) -> Plans:
    """Return the plans of packages and those of pins as one. No pin bears on anything else, so that the best of each is the best of all."""
    every = (*packages.plans, *moves)
    return replace(packages, plans=every, curve=curve(every))


def _joined(one: Advisory, other: Advisory) -> Advisory:
    """Put together what was read of one record at two times, each for other packages."""
    return replace(one, affected=tuple(dict.fromkeys((*one.affected, *other.affected))))
