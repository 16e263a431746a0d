"""What one manifest or lock file says: gathered while it is read, then given out as a manifest with its listing."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec import Struct

from seamark.core.assets import AssetKind, Found, Listing
from seamark.core.component import Component, DependsOn, make_purl
from seamark.intake.discovery.tree import Tree

SCOPES: Final = ("runtime", "optional", "development", "test")
"""From what weighs most: a package that is needed in two ways has the first of them."""
_RANK: Final = {scope: place for place, scope in enumerate((*SCOPES, ""))}
_MOST_EDGES: Final = 1_000_000
_LONGEST_NAME: Final = 300
_LONGEST_VERSION: Final = 200
_MOST_HASHES: Final = 100
_LONGEST_HASH: Final = 200
_PASSWORD = re.compile(r"://[^/@\s]*@")

Hashes = tuple[tuple[str, str], ...]


class Part(Struct):
    """A package of a listing while it is gathered."""

    name: str
    version: str
    purl: str
    scope: str
    hashes: Hashes
    licences: tuple[str, ...]


class Draft:
    """A manifest or lock file on its way to a `Found` and a `Listing`."""

    def __init__(self, tree: Tree, path: str, ecosystem: str, *, origin: str, locked: bool = False) -> None:
        self.path, self.ecosystem, self.locked = path, ecosystem, locked
        self.facts: dict[str, Any] = {}
        self.ranges: dict[str, str] = {}
        self.parts: dict[str, Part] = {}
        self.edges: dict[str, dict[str, None]] = {}
        self.internal: dict[str, None] = {}
        self._tree, self._origin = tree, origin
        self._count = 0
        self._roots: dict[str, str] = {}

    def add(
        self,
        name: str,
        version: str = "",
        *,
        scope: str = "",
        hashes: Hashes = (),
        licences: tuple[str, ...] = (),
        internal: bool = False,
    ) -> str:
        """Add a package, and return its `ref`, empty where it has no name or an absurd one.

        A package that is there already keeps what is known, with the weightier scope. An `internal` one is the
        repository's own: its purl has no version, since nobody else publishes it.
        """
        if not name or len(name) > _LONGEST_NAME or len(version) > _LONGEST_VERSION:
            return ""
        ref = f"{name}@{version}" if version else name
        hashes = tuple(pair for pair in hashes[:_MOST_HASHES] if len(pair[1]) <= _LONGEST_HASH)
        part = self.parts.get(ref)
        scope = scope or ("runtime" if internal else "")
        if part is None:
            purl = package_purl(self.ecosystem, name, "" if internal else version)
            self.parts[ref] = Part(name, version, purl, scope, hashes, licences)
        else:
            part.scope = weightier(part.scope, scope)
            part.hashes, part.licences = part.hashes or hashes, part.licences or licences
        if internal:
            self.internal[ref] = None
        return ref

    def require(self, name: str, version: str = "", *, wanted: str = "", scope: str = "", **more: Any) -> str:
        """Add a direct dependency: with its version where one is fixed, else with the range that is `wanted`."""
        ref = self.add(name, version, scope=scope, **more)
        if ref:
            self.direct(ref, scope)
            if not version and wanted:
                self.ranges[name] = without_password(wanted)
        return ref

    def direct(self, ref: str, scope: str = "") -> None:
        """Tell that the manifest itself names a package, and what for."""
        if ref:
            self._roots[ref] = weightier(self._roots[ref], scope) if ref in self._roots else scope
            self._join("", (ref,))

    def depend(self, ref: str, targets: Iterable[str]) -> None:
        """Tell that one package needs others. A package without a `ref` was not taken in, and needs nothing."""
        if ref:
            self._join(ref, targets)

    def _join(self, ref: str, targets: Iterable[str]) -> None:
        kept = self.edges.setdefault(ref, {})
        for target in targets:
            if self._count >= _MOST_EDGES:
                if self._count == _MOST_EDGES:
                    self._tree.trouble(self.path, f"only the first {_MOST_EDGES:,} dependencies were looked at")
                    self._count += 1
                return
            if target and target != ref and target not in kept:
                kept[target] = None
                self._count += 1

    def spread_scopes(self) -> None:
        """Give every package without a scope the weightiest scope of the direct dependencies from which it is reached."""
        for scope in SCOPES:
            waiting = [ref for ref, given in self._roots.items() if given == scope]
            seen: set[str] = set()
            while waiting:
                ref = waiting.pop()
                part = self.parts.get(ref)
                if ref in seen or part is None or _RANK.get(part.scope, 9) < _RANK[scope]:
                    continue
                seen.add(ref)
                part.scope = scope
                waiting.extend(self.edges.get(ref, ()))

    def manifest(self) -> Found:
        """Return the manifest as an asset."""
        facts: dict[str, Any] = {"ecosystem": self.ecosystem, "locked": self.locked}
        facts |= {
            key: value[:_LONGEST_NAME] if isinstance(value, str) else value
            for key, value in self.facts.items()
            if value
        }
        if self.ranges:
            facts["ranges"] = self.ranges
        if self.internal:
            facts["internal"] = [self.parts[ref].name for ref in self.internal]
        ref = self._tree.ref(AssetKind.MANIFEST, self.path)
        return Found(ref=ref, origin=self._origin, at=self.path, facts=facts)

    def listing(self) -> Listing:
        """Return the packages with the edges between them."""
        direct = self.edges.get("", {})
        components = tuple(
            Component(
                name=part.name,
                version=part.version,
                purl=part.purl,
                licences=part.licences,
                ref=ref,
                # Where a lock does not tell and no manifest stands beside it, nobody knows.
                direct=ref in direct if direct or not self.locked else None,
                scope=part.scope,
                hashes=part.hashes,
            )
            for ref, part in self.parts.items()
        )
        edges = tuple(
            DependsOn(ref, known)
            for ref, targets in self.edges.items()
            if (not ref or ref in self.parts) and (known := tuple(each for each in targets if each in self.parts))
        )
        return Listing(
            manifest=self._tree.ref(AssetKind.MANIFEST, self.path),
            ecosystem=self.ecosystem,
            locked=self.locked,
            components=components,
            edges=edges,
        )

    def tell(self) -> Iterator[Found | Listing]:
        """Yield the manifest and its listing."""
        yield self.manifest()
        yield self.listing()


def weightier(one: str, other: str) -> str:
    """Return the scope that weighs more."""
    return one if _RANK.get(one, 9) <= _RANK.get(other, 9) else other


_PLAIN = re.compile(r"[a-z0-9][a-z0-9.-]*").fullmatch
_PLAIN_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*(?:/[A-Za-z0-9][A-Za-z0-9.-]*)*").fullmatch
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*").fullmatch


def package_purl(ecosystem: str, name: str, version: str = "") -> str:
    """Return what `make_purl` does, for the usual npm, crate and gem names at a tenth of the time."""
    if ecosystem in {"npm", "cargo", "gem"} and (not version or _VERSION(version)):
        tail = f"@{version}" if version else ""
        scope, slash, plain = name.partition("/")
        if not slash and _PLAIN(name):
            return f"pkg:{ecosystem}/{name}{tail}"
        if slash and scope[:1] == "@" and _PLAIN(scope[1:]) and _PLAIN(plain):
            return f"pkg:{ecosystem}/%40{scope[1:]}/{plain}{tail}"
    return make_purl(ecosystem, name, version)


def without_password(address: str) -> str:
    """Return a range or address without a user's name and password in it, cut to a bearable length."""
    return _PASSWORD.sub("://", address[:_LONGEST_NAME].strip())


def integrity(given: str) -> Hashes:
    """Return the digests of a subresource-integrity text: `sha512-<base64> sha1-<base64>`."""
    found: list[tuple[str, str]] = []
    for each in given.split()[:10]:
        algorithm, dash, digest = each.partition("-")
        if dash and (hexadecimal := from_base64(digest)):
            found.append((algorithm, hexadecimal))
    return tuple(found)


def from_base64(digest: str) -> str:
    """Return a digest in hexadecimal, empty where it is no base64."""
    try:
        return binascii.a2b_base64(digest.partition("?")[0]).hex()
    except (ValueError, binascii.Error):
        return ""


def prefixed(given: Iterable[str]) -> Hashes:
    """Return digests that are written `sha256:<hexadecimal>`, each once."""
    pairs = (each.partition(":") for each in given)
    return tuple(dict.fromkeys((head.strip(), tail.strip().lower()) for head, colon, tail in pairs if colon and tail))
