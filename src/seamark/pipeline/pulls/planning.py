"""Plans as the platform shows them: an application's packages and pins together, and what a fix would move, with the proof.

What repositories pin is known from their surveys. Where somebody asks for it, the files of those that take pull requests are read anew,
and registries are asked where the settings of these pull requests allow it. Planning and proof are those of `seamark fix`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from django.conf import settings
from msgspec import Struct

from seamark.analysis.correlation.fixes import BASE_IMAGE, CODE, CONFIGURATION, UPGRADE
from seamark.core.assets import image_name
from seamark.core.component import Component
from seamark.core.errors import InvalidSetting, NotAllowed, RemoteFailure
from seamark.core.finding import Finding as Full
from seamark.core.location import ImageLocation
from seamark.governance.triage.lifecycle import WORKS
from seamark.intake.connectors.registries.hosts import SETTING, host_of
from seamark.intake.connectors.registries.registries import PINNED, Registries
from seamark.intake.connectors.registries.release import Release
from seamark.pipeline.fixing.kept import Said, loader_of, packages_of, said_of
from seamark.pipeline.fixing.kept_pins import (
    Complained,
    base_inventories,
    built_images,
    complained,
    complaints_of,
    kept_pins,
    repositories_of,
    shared,
)
from seamark.pipeline.fixing.pinned import Load, Pinned, Weighed, move, planner, read_pins
from seamark.pipeline.fixing.tree import Plans, with_pins
from seamark.pipeline.pulls.bases import chosen_of, complained_of, of_image, of_packages
from seamark.pipeline.pulls.reading import tree_of
from seamark.pipeline.pulls.repositories import terms_of
from seamark.pipeline.pulls.telling import findings_of
from seamark.response.remediation import reported
from seamark.response.remediation.flaws import Risks
from seamark.response.remediation.pins.pin import Pin
from seamark.response.remediation.pins.plan import places
from seamark.response.remediation.plan.make import Plan
from seamark.response.remediation.project import package_of_purl
from seamark.store import evidence
from seamark.store.access import Visible
from seamark.store.models import Application, Asset, Fix, PullRepository
from seamark.store.permissions import needed

SECONDS: Final = 45.0
"""For how long registries are asked for one plan."""
MOST_REPOSITORIES: Final = 20
"""Whose files are read for one plan."""
_WORDS: Final = {"docker": "images", "githubactions": "actions", "terraform": "terraform"}
"""What `SEAMARK_REGISTRIES` calls what has no host in its name."""


class Looked(Struct, frozen=True, kw_only=True):
    """How far planning looked."""

    read: tuple[str, ...] = ()
    """Repositories whose files were read now; of the others what the latest survey saw."""
    missing: tuple[str, ...] = ()
    """What was not looked at, and how to configure that, in sentences."""
    troubles: tuple[str, ...] = ()


class Whole(Struct, frozen=True, kw_only=True):
    """An application's plans."""

    plans: Plans
    looked: Looked


class Proof(Struct, frozen=True, kw_only=True):
    """Whether what a change clears is proven, in a sentence."""

    proven: bool
    words: str


class Item(Struct, frozen=True, kw_only=True):
    """What a fix would do about one thing that is pinned."""

    pin: Pin
    plan: Plan
    proof: Proof


class FixPlan(Struct, frozen=True, kw_only=True):
    """What a fix would move."""

    items: tuple[Item, ...]
    looked: Looked


def may_look(seen: Visible, application: Application) -> bool:
    """Tell whether somebody may have an application's repositories read and registries asked."""
    return seen.may(WORKS, application)


def is_readable(seen: Visible, application: Application) -> bool:
    """Tell whether somebody may look, and there is a repository to read."""
    return may_look(seen, application) and PullRepository.objects.filter(asset__in=repositories_of(seen, application).values("id"), active=True).exists()  # fmt: skip


def plan_application(
    seen: Visible, application: Application, *, most_changes: int | None = None, online: bool = False
) -> Whole:
    """Return the plans of an application's packages and pins, weighed by the scores of its open issues.

    Of packages registries are not asked. Raises `NotAllowed` for `online` without the right to work on its issues.
    """
    said = said_of(seen, application)
    issues = seen.issues().filter(application=application, merged_into=None, branch_only=False)
    built = built_images(application)
    images = [(tool, one) for tool, one in said.findings if isinstance(one.location, ImageLocation) and image_name(one.location.image) not in built]  # fmt: skip
    known = _Known(said.load, said.all_risks, complaints_of(issues), said.bases, images, seen)
    with _looking(seen, application, known, online=online) as looking:
        pinned = [looking.at(asset) for asset in repositories_of(seen, application)]
        moves = [plan for one in pinned for plan in one.plans()]
        looked = looking.looked([pin for one in pinned for pin in one.pins.values()])
    named = _with_contents(said, pinned, images)
    packages = packages_of(seen, application, said, images=named, most_changes=most_changes)
    return Whole(plans=with_pins(packages, moves), looked=looked)


