"""What is known of pins: advisories, what images hold, and what scanners say of the way in which something is pinned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from msgspec import Struct

from seamark.analysis.correlation.equivalence import meaning
from seamark.analysis.software.matching import match
from seamark.core.advisory import Advisory
from seamark.core.assets import image_name
from seamark.core.component import Component
from seamark.core.finding import Finding
from seamark.core.location import CodeLocation
from seamark.intake.connectors.registries.release import Release
from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.flaws import WEIGHTS, Book, Flaw
from seamark.response.remediation.pins.pin import HELD, Pin
from seamark.response.remediation.pins.tags import MOVING
from seamark.response.remediation.project import Part, Project, package_of_purl

_HOLDS: Final = "holds"
_NAMES: Final = "names"
_ABOUT: Final = {"workflow-unpinned": _HOLDS, "docker-latest": _NAMES, "kube-latest-tag": _NAMES}
"""What the rules of these families want: a version that is held for good, or one that is named."""
_RULES: Final = {("checkov", "CKV_TF_1"): _HOLDS, ("checkov", "CKV_TF_2"): _NAMES, ("checkov", "CKV_K8S_43"): _HOLDS}


class Versions(Protocol):
    """Who knows versions, and what holds them."""

    def releases(self, ecosystem: str, name: str) -> tuple[Release, ...] | None:
        """Return all versions that are there; None where nobody can say."""

    def hashes(self, ecosystem: str, name: str, version: str) -> tuple[tuple[str, str], ...]:
        """Return what holds a version, such as (`digest`, `sha256:…`) or (`commit`, …)."""


class Complaint(NamedTuple):
    """What a scanner says of how something is pinned."""

    rule: str
    wants: str
    path: str
    line: int
    last: int
    weight: float

    def is_about(self, pin: Pin) -> bool:
        """Tell whether it is about one of a pin's places."""
        return any(path == self.path and self.line <= line <= self.last for path, line in pin.places)

    def is_met(self, kind: ChangeKind, version: str, held: str) -> bool:
        """Tell whether a version would satisfy it."""
        if self.wants == _HOLDS:
            return bool(held) or kind not in {*HELD, ChangeKind.MODULE}
        return bool(held) or version.lower() not in MOVING


def complaints(found: Iterable[tuple[str, Finding]]) -> tuple[Complaint, ...]:
    """Return what tools say of pins, from their findings by tool."""
    told = []
    for tool, one in found:
        place = one.location
        about = meaning(tool, one.rule)
        wants = _RULES.get((tool.lower(), one.rule)) or (_ABOUT.get(about.family, "") if about is not None else "")
        if wants and isinstance(place, CodeLocation) and place.path:
            line = place.line or 1
            told.append(Complaint(one.rule, wants, place.path.removeprefix("./"), line, max(place.end_line or line, line), WEIGHTS[one.severity]))  # fmt: skip
    return tuple(told)


class Known(Struct, frozen=True, kw_only=True):
    """All that pins are weighed by."""

    advisories: tuple[Advisory, ...] = ()
    contents: Mapping[str, Sequence[Component]] = {}
    """What images hold, by `reference`."""
    complaints: tuple[Complaint, ...] = ()
    risks: Mapping[tuple[str, str], float] = {}
    """Risk from 0 to 100 by package and any name of the vulnerability."""


def reference(text: str) -> str:
    """Return under what an image's contents are kept: `python:3.8-slim`, `python@sha256:…`; a digest wins over a tag."""
    whole, _, digest = text.strip().partition("@")
    name = image_name(text)
    tag = whole.rpartition(":")[2] if ":" in whole.rpartition("/")[2] else "latest"
    return f"{name}@{digest}" if digest else f"{name}:{tag}"


class Seen(NamedTuple):
    """The flaws of one version of a pin with what each weighs."""

    flaws: Mapping[Flaw, float]
    unknown: str = ""
    """Why there may be others; empty where these are all that advisories tell."""


class Ledger:
    """Looks versions of pins up; each once."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._held: dict[str, dict[Flaw, float]] = {}
        self._about = {one.package for each in known.advisories for one in each.affected}

    def wants_digests(self, pin: Pin) -> bool:
        """Tell whether the contents of an image are known by digest, so that it helps to know those of tags."""
        name = f"{image_name(pin.name)}@"
        return pin.kind is ChangeKind.IMAGE and any(one.startswith(name) for one in self._known.contents)

    def of(self, pin: Pin, version: str, held: str = "", *, exact: str = "", digest: str = "") -> Seen:
        """Return what is known of a version.

        `held` is what would be written down to hold it; `exact` the one that a moving version stands for; `digest` what an image's tag
        is today. All are empty where they are not known.
        """
        flaws = {
            Flaw(pin.package, one.rule): one.weight for one in self._known.complaints
            if one.is_about(pin) and not one.is_met(pin.kind, version, held)
        }  # fmt: skip
        if pin.kind is not ChangeKind.IMAGE:
            return self._published(pin, exact or version, flaws)
        at = f"{image_name(pin.name)}@{held or digest}" if held or digest else ""
        key = next((one for one in (at, reference(f"{pin.name}:{version or 'latest'}")) if one in self._known.contents), "")  # fmt: skip
        if not key:
            return Seen(flaws, "what it holds is not known: no inventory of it is given")
        return Seen({**self._inside(key), **flaws})

    def _published(self, pin: Pin, version: str, flaws: dict[Flaw, float]) -> Seen:
        if pin.package not in self._about:
            return Seen(flaws)
        if not version:
            return Seen(flaws, "it is not known which version its commit is")
        part = Part(package=pin.package, name=pin.name, version=version, purl=_purl(pin, version), direct=True)
        book = Book(
            Project(place="", ecosystem=pin.ecosystem, parts=(part,)), self._known.advisories, self._known.risks
        )
        return Seen({**{flaw: book.risk(flaw) for flaw in book.of(part.node)}, **flaws})

    def _inside(self, key: str) -> dict[Flaw, float]:
        if key not in self._held:
            found: dict[Flaw, float] = {}
            for one in match(self._known.contents[key], self._known.advisories).findings:
                if one.component is None:
                    continue
                flaw = Flaw(_package(one.component), one.vulnerabilities[0])
                found[flaw] = max(found.get(flaw, 0.0), self._weight(flaw, one))
            self._held[key] = found
        return self._held[key]

    def _weight(self, flaw: Flaw, one: Finding) -> float:
        for name in one.vulnerabilities:
            if (flaw.package, name) in self._known.risks:
                return self._known.risks[flaw.package, name]
        scores = [each.score for each in one.cvss if each.score is not None]
        return max(scores) * 10 if scores else WEIGHTS[one.severity]


def _package(component: Component) -> str:
    return package_of_purl(component.purl) or component.name


def _purl(pin: Pin, version: str) -> str:
    return f"pkg:{pin.package}@{version.removeprefix('v')}"
