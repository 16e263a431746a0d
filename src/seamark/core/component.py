"""A package version, named by its package URL."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct
from packageurl import PackageURL


class Component(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One package version, as found in an SBOM or named by a finding."""

    name: str
    """Name with its namespace (`org.apache.logging.log4j/log4j-core`, `@babel/core`)."""
    version: str = ""
    purl: str = ""
    """Canonical package URL, or empty where ecosystem or name are not known."""
    licences: tuple[str, ...] = ()
    """SPDX expressions as given."""
    ref: str = ""
    """Identifier inside the report (bom-ref, SPDXID), for edges."""
    direct: bool | None = None
    scope: str = ""
    """`runtime`, `development`, `test`, `optional` or empty."""
    hashes: tuple[tuple[str, str], ...] = ()
    """Pairs of algorithm and hexadecimal digest."""
    supplier: str = ""


class DependsOn(Struct, frozen=True):
    """An edge of a dependency graph, between `Component.ref`s of one report."""

    ref: str
    targets: tuple[str, ...]


@lru_cache(maxsize=65536)
def parse_purl(text: str) -> PackageURL | None:
    """Return the parsed package URL, or None where `text` is none. Cached: a parse costs 20 µs."""
    try:
        return PackageURL.from_string(text)
    except (TypeError, ValueError):
        return None


_PLAIN = re.compile(
    r"pkg:(?:apk|cargo|deb|gem|golang|maven|npm|nuget|rpm)/(?:[a-z0-9][a-z0-9.-]*/)*[a-z0-9][a-z0-9.-]*@[A-Za-z0-9][A-Za-z0-9.-]*"
    r"(?:\?([a-z]+=[A-Za-z0-9.-]+(?:&[a-z]+=[A-Za-z0-9.-]+)*))?"
)
"""What is canonical as it stands: most that scanners write, at a hundredth of the time of parsing it."""


@lru_cache(maxsize=65536)
def canonical_purl(text: str) -> str:
    """Return the package URL in canonical form, or an empty string where `text` is none."""
    if found := _PLAIN.fullmatch(text):
        keys = [pair.split("=", 1)[0] for pair in found[1].split("&")] if found[1] else []
        if keys == sorted(set(keys)):
            return text
    parsed = parse_purl(text)
    try:
        return parsed.to_string() if parsed else ""
    except TypeError:
        return ""


@lru_cache(maxsize=65536)
def make_purl(ecosystem: str, name: str, version: str = "", namespace: str = "", qualifiers: str = "") -> str:
    """Return a canonical package URL, or an empty string where the parts do not make one.

    `ecosystem` is a purl type (`npm`, `pypi`, `maven`, `deb` …); `name` may hold the namespace in front
    (`@scope/name`, `group/artifact`, for Maven also `group:artifact`) where `namespace` is empty.
    """
    if ecosystem == "maven":
        name = name.replace(":", "/")
    if not namespace and "/" in name and ecosystem not in {"oci", "docker"}:
        namespace, _, name = name.rpartition("/")
    try:
        return PackageURL(ecosystem, namespace or None, name, version or None, qualifiers or None).to_string()
    except (TypeError, ValueError):
        # The library stumbles over a name of blanks only.
        return ""


@lru_cache(maxsize=65536)
def package_key(purl: str) -> str:
    """Return what names the package over all its versions: `type/namespace/name`, without qualifiers."""
    if _PLAIN.fullmatch(purl):
        return purl[len("pkg:") : purl.index("@")]
    parsed = parse_purl(purl)
    if parsed is None:
        return ""
    return "/".join(part for part in (parsed.type, parsed.namespace, parsed.name) if part)


def display_name(purl: str) -> str:
    """Return the name that people use for the package of a purl, with its namespace."""
    parsed = parse_purl(purl)
    if parsed is None:
        return ""
    return f"{parsed.namespace}/{parsed.name}" if parsed.namespace else parsed.name