def _with_contents(said: Said, pinned: Iterable[Pinned], images: Iterable[tuple[str, Full]]) -> set[str]:
    """Return the images that are pinned, and of which it is known what they hold."""
    held = {*said.bases, *(image_name(one.location.image) for _, one in images if isinstance(one.location, ImageLocation))}  # fmt: skip
    return held & {image_name(pin.name) for one in pinned for pin in one.pins.values() if pin.ecosystem == "docker"}


def plan_fix(seen: Visible, fix: Fix, *, online: bool = False) -> FixPlan | None:
    """Return what a fix would move that is pinned: a base image, actions, modules, charts; None where it is about no such thing.

    The caller has seen the fix. Raises `NotAllowed` for `online` without the right to work on its issues.
    """
    rows = findings_of(fix)
    full = evidence.read(rows, texts=False)
    said = [(row.stream.tool, full[row.pk], row.issue) for row in rows if row.pk in full]
    about = complained(said)
    narrow = _narrow(fix, [one for _, one, _ in said], about)
    if narrow is None:
        return None
    risks: dict[tuple[str, str], float] = {}
    for _, one, issue in said:
        package = package_of_purl(one.component.purl) if one.component is not None else ""
        for name in (*one.vulnerabilities, one.rule) if package else ():
            risks[package, name] = max(risks.get((package, name), 0.0), issue.risk / 10)
    inside = [one.component for _, one, _ in said if one.component is not None]
    bases = {fix.key: inside} if fix.kind == BASE_IMAGE else {}
    load = loader_of(reported.advisories(one for _, one, _ in said))
    known = _Known(load, risks, about, bases, [], seen)
    with _looking(seen, fix.application, known, online=online) as looking:
        pinned = [narrow(looking.at(asset)) for asset in _repositories(seen, fix)]
        items = tuple(item for one in pinned for item in _items(one, blind=fix.kind == BASE_IMAGE))
        looked = looking.looked([pin for one in pinned for pin in one.pins.values()])
    return FixPlan(items=items, looked=looked)


def _narrow(fix: Fix, said: Iterable[Full], about: Sequence[Complained]) -> Callable[[Pinned], Pinned] | None:
    """Return what leaves of pins those that a fix is about; None for a fix that is about none."""
    if fix.kind == BASE_IMAGE:
        return lambda pinned: of_image(fix.key, pinned)
    if fix.kind == UPGRADE:
        named = {package_of_purl(one.component.purl) for one in said if one.component is not None}
        wanted = {one for one in named if one.partition("/")[0] in PINNED}
        return (lambda pinned: of_packages(wanted, pinned)) if wanted else None
    told = [each for one in about for each in one.said] if fix.kind in {CODE, CONFIGURATION} else []
    return (lambda pinned: complained_of(told, pinned)) if told else None


def _repositories(seen: Visible, fix: Fix) -> list[Asset]:
    """Return the repository that a fix is in; where that is not known all of its application."""
    rows = repositories_of(seen, fix.application)
    return list(rows.filter(key=fix.asset.key.partition("//")[0])) or list(rows)


class _Known(Struct, frozen=True):
    """What pins are weighed by."""

    load: Load
    risks: Risks
    about: Sequence[Complained]
    bases: Mapping[str, Sequence[Component]]
    """What was found in base images."""
    images: list[tuple[str, Full]]
    """What was found in other images."""
    seen: Visible

    def weigh(self, pins: Iterable[Pin], versions: Timely | None) -> Pinned:
        """Return pins with who weighs them; without files."""
        found = list(pins)
        held = {name: one for image, inside in self.bases.items() for name, one in base_inventories(image, found, inside, self.seen).items()}  # fmt: skip
        weighed = Weighed(self.risks, shared(self.about, found))
        return Pinned({}, {}, planner(found, self.load, self.images, held, versions, weighed))


class Timely:
    """Registries that are asked until a moment, and no more after it."""

    def __init__(self, market: Registries, seconds: float = SECONDS) -> None:
        self._market, self._until = market, time.monotonic() + seconds
        self.over = False

    def releases(self, ecosystem: str, name: str) -> tuple[Release, ...] | None:
        """Return all versions; None where nobody can say, or the time is over."""
        return self._market.releases(ecosystem, name) if self._in_time() else None

    def hashes(self, ecosystem: str, name: str, version: str) -> tuple[tuple[str, str], ...]:
        """Return what holds a version."""
        return self._market.hashes(ecosystem, name, version) if self._in_time() else ()

    def _in_time(self) -> bool:
        self.over = self.over or time.monotonic() >= self._until
        return not self.over


