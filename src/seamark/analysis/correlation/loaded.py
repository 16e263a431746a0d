"""Whether an alert from run time names a package: its file, its library, its process, its flaw. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from seamark.analysis.correlation.evidence import Reason
from seamark.analysis.correlation.witness import Witness

SAME_PLACE: Final = 0.3
NAMED_FLAW: Final = 0.6
OWN_FILE: Final = 0.45
OWN_PROCESS: Final = 0.3

_SYSTEM: Final = frozenset({"deb", "rpm", "apk", "alpm"})
_LIBRARY = re.compile(r"^(lib[\w+-]+?|[\w+-]+?)(?:-[\d.]+)?\.so(?:\.[\d.]+)?$")
_VERSION_AT_END = re.compile(r"[-.]?\d[\d.]*[a-z]?$")
_BUILT_FROM_IT = ("-bin", "-core", "-common", "-server", "-client")


def loaded(alert: Witness, package: Witness) -> list[Reason]:
    """Return why an alert speaks of a package that was seen at the same place; nothing where it does not.

    The caller has made sure of the place.
    """
    place: Reason = ("the same image or workload", SAME_PLACE)
    if alert.flaw and alert.flaw == package.flaw:
        return [place, ("the alert names the flaw", NAMED_FLAW)]
    ecosystem, _, rest = package.component.partition("/")
    name = (rest or ecosystem).rpartition("/")[2]
    if any(_is_of(file, ecosystem, rest or ecosystem, package) for file in alert.files):
        return [place, ("the alert names a file of the package", OWN_FILE)]
    if name.lower() in {process.lower() for process in alert.processes}:
        return [place, ("the alert names its process", OWN_PROCESS)]
    if ecosystem in _SYSTEM and any(_without_suffix(name) == process for process in alert.processes):
        return [place, ("the alert names its process", OWN_PROCESS)]
    return []


def _without_suffix(name: str) -> str:
    """Return what a package's program is called: `nginx-core` and `postgresql-client` are `nginx` and `postgresql`."""
    return next((name.removesuffix(end) for end in _BUILT_FROM_IT if name.endswith(end)), name)


def _is_of(file: str, ecosystem: str, name: str, package: Witness) -> bool:
    """Tell whether a file is one of the package's, by its own path in the image or by the habits of the ecosystem."""
    own = package.path
    if own and not own.startswith("/"):
        own = f"/{own}"
    if own and own == file and ecosystem not in _SYSTEM:
        return True
    if ecosystem in _SYSTEM:
        return _stem(name.rpartition("/")[2]) == _library(file)
    found = _placed(ecosystem, name, file)
    if found is None:
        return False
    # Of a file that carries a version, only the one that is vulnerable counts.
    return not found or not package.version or found == package.version


def _placed(ecosystem: str, name: str, file: str) -> str | None:
    """Return the version that a package's file names (empty: none), None where the file is not the package's."""
    short = name.rpartition("/")[2]
    if ecosystem == "npm":
        return "" if f"/node_modules/{name}/" in file else None
    if ecosystem == "pypi":
        folder = "[-_.]+".join(map(re.escape, re.split(r"[-_.]+", short)))
        hit = re.search(
            rf"/(?:site|dist)-packages/{folder}(?:/|\.py$|-([\w.+]+?)\.(?:dist|egg)-info/)", file, re.IGNORECASE
        )
        return (hit[1] or "") if hit else None
    if ecosystem == "maven":
        hit = re.search(rf"/{re.escape(short)}(?:-(\d[\w.+-]*?))?\.(?:jar|war)$", file)
        return (hit[1] or "") if hit else None
    if ecosystem == "gem":
        hit = re.search(rf"/gems/{re.escape(short)}-(\d[\w.]*)/", file)
        return hit[1] if hit else None
    return None


@lru_cache(maxsize=4096)
def _library(file: str) -> str:
    """Return the stem of a shared library (`/usr/lib/libssl.so.3` is `libssl`), empty for other files."""
    hit = _LIBRARY.match(file.rpartition("/")[2][:200])
    return hit[1].lower() if hit else ""


@lru_cache(maxsize=4096)
def _stem(name: str) -> str:
    """Return a system package's name without what tells its versions apart: `libssl1.1` and `libssl3` are `libssl`."""
    return _VERSION_AT_END.sub("", name.lower().removesuffix("t64")) or name.lower()
