"""Which of two versions is the newer one, by the rules of their ecosystem."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

from seamark.analysis.correlation.versions import version_key
from seamark.analysis.software.orders import languages, semantic, systems

LONGEST: Final = 300
"""Characters; no version is longer."""
_DIGITS = re.compile(r"[0-9]{41}")
Order = Callable[[str], Any]

ORDERS: Final[dict[str, Order]] = {
    "alpm": systems.rpm,
    "apk": systems.apk,
    "cargo": semantic.semantic,
    "composer": languages.composer,
    "cran": semantic.numbers,
    "deb": systems.debian,
    "ebuild": systems.apk,
    "gem": languages.gem,
    "githubactions": semantic.semantic,
    "golang": semantic.go,
    "hackage": semantic.numbers,
    "hex": semantic.semantic,
    "maven": languages.maven,
    "npm": semantic.semantic,
    "nuget": semantic.nuget,
    "opam": systems.debian,
    "pub": semantic.pub,
    "pypi": languages.pypi,
    "rpm": systems.rpm,
    "semver": semantic.semantic,
    "swift": semantic.semantic,
}
"""By package URL type; `semver` is SemVer itself. Others get a general order."""


@lru_cache(maxsize=131072)
def order_key(ecosystem: str, version: str) -> Any:
    """Return what sorts a version among those of its ecosystem (a package URL type), None where it is no version there.

    Only keys of one ecosystem may be compared.
    """
    version = version.strip()
    if not version or len(version) > LONGEST or _DIGITS.search(version):
        return None
    return ORDERS.get(ecosystem, _general)(version)


def _general(version: str) -> Any:
    return version_key(version) if any(one.isdigit() for one in version) else None


def compare(ecosystem: str, left: str, right: str) -> int | None:
    """Return -1, 0 or 1 as `left` is below, equal to or above `right`; None where one of them is no version."""
    mine, theirs = order_key(ecosystem, left), order_key(ecosystem, right)
    if mine is None or theirs is None:
        return 0 if left == right else None
    return -1 if mine < theirs else 1 if mine > theirs else 0


def in_order(ecosystem: str, versions: Iterable[str]) -> list[str]:
    """Return versions from the lowest to the highest; what is no version comes first, by its text."""
    texts = list(versions)
    known = [text for text in texts if order_key(ecosystem, text) is not None]
    return [
        *sorted(text for text in texts if order_key(ecosystem, text) is None),
        *sorted(known, key=lambda text: order_key(ecosystem, text)),
    ]
