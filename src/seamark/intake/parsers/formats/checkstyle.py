"""Checkstyle's XML, which dozens of tools write: Detekt, ESLint, ShellCheck, SwiftLint, Scalastyle and Checkstyle itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    Xml,
    first_line,
    parser,
    severity,
    xml_root,
)

T = TypeVar("T")

_TOOLS = {
    "detekt": "Detekt", "eslint": "ESLint", "shellcheck": "ShellCheck", "swiftlint": "SwiftLint", "org.scalastyle": "Scalastyle",
    "com.puppycrawl": "Checkstyle", "hadolint": "Hadolint", "ktlint": "ktlint", "rubocop": "RuboCop", "cppcheck": "Cppcheck",
    "golangci": "golangci-lint", "phpstan": "PHPStan", "psalm": "Psalm", "tslint": "TSLint", "jshint": "JSHint",
    "stylelint": "stylelint", "credo": "Credo",
}  # fmt: skip
"""What the names of checks begin with, by the tool that has them."""


class Error(Struct):
    message: str = field(name="@message", default="")
    severity: str = field(name="@severity", default="")
    source: str = field(name="@source", default="")
    line: int | None = field(name="@line", default=None)
    column: int | None = field(name="@column", default=None)


class File(Struct):
    name: str = field(name="@name")
    error: list[Error] | Error | None = None
    exception: list[str] | str | None = None


@parser(
    "checkstyle",
    title="Checkstyle XML",
    kind=Kind.CODE,
    looks=xml_root("checkstyle"),
    made_with="detekt --report xml:detekt.xml, eslint --format checkstyle, shellcheck --format=checkstyle …",
    url="https://checkstyle.org/",
    versions="4.3 to 10",
)
def read(document: Xml) -> Iterator[Item]:
    files = list(document.each("file", row=File))
    by_tool: dict[str, list[tuple[str, Error]]] = {}
    for file in files:
        for error in _listed(file.error):
            by_tool.setdefault(_tool(error.source), []).append((file.name, error))
    problems = tuple(f"{file.name}: {first_line(text)}" for file in files for text in _listed(file.exception))
    for tool, rows in by_tool.items() or [("Checkstyle XML", [])]:
        yield Run(tool=tool, complete=False if problems else None, problems=problems[:50])
        for path, error in rows:
            yield _finding(path, error)


def _listed(value: list[T] | T | None) -> list[T]:
    return value if isinstance(value, list) else [] if value is None else [value]


@lru_cache(maxsize=1024)
def _tool(source: str) -> str:
    lowered = source.lower()
    return next((tool for prefix, tool in _TOOLS.items() if lowered.startswith(prefix)), "Checkstyle XML")


def _finding(path: str, error: Error) -> Finding:
    title = first_line(error.message)
    rule = error.source or title or "checkstyle"
    return Finding(
        rule=rule,
        title=title or rule,
        severity=Severity.INFO if error.severity == "ignore" else severity(error.severity or None),
        severity_given=error.severity,
        location=CodeLocation(path=path, line=error.line or None, column=error.column or None),
        about=Rule(id=rule, name=rule.rpartition(".")[2]),
        description="" if title == error.message else error.message,
    )
