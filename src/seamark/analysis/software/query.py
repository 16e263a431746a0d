"""Finds packages by a line of words: `log4j-core < 2.17`, `pkg:npm/lodash@<4.17.21`, `openssl`, `licence:GPL*`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from fnmatch import translate
from functools import lru_cache
from typing import Final, Protocol
from urllib.parse import unquote

from msgspec import Struct

from seamark.analysis.software.order import compare
from seamark.core.component import package_key
from seamark.core.errors import InvalidQuery

LONGEST: Final = 500
_WORD = re.compile(r'\s*((?:[^\s",]|"[^"]*")+|,)')
_OPERATOR = re.compile(r"(<=|>=|==|!=|<|>|=)")
_TESTS: Final = {
    "<": (-1,),
    "<=": (-1, 0),
    ">": (1,),
    ">=": (0, 1),
    "=": (0,),
    "==": (0,),
    "!=": (-1, 1),
}
_FIELDS: Final = {
    "licence": "licence",
    "license": "licence",
    "ecosystem": "ecosystem",
    "type": "ecosystem",
    "name": "name",
}
_IN_LICENCE = re.compile(r"[^\s()]+")
_REVISIONS: Final = {"deb": re.compile(r"-[^-]*$"), "rpm": re.compile(r"-[^-]*$"), "apk": re.compile(r"-r\d+$"), "alpm": re.compile(r"-[^-]*$")}  # fmt: skip
_EPOCH = re.compile(r"^\d+:")


class Answer(Enum):
    """Whether a package is meant."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """The name fits, but its version is missing or no version of its ecosystem."""


class Package(Protocol):
    """What a query asks of a row, wherever it is from."""

    @property
    def purl(self) -> str:
        """Canonical package URL, or empty."""

    @property
    def name(self) -> str:
        """Name with its namespace."""

    @property
    def version(self) -> str:
        """Version, or empty."""

    @property
    def licences(self) -> tuple[str, ...]:
        """Licence expressions as given."""


class Bound(Struct, frozen=True):
    """A comparison with a version."""

    operator: str
    version: str


class Query(Struct, frozen=True, kw_only=True):
    """A query that was understood. All that it says has to be true of a package."""

    text: str
    name: str = ""
    """In lower case, may hold `*` and `?`; empty for any name."""
    ecosystem: str = ""
    """A package URL type, empty for any."""
    bounds: tuple[Bound, ...] = ()
    licences: tuple[str, ...] = ()
    """In lower case, may hold `*` and `?`; each must fit one of the package's licences."""

    @property
    def like(self) -> str:
        """The longest part of the name without a wildcard: what a database may narrow its rows by, case aside."""
        return max(re.split(r"[*?\[\]]", self.name.rpartition("/")[2]), key=len, default="")

    def answer(self, package: Package) -> Answer:
        """Tell whether a package is meant."""
        kind = package.purl[4:].partition("/")[0] if package.purl.startswith("pkg:") else ""
        if self.ecosystem and kind != self.ecosystem:
            return Answer.NO
        if self.name and not _names(self.name, package.purl, package.name):
            return Answer.NO
        if not all(_licensed(pattern, package.licences) for pattern in self.licences):
            return Answer.NO
        answer = Answer.YES
        for bound in self.bounds:
            found = _compared(kind, package.version, bound)
            if found is None:
                answer = Answer.UNKNOWN
            elif not found:
                return Answer.NO
        return answer


def parse_query(text: str) -> Query:
    """Return the query in a line of words. Raises `InvalidQuery` with the place of what is wrong.

    A name (with wildcards, with or without its namespace) or a package URL; comparisons behind it, joined by commas or blanks;
    `licence:`, `ecosystem:` and `name:` anywhere; quotes around what holds blanks.
    """
    if len(text) > LONGEST:
        raise InvalidQuery(f"A query has at most {LONGEST} characters", position=LONGEST)
    name, ecosystem, pending = "", "", ""
    bounds: list[Bound] = []
    licences: list[str] = []
    for word, at in _words(text):
        field, colon, value = word.partition(":")
        if pending or word[0] in "<>=!":
            pending = _bounds(pending + word, bounds, at)
        elif colon and field.lower() in _FIELDS and not word.startswith("pkg:"):
            if not value:
                raise InvalidQuery(f"There is nothing behind {field}:", position=at)
            if _FIELDS[field.lower()] == "licence":
                licences.append(value.lower())
            elif _FIELDS[field.lower()] == "ecosystem":
                ecosystem = value.lower()
            else:
                name = value.lower()
        elif name:
            raise InvalidQuery(f"{word!r} is a second name; put quotes around a name with blanks", position=at)
        else:
            kind, name, behind = _named(word)
            ecosystem = kind or ecosystem
            pending = _bounds(behind, bounds, at) if behind else ""
    if pending:
        raise InvalidQuery(f"There is no version behind {pending}", position=len(text))
    if not (name or licences or ecosystem):
        raise InvalidQuery("The query says nothing about a name, a licence or an ecosystem")
    return Query(text=text, name=name, ecosystem=ecosystem, bounds=tuple(bounds), licences=tuple(licences))


