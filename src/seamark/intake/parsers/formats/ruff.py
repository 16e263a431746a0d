"""Ruff: mistakes in Python code, with the rules of Bandit among others."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    JsonLines,
    Kind,
    Patch,
    Replacement,
    Rule,
    Run,
    Severity,
    first_line,
    json_lines,
    json_rows,
    parser,
    references,
    variant,
)

PASSWORDS = frozenset({"S105", "S106", "S107"})


class Point(Struct):
    row: int
    column: int


class Edit(Struct):
    content: str | None
    location: Point
    end_location: Point


class Fix(Struct):
    edits: list[Edit]
    message: str | None = ""


class Violation(Struct):
    filename: str
    message: str
    code: str | None
    location: Point | None = None
    end_location: Point | None = None
    fix: Fix | None = None
    url: str | None = ""
    name: str | None = ""


_KEYS = ("code", "filename", "location", "end_location", "noqa_row")


@parser(
    "ruff",
    title="Ruff",
    kind=Kind.CODE,
    looks=json_rows(*_KEYS),
    made_with="ruff check --select S --output-format json --output-file ruff.json .",
    url="https://docs.astral.sh/ruff/settings/#output-format",
    versions="0.0.250 to 0.12",
)
def read(violations: list[Violation]) -> Iterator[Item]:
    yield _run(violations)
    for violation in violations:
        if not _is_unread(violation):
            yield _finding(violation)


@variant("ruff", looks=json_lines(*_KEYS))
def read_lines(violations: JsonLines[Violation]) -> Iterator[Item]:
    yield from read(list(violations))


def _is_unread(violation: Violation) -> bool:
    """Tell whether Ruff says that it could not read the file; such rows have no rule, in new versions a name for one."""
    return violation.code in {None, "", "E999", "invalid-syntax"}


def _run(violations: list[Violation]) -> Run:
    unread = [f"{one.filename}: {first_line(one.message)}" for one in violations if _is_unread(one)]
    return Run(tool="Ruff", complete=False if unread else None, problems=tuple(unread[:50]))


def _finding(violation: Violation) -> Finding:
    code = violation.code or ""
    start, end = violation.location, violation.end_location
    title = first_line(violation.message)
    return Finding(
        rule=code,
        title=title or code,
        # Ruff does not rate; its rules on security are those of flake8-bandit.
        severity=Severity.MEDIUM if _is_security(code) else Severity.LOW,
        kind=Kind.SECRET if code in PASSWORDS else None,
        location=CodeLocation(
            path=violation.filename,
            line=start.row if start else None,
            column=start.column if start else None,
            end_line=end.row if end else None,
            end_column=end.column if end else None,
        ),
        about=_about(code, violation.name or "", violation.url or ""),
        description="" if title == violation.message else violation.message,
        patches=_patches(violation),
        secret=_password(violation.message) if code in PASSWORDS else "",
    )


@lru_cache(maxsize=2048)
def _is_security(code: str) -> bool:
    return code.startswith("S") and code[1:].isdigit()


@lru_cache(maxsize=2048)
def _about(code: str, name: str, url: str) -> Rule:
    return Rule(id=code, name=name, tags=("security",) if _is_security(code) else (), references=references(url))


def _password(message: str) -> str:
    """Return the password that old versions repeat in their message; newer ones only name the variable."""
    _, mark, rest = message.partition('hardcoded password: "')
    return rest.removesuffix('"') if mark else ""


def _patches(violation: Violation) -> tuple[Patch, ...]:
    fix = violation.fix
    if fix is None or not fix.edits:
        return ()
    edits = tuple(
        Replacement(
            path=violation.filename,
            line=edit.location.row,
            column=edit.location.column,
            end_line=edit.end_location.row,
            end_column=edit.end_location.column,
            text=edit.content or "",
        )
        for edit in fix.edits
    )
    return (Patch(description=fix.message or "", replacements=edits),)
