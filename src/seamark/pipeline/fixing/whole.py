"""Plans for all that a working tree can be rid of: packages, what else is pinned, and findings that a patch clears."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final, Protocol

from msgspec.structs import replace

from seamark.core.errors import SeamarkError
from seamark.core.finding import Finding
from seamark.intake.connectors.registries.release import Catalogue
from seamark.intake.sbom.read import read_sbom
from seamark.pipeline.fixing.patched import Patches, is_patched, mend, read_below
from seamark.pipeline.fixing.pinned import Load, Pinned, read_pins
from seamark.pipeline.fixing.tree import Plans, Sources, findings_of, loader, plan_all, read_tree, with_pins
from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.pins.known import Versions, complaints
from seamark.response.remediation.plan.make import Plan
from seamark.response.remediation.projects import projects

PACKAGE, PATCH = "package", "patch"
KINDS: Final = {
    PACKAGE: None, "image": ChangeKind.IMAGE, "action": ChangeKind.ACTION_PIN, "module": ChangeKind.MODULE, "chart": ChangeKind.CHART, PATCH: None,
}  # fmt: skip
"""What may be planned for, by its word, with the sort of pin that it is."""


class Market(Catalogue, Versions, Protocol):
    """Who knows releases, what they need, and what holds them."""


def plan_whole(
    root: Path, sources: Sources, market: Market | None = None, *, only: Collection[str] = (), kinds: Collection[str] = (), rules: Collection[str] = (),
    most_changes: int | None = None,
) -> tuple[Plans, Load]:  # fmt: skip
    """Return the plans of a tree, and who gives the advisories that they were made by.

    `only` names files, `kinds` words of `KINDS`, `rules` the rules that are patched; all where none is named. Raises
    `UnreadableReport` for what cannot be read, and `SeamarkError` for a file of `only` in which nothing can be changed.
    """
    chosen = frozenset(kinds or KINDS)
    found = findings_of(sources.reports, root)
    load = loader(sources, found)
    sorts = [kind for word in chosen if (kind := KINDS[word]) is not None]
    inventories = {name: read_sbom(path) for name, path in sources.inventories}
    pinned = read_pins(root, load, findings=found, inventories=inventories, versions=market, only=sorts)
    plans = _packages(root, market, load, only, most_changes) if PACKAGE in chosen else _NONE
    moves = pinned.plans(only)
    mending = tuple(one for one in found if _is_mended(one, only, rules, pinned, moves)) if PATCH in chosen else ()
    patches = mend(mending, lambda path: read_below(root, path)) if mending else Patches()
    return replace(with_pins(plans, moves), pinned=pinned, patches=patches, mending=mending), load


_NONE: Final = Plans(projects=(), plans=(), curve=(), turns=())


def _packages(root: Path, market: Market | None, load: Load, only: Collection[str], most_changes: int | None) -> Plans:
    """Return the plans of packages. Raises `SeamarkError` for a file of `only` that is not there."""
    found = read_tree(root)
    installed = projects(found)
    listed = {path for one in installed for path in one.manifests}
    if unknown := [path for path in only if path not in listed and read_below(root, path) is None]:
        raise SeamarkError(f"There is no {unknown[0]}; packages are listed in {', '.join(sorted(listed)) or 'no file here'}")  # fmt: skip
    chosen = [one for one in installed if not only or not set(only).isdisjoint(one.manifests)]
    troubles = tuple(f"{one.at}: {one.text}" for one in found.troubles)
    return plan_all(chosen, load, market, most_changes=most_changes, troubles=troubles)


def _is_mended(
    one: tuple[str, Finding], only: Collection[str], rules: Collection[str], pinned: Pinned, moves: Collection[Plan]
) -> bool:  # fmt: skip
    """Tell whether a patch shall clear a finding: there is one, and the finding is not about how something is pinned."""
    tool, finding = one
    path = getattr(finding.location, "path", "")
    if (only and path not in only) or (rules and finding.rule not in rules) or not is_patched(tool, finding):
        return False
    said = complaints([one])
    return not any(each.is_about(pinned.pins[plan.project]) for each in said for plan in moves)
