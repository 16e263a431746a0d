"""Cppcheck: mistakes in C and C++ code; the XML of versions 1 and 2."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Confidence,
    Finding,
    FlowStep,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    Xml,
    cwe_ids,
    first_line,
    parser,
    xml_root,
)

LEVELS = {
    "error": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "style": Severity.LOW,
    "performance": Severity.LOW,
    "portability": Severity.LOW,
    "information": Severity.INFO,
    "debug": Severity.INFO,
}
UNREAD = frozenset(
    {
        "cppcheckError",
        "internalAstError",
        "internalError",
        "noValidConfiguration",
        "preprocessorErrorDirective",
        "premium-internalError",
        "premium-invalidLicense",
        "syntaxError",
        "unknownMacro",
    }
)
"""Messages by which Cppcheck says that it could not read a file."""
NOTES = frozenset(
    {
        "checkersReport",
        "ConfigurationNotChecked",
        "missingInclude",
        "missingIncludeSystem",
        "normalCheckLevelMaxBranches",
        "normalCheckLevelConditionExpressions",
        "purgedConfiguration",
        "toomanyconfigs",
        "unmatchedSuppression",
    }
)
"""Messages about the run: neither findings nor failures."""


class Location(Struct):
    file: str = field(name="@file")
    line: int | None = field(name="@line", default=None)
    column: int | None = field(name="@column", default=None)
    info: str = field(name="@info", default="")


class Error(Struct):
    id: str = field(name="@id")
    severity: str = field(name="@severity")
    message: str = field(name="@msg")
    verbose: str = field(name="@verbose", default="")
    cwe: str = field(name="@cwe", default="")
    hash: str = field(name="@hash", default="")
    inconclusive: bool = field(name="@inconclusive", default=False)
    remark: str = field(name="@remark", default="")
    file: str = field(name="@file", default="")
    line: int | None = field(name="@line", default=None)
    location: list[Location] | Location | None = None
    symbol: list[str] | str | None = None


class Tool(Struct):
    version: str = field(name="@version", default="")


def _is_report(probe: Probe) -> bool:
    head = probe.source.head(8192)
    return b"<cppcheck" in head or b"<error " in head or (probe.named and b"<results" in head)


@parser(
    "cppcheck",
    title="Cppcheck",
    kind=Kind.CODE,
    looks=xml_root("results", where=_is_report),
    made_with="cppcheck --xml --enable=all . 2> cppcheck.xml",
    url="https://cppcheck.sourceforge.io/manual.html",
    versions="XML 1 and 2; Cppcheck 1.50 to 2.17",
)
def read(document: Xml) -> Iterator[Item]:
    notes = [error for error in document.each("error", row=Error) if error.id in UNREAD or error.id in NOTES]
    unread = [error for error in notes if error.id in UNREAD]
    version = next((tool.version for tool in document.each("cppcheck", row=Tool)), "")
    yield Run(
        tool="Cppcheck",
        version=version,
        complete=False if unread else None,
        problems=tuple(_problem(error) for error in (unread or notes)[:50]),
    )
    for error in document.each("error", row=Error):
        if error.id not in UNREAD and error.id not in NOTES:
            yield _finding(error)


def _problem(error: Error) -> str:
    places = _places(error)
    return f"{places[0].file}:{places[0].line}: {error.message}" if places and places[0].file else error.message


def _places(error: Error) -> list[Location]:
    found = error.location
    if found is None:
        return [Location(file=error.file, line=error.line)] if error.file else []
    return found if isinstance(found, list) else [found]


def _finding(error: Error) -> Finding:
    places = _places(error)
    title = first_line(error.message)
    cwes = cwe_ids(error.cwe)
    text = error.verbose.replace("\\012", "\n")
    symbols = [error.symbol] if isinstance(error.symbol, str) else error.symbol or []
    return Finding(
        rule=error.id,
        title=title,
        severity=LEVELS.get(error.severity, Severity.MEDIUM),
        severity_given=error.severity,
        location=_code(places[0]) if places else None,
        about=_about(error.id, error.severity, cwes),
        description="\n".join(part for part in ("" if text == title else text, error.remark) if part),
        confidence=Confidence.LOW if error.inconclusive else None,
        cwes=cwes,
        # The places are written from the end of the way to its beginning.
        flow=tuple(FlowStep(_code(place), place.info) for place in reversed(places)) if len(places) > 1 else (),
        tags=tuple(f"symbol:{symbol}" for symbol in symbols if symbol),
    )


def _code(place: Location) -> CodeLocation:
    return CodeLocation(path=place.file, line=place.line or None, column=place.column or None)


@lru_cache(maxsize=2048)
def _about(rule: str, group: str, cwes: tuple[int, ...]) -> Rule:
    return Rule(id=rule, name=rule, cwes=cwes, tags=(group,) if group else ())
