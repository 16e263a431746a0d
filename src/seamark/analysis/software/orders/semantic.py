"""Semantic versions and their kin: npm, Cargo, Go, NuGet, Pub, Hex, Swift; and plain lists of numbers."""

from __future__ import annotations

import re

Key = tuple[object, ...]

_SEMANTIC = re.compile(
    r"[vV=]?\s*([0-9]+(?:\.[0-9]+)*)(?:-?([A-Za-z-][0-9A-Za-z.-]*|(?<=-)[0-9][0-9A-Za-z.-]*))?(?:\+([0-9A-Za-z.+_-]*))?"
)
_GO = re.compile(r"^(?:v|go)(?=[0-9])")
_GO_PRE = re.compile(r"^([0-9.]+)(alpha|beta|rc)([0-9]+)$")
_NUMBERS = re.compile(r"[0-9]+(?:[.-][0-9]+)*")
_FINAL: Key = (1,)


def _identifiers(text: str) -> Key:
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in text.split("."))


def _stripped(numbers: str) -> Key:
    parts = [int(part) for part in numbers.split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def semantic(text: str) -> Key | None:
    """Return the key of a semantic version: any number of parts, pre-releases first, build metadata ignored."""
    found = _SEMANTIC.fullmatch(text)
    if found is None:
        return None
    return _stripped(found[1]), (0, _identifiers(found[2])) if found[2] else _FINAL


def nuget(text: str) -> Key | None:
    """Return the key for NuGet, which does not tell upper from lower case."""
    return semantic(text.lower())


def pub(text: str) -> Key | None:
    """Return the key for Pub, where build metadata counts: `1.0.0+1` is above `1.0.0`."""
    found = semantic(text)
    return None if found is None else (*found, _identifiers(text.partition("+")[2]) if "+" in text else ())


def go(text: str) -> Key | None:
    """Return the key for Go: modules (`v1.2.3`, pseudo-versions) and the toolchain itself (`go1.21rc2`)."""
    body = _GO.sub("", text)
    toolchain = _GO_PRE.match(body)
    return semantic(f"{toolchain[1]}-{toolchain[2]}.{toolchain[3]}" if toolchain else body)


def numbers(text: str) -> Key | None:
    """Return the key of a list of numbers, in which `1.0` is below `1.0.0` (Hackage, CRAN)."""
    if not _NUMBERS.fullmatch(text):
        return None
    return tuple(int(part) for part in re.split(r"[.-]", text))
