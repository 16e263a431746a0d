"""What all reports about packages share: ecosystems, ids, grades, and the ways through a dependency graph."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from functools import lru_cache

from seamark.core.component import Component, canonical_purl, display_name, make_purl
from seamark.core.finding import Cvss
from seamark.core.severity import Severity
from seamark.intake.parsers.kit.normalise import cvss, in_order, is_usual, one_text_ids, severity

_TYPES = {
    "apk": "apk alpine wolfi chainguard minimos",
    "bitnami": "bitnami",
    "cargo": "cargo rust crates.io rustbinary rust-binary rust-crate rustsec",
    "cocoapods": "cocoapods pod",
    "composer": "composer composer-vendor packagist php php-composer",
    "conan": "conan conancenter c c++",
    "conda": "conda conda-pkg conda-environment",
    "cpan": "cpan perl",
    "cran": "cran r r-package",
    "deb": "deb dpkg debian ubuntu echo",
    "gem": "gem bundler gemspec rubygems ruby",
    "generic": "generic unmanaged cpp binary",
    "githubactions": "githubactions github-actions github-action actions",
    "golang": "golang go gobinary gomod gomodules go-module golangdep govendor",
    "hackage": "hackage haskell",
    "hex": "hex mix mix-lock erlang elixir",
    "julia": "julia",
    "maven": "maven java jar war pom gradle gradle-lockfile sbt sbt-lockfile java-archive jenkins-plugin",
    "npm": "npm yarn pnpm bun node node-pkg javascript js",
    "nuget": "nuget dotnet dotnet-core dotnet-deps .net packages-props paket",
    "pub": "pub dart dart-pub",
    "pypi": "pypi pip pipenv poetry uv pylock python python-pkg",
    "rpm": "rpm redhat rhel centos rocky alma almalinux amazon amzn oracle ol fedora photon suse opensuse "
    "sles opensuse-leap opensuse-tumbleweed suse-linux-enterprise-server cbl-mariner mariner azurelinux azure",
    "swift": "swift swifturl spm",
}
_TYPE_OF = {word: kind for kind, words in _TYPES.items() for word in words.split()}
_OF_SYSTEM = frozenset({"apk", "deb", "rpm", "alpm"})
_NAMESPACES = {
    "almalinux": "almalinux", "alma": "almalinux", "rhel": "redhat", "amzn": "amazon", "ol": "oracle",
    "sles": "suse", "mariner": "cbl-mariner", "azure": "azurelinux",
}  # fmt: skip
_NOT_A_DISTRIBUTION = frozenset({"apk", "deb", "dpkg", "rpm"})


@lru_cache(maxsize=4096)
def purl_type(word: str) -> str:
    """Return the package URL type for a tool's word (`yarn`, `Debian:12`, `Red Hat`, `crates.io`), or an empty string."""
    cleaned = word.strip().lower()
    if cleaned in _TYPE_OF:
        return _TYPE_OF[cleaned]
    family = cleaned.split(":", 1)[0].strip()
    joined = family.replace(" linux", "").replace(" ", "-")
    return _TYPE_OF.get(family) or _TYPE_OF.get(joined) or _TYPE_OF.get(joined.replace("-", ""), "")


def shown_name(purl: str) -> str:
    """Return the name that people use for the package of a package URL, with its namespace; empty where it is none."""
    return purl[4:].partition("/")[2].partition("@")[0] if _READY(purl) else display_name(purl)


def of_system(kind: str) -> bool:
    """Tell whether packages of a package URL type belong to an operating system."""
    return kind in _OF_SYSTEM


@lru_cache(maxsize=8192)
def purl_kind(purl: str) -> str:
    """Return the type of a package URL, or an empty string."""
    return _kind(purl)


def _kind(purl: str) -> str:
    return purl[4:].partition("/")[0].lower() if purl.startswith("pkg:") else ""


