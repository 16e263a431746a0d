"""Go's module proxies."""

from __future__ import annotations

import re
from urllib.parse import quote

from seamark.intake.connectors.registries.door import Door
from seamark.intake.connectors.registries.release import Need, Release

_REQUIRE = re.compile(r"^\s*(?:require\s+)?([^\s()]+\.[^\s()]+(?:/[^\s()]+)*)\s+(v\S+)", re.MULTILINE)
_BLOCK = re.compile(r"^require\s*\(([^)]*)\)|^require\s+(?!\()([^\n]+)", re.MULTILINE)
_RETRACT = re.compile(r"^retract\s*\(([^)]*)\)|^retract\s+(?!\()([^\n]+)", re.MULTILINE)
_SPAN = re.compile(r"\[\s*(v[^\s,\]]+)\s*,\s*(v[^\s,\]]+)\s*\]|(v[0-9][^\s\]]*)")
_SEMANTIC = re.compile(r"v([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{1,18})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")
_DEPRECATED = re.compile(r"^//\s*Deprecated:\s*([^\n]+)(?:\n//[^\n]*)*\nmodule\s", re.MULTILINE)


class Golang:
    """Retractions and deprecation stand in the newest version's own file."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def releases(self, name: str) -> tuple[Release, ...] | None:
        """Return all tagged versions; None where the module is not there. Raises `RemoteFailure`."""
        text = self._door.text(f"{escaped(name)}/@v/list")
        versions = sorted((one for one in (text or "").split() if _key(one)), key=_key)
        if not versions:
            return None
        newest = self._file(name, versions[-1]) or ""
        deprecated = found[1].strip()[:500] if (found := _DEPRECATED.search(newest)) else ""
        retracted = [span for one in _RETRACT.finditer(newest) for span in _SPAN.finditer(one[1] or one[2] or "")]
        return tuple(
            Release(version=one, yanked="yes" if any(_within(one, span) for span in retracted) else "", deprecated=deprecated) for one in versions
        )  # fmt: skip

    def needs(self, name: str, version: str) -> tuple[Need, ...] | None:
        """Return what a version requires at least."""
        text = self._file(name, version)
        if text is None:
            return None
        lines = "\n".join(f"require {line.strip()}" for one in _BLOCK.finditer(text) for line in (one[1] or one[2] or "").splitlines() if line.strip())  # fmt: skip
        return tuple(Need(found[1].strip('"'), found[2]) for found in _REQUIRE.finditer(lines))

    def _file(self, name: str, version: str) -> str | None:
        return self._door.text(f"{escaped(name)}/@v/{escaped(version)}.mod")


def escaped(text: str) -> str:
    """Return a module's path or version as proxies have it: upper-case letters behind an exclamation mark."""
    return quote("".join(f"!{sign.lower()}" if sign.isupper() else sign for sign in text), safe="/!+.~-_")


def _within(version: str, span: re.Match[str]) -> bool:
    if span[3]:
        return version == span[3]
    mine, low, high = (_key(one) for one in (version, span[1], span[2]))
    return bool(mine and low and high) and low <= mine <= high


def _key(version: str) -> tuple[object, ...]:
    """Return what sorts the versions of a module; nothing for what is none."""
    found = _SEMANTIC.fullmatch(version)
    if found is None:
        return ()
    numbers = tuple(int(one) for one in found.group(1, 2, 3))
    told = tuple((0, int(one), "") if one.isdigit() else (1, 0, one) for one in (found[4] or "").split("."))
    return (*numbers, (0, *told) if found[4] else (1,))
