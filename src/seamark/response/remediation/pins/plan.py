"""Plans for pins. None bears on another, so that the best for each is the best for all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from msgspec.structs import replace

from seamark.analysis.software.order import compare, in_order
from seamark.core.assets import image_name
from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.flaws import Flaw
from seamark.response.remediation.impact import EFFORT, HINT, Distance
from seamark.response.remediation.options import Choice, Option
from seamark.response.remediation.pins.known import Known, Ledger, Seen, Versions
from seamark.response.remediation.pins.pin import HELD, Pin
from seamark.response.remediation.pins.tags import MOVING, ahead, read_tag
from seamark.response.remediation.plan.make import Offered, Plan, Step, Unfixed
from seamark.response.remediation.project import Move, Part, Project
from seamark.response.remediation.ranges import is_prerelease

_PARTIAL: Final = re.compile(r"v?\d+(?:\.\d+)?")
_NUMBERS: Final = re.compile(r"\d+")
_LOOKED_UP: Final = 6
"""Tags of an image that are asked for their digest, to find the one that a moving tag is today."""
_ORDER: Final = {ChangeKind.ACTION_PIN: "githubactions", ChangeKind.MODULE: "semver", ChangeKind.CHART: "semver"}


class _Weighed(NamedTuple):
    option: Option
    known: tuple[tuple[str, str], ...]
    """What holds the version."""
    removed: float
    introduced: float


class Planner:
    """Weighs pins by what is known of them, asking for versions and what holds them."""

    def __init__(self, known: Known, versions: Versions | None = None) -> None:
        self._ledger, self._versions, self._known = Ledger(known), versions, known
        self._releases: dict[tuple[str, str], tuple[str, ...] | None] = {}

    def plan(self, pin: Pin, place: str) -> Plan:
        """Return what may be done about a pin at a place, and what is best: the most removed, then the least effort."""
        now = self._now(pin)
        offers = self._offers(pin, now)
        best = min((one for one in offers if one.option.gain > 0), key=_preference, default=None)
        steps = (_step(pin, best),) if best is not None else ()
        stays = {flaw: weight for flaw, weight in now.flaws.items() if best is None or flaw not in best.option.clears}
        before = round(sum(now.flaws.values()), 4)
        after = round(before - best.option.gain, 4) if best is not None else before
        return Plan(
            project=place, ecosystem=pin.ecosystem, steps=steps, flaws=len(now.flaws), risk_before=before, risk_after=after,
            offered=(Offered(pin.package, pin.name, pin.shown, True, tuple(one.option for one in offers)),) if offers or now.flaws else (),
            unfixed=tuple(self._unfixed(pin, flaw, weight, offers) for flaw, weight in sorted(stays.items())), names={pin.package: pin.name},
            after=((pin.package, best.option.move.version if best is not None else pin.shown),),
        )  # fmt: skip

    def flaws(self, pin: Pin) -> frozenset[Flaw]:
        """Return what is known to be wrong with a pin as it stands."""
        return frozenset(self._now(pin).flaws)

    def _now(self, pin: Pin) -> Seen:
        exact = self._exact(pin, pin.version) if pin.kind is not ChangeKind.IMAGE else ""
        return self._ledger.of(pin, pin.version, pin.held, exact=exact)

    def _exact(self, pin: Pin, version: str) -> str:
        """Return the version that a moving one (`v3`) stands for: the newest of its line; one above all where that is not known."""
        if pin.held or not _PARTIAL.fullmatch(version) or pin.kind is not ChangeKind.ACTION_PIN:
            return version
        line = f"{version}."
        within = [one for one in self._all(pin) or () if one.startswith(line)]
        return in_order(_ORDER[pin.kind], within)[-1] if within else f"{version}.{'.'.join(['999999'] * (3 - len(version.split('.'))))}"  # fmt: skip

    def _all(self, pin: Pin) -> tuple[str, ...] | None:
        """Return all versions that are there and not taken back."""
        key = (pin.ecosystem, pin.name)
        if key not in self._releases:
            found = self._versions.releases(*key) if self._versions is not None else None
            self._releases[key] = tuple(one.version for one in found if not one.yanked) if found is not None else None
        return self._releases[key]

    def _above(self, pin: Pin) -> list[str]:
        """Return the versions above the present one, lowest first: those of a registry, else those of which the contents are given."""
        if pin.kind is ChangeKind.IMAGE:
            name = f"{image_name(pin.name)}:"
            given = [one.removeprefix(name) for one in self._known.contents if one.startswith(name)]
            return [one.text for one in ahead(pin.version, [*(self._all(pin) or ()), *given])]
        order = _ORDER[pin.kind]
        now = self._exact(pin, pin.version)
        listed = [one for one in self._all(pin) or self._fixed(pin) if not is_prerelease("npm", one.removeprefix("v"))]
        full = [one for one in listed if not _PARTIAL.fullmatch(one)]
        return in_order(order, [one for one in full or listed if now and compare(order, now, one) == -1])

    def _fixed(self, pin: Pin) -> list[str]:
        """Return what advisories name as fixed, with the sign in front that the present version has."""
        v = "v" if pin.version.startswith("v") else ""
        events = (event for each in self._known.advisories for one in each.affected if one.package == pin.package for span in one.spans for event in span.events)  # fmt: skip
        return sorted({f"{v}{version.removeprefix('v')}" for name, version in events if name == "fixed"})

    def _offers(self, pin: Pin, now: Seen) -> list[_Weighed]:
        named: dict[str, list[Choice]] = {}

        def call(version: str | None, choice: Choice) -> None:
            if version:
                named.setdefault(version, []).append(choice)

        if (same := self._same(pin, now)) is not None:
            call(same, Choice.PINNED)
        above = self._above(pin)
        seen = {one: self._seen(pin, one, above) for one in above}
        cleared = {one: frozenset(now.flaws) - frozenset(seen[one].flaws) if not seen[one].unknown else frozenset() for one in above}  # fmt: skip
        most = max((len(one) for one in cleared.values()), default=0)
        call(next((one for one in above if cleared[one]), None), Choice.LEAST)
        call(next((one for one in above if most and len(cleared[one]) == most), None), Choice.LEAST_CLEARING_ALL)
        if self._all(pin) is not None:
            near = [one for one in above if apart(pin, one) in {Distance.PATCH, Distance.MINOR}]
            call(near[-1] if near else None, Choice.LATEST_MINOR)
            call(above[-1] if above else None, Choice.LATEST)
        order = [*([same] if same else []), *above]
        return [self._weighed(pin, now, one, tuple(named[one]), self._today(pin, one, above)) for one in sorted(named, key=order.index)]  # fmt: skip

    def _seen(self, pin: Pin, version: str, above: list[str]) -> Seen:
        """Return what is known of a version above the present one, before anybody decided to hold it."""
        if pin.kind is ChangeKind.ACTION_PIN:
            return self._ledger.of(pin, version, self._holding(pin, version))
        return self._ledger.of(pin, version, digest=self._today(pin, version, above))

    def _today(self, pin: Pin, version: str, above: list[str]) -> str:
        """Return the digest of a tag, where contents are known by digest. Only the newest tags are asked for."""
        return self._holding(pin, version) if self._ledger.wants_digests(pin) and version in above[-_LOOKED_UP:] else ""

    def _same(self, pin: Pin, now: Seen) -> str | None:
        """Return the version to hold the pin at where it is; None where that changes nothing that anybody complains of."""
        if pin.held or pin.kind not in HELD or not any(flaw.package == pin.package for flaw in now.flaws):
            return None
        if pin.kind is ChangeKind.ACTION_PIN:
            return pin.version if self._holding(pin, pin.version) else None
        if pin.version.lower() not in MOVING:
            return pin.version if self._holding(pin, pin.version) else None
        mine = self._holding(pin, pin.version or "latest")
        newest = [one.text for one in ahead(pin.version, self._all(pin) or ())][-_LOOKED_UP:]
        return next((one for one in reversed(newest) if mine and self._holding(pin, one) == mine), None)

    def _holding(self, pin: Pin, version: str) -> str:
        """Return the digest or commit of a version, empty where it is not known."""
        return dict(self._hashes(pin, version)).get(HELD.get(pin.kind, ""), "")

    def _hashes(self, pin: Pin, version: str) -> tuple[tuple[str, str], ...]:
        return self._versions.hashes(pin.ecosystem, pin.name, version) if self._versions is not None else ()

    def _weighed(self, pin: Pin, now: Seen, version: str, choices: tuple[Choice, ...], digest: str) -> _Weighed:
        known, held = self._held(pin, version, choices)
        then = self._ledger.of(pin, version, held, exact=self._exact(pin, version), digest=digest)
        same = version == pin.version
        if same and not now.unknown:
            then = Seen({flaw: weight for flaw, weight in then.flaws.items() if flaw in now.flaws})
        unknown = "" if same else then.unknown
        # Where nobody knows what a version holds, it clears only what is said of the pin itself.
        clears = tuple(sorted(flaw for flaw in now.flaws if flaw not in then.flaws and (not then.unknown or flaw.package == pin.package)))  # fmt: skip
        introduces = tuple(sorted(flaw for flaw in then.flaws if flaw not in now.flaws)) if not now.unknown else ()
        unknown = unknown or ("" if same or not now.unknown else "what the present one holds is not known")
        told = hints(pin, version, choices)
        removed, introduced = sum(now.flaws[one] for one in clears), sum(then.flaws[one] for one in introduces)
        away = apart(pin, version)
        option = Option(
            choices=choices, move=Move(pin.package, pin.shown, version), clears=clears, introduces=introduces,
            leaves=tuple(sorted(flaw for flaw in now.flaws if flaw not in clears)), gain=round(removed - introduced, 6), distance=away, hints=told,
            effort=EFFORT[away] + HINT * len(told), conflict=self._refused(pin, version, known), unknown=unknown,
        )  # fmt: skip
        return _Weighed(option if not option.conflict else replace(option, gain=0.0), known, removed, introduced)

    def _held(self, pin: Pin, version: str, choices: tuple[Choice, ...]) -> tuple[tuple[tuple[str, str], ...], str]:
        """Return what is known of a version, and the digest or commit that is written down with it."""
        wanted = pin.kind is ChangeKind.ACTION_PIN or bool(pin.held) or bool(pin.beside)
        pinned = pin.kind is ChangeKind.IMAGE and Choice.PINNED in choices and version == pin.version
        if not (wanted or pinned):
            return (), ""
        known = self._hashes(pin, version)
        return known, dict(known).get(HELD.get(pin.kind, ""), "")

    def _refused(self, pin: Pin, version: str, known: tuple[tuple[str, str], ...]) -> str:
        held = HELD.get(pin.kind, "")
        if pin.held and held and held not in dict(known):
            return f"it is held by its {held}, and that of {version} is not known"
        return ""

    def _unfixed(self, pin: Pin, flaw: Flaw, weight: float, offers: Iterable[_Weighed]) -> Unfixed:
        return Unfixed(flaw=flaw, versions=(pin.shown,), why=self._why(pin, flaw, list(offers)), no_fix=False, risk=round(weight, 4))  # fmt: skip

    def _why(self, pin: Pin, flaw: Flaw, offers: list[_Weighed]) -> str:
        refused = next((one.option for one in offers if one.option.conflict and flaw in one.option.clears), None)
        if refused is not None:
            return f"{refused.move.version} is without it, but {refused.conflict}"
        if any(flaw in one.option.clears for one in offers):
            return "what is without it brings more, or leaves more of the others"
        if self._all(pin) is None and not offers:
            return "which versions there are is not known"
        unknown = next((one.option for one in reversed(offers) if one.option.unknown), None)
        if unknown is not None:
            return f"{unknown.move.version} is there, but {unknown.unknown}"
        return "no version that is known is without it"


def _preference(one: _Weighed) -> tuple[float, bool, float, str]:
    return -one.option.gain, bool(one.option.unknown), one.option.effort, one.option.move.version


def _step(pin: Pin, best: _Weighed) -> Step:
    option, known = best.option, best.known
    version = option.move.version
    if pin.kind is ChangeKind.IMAGE and version == pin.version and (digest := dict(known).get("digest")):
        version = f"{version}@{digest}"
    return Step(
        move=option.move, change=pin.change(version, known), clears=option.clears, introduces=option.introduces, removed=round(best.removed, 6), introduced=round(best.introduced, 6),
        distance=option.distance, hints=option.hints, effort=option.effort, unknown=option.unknown,
    )  # fmt: skip


def apart(pin: Pin, version: str) -> Distance:
    """Return how far a version is from the present one. Another release of the system below counts as a minor version."""
    if version == pin.version:
        return Distance.PATCH
    if pin.kind is not ChangeKind.IMAGE:
        old, new = _three(pin.version), _three(version)
    else:
        mine, theirs = read_tag(pin.version), read_tag(version)
        if mine is None or theirs is None:
            return Distance.UNKNOWN
        old, new = _padded(mine.numbers), _padded(theirs.numbers)
        if old == new and mine.release != theirs.release:
            return Distance.MINOR
    if not pin.version:
        return Distance.UNKNOWN
    return Distance.MAJOR if old[0] != new[0] else Distance.MINOR if old[1] != new[1] else Distance.PATCH


def _three(version: str) -> tuple[int, ...]:
    return _padded(tuple(int(one) for one in _NUMBERS.findall(version)[:3]))


def _padded(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return (*numbers[:3], 0, 0, 0)[:3]


def hints(pin: Pin, version: str, choices: tuple[Choice, ...] = ()) -> tuple[str, ...]:
    """Return sentences on what may break."""
    found = []
    if version != pin.version and pin.version and apart(pin, version) is Distance.MAJOR:
        found.append("a new major version: its interface may have changed")
    mine, theirs = (read_tag(pin.version), read_tag(version)) if pin.kind is ChangeKind.IMAGE else (None, None)
    if mine is not None and theirs is not None and mine.release != theirs.release:
        found.append(f"another release of {theirs.system}: its packages and libraries change as well")
    if pin.kind is ChangeKind.IMAGE and pin.version.lower() in MOVING and Choice.PINNED not in choices:
        found.append("it is not known which version the moving tag is today")
    if any(one.endswith(".lock") for one in pin.beside):
        found.append("the lock beside it is to be made anew by Helm")
    return tuple(found)


def project_of(pin: Pin, place: str) -> Project:
    """Return a pin as a project, for all that takes projects."""
    part = Part(package=pin.package, name=pin.name, version=pin.shown, direct=True)
    return Project(place=place, ecosystem=pin.ecosystem, manifests=pin.files, parts=(part,))


def places(found: Iterable[Pin], repository: str = "") -> Mapping[str, Pin]:
    """Return pins by the places that plans name: where each stands first."""
    named: dict[str, Pin] = {}
    for pin in found:
        path, line = pin.places[0]
        place = f"{repository}//{path}:{line}"
        named[place if place not in named else f"{place} {pin.name}"] = pin
    return named
