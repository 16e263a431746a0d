"""Which package a result is about: scanners of dependencies say it in properties, names or lines of text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.kit import Component, canonical_purl, display_name
from seamark.intake.parsers.kit.packages import of_system, package, purl_kind

_LINE = re.compile(r"^[*\s]*([A-Za-z][A-Za-z ]{2,24}?)[*\s]*:[ \t]*(.*?)\s*$", re.MULTILINE)
_PURL = re.compile(r"pkg:[a-z][a-z0-9.+-]*/[^\s'\"|)\]]+")
_QUOTED = re.compile(r"[Pp]ackage '([^'@\s]*@?[^'@\s]+)@([^'\s]+)'")
_AT = re.compile(r"^(@?[^@\s]+)@([^@\s]+)$")
_AFTER_PLACE = re.compile(r": (@?[^@\s:]+)@(\S+)$")
_GRYPE = re.compile(r"vulnerability in (\S+) package: (\S+), version (\S+) was found (?:in image (\S+) )?at")
_WORDS = {
    "package": "name",
    "vulnerable module": "name",
    "pkgname": "name",
    "installed version": "version",
    "version": "version",
    "fixed version": "fixed",
    "fix version": "fixed",
    "fixed in": "fixed",
    "package manager": "ecosystem",
    "type": "ecosystem",
}
_NO_VERSION = frozenset({"", "none", "not fixed", "unknown", "n/a", "-", "won't fix"})


class Found(Struct, frozen=True):
    """A package at fault, and what is known around it."""

    component: Component | None = None
    fixed: tuple[str, ...] = ()
    image: str = ""
    of_system: bool = False


def find_package(purls: Any, logical: str, message: str, place: str, help_text: str) -> Found:
    """Return the package at fault.

    Asked in turn: the tool's own package URLs, the logical location (`cookie@0.3.1`, a package URL), the message
    (Trivy, Grype, Docker Scout, OSV-Scanner), the message of the place, and the help of the rule (Grype, Snyk).
    """
    said = _lines(message)
    explained = _lines(help_text)
    fixed = _versions(said.get("fixed", "") or explained.get("fixed", ""))
    grype = _GRYPE.search(message)
    image = (grype[4] or "") if grype else ""
    for text in (*_texts(purls), logical, said.get("name", "")):
        found = canonical_purl(text) if text.startswith("pkg:") else ""
        if found:
            return _found(Component(name=display_name(found), version=_version(found), purl=found), fixed, image)
    ecosystem = explained.get("ecosystem", "")
    if grype:
        return _found(package(grype[1], grype[2], grype[3]), fixed, image)
    if said.get("name") and "version" in said:
        return _found(package("", said["name"], said["version"]), fixed)
    for match in (_AT.match(logical), _QUOTED.search(message), _AFTER_PLACE.search(place)):
        if match:
            return _found(package(ecosystem, match[1], match[2]), fixed)
    if match := _PURL.search(message):
        purl = canonical_purl(match[0])
        if purl:
            return _found(Component(name=display_name(purl), version=_version(purl), purl=purl), fixed)
    if explained.get("name"):
        return _found(package(ecosystem, explained["name"], explained.get("version", "")), fixed)
    return Found(fixed=fixed)


def _found(component: Component, fixed: tuple[str, ...], image: str = "") -> Found:
    return Found(component, fixed, image, of_system(purl_kind(component.purl)))


def _texts(given: Any) -> Iterable[str]:
    if isinstance(given, str):
        return (given,)
    return [text for text in given if isinstance(text, str)] if isinstance(given, list) else ()


@lru_cache(maxsize=4096)
def _lines(text: str) -> dict[str, str]:
    """Return the `Key: value` lines of a text whose keys speak of a package."""
    found: dict[str, str] = {}
    for match in _LINE.finditer(text[:4000]):
        word = _WORDS.get(match[1].strip().lower())
        if word is not None and match[2]:
            found.setdefault(word, match[2])
    return found


def _versions(text: str) -> tuple[str, ...]:
    parts = (part.strip() for part in text.split(","))
    return tuple(dict.fromkeys(part for part in parts if part.lower() not in _NO_VERSION))


def _version(purl: str) -> str:
    _, mark, version = purl.split("?", 1)[0].split("#", 1)[0].rpartition("@")
    return version.replace("%3A", ":").replace("%2B", "+") if mark else ""
