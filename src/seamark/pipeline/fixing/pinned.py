"""Plans for what files of a working tree pin from elsewhere, their changes, and the proof by reading the changed files anew."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from seamark.core.advisory import Advisory
from seamark.core.component import Component
from seamark.core.finding import Finding
from seamark.core.location import ImageLocation
from seamark.core.sbom import Sbom
from seamark.intake.discovery.tree import Tree
from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.edit import edit
from seamark.response.remediation.editors.notation.source import UnsafeEdit
from seamark.response.remediation.flaws import Flaw, Risks
from seamark.response.remediation.pins.known import Complaint, Known, Versions, complaints, reference
from seamark.response.remediation.pins.pin import Pin
from seamark.response.remediation.pins.plan import Planner, places
from seamark.response.remediation.pins.read import FILES, pins
from seamark.response.remediation.plan.make import Plan, Step
from seamark.response.remediation.project import package_of_purl

_FILES: Final = re.compile(rf"(?:.*/)?(?:{'|'.join(FILES)}|Chart\.lock|requirements\.lock)")
LARGEST: Final = 5_000_000
"""Bytes of a file that is looked at for pins."""
Load = Callable[[Collection[str]], Iterable[Advisory]]


class Weighed(NamedTuple):
    """What flaws weigh, where somebody knows better than their severities."""

    risks: Risks
    complaints: tuple[Complaint, ...]
    """What tools say of how something is pinned, each with its weight."""


class Pinned(NamedTuple):
    """What is pinned in a tree, by the places that plans name, and who weighs it."""

    files: dict[str, bytes]
    pins: Mapping[str, Pin]
    planner: Planner

    def plans(self, only: Collection[str] = ()) -> tuple[Plan, ...]:
        """Return the plans of pins that have a flaw, or that may be moved without anybody knowing what that brings."""
        chosen = {place: pin for place, pin in self.pins.items() if not only or not set(only).isdisjoint(pin.files)}
        made = [self.planner.plan(pin, place) for place, pin in sorted(chosen.items())]
        return tuple(one for one in made if one.flaws or _is_worth_a_look(one))


def _is_worth_a_look(plan: Plan) -> bool:
    """Tell whether nobody knows what a pin holds now, while there is something newer."""
    return any(option.unknown for one in plan.offered for option in one.options)


def read_pins(
    root: Path, load: Load, *, findings: Iterable[tuple[str, Finding]] = (), inventories: Mapping[str, Sbom] | None = None, versions: Versions | None = None,
    only: Collection[ChangeKind] = tuple(ChangeKind), repository: str = "", weighed: Weighed | None = None,
) -> Pinned:  # fmt: skip
    """Return what a tree pins.

    `findings` come with their tools; `inventories` say what images hold, by reference; `versions` knows what else there is;
    `weighed` takes the place of what severities say. Raises `SeamarkError` where the tree is no folder.
    """
    tree = Tree(root, repository)
    files = {}
    for path in tree.files:
        if _FILES.fullmatch(path) and (data := tree.data(path)) is not None and len(data) <= LARGEST:
            files[path] = data
    found = [one for one in pins(files) if one.kind in only]
    return Pinned(files, places(found, repository), planner(found, load, findings, inventories or {}, versions, weighed))  # fmt: skip


def planner(
    found: Sequence[Pin], load: Load, findings: Iterable[tuple[str, Finding]], inventories: Mapping[str, Sbom], versions: Versions | None,
    weighed: Weighed | None = None,
) -> Planner:  # fmt: skip
    """Return who weighs pins by what is known."""
    said = list(findings)
    contents: dict[str, dict[str, Component]] = {}
    for _, one in said:
        if isinstance(one.location, ImageLocation) and one.component is not None and one.component.version:
            contents.setdefault(reference(one.location.image), {})[one.component.purl or one.component.name] = one.component  # fmt: skip
    listed: dict[str, Sequence[Component]] = {name: tuple(parts.values()) for name, parts in contents.items()}
    # An inventory tells of all that an image holds, a scan only of what is flawed.
    listed |= {reference(name): tuple(one.component for one in told.entries) for name, told in inventories.items()}
    packages = {pin.package for pin in found} | {package_of_purl(one.purl) for parts in listed.values() for one in parts if one.purl}  # fmt: skip
    about = weighed or Weighed({}, complaints(said))
    known = Known(advisories=tuple(load(frozenset(packages - {""}))), contents=listed, complaints=about.complaints, risks=about.risks)  # fmt: skip
    return Planner(known, versions)


class Moved(NamedTuple):
    """What came of the step of one pin."""

    plan: Plan
    step: Step
    made: bool
    words: str
    clears: tuple[Flaw, ...] = ()
    still: tuple[Flaw, ...] = ()


def move(pinned: Pinned, plans: Iterable[Plan], files: Mapping[str, bytes]) -> tuple[dict[str, bytes], list[Moved], frozenset[Flaw]]:  # fmt: skip
    """Make the steps of pins in files; return these, what came of each, and the flaws that were not there before."""
    done: list[Moved] = []
    now = dict(files)
    for plan in plans:
        for step in plan.steps:
            try:
                now = edit(now, step.change)
            except UnsafeEdit as error:
                done.append(Moved(plan, step, made=False, words=str(error)))
                continue
            done.append(Moved(plan, step, made=True, words=""))
    after = pins({path: now[path] for path in pinned.files if path in now})
    return now, [_proven(pinned, one, after) for one in done], _new(pinned, done, after)


def _proven(pinned: Pinned, one: Moved, after: Sequence[Pin]) -> Moved:
    if not one.made:
        return one._replace(still=one.step.clears)
    at = set(pinned.pins[one.plan.project].places)
    left = {flaw for pin in after if at & set(pin.places) for flaw in pinned.planner.flaws(pin)}
    # What stands nowhere any more proves nothing.
    there = at <= {place for pin in after for place in pin.places}
    clears = tuple(flaw for flaw in one.step.clears if there and flaw not in left)
    return one._replace(clears=clears, still=tuple(flaw for flaw in one.step.clears if flaw not in clears))


def _new(pinned: Pinned, done: Iterable[Moved], after: Sequence[Pin]) -> frozenset[Flaw]:
    touched = {place for one in done if one.made for place in pinned.pins[one.plan.project].places}
    was = {flaw for pin in pinned.pins.values() if touched & set(pin.places) for flaw in pinned.planner.flaws(pin)}
    return frozenset(flaw for pin in after if touched & set(pin.places) for flaw in pinned.planner.flaws(pin)) - was
