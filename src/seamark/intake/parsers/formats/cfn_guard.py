"""AWS CloudFormation Guard: rules that templates break."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    first_line,
    json_object,
    json_rows,
    parser,
    variant,
)

_PLACE = re.compile(r"^(?P<path>/[^\[\]]*)\[L:(?P<line>\d{1,9}),C:(?P<column>\d{1,9})\]")
_DEEPEST = 60
_PIPED = "STDIN"
"""What Guard calls a template that was piped in."""


class Messages(Struct):
    custom_message: str | None = ""
    error_message: str | None = ""


class Broken(Struct):
    name: str
    messages: Messages | None = None
    checks: list[Any] | None = None


class Entry(Struct, rename="pascal"):
    rule: Broken


class File(Struct):
    name: str
    not_compliant: list[Entry]
    compliant: list[str] | None = None
    not_applicable: list[str] | None = None
    status: str | None = ""


_FIELDS = ("name", "status", "not_compliant", "not_applicable", "compliant")


@parser(
    "cfn-guard",
    title="CloudFormation Guard",
    kind=Kind.MISCONFIGURATION,
    looks=json_rows(*_FIELDS),
    made_with="cfn-guard validate -r rules/ -d templates/ -o json --structured --show-summary none",
    url="https://docs.aws.amazon.com/cfn-guard/latest/ug/cfn-guard-validate.html",
    versions="2.1 to 3.1",
)
def read(files: list[File]) -> Iterator[Item]:
    yield from _files(files)


@variant("cfn-guard", looks=json_object(*_FIELDS))
def read_one(file: File) -> Iterator[Item]:
    yield from _files([file])


def _files(files: Iterable[File]) -> Iterator[Item]:
    listed = list(files)
    rules = [rule for file in listed for rule in (*(file.compliant or ()), *(file.not_applicable or ()))]
    rules += [entry.rule.name for file in listed for entry in file.not_compliant]
    yield Run(
        tool="CloudFormation Guard",
        ruleset=frozenset(rules),
        scope=tuple(dict.fromkeys(file.name for file in listed if file.name != _PIPED)) or None,
    )
    for file in listed:
        for entry in file.not_compliant:
            yield from _findings(file.name, entry.rule)


class Clause(NamedTuple):
    """A condition that was not met: what is said of it, and where in the template it is, as far as that is told."""

    custom: str
    error: str
    path: str
    line: int | None
    column: int | None


def _findings(template: str, rule: Broken) -> Iterator[Finding]:
    said = rule.messages or Messages()
    clauses = dict.fromkeys(_clauses(rule.checks or [], _DEEPEST))
    for clause in clauses or (Clause("", "", "", None, None),):
        text = clause.custom or said.custom_message or ""
        why = clause.error or said.error_message or ""
        yield Finding(
            rule=rule.name,
            title=first_line(text) or f"{rule.name} is not met",
            # Guard's rules have no grades.
            severity=Severity.MEDIUM,
            location=None
            if template == _PIPED
            else CodeLocation(path=template, line=clause.line, column=clause.column, scope=clause.path),
            about=Rule(id=rule.name, name=rule.name),
            description="\n".join(part for part in (text if first_line(text) != text else "", why) if part),
        )


def _clauses(checks: list[Any], left: int) -> Iterator[Clause]:
    """Yield the conditions among checks, which are nested as the rules that they come from."""
    for check in checks if left else ():
        for sort, inner in check.items() if isinstance(check, dict) else ():
            if sort == "Clause" and isinstance(inner, dict):
                yield from (_clause(one) for one in inner.values() if isinstance(one, dict))
            elif isinstance(inner, dict) and isinstance(inner.get("checks"), list):
                yield from _clauses(inner["checks"], left - 1)


def _clause(one: dict[str, Any]) -> Clause:
    messages = one.get("messages")
    told = messages if isinstance(messages, dict) else {}
    found = _PLACE.match(next(_paths(one.get("check"), _DEEPEST), ""))
    place = told.get("location")
    at = place if isinstance(place, dict) else {}
    line, column = at.get("line"), at.get("column")
    return Clause(
        _text(told.get("custom_message")),
        _text(told.get("error_message")),
        found["path"] if found else "",
        line if type(line) is int and line > 0 else int(found["line"]) + 1 if found else None,
        column if type(column) is int and column > 0 else None,
    )


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _paths(value: Any, left: int) -> Iterator[str]:
    """Yield the places in the template that a check names: `/Resources/Bucket/Properties[L:4,C:6]`."""
    if not left or not isinstance(value, dict):
        return
    if isinstance(path := value.get("path"), str) and _PLACE.match(path):
        yield path
    for inner in value.values():
        yield from _paths(inner, left - 1)