_READY = re.compile(
    r"pkg:(apk|cargo|deb|gem|golang|maven|npm|nuget|rpm)/(?:[a-z0-9][a-z0-9.-]*/)*[a-z0-9][a-z0-9.-]*@[A-Za-z0-9][A-Za-z0-9.-]*"
    r"(?:\?(?:arch=[A-Za-z0-9.-]+(?:&distro=[A-Za-z0-9.-]+)?|distro=[A-Za-z0-9.-]+|type=[A-Za-z0-9.-]+))?"
).fullmatch
"""Matches package URLs that are canonical as they stand, as most that scanners write are."""
_canonical = canonical_purl.__wrapped__
"""Without its cache: what it is asked for here is in the cache of `package` already."""


@lru_cache(maxsize=8192)
def package(ecosystem: str, name: str, version: str = "", purl: str = "") -> Component:
    """Return the component for a package as a tool names it; `ecosystem` is any word that `purl_type` knows.

    The tool's own package URL wins; without one it is made from the parts. Operating systems' packages get the
    distribution as their namespace.
    """
    if purl and (ready := _READY(purl)):
        return Component(name=name.replace(":", "/") if ready[1] == "maven" else name, version=version, purl=purl)
    known = _canonical(purl) if purl else ""
    kind = _kind(known) or purl_type(ecosystem)
    if not known and kind and name:
        namespace = ""
        if of_system(kind):
            family = ecosystem.strip().lower().split(":", 1)[0].replace(" linux", "").replace(" ", "")
            namespace = "" if family in _NOT_A_DISTRIBUTION else _NAMESPACES.get(family, family)
        known = _simple_purl(kind, name, version, namespace) or make_purl(kind, name, version, namespace)
    shown = name.replace(":", "/") if kind == "maven" else name
    return Component(name=shown, version=version, purl=known)


_SIMPLE = re.compile(
    r"pkg:(?:apk|cargo|deb|gem|golang|maven|npm|nuget|rpm)/(?:[a-z0-9][a-z0-9.-]*/)*[a-z0-9][a-z0-9.-]*(?:@[A-Za-z0-9][A-Za-z0-9.-]*)?"
).fullmatch


def _simple_purl(kind: str, name: str, version: str, namespace: str) -> str:
    """Return the package URL where its parts need neither quoting nor other case, else an empty string."""
    shown = name.replace(":", "/") if kind == "maven" else name
    path = f"{namespace}/{shown}" if namespace else shown
    purl = f"pkg:{kind}/{path}@{version}" if version else f"pkg:{kind}/{path}"
    plain = "@" not in shown and not (namespace and "/" in shown)
    return purl if plain and _SIMPLE(purl) else ""