class _Looking:
    """Looks at repositories one after the other, and keeps what could not be looked at."""

    def __init__(self, application: Application, known: _Known, market: Registries | None) -> None:
        self._application, self._known, self._market = application, known, market
        self._timely = Timely(market) if market is not None else None
        self._read: list[str] = []
        self._missing: dict[str, None] = {}

    def at(self, asset: Asset) -> Pinned:
        """Return what a repository pins: by its files where these are read, else by its latest survey."""
        row = PullRepository.objects.filter(asset=asset, active=True).first()
        if row is None:
            self._missing[f"{asset.key} was not read: images and actions are planned as its latest survey saw them, Terraform modules and charts are not. Whoever manages connections adds it under Pull requests, Repositories."] = None  # fmt: skip
        elif self._market is None:
            self._missing[f"{asset.key} was not read now: images and actions are planned as its latest survey saw them, Terraform modules and charts are not."] = None  # fmt: skip
        elif len(self._read) >= MOST_REPOSITORIES:
            self._missing[f"{asset.key} was not read: {MOST_REPOSITORIES} repositories are, at most."] = None
        else:
            try:
                return self._by_files(asset, row)
            except (RemoteFailure, NotAllowed) as error:
                self._missing[f"{asset.key} could not be read: {error}"] = None
        found = kept_pins(self._application, asset.key)
        return self._known.weigh(found, None)._replace(pins=places(found, asset.key))

    def _by_files(self, asset: Asset, row: PullRepository) -> Pinned:
        """Raises `RemoteFailure`, `NotAllowed`."""
        online = terms_of(row).online
        with tree_of(row) as root:
            first = read_pins(root, lambda _: (), repository=asset.key)
        if not online:
            self._missing[f"Registries are not asked for {asset.key}: the settings of its pull requests do not allow it; `online: true` there does."] = None  # fmt: skip
        self._read.append(asset.key)
        made = self._known.weigh(first.pins.values(), self._timely if online else None)
        return made._replace(files=first.files, pins=first.pins)

    def looked(self, pins: Sequence[Pin]) -> Looked:
        """Return how far that was; `pins` are what the plan is about."""
        missing = [*self._missing, *_unconfigured(pins)]
        troubles = [one for one in (self._market.troubles if self._market is not None else ()) if not one.startswith("Nobody here says")]  # fmt: skip
        if self._timely is not None and self._timely.over:
            troubles.append(f"Registries were asked for {SECONDS:.0f} seconds and no longer: of the rest no versions are known.")  # fmt: skip
        return Looked(read=tuple(self._read), missing=tuple(missing), troubles=tuple(troubles))


def _unconfigured(pins: Sequence[Pin]) -> Iterator[str]:
    """Yield what is to be configured so that registries can be asked at all."""
    for ecosystem, word in _WORDS.items():
        if not any(
            pin.ecosystem == ecosystem and "." not in pin.name.partition("/")[0] and "::" not in pin.name
            for pin in pins
        ):
            continue
        try:
            known = host_of(ecosystem)
        except InvalidSetting as error:
            yield str(error)
            continue
        if not known:
            yield f"Nobody here says where {PINNED[ecosystem][0]} is: {SETTING}={word}=https://… does, in the environment of the server."  # fmt: skip


@contextmanager
def _looking(seen: Visible, application: Application, known: _Known, *, online: bool) -> Iterator[_Looking]:
    """Yield who looks at repositories; raises `NotAllowed` where that may not be asked for."""
    if not online:
        yield _Looking(application, known, None)
        return
    if not may_look(seen, application):
        raise NotAllowed(needed(WORKS, application.name))
    with Registries(internal=settings.SEAMARK_INTERNAL_HOSTS, attempts=1) as market:
        yield _Looking(application, known, market)


def _items(pinned: Pinned, *, blind: bool) -> Iterator[Item]:
    """Yield what is done about each pin; `blind` takes the newest near version where nobody knows what any holds."""
    plans = pinned.plans()
    for plan in chosen_of(pinned, plans) if blind else plans:
        yield Item(pin=pinned.pins[plan.project], plan=plan, proof=_proof(pinned, plan))


def _proof(pinned: Pinned, plan: Plan) -> Proof:
    """Make a plan's change in the files and read them anew, where they are at hand."""
    if not plan.steps:
        why = next((one.why for one in plan.unfixed), "no newer version is known")
        return Proof(proven=False, words=f"There is no change to prove: {why}.")
    if not pinned.files:
        return Proof(proven=False, words="Not proven: the files were not read, so that the change could not be made and matched anew.")  # fmt: skip
    _, done, fresh = move(pinned, [plan], pinned.files)
    blind = next((one.step.unknown for one in done if one.step.unknown), "")
    undone = next((one.words for one in done if not one.made), "")
    cleared = sorted({flaw.name for one in done for flaw in one.clears})
    still = sorted({flaw.name for one in done for flaw in one.still})
    if undone or blind:
        return Proof(proven=False, words=f"Not proven: {undone or blind}")
    if still or fresh or not cleared:
        left = ", ".join([*still, *sorted(flaw.name for flaw in fresh)]) or "nothing that is known of it"
        return Proof(proven=False, words=f"Not proven: read anew, the changed files still have {left}." if still or fresh else "It clears nothing that is known.")  # fmt: skip
    return Proof(proven=True, words=f"Proven: the change was made in a copy, which was read and matched anew; {', '.join(cleared)} no longer match.")  # fmt: skip
