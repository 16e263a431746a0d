"""What a database says about a vulnerability of a package, in the terms of OSV."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from msgspec import Struct

from seamark.core.finding import Cvss
from seamark.core.severity import Severity


class Span(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A list of events that say from and to which version a package is affected."""

    semantic: bool = False
    """Ordered by SemVer, whatever the ecosystem."""
    events: tuple[tuple[str, str], ...] = ()
    """Pairs of `introduced`, `fixed`, `last_affected` or `limit`, and a version; `("introduced", "0")` is before all versions."""


class Affected(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One package that an advisory is about."""

    package: str
    """Its `advisory_key`."""
    release: str = ""
    """Release of the distribution (`12`, `22.04`, `v3.18`); empty for all of them."""
    source: bool = False
    """Whether the name is that of a source package, from which others are built."""
    spans: tuple[Span, ...] = ()
    versions: tuple[str, ...] = ()
    """Versions that are affected, each named."""


class Advisory(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One record. Withdrawn ones are not kept."""

    id: str
    aliases: tuple[str, ...] = ()
    title: str = ""
    severity: Severity = Severity.MEDIUM
    severity_given: str = ""
    cvss: tuple[Cvss, ...] = ()
    cwes: tuple[int, ...] = ()
    references: tuple[str, ...] = ()
    affected: tuple[Affected, ...] = ()


_SEPARATORS = re.compile(r"[-_.]+")
_CASE_COUNTS = frozenset({"cargo", "cran", "gem", "generic", "hackage", "julia", "maven"})
_DISTRIBUTIONS: Final = {
    "alma": "almalinux", "amzn": "amazon", "mariner": "azurelinux", "cbl-mariner": "azurelinux", "leap": "opensuse",
    "ol": "oracle", "opensuse-leap": "opensuse", "opensuse-tumbleweed": "opensuse", "rhel": "redhat", "sle": "suse",
    "sles": "suse", "sled": "suse", "suse-linux-enterprise-server": "suse",
}  # fmt: skip


@lru_cache(maxsize=131072)
def advisory_key(kind: str, namespace: str, name: str) -> str:
    """Return under what a package is looked up among advisories: `npm/@babel/core`, `deb/debian/openssl`.

    `kind` is a package URL type. Names that an ecosystem takes for one have one key; so have a distribution's several names.
    """
    if kind in {"deb", "rpm", "apk", "alpm"}:
        family = namespace.lower()
        return f"{kind}/{_DISTRIBUTIONS.get(family, family)}/{name.lower()}"
    path = f"{namespace}/{name}" if namespace else name
    if kind == "pypi":
        path = _SEPARATORS.sub("-", path)
    return f"{kind}/{path if kind in _CASE_COUNTS else path.lower()}"
