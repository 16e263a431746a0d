"""Python's package index, by the JSON form of its simple API (PEP 691), with the metadata beside wheels (PEP 658)."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterable
from email.parser import HeaderParser
from itertools import islice
from typing import Final
from urllib.parse import quote, urljoin

import msgspec
from msgspec import Struct, field

from seamark.intake.connectors.registries.door import Door
from seamark.intake.connectors.registries.release import Need, Release

_ACCEPT: Final = "application/vnd.pypi.simple.v1+json"
_MOST: Final = 2000
"""Requirements of one version."""
_NORMAL = re.compile(r"[-_.]+")
_VERSION = re.compile(r"v?[0-9]+(?:[.!+_-]?[A-Za-z0-9]+)*").fullmatch
_SDIST = re.compile(r"\.(?:tar\.gz|zip|tar\.bz2|tgz)$")
_CLAUSE = re.compile(r"""^\(*\s*([a-z_]+)\s*(===?|!=|<=?|>=?|not in|in)\s*["']([^"']*)["']\s*\)*$""")


class _File(Struct, rename="kebab"):
    filename: str
    url: str = ""
    requires_python: str | None = None
    yanked: str | bool = False
    hashes: dict[str, str] = field(default_factory=dict)
    core_metadata: bool | dict[str, str] = False
    dist_info_metadata: bool | dict[str, str] = msgspec.field(default=False, name="data-dist-info-metadata")


class _Info(Struct):
    requires_dist: list[str] | None = None


class _Told(Struct):
    info: _Info


class _Page(Struct):
    files: list[_File] = field(default_factory=list)


_decode = msgspec.json.Decoder(_Page, strict=False).decode


class Pypi:
    """The base address is that of the simple index, as pip has it."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._read: dict[str, dict[str, list[_File]] | None] = {}

    def releases(self, name: str) -> tuple[Release, ...] | None:
        """Return all versions; None where the package is not there. Raises `RemoteFailure`, `MsgspecError`."""
        found = self._files(name)
        if found is None:
            return None
        return tuple(
            Release(
                version=version, yanked=_yanked(files), runtime=next((f"Python {one.requires_python}"[:100] for one in files if one.requires_python), "")
            )
            for version, files in found.items()
        )  # fmt: skip

    def needs(self, name: str, version: str) -> tuple[Need, ...] | None:
        """Return what a version needs here, without its extras; None where no wheel tells it."""
        files = (self._files(name) or {}).get(version, [])
        wheel = next((one for one in files if one.filename.endswith(".whl") and (one.core_metadata or one.dist_info_metadata)), None)  # fmt: skip
        if wheel is None:
            return self._told_elsewhere(name, version) if files else None
        text = self._door.follow(f"{self._address(name, wheel.url)}.metadata")
        if text is None:
            return None
        return _needs(HeaderParser().parsestr(text).get_all("Requires-Dist") or [])

    def hashes(self, name: str, version: str) -> tuple[tuple[str, str], ...]:
        """Return the digests of a version's files, as `requirements.txt` keeps them."""
        files = (self._files(name) or {}).get(version, [])
        return tuple(("sha256", one.hashes["sha256"]) for one in files if "sha256" in one.hashes)

    def _address(self, name: str, url: str) -> str:
        return urljoin(f"{self._door.base}/{_NORMAL.sub('-', name).lower()}/", url).partition("#")[0]

    def _told_elsewhere(self, name: str, version: str) -> tuple[Need, ...] | None:
        """Ask the older interface beside the index, which some indexes have and which tells what the newest upload needs."""
        if not self._door.base.endswith("/simple"):
            return None
        text = self._door.follow(
            f"{self._door.base.removesuffix('/simple')}/pypi/{quote(name, safe='')}/{quote(version, safe='')}/json"
        )
        if text is None:
            return None
        told = msgspec.json.decode(text, type=_Told).info.requires_dist
        return _needs(told or ())

    def _files(self, name: str) -> dict[str, list[_File]] | None:
        normal = _NORMAL.sub("-", name).lower()
        if normal not in self._read:
            text = self._door.text(f"{normal}/", _ACCEPT)
            self._read[normal] = None if text is None else _by_version(_decode(text.encode()).files, normal)
        return self._read[normal]


def _needs(told: Iterable[object]) -> tuple[Need, ...]:
    return tuple(need for one in islice(told, _MOST) if (need := _need(str(one))) is not None)


def _by_version(files: list[_File], name: str) -> dict[str, list[_File]]:
    found: dict[str, list[_File]] = {}
    for one in files:
        if version := version_in(one.filename, name):
            found.setdefault(version, []).append(one)
    return found


def version_in(filename: str, name: str) -> str:
    """Return the version that a file's name tells, empty where it tells none."""
    if filename.endswith(".whl"):
        parts = filename.split("-")
        return parts[1] if len(parts) >= 5 else ""
    body = _SDIST.sub("", filename)
    if body == filename:
        return ""
    for at, sign in enumerate(body):
        if sign == "-" and _NORMAL.sub("-", body[:at]).lower() == name and _VERSION(body[at + 1 :]):
            return body[at + 1 :]
    return ""


def _yanked(files: list[_File]) -> str:
    if not all(one.yanked for one in files):
        return ""
    return next((one.yanked[:300] for one in files if isinstance(one.yanked, str) and one.yanked), "yes")


_REQUIREMENT = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(.*)", re.DOTALL)


def _need(text: str) -> Need | None:
    body, _, marker = text[:2000].partition(";")
    found = _REQUIREMENT.fullmatch(body.strip())
    if found is None or not _applies(marker.strip()):
        return None
    return Need(found[1], "" if found[2].startswith("@") else found[2].strip().strip("()").strip())


def _applies(marker: str) -> bool:
    """Tell whether a marker may hold here: no extra is asked for, and what is not understood is taken to hold."""
    if not marker:
        return True
    return any(all(map(_holds, re.split(r"\s+and\s+", part))) for part in re.split(r"\s+or\s+", marker))


def _holds(clause: str) -> bool:
    found = _CLAUSE.match(clause.strip())
    if found is None:
        return True
    here = {
        "extra": "", "sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "implementation_name": "cpython",
        "platform_python_implementation": "CPython", "platform_machine": platform.machine(),
        "python_version": f"{sys.version_info[0]}.{sys.version_info[1]}", "python_full_version": platform.python_version(),
    }.get(found[1])  # fmt: skip
    if here is None:
        return True
    operator, value = found[2], found[3]
    mine, theirs = _numbers(here), _numbers(value)
    if not found[1].startswith("python") or not mine or not theirs:
        return {"==": here == value, "===": here == value, "!=": here != value, "in": here in value, "not in": here not in value}.get(operator, True)  # fmt: skip
    return bool({
        "==": mine == theirs, "===": mine == theirs, "!=": mine != theirs, "<": mine < theirs, "<=": mine <= theirs, ">": mine > theirs,
        ">=": mine >= theirs,
    }.get(operator, True))  # fmt: skip


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.strip().split(".")
    numbers = [int(one) for one in parts if one.isascii() and one.isdigit()]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers) if len(parts) >= len(numbers) and parts[0].isdigit() else ()
