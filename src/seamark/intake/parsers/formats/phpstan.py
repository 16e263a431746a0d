"""PHPStan: mistakes in PHP code."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    first_line,
    json_object,
    parser,
)


class Message(Struct):
    message: str
    line: int | None = None
    identifier: str | None = ""
    tip: str | None = ""


class File(Struct):
    messages: list[Message]


class Report(Struct):
    # An empty array of PHP has no keys, and is written as a list.
    files: dict[str, File] | list[File]
    errors: list[str]


def _is_report(probe: Probe) -> bool:
    return isinstance(probe.get("errors"), list)


@parser(
    "phpstan",
    title="PHPStan",
    kind=Kind.CODE,
    looks=json_object("totals.errors", "totals.file_errors", "files", "errors", where=_is_report),
    made_with="phpstan analyse --error-format=json src > phpstan.json",
    url="https://phpstan.org/user-guide/output-format",
    versions="0.12 to 2.1",
)
def read(report: Report) -> Iterator[Item]:
    files = report.files if isinstance(report.files, dict) else {}
    # What is not about a line of a file is about the run: a broken configuration, a crash.
    yield Run(
        tool="PHPStan", successful=not report.errors, complete=not report.errors, problems=tuple(report.errors[:50])
    )
    for path, file in files.items():
        for message in file.messages:
            title = first_line(message.message)
            rule = message.identifier or "phpstan"
            yield Finding(
                rule=rule,
                title=title or rule,
                severity=Severity.MEDIUM,
                location=CodeLocation(path=_path(path), line=message.line, scope=_trait(path)),
                about=_about(rule),
                description="" if title == message.message else message.message,
                remedy=message.tip or "",
            )


@lru_cache(maxsize=1024)
def _about(rule: str) -> Rule:
    return Rule(id=rule, name=rule)


def _path(path: str) -> str:
    """Return the file; mistakes in traits are told as `Trait.php (in context of class Order)`."""
    return path.partition(" (in context of ")[0]


def _trait(path: str) -> str:
    return path.partition(" (in context of ")[2].removesuffix(")").removeprefix("class ")
