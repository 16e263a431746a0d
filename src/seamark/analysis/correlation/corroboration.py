"""Findings of different kinds that confirm each other: an attack and the code behind it, an alert and the package. Pure.

They are linked, never merged: each is fixed and checked in its own way. The weights add up as those of the matcher do.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import unquote

from seamark.analysis.correlation import evidence
from seamark.analysis.correlation.evidence import SIBLING_WEAKNESS, SUGGEST, Reason
from seamark.analysis.correlation.loaded import loaded
from seamark.analysis.correlation.signals import url_template
from seamark.analysis.correlation.weakness import similarity
from seamark.analysis.correlation.witness import Witness, witness
from seamark.core.checkout import Route

__all__ = ["CONFIRMS", "Corroboration", "Witness", "confirmations", "corroborate", "witness"]

CONFIRMS: Final = {"web": "dast", "pentest": "pentest", "runtime": "runtime"}
"""What each kind of finding confirms others as."""

IN_HANDLER: Final = 0.35
SAME_FUNCTION: Final = 0.3
ONLY_ROUTE: Final = 0.2
"""Only the file of the handler is known, and no other route leads there."""
SHARED_FILE: Final = 0.0
NAMED_PARAMETER: Final = 0.1
NAMED_LINE: Final = 0.35
NAMED_FILE: Final = 0.2
_NEAR: Final = 3
"""Lines by which a tester's line may be off."""


class Corroboration(NamedTuple):
    """Two issues: the left one, seen from outside or at run time, confirms the right one in code or package."""

    left: int
    right: int
    confidence: float
    reasons: tuple[Reason, ...]
    by: str
    """`dast`, `pentest` or `runtime`."""


def corroborate(witnesses: Sequence[Witness], routes: Sequence[Route]) -> list[Corroboration]:
    """Return which issues confirm which, each pair once with its strongest reasons, from a confidence of 0.6.

    The order of the witnesses and of the routes changes nothing.
    """
    found: dict[tuple[int, int], Corroboration] = {}
    for left, right, reasons in (*_Code(witnesses, routes).pairs(), *_alerts(witnesses)):
        sure = evidence.confidence(reasons)
        pair = left.issue, right.issue
        if left.issue == right.issue or sure < SUGGEST:
            continue
        one = Corroboration(*pair, sure, tuple(reasons), CONFIRMS[left.kind])
        if pair not in found or (sure, one.reasons, one.by) > (found[pair].confidence, *found[pair][3:]):
            found[pair] = one
    return [found[pair] for pair in sorted(found)]


def confirmations(found: Iterable[Corroboration]) -> dict[int, str]:
    """Return for each confirmed issue what confirms it, in words for its score: `dast,runtime`."""
    by: dict[int, set[str]] = defaultdict(set)
    for one in found:
        by[one.right].add(one.by)
    return {issue: ",".join(sorted(words)) for issue, words in by.items()}


_Pair = tuple[Witness, Witness, list[Reason]]


def _alerts(witnesses: Sequence[Witness]) -> Iterable[_Pair]:
    """Yield alerts with the packages of the same place whose files or processes they name."""
    packages: dict[str | int, list[Witness]] = defaultdict(list)
    for one in witnesses:
        if one.component and one.kind not in CONFIRMS:
            for place in _places(one):
                packages[place].append(one)
    known: dict[Witness, list[tuple[Witness, list[Reason]]]] = {}
    for alert in witnesses:
        if alert.kind != "runtime" or not (alert.files or alert.processes or alert.flaw):
            continue
        # Alerts come by the thousand and say the same: each is compared once.
        said = alert._replace(issue=0, tool="", rule="", title="", cwes=())
        if said not in known:
            near = {one for place in _places(alert) if place in packages for one in packages[place]}
            known[said] = [(package, reasons) for package in near if (reasons := loaded(alert, package))]
        for package, reasons in known[said]:
            yield alert, package, reasons


def _places(one: Witness) -> set[str | int]:
    return {*one.places, one.asset} if one.asset else {*one.places}


class _Code:
    """Attacks and testers' findings, and the code that they lead to."""

    def __init__(self, witnesses: Sequence[Witness], routes: Sequence[Route]) -> None:
        self._outside = [one for one in witnesses if one.kind in {"web", "pentest"}]
        self._routes = Routes(routes)
        self._by_file: dict[str, dict[Witness, None]] = defaultdict(dict)
        for one in witnesses:
            if one.kind == "code" and one.path:
                for file in (one.path, *(path for path, _ in one.flow)):
                    self._by_file[file][one] = None

    def pairs(self) -> Iterable[_Pair]:
        for outside in self._outside:
            if outside.url:
                yield from self._by_route(outside)
            if outside.kind == "pentest" and outside.path:
                yield from self._by_name(outside)

    def _by_route(self, outside: Witness) -> Iterable[_Pair]:
        for route in self._routes.find(outside.url, outside.method):
            file = route.file.removeprefix("./")
            for code in self._by_file.get(file, ()):
                alike = _alike(outside, code)
                place = self._in_handler(route, file, code)
                if alike is not None and place is not None:
                    reasons = [place, alike]
                    if outside.parameter and _names(code.text, outside.parameter):
                        reasons.append(("the code names the parameter", NAMED_PARAMETER))
                    yield outside, code, reasons

    def _in_handler(self, route: Route, file: str, code: Witness) -> Reason | None:
        if route.line:
            last = max(route.end_line, route.line)
            points = [(code.path, code.line), *code.flow]
            if any(path == file and route.line <= line <= last for path, line in points):
                return ("in the handler of the route", IN_HANDLER)
            if code.line:
                return None
        if code.path != file:
            return None
        if route.scope and code.scope:
            return ("in the function that handles the route", SAME_FUNCTION) if _same(route.scope, code.scope) else None
        if self._routes.of_file[file] == 1:
            return ("in the file of the route, which has no other", ONLY_ROUTE)
        return ("in the file of the route, as of others", SHARED_FILE)

    def _by_name(self, outside: Witness) -> Iterable[_Pair]:
        name = outside.path.removeprefix("./")
        files = [file for file in self._by_file if file == name or file.endswith(f"/{name}")]
        alike = [
            (code, reason)
            for file in files
            for code in self._by_file[file]
            if code.path == file and (reason := _alike(outside, code)) is not None
        ]
        alone = len({code.issue for code, _ in alike}) == 1
        for code, reason in alike:
            if (place := _named_place(outside, code, alone=alone)) is not None:
                yield outside, code, [place, reason]