class Row(Struct, frozen=True):
    """A package version as a table of components has it."""

    purl: str
    name: str
    version: str
    licences: tuple[str, ...] = ()


def search(query: Query, rows: Iterable[tuple[str, str, str]]) -> Iterator[tuple[tuple[str, str, str], Answer]]:
    """Yield the rows of package URL, package (`npm/@babel/core`, or a name) and version that are meant, each with the answer.

    Licences are not asked for: a query that has any answers no row. `Query.like` narrows the rows beforehand.
    """
    for row in rows:
        purl, package, version = row
        answer = query.answer(Row(purl, package, version))
        if answer is not Answer.NO:
            yield row, answer


def _words(text: str) -> Iterator[tuple[str, int]]:
    at = 0
    while at < len(text.rstrip()):
        found = _WORD.match(text, at)
        if found is None:
            raise InvalidQuery("A quote is not closed", position=at)
        at = found.end()
        word = found[1].replace('"', "")
        if word and word != ",":
            yield word, found.start(1)


def _bounds(text: str, bounds: list[Bound], at: int) -> str:
    """Add the comparisons in `>=4,<4.17.21`; return an operator whose version is still to come."""
    parts = _OPERATOR.split(text)
    if parts[0].strip():
        bounds.append(Bound("=", parts[0]))
    pairs = list(zip(parts[1::2], parts[2::2], strict=True))
    for number, (operator, version) in enumerate(pairs, start=1):
        if version:
            bounds.append(Bound(operator, version))
        elif number == len(pairs):
            return operator
        else:
            raise InvalidQuery(f"There is no version behind {operator}", position=at)
    return ""


def _named(word: str) -> tuple[str, str, str]:
    """Return ecosystem, name and comparisons of `pkg:npm/%40babel/core@<7`, `lodash@4.17.20`, `log4j-core<2.17`."""
    kind = ""
    if word.startswith("pkg:"):
        kind, _, word = word[4:].partition("/")
        word = word.partition("?")[0].partition("#")[0]
        path, mark, behind = word.rpartition("@")
        name, behind = (path, behind) if mark and path else (word, "")
        found = _OPERATOR.search(name)
        if found:
            name, behind = name[: found.start()], name[found.start() :]
        return kind.lower(), unquote(name).lower(), unquote(behind)
    found = _OPERATOR.search(word)
    name, behind = (word[: found.start()], word[found.start() :]) if found else (word, "")
    if "@" in name[1:]:
        name, _, version = name.rpartition("@")
        behind = version + behind
    return "", name.lower().replace(":", "/"), behind


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(translate(text))


def _fits(pattern: str, text: str) -> bool:
    return bool(_pattern(pattern).match(text)) if any(mark in pattern for mark in "*?[") else pattern == text


def _names(pattern: str, purl: str, name: str) -> bool:
    """Tell whether a name is the package's own, with as much of its namespace as was written."""
    known = (package_key(purl).partition("/")[2] if purl else "") or name.replace(":", "/")
    known = known.lower()
    parts = known.split("/")
    depth = pattern.count("/") + 1
    return _fits(pattern, "/".join(parts[-depth:])) or _fits(pattern, known) or pattern == name.lower()


def _licensed(pattern: str, licences: Iterable[str]) -> bool:
    return any(
        _fits(pattern, text.lower()) or any(_fits(pattern, one) for one in _IN_LICENCE.findall(text.lower()))
        for text in licences
    )


def _compared(kind: str, version: str, bound: Bound) -> bool | None:
    """Tell whether a version keeps to a bound. What people leave out of a distribution's version does not count: epoch, revision."""
    if not version:
        return None
    if revision := _REVISIONS.get(kind):
        if not _EPOCH.match(bound.version):
            version = _EPOCH.sub("", version)
        if not revision.search(bound.version):
            version = revision.sub("", version)
    found = compare(kind, version, bound.version)
    return None if found is None else found in _TESTS[bound.operator]