def identifiers(*given: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return ids from fields that hold ids: as `vulnerability_ids`, and those of unknown databases as given.

    Bare numbers and sentences, which some tools write into such fields, are no ids.
    """
    texts: dict[str, None] = {}
    for value in given:
        if not value:
            continue
        if isinstance(value, str):
            texts[value] = None
        else:
            for text in value:
                texts[text] = None
    for text in texts:
        if not is_usual(text):
            return _identifiers(tuple(texts))
    return in_order(texts)


@lru_cache(maxsize=8192)
def _identifiers(texts: tuple[str, ...]) -> tuple[str, ...]:
    known: dict[str, None] = {}
    others: dict[str, None] = {}
    for text in texts:
        if found := one_text_ids(text):
            known.update(dict.fromkeys(found))
        elif (stripped := text.strip()) and " " not in stripped and not stripped.isdecimal():
            others[stripped] = None
    return in_order(known) if not others else tuple(dict.fromkeys((*in_order(known), *others)))


_GRADES = {
    spelt: severity(word)
    for word in ("critical", "high", "important", "moderate", "medium", "low", "negligible")
    for spelt in (word, word.title(), word.upper())
}
"""The words as nearly all tools spell them: one look in place of three calls."""


def graded(word: str | None, ratings: Iterable[Cvss] = ()) -> Severity:
    """Return the severity of a vulnerability: the tool's word, else the band of its newest CVSS, else medium."""
    text = word or ""
    if text in _GRADES:
        return _GRADES[text]
    text = text.strip().lower()
    if text not in {"", "unknown", "unassigned", "unspecified", "undefined"}:
        return severity(text)
    best = max(
        (rating for rating in ratings if rating.score is not None), key=lambda rating: rating.version, default=None
    )
    return Severity.MEDIUM if best is None or best.score is None else Severity.from_cvss(best.score)


_PREFIXES = {"3": "CVSS:3.0/", "3.0": "CVSS:3.0/", "3.1": "CVSS:3.1/", "4": "CVSS:4.0/", "4.0": "CVSS:4.0/"}


@lru_cache(maxsize=16384)
def rating(vector: str | None, score: float | str | None = None, version: str = "", source: str = "") -> Cvss | None:
    """Return a CVSS rating whose vector may lack the `CVSS:3.1/` in front; `version` (`2`, `3.1`, `4.0`) supplies it."""
    text = (vector or "").strip()
    if text and not text.upper().startswith(("CVSS:", "(")) and version in _PREFIXES:
        text = _PREFIXES[version] + text.removeprefix("/")
    found = cvss(text, score, source)
    if found is not None and not found.version and version:
        full = {"2": "2.0", "3": "3.0", "4": "4.0"}.get(version, version)
        return Cvss(score=found.score, version=full, source=source)
    return found


def probability(value: float | str | None) -> float | None:
    """Return an EPSS probability from 0 to 1, or None where the value is none."""
    try:
        number = float(value) if value is not None else -1.0
    except ValueError:
        return None
    return number if 0 <= number <= 1 else None


_TITLES = {
    "trivy": "Trivy",
    "grype": "Grype",
    "syft": "Syft",
    "osv-scanner": "OSV-Scanner",
    "snyk": "Snyk",
    "snyk-cli": "Snyk",
}


def tool_title(name: str) -> str:
    """Return a tool's display name for the one it has in bills of materials, so that all its formats are of one tool."""
    return _TITLES.get(name.strip().lower(), name.strip())


def stable_name(target: str) -> str:
    """Return what names an image or path in every run: no tag, no digest, and no absolute path of a build machine."""
    name = target.partition("@sha256:")[0]
    if name.startswith(("/", "\\")) or name[1:3] in {":\\", ":/"}:
        return ""
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name


class DependencyGraph:
    """Who pulls in whom, to answer by which ways a package comes in."""

    _STEPS = 5_000
    _WAYS = 20
    _LONGEST = 40

    def __init__(self) -> None:
        self._parents: dict[str, list[str]] = {}
        self._direct: set[str] = set()
        self._known: dict[str, tuple[tuple[str, ...], ...]] = {}

    def add(self, parent: str, child: str) -> None:
        """Add an edge."""
        self._parents.setdefault(child, []).append(parent)

    def direct(self, ref: str) -> None:
        """Say that the project itself asks for a package."""
        self._direct.add(ref)

    def is_direct(self, ref: str) -> bool:
        """Tell whether the project itself asks for a package."""
        return ref in self._direct

    def ways(self, ref: str) -> tuple[tuple[str, ...], ...]:
        """Return the shortest ways from a direct dependency down to `ref`, itself included, at most 20.

        The search stops after a bounded number of steps: a lock file can hold millions of ways.
        """
        found = self._known.get(ref)
        if found is None:
            found = self._known[ref] = self._walk(ref)
        return found

    def _walk(self, ref: str) -> tuple[tuple[str, ...], ...]:
        queue: deque[tuple[str, ...]] = deque([(ref,)])
        found: list[tuple[str, ...]] = []
        for _ in range(self._STEPS):
            if not queue or len(found) == self._WAYS:
                break
            way = queue.popleft()
            if way[0] in self._direct:
                found.append(way)
            elif len(way) < self._LONGEST:
                for parent in self._parents.get(way[0], ()):
                    if parent not in way:
                        queue.append((parent, *way))
        return tuple(found)
