"""What a fix changes where something is pinned: the base image of a Dockerfile, and what workflows and manifests take at a moving version."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Final

from django.conf import settings
from msgspec.structs import replace

from seamark.core.assets import image_name
from seamark.core.errors import NotAllowed
from seamark.core.finding import Finding as Full
from seamark.intake.connectors.registries.registries import Registries
from seamark.pipeline.fixing.kept_pins import base_inventories, only_places
from seamark.pipeline.fixing.pinned import Load, Moved, Pinned, move, read_pins
from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.options import Choice, Option
from seamark.response.remediation.pins.known import Complaint, complaints
from seamark.response.remediation.pins.pin import Pin
from seamark.response.remediation.plan.make import Plan, Step
from seamark.response.remediation.pulls.facts import Facts
from seamark.store.models import Fix

UNKNOWN: Final = "What the new version holds is not known: have it scanned before it is merged."
_WORDS: Final = {Choice.LATEST_MINOR: 0, Choice.LATEST: 1}


class Bases:
    """Moves pins in a tree; registries are asked where the repository's settings allow it."""

    def __init__(self, root: Path, load: Load, *, online: bool) -> None:
        self._root, self._load, self._online = root, load, online

    def base(self, fix: Fix, full: Sequence[Full]) -> tuple[dict[str, bytes], Facts]:
        """Return what moves a fix's base image: to the best version of which the contents are known, else to the newest near one.

        Raises `NotAllowed`.
        """
        inside = [one.component for one in full if one.component is not None]
        with Registries(internal=settings.SEAMARK_INTERNAL_HOSTS) as market:
            first = read_pins(self._root, self._load)
            inventories = base_inventories(fix.key, first.pins.values(), inside)
            if not inventories:
                raise NotAllowed(f"No file of the default branch names {fix.key} any more")
            pinned = of_image(fix.key, read_pins(self._root, self._load, inventories=inventories, versions=market if self._online else None))  # fmt: skip
            mine = pinned.plans()
            told = list(market.troubles)
        chosen = chosen_of(pinned, mine)
        if not any(plan.steps for plan in chosen):
            why = [left.why for plan in mine for left in plan.unfixed] + told
            raise NotAllowed(f"No version of {fix.key} is known that clears it: {why[0] if why else 'registries are not asked'}")  # fmt: skip
        return self._moved(pinned, chosen)

    def held(self, found: Iterable[tuple[str, Full]]) -> tuple[dict[str, bytes], Facts] | None:
        """Return what holds or names the pins that findings complain of; None where there is none that could be."""
        said = list(found)
        about = complaints(said)
        if not about or not self._online:
            return None
        with Registries(internal=settings.SEAMARK_INTERNAL_HOSTS) as market:
            pinned = read_pins(self._root, self._load, findings=said, versions=market)
            pinned = complained_of(about, pinned)
            mine = [plan for plan in pinned.plans() if plan.steps]
        return self._moved(pinned, mine) if mine else None

    def upgraded(self, wanted: Collection[str]) -> tuple[dict[str, bytes], Facts] | None:
        """Return what moves actions, modules and charts that are known to be vulnerable, by their keys; None where none is pinned here or no version is without."""
        with Registries(internal=settings.SEAMARK_INTERNAL_HOSTS) as market:
            pinned = of_packages(wanted, read_pins(self._root, self._load, versions=market if self._online else None))
            mine = [plan for plan in pinned.plans() if plan.steps]
        return self._moved(pinned, mine) if mine else None

    def _moved(self, pinned: Pinned, plans: Sequence[Plan]) -> tuple[dict[str, bytes], Facts]:
        files, done, fresh = move(pinned, plans, pinned.files)
        changed = {path: data for path, data in files.items() if data != pinned.files[path]}
        if not changed:
            why = [one.words for one in done if one.words]
            raise NotAllowed(why[0] if why else "The files are already as they should be")
        return changed, _facts(done, changed, [flaw.name for flaw in fresh])


def of_image(image: str, pinned: Pinned) -> Pinned:
    """Return what is pinned of one image alone, by its name without tag."""
    return pinned._replace(pins={place: pin for place, pin in pinned.pins.items() if pin.kind is ChangeKind.IMAGE and image_name(pin.name) == image})  # fmt: skip


def of_packages(wanted: Collection[str], pinned: Pinned) -> Pinned:
    """Return what is pinned of packages alone, by the keys under which advisories know them."""
    return pinned._replace(pins={place: pin for place, pin in pinned.pins.items() if pin.package in wanted})


def complained_of(about: Sequence[Complaint], pinned: Pinned) -> Pinned:
    """Return what is pinned where somebody complains of it: the same action elsewhere is another fix's business."""
    return pinned._replace(pins={place: one for place, pin in pinned.pins.items() if (one := only_places(pin, about)).places})  # fmt: skip


def chosen_of(pinned: Pinned, plans: Sequence[Plan]) -> list[Plan]:
    """Return plans of images: those that change nothing because nobody knows what any version holds go to the newest near one."""
    return [plan if plan.steps else _nearest(pinned.pins[plan.project], plan) for plan in plans]


def _nearest(pin: Pin, plan: Plan) -> Plan:
    """Return a plan with the newest near version as its step, where nobody knows what any version holds."""
    options = [one for each in plan.offered for one in each.options if one.unknown and not one.conflict and set(one.choices) & set(_WORDS)]  # fmt: skip
    if not options:
        return plan
    best = min(options, key=lambda one: min(_WORDS[each] for each in one.choices if each in _WORDS))
    return replace(plan, steps=(_blind(pin, best),))


def _blind(pin: Pin, option: Option) -> Step:
    return Step(
        move=option.move, change=pin.change(option.move.version), distance=option.distance, hints=option.hints, effort=option.effort, unknown=option.unknown
    )  # fmt: skip


def _facts(done: Sequence[Moved], changed: dict[str, bytes], fresh: Sequence[str]) -> Facts:
    made = [one for one in done if one.made]
    moves = tuple(dict.fromkeys(
        (one.step.change.name, _before(one), _after(one), one.step.distance.value) for one in made
    ))  # fmt: skip
    clears = tuple(sorted({flaw.name for one in made for flaw in one.clears}))
    still = tuple(sorted({flaw.name for one in done for flaw in one.still}))
    blind = [one for one in made if one.step.unknown]
    hints = [hint for one in made for hint in one.step.hints] + [UNKNOWN] * bool(blind)
    hints += [f"Not changed: {one.words}" for one in done if one.words]
    words = f"The changed files were read anew: {', '.join(clears)} is not said of what they name now." if clears else ""  # fmt: skip
    return Facts(
        made_by="plan", moves=moves, files=tuple(sorted(changed)), clears=clears, still=still, introduced=tuple(sorted(set(fresh))),
        hints=tuple(dict.fromkeys(hints)), proven=bool(clears) and not still and not blind and not fresh and len(made) == len(done), verified=words,
    )  # fmt: skip


def _before(one: Moved) -> str:
    return one.step.change.from_version


def _after(one: Moved) -> str:
    """Return the new version for people: with the commit that holds it, where one does."""
    commit = dict(one.step.change.integrity).get("commit", "")
    return f"{one.step.change.to_version} ({commit[:12]})" if commit else one.step.change.to_version