def _named_place(outside: Witness, code: Witness, *, alone: bool) -> Reason | None:
    if outside.line and code.line:
        if code.line - _NEAR <= outside.line <= max(code.line, code.end_line) + _NEAR:
            return ("the tester names the line", NAMED_LINE)
        return None
    if outside.scope and code.scope:
        return ("the tester names the function", NAMED_LINE) if _same(outside.scope, code.scope) else None
    return ("the tester names the file", NAMED_FILE if alone else SHARED_FILE)


_PARTS = re.compile(r"[./:#\s]+")


def _same(left: str, right: str) -> bool:
    """Tell whether two names of functions mean one: the innermost of one is among the parts of the other."""
    one, other = _PARTS.split(left.strip("./:# ()")), _PARTS.split(right.strip("./:# ()"))
    return one[-1] in other or other[-1] in one


def _names(text: str, parameter: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(parameter)}(?!\w)", text) is not None


def _alike(left: Witness, right: Witness) -> Reason | None:
    """Return how far two findings are of one weakness, None where they are not."""
    reason = _likeness(*((one.tool, one.rule, one.cwes, one.path, one.title) for one in (left, right)))
    return reason if reason[1] >= SIBLING_WEAKNESS else None


_Rule = tuple[str, str, tuple[int, ...], str, str]


@lru_cache(maxsize=65536)
def _likeness(left: _Rule, right: _Rule) -> Reason:
    one, other = (
        evidence.profile(
            tool, rule, cwes, secret=False, configuration=evidence.is_configuration("code", path), title=title
        )
        for tool, rule, cwes, path, title in (left, right)
    )
    reason = evidence.likeness(one, other)
    if reason[1] >= SIBLING_WEAKNESS or one.configuration or other.configuration:
        return reason
    # Of the weaknesses of a rule, merging takes the one it is about; an attack may well show another of them.
    shared = any(similarity(first, second) == 1.0 for first in left[2] for second in right[2])
    return ("a weakness that both name", SIBLING_WEAKNESS) if shared else reason


class Routes:
    """Routes by what they match."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.of_file: dict[str, int] = defaultdict(int)
        """How many handlers a file has, as far as known."""
        self._by_length: dict[int, list[tuple[tuple[re.Pattern[str] | str, ...], Route]]] = defaultdict(list)
        self._known: dict[tuple[str, str], list[Route]] = {}
        handlers: dict[str, set[tuple[str, int, str]]] = defaultdict(set)
        for route in sorted(set(routes), key=lambda one: (one.path, one.method, one.file, one.line, one.scope)):
            segments = tuple(_pattern(text) for text in _segments(route.path))
            self._by_length[len(segments)].append((segments, route))
            if route.file:
                own = (route.scope, route.line, "" if route.scope or route.line else url_template(route.path))
                handlers[route.file.removeprefix("./")].add(own)
        for file, known in handlers.items():
            self.of_file[file] = len(known)

    def find(self, url: str, method: str) -> list[Route]:
        """Return the routes that answer at an address: of all that match, those that name most of its path literally.

        An empty method stands for any. Routes that nobody knows the code of take part, so that they hide wider ones.
        """
        key = url_template(url), method.upper()
        if key not in self._known:
            self._known[key] = self._find(*key)
        return self._known[key]

    def _find(self, path: str, method: str) -> list[Route]:
        given = [unquote(text) for text in _segments(path)]
        wanted = "GET" if method == "HEAD" else method
        best: tuple[int, ...] = ()
        found: list[Route] = []
        for segments, route in self._by_length.get(len(given), ()):
            if wanted and route.method and route.method.upper() != wanted:
                continue
            if not all(map(_fits, segments, given)):
                continue
            literal = tuple(2 if isinstance(one, str) else int(one is not _ANY) for one in segments)
            if not found or literal > best:
                best, found = literal, [route]
            elif literal == best:
                found.append(route)
        return found


_ANY = re.compile(r"[^/]+")
_PARAMETER = re.compile(r"\{[^{}/]*\}")


def _segments(path: str) -> list[str]:
    return [text for text in path.split("/") if text]


def _pattern(text: str) -> re.Pattern[str] | str:
    """Return a segment of a template as the literal that it is, or as a pattern (`{id}`, `{id}.json`)."""
    literals = _PARAMETER.split(text)
    if len(literals) == 1:
        return unquote(text)
    if len(literals) > 4:
        return _ANY  # more parameters in one segment say no more, and make slow patterns
    return re.compile("[^/]+".join(map(re.escape, literals))) if any(literals) else _ANY


def _fits(segment: re.Pattern[str] | str, given: str) -> bool:
    if isinstance(segment, str):
        return segment == given
    return segment.fullmatch(given) is not None
