"""How much an inventory is worth: the minimum elements of NTIA (2021), and what makes them usable.

The weights stand in `PARTS` and nowhere else; the score is their sum, each by the share that is met.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import unquote

from msgspec import Struct

from seamark.core.sbom import Entry, Sbom
from seamark.intake.sbom.licences import is_expression

Count = tuple[int, int, str]
"""How many are met, of how many, and what is missing, in words."""
GRADES: Final = ((90, "A"), (75, "B"), (60, "C"), (40, "D"), (0, "F"))
_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_HEX = re.compile(r"[0-9a-fA-F]{32,128}")
_UNKNOWN = frozenset({"", "unknown", "noassertion", "none", "n/a", "[not provided]", "(devel)"})


class Part(Struct, frozen=True):
    """One part of the score."""

    name: str
    weight: int
    met: int
    of: int
    """0 where the question does not arise; the part then counts for nothing."""
    why: str

    @property
    def share(self) -> float:
        """How much of it is met, from 0 to 1."""
        return self.met / self.of if self.of else 0.0


class Quality(Struct, frozen=True):
    """The score of a document with its parts."""

    score: int
    """From 0 to 100."""
    grade: str
    parts: tuple[Part, ...]


class Facts:
    """A document with what several parts ask of it."""

    def __init__(self, sbom: Sbom) -> None:
        self.sbom = sbom
        self.entries: tuple[Entry, ...] = sbom.entries
        self.packages = tuple(one for one in sbom.entries if one.type not in {"file", "service"}) or sbom.entries
        self.known = {one.component.ref for one in sbom.entries if one.component.ref}
        if sbom.subject and sbom.subject.component.ref:
            self.known.add(sbom.subject.component.ref)
        self.targets = {edge.ref: edge.targets for edge in sbom.edges}

    def each(self, good: Callable[[Entry], bool], missing: str) -> Count:
        """Count the packages that are good."""
        met = sum(1 for one in self.packages if good(one))
        return _counted(met, len(self.packages), missing)


def _counted(met: int, of: int, missing: str) -> Count:
    if not of:
        return 0, 1, "the document lists no components"
    return met, of, "" if met == of else f"{of - met:,} of {of:,} {missing}"


def _supplier(facts: Facts) -> Count:
    return facts.each(lambda one: _said(one.component.supplier), "components name no supplier")


def _name(facts: Facts) -> Count:
    return facts.each(lambda one: _said(one.component.name), "components have no name")


def _version(facts: Facts) -> Count:
    return facts.each(lambda one: _said(one.component.version), "components have no version")


def _identified(facts: Facts) -> Count:
    return facts.each(
        lambda one: bool(one.component.purl or one.cpes or one.identifiers),
        "components have neither package URL, CPE, SWID tag nor another unique identifier",
    )


def _related(facts: Facts) -> Count:
    ends = set(facts.targets)
    for targets in facts.targets.values():
        ends.update(targets)
    return facts.each(lambda one: one.component.ref in ends, "components stand in no relationship")


def _author(facts: Facts) -> Count:
    if facts.sbom.authors:
        return 1, 1, ""
    if facts.sbom.tools:
        # A tool alone is the tool that was used, not who answers for the data: half of what is asked for.
        return 1, 2, "the document names the tool that made it, but nobody who answers for it"
    return 0, 1, "the document does not say who made it"


def _timestamp(facts: Facts) -> Count:
    given = facts.sbom.created
    if not given:
        return 0, 1, "the document does not say when it was made"
    try:
        made = datetime.fromisoformat(given.upper().replace(" ", "T")) if _RFC_3339.fullmatch(given) else None
    except ValueError:
        made = None
    if made is None:
        return 0, 1, f"{given[:40]!r} is no time of RFC 3339"
    if made > datetime.now(UTC) + timedelta(days=1):
        return 0, 1, "the document says that it was made in the future"
    return 1, 1, ""


def _purls(facts: Facts) -> Count:
    given = [one for one in facts.packages if one.given_purl]
    wrong = sum(1 for one in given if not _valid_purl(one))
    met = len(given) - wrong
    count = _counted(met, len(facts.packages), "components have no valid package URL")
    return (*count[:2], f"{count[2]}; {wrong:,} are wrong") if wrong and count[2] else count


def _valid_purl(one: Entry) -> bool:
    """Tell whether the package URL is one, and speaks of the same version as the component, as far as both name one."""
    purl, version = one.component.purl, one.component.version
    told = unquote(purl.partition("?")[0].partition("#")[0].rpartition("/")[2].partition("@")[2]) if purl else ""
    return bool(purl) and (not told or not version or told in version or version in told)


def _hashes(facts: Facts) -> Count:
    return facts.each(
        lambda one: any(_HEX.fullmatch(digest.strip()) for _, digest in one.component.hashes),
        "components have no hash",
    )


def _licences(facts: Facts) -> Count:
    return facts.each(
        lambda one: bool(one.component.licences) and all(is_expression(text) for text in one.component.licences),
        "components have no licence that is an SPDX expression",
    )


def _reached(facts: Facts) -> Count:
    if not facts.sbom.roots:
        return 0, 1, "the document does not say what it is about, so nothing can be reached from it"
    seen = set(facts.sbom.roots)
    waiting = list(seen)
    while waiting:
        for target in facts.targets.get(waiting.pop(), ()):
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return facts.each(lambda one: one.component.ref in seen, "components cannot be reached from the root")


def _ends(facts: Facts) -> Count:
    told = [target for edge in facts.sbom.edges for target in (edge.ref, *edge.targets)]
    met = sum(1 for one in told if one in facts.known)
    return met, len(told), "" if met == len(told) else f"{len(told) - met:,} ends of edges name no component"


def _once(facts: Facts) -> Count:
    def key(one: Entry) -> tuple[str, str, str]:
        return (one.component.purl or one.component.name, one.component.version, one.layer)

    different = len({key(one) for one in facts.packages})
    return _counted(different, len(facts.packages), "components are listed more than once")


def _said(text: str) -> bool:
    return text.strip().lower() not in _UNKNOWN


PARTS: Final[tuple[tuple[str, int, Callable[[Facts], Count]], ...]] = (
    ("supplier", 8, _supplier),
    ("name", 8, _name),
    ("version", 10, _version),
    ("unique identifier", 12, _identified),
    ("dependency relationship", 12, _related),
    ("author of the data", 6, _author),
    ("timestamp", 6, _timestamp),
    ("valid package URL", 8, _purls),
    ("hash", 8, _hashes),
    ("licence", 8, _licences),
    ("reached from the root", 8, _reached),
    ("edges without loose ends", 3, _ends),
    ("no duplicates", 3, _once),
)
"""Name, weight (they add up to 100) and how it is counted. The first seven are NTIA's minimum elements."""


def quality(sbom: Sbom) -> Quality:
    """Return the score of a document. A part that does not arise leaves its weight to the others."""
    facts = Facts(sbom)
    parts = tuple(Part(name, weight, *count(facts)) for name, weight, count in PARTS)
    return Quality(score := _score(parts), next(grade for floor, grade in GRADES if score >= floor), parts)


def _score(parts: Iterable[Part]) -> int:
    asked = [one for one in parts if one.of]
    whole = sum(one.weight for one in asked)
    # Rounded down: only what is whole is 100.
    return int(100 * sum(one.weight * one.share for one in asked) / whole + 1e-9) if whole else 0
