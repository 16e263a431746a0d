"""Secretlint: secrets in files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    json_rows,
    parser,
    references,
)

SEVERITIES = {"error": Severity.HIGH, "warning": Severity.MEDIUM, "info": Severity.LOW}


class Point(Struct):
    line: int | None = None
    column: int | None = None


class Span(Struct):
    start: Point
    end: Point | None = None


class Message(Struct):
    message: str
    rule: str = field(name="ruleId")
    loc: Span | None = None
    range: list[int] | None = None
    severity: str = ""
    message_id: str = field(name="messageId", default="")
    docs_url: str | None = field(name="docsUrl", default="")
    type: str = ""


class File(Struct):
    path: str = field(name="filePath")
    messages: list[Message]
    content: str | None = field(name="sourceContent", default="")


@parser(
    "secretlint",
    title="Secretlint",
    kind=Kind.SECRET,
    looks=json_rows("filePath", "messages", "sourceContentType"),
    made_with="secretlint --format json --output secretlint.json '**/*'",
    url="https://github.com/secretlint/secretlint",
    versions="2 to 11",
    lift=("[]",),
)
def read(files: list[File]) -> Iterator[Item]:
    yield Run(tool="Secretlint")
    for file in files:
        for message in file.messages:
            if message.type != "ignore":
                yield _finding(file, message)


def _finding(file: File, message: Message) -> Finding:
    start = message.loc.start if message.loc else Point()
    end = (message.loc.end if message.loc else None) or Point()
    head, mark, tail = message.message.partition(": ")
    rule = f"{message.rule}/{message.message_id}" if message.message_id else message.rule
    return Finding(
        rule=rule,
        title=head if mark else message.message_id or "Secret",
        severity=SEVERITIES.get(message.severity, Severity.HIGH),
        severity_given=message.severity,
        location=CodeLocation(
            path=file.path,
            line=start.line,
            # Columns count from 0 in the report.
            column=None if start.column is None else start.column + 1,
            end_line=end.line,
            end_column=None if end.column is None else end.column + 1,
        ),
        about=_about(rule, message.docs_url or ""),
        cwes=(798,),
        secret=_secret(file.content or "", message, tail),
    )


@lru_cache(maxsize=512)
def _about(rule: str, link: str) -> Rule:
    return Rule(id=rule, cwes=(798,), references=references(link))


def _secret(content: str, message: Message, tail: str) -> str:
    """Return the secret from the end of the message; where that is masked or missing, from the text of the file."""
    span = message.range or []
    if len(span) == 2 and 0 <= span[0] < span[1] <= len(content) and content[span[0] : span[1]] in message.message:
        return content[span[0] : span[1]]
    return tail.strip()
