"""Advisories in the OSV format, offline: a record, a list of them, a folder, a zip of an ecosystem, as OSV's own exports are."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Final

import msgspec
from msgspec import Raw, Struct, field

from seamark.core.advisory import Advisory, Affected, Span, advisory_key
from seamark.core.finding import Cvss
from seamark.intake.parsers.kit.normalise import cwe_ids, first_line, references
from seamark.intake.parsers.kit.packages import graded, identifiers, rating
from seamark.intake.sbom.records import each_record

_KINDS: Final = {
    "bitnami": "bitnami", "conancenter": "conan", "cran": "cran", "crates.io": "cargo", "github actions": "githubactions", "go": "golang",
    "hackage": "hackage", "hex": "hex", "julia": "julia", "maven": "maven", "npm": "npm", "nuget": "nuget", "opam": "opam", "packagist": "composer",
    "pub": "pub", "pypi": "pypi", "rubygems": "gem", "swifturl": "swift", "vscode": "vscode",
}  # fmt: skip
_SYSTEMS: Final = {
    "alma linux": ("rpm", "almalinux"), "almalinux": ("rpm", "almalinux"), "alpaquita": ("apk", "alpaquita"), "alpine": ("apk", "alpine"),
    "azure linux": ("rpm", "azurelinux"), "chainguard": ("apk", "chainguard"), "debian": ("deb", "debian"), "echo": ("deb", "echo"),
    "mageia": ("rpm", "mageia"), "minimos": ("apk", "minimos"), "openeuler": ("rpm", "openeuler"), "opensuse": ("rpm", "opensuse"),
    "photon os": ("rpm", "photon"), "red hat": ("rpm", "redhat"), "rocky linux": ("rpm", "rocky"), "suse": ("rpm", "suse"),
    "ubuntu": ("deb", "ubuntu"), "wolfi": ("apk", "wolfi"),
}  # fmt: skip
_OF_BINARIES: Final = frozenset({"almalinux", "azurelinux", "photon", "redhat", "rocky"})
"""Distributions whose records name the packages that get installed; the others name those that they are built from."""
_RELEASE = re.compile(r"(\d+(?:\.\d+)*)(?: SP(\d+))?")


class Package(Struct):
    """A package by its name in an ecosystem."""

    ecosystem: str = ""
    name: str = ""


class Concerned(Struct):
    """A package that a record is about."""

    package: Package | None = None


class Slim(Struct):
    """What tells whether a record matters, which most do not: nothing else of it is then decoded."""

    affected: list[Concerned] | None = None
    withdrawn: str | None = None


class Event(Struct):
    """A step in a range."""

    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None
    limit: str | None = None


class Range(Struct):
    """From and to which version."""

    type: str = ""
    events: list[Event] | None = None


class Score(Struct):
    """A rating."""

    type: str = ""
    score: str = ""


class Extra(Struct):
    """What a database adds."""

    severity: str | float | list[object] | dict[str, object] | None = None
    cwe_ids: list[str] | None = None


class Part(Struct):
    """A package that a record is about, in full."""

    package: Package | None = None
    ranges: list[Range] | None = None
    versions: list[str] | None = None
    severity: list[Score] | None = None
    database_specific: Raw = field(default_factory=Raw)


class Reference(Struct):
    """A link."""

    url: str = ""


class Record(Struct):
    """A record in full."""

    id: str
    summary: str | None = ""
    details: str | None = ""
    aliases: list[str] | None = None
    severity: list[Score] | None = None
    affected: list[Part] | None = None
    references: list[Reference] | None = None
    withdrawn: str | None = None
    database_specific: Raw = field(default_factory=Raw)


_slim = msgspec.json.Decoder(Slim).decode
_full = msgspec.json.Decoder(Record, strict=False).decode
_extra = msgspec.json.Decoder(Extra, strict=False).decode


def read_advisories(path: str | os.PathLike[str], wanted: Collection[str] | None = None) -> Iterator[Advisory]:
    """Yield the advisories in a file, a zip, or a folder of both; only those about one of the `wanted` keys where these are given.

    Withdrawn records are left out. Raises `UnreadableReport` where a file is wrongly made.
    """
    keys = None if wanted is None else frozenset(wanted)
    return each_record(path, lambda record: _of(record, keys))


def _of(data: bytes | Raw, wanted: frozenset[str] | None) -> Iterator[Advisory]:
    if wanted is not None:
        slim = _slim(data)
        for one in slim.affected or ():
            package = one.package
            if package is not None and package_of(package.ecosystem, package.name)[0] in wanted:
                break
        else:
            return
    record = _full(data)
    if not record.withdrawn and (found := _advisory(record, wanted)) is not None:
        yield found


@lru_cache(maxsize=131072)
def package_of(ecosystem: str, name: str) -> tuple[str, str, bool]:
    """Return key, release and whether it is a source package, for a package as OSV names it; an empty key for what cannot be looked up."""
    family, _, release = ecosystem.partition(":")
    family = family.lower()
    if family in _SYSTEMS:
        kind, distribution = _SYSTEMS[family]
        return advisory_key(kind, distribution, name), _release(release), distribution not in _OF_BINARIES
    kind = _KINDS.get(family, "")
    if not kind or not name:
        return "", "", False
    namespace, _, last = name.replace(":", "/").rpartition("/") if kind == "maven" else name.rpartition("/")
    return advisory_key(kind, namespace, last), "", False


def _release(text: str) -> str:
    """Return the number in `v3.18`, `22.04:LTS`, `Pro:18.04:LTS`, `enterprise_linux:9::appstream`, `Linux Enterprise Server 15 SP5`."""
    found = _RELEASE.search(text)
    return "" if found is None else f"{found[1]}.{found[2]}" if found[2] else found[1]


def _advisory(record: Record, wanted: frozenset[str] | None) -> Advisory | None:
    concerned = []
    ratings: dict[Cvss, None] = {}
    words: list[Extra] = []
    for part in record.affected or ():
        key, release, source = (
            package_of(part.package.ecosystem, part.package.name) if part.package else ("", "", False)
        )
        if not key or (wanted is not None and key not in wanted):
            continue
        words.append(_details(part.database_specific))
        for score in part.severity or ():
            if found := rating(score.score, None, score.type.removeprefix("CVSS_V")):
                ratings[found] = None
        concerned.append(
            Affected(
                package=key,
                release=release,
                source=source,
                spans=tuple(_span(one) for one in part.ranges or () if one.type != "GIT" and one.events),
                versions=tuple(part.versions or ()),
            )
        )
    if not concerned:
        return None
    for score in record.severity or ():
        if found := rating(score.score, None, score.type.removeprefix("CVSS_V")):
            ratings[found] = None
    said = _details(record.database_specific)
    word = next((text for one in (said, *words) if isinstance(text := one.severity, str) and text), "")
    return Advisory(
        id=record.id,
        aliases=tuple(one for one in identifiers(record.aliases) if one != record.id),
        title=record.summary or first_line(record.details or ""),
        severity=graded(word, tuple(ratings)),
        severity_given=word,
        cvss=tuple(ratings),
        cwes=cwe_ids(*(said.cwe_ids or ())),
        references=references([one.url for one in record.references or ()]),
        affected=tuple(concerned),
    )


def _details(raw: Raw) -> Extra:
    """Return what a database says in a form of its own; what does not fit says nothing."""
    try:
        return _extra(raw) if len(raw) else Extra()
    except msgspec.MsgspecError:
        return Extra()


def _span(given: Range) -> Span:
    events = [
        (kind, version)
        for one in given.events or ()
        for kind in ("introduced", "fixed", "last_affected", "limit")
        if (version := getattr(one, kind))
    ]
    return Span(semantic=given.type == "SEMVER", events=tuple(events))
