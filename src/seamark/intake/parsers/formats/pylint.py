"""Pylint: mistakes in Python code; both of its JSON formats."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Confidence,
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

LEVELS = {
    "fatal": Severity.HIGH,
    "error": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "refactor": Severity.LOW,
    "convention": Severity.LOW,
    "information": Severity.INFO,
    "info": Severity.INFO,
}
CONFIDENCES = {
    "HIGH": Confidence.HIGH,
    "CONTROL_FLOW": Confidence.MEDIUM,
    "INFERENCE": Confidence.MEDIUM,
    "INFERENCE_FAILURE": Confidence.LOW,
}
UNREAD = frozenset({"syntax-error", "parse-error", "astroid-error", "fatal"})
"""Messages by which Pylint says that it could not look at a module."""


class Message(Struct):
    type: str
    symbol: str
    message: str
    path: str
    line: int | None = None
    column: int | None = None
    end_line: int | None = field(name="endLine", default=None)
    end_column: int | None = field(name="endColumn", default=None)
    obj: str = ""
    module: str = ""
    old_id: str = field(name="message-id", default="")
    id: str = field(name="messageId", default="")
    confidence: str = ""


@parser(
    "pylint",
    title="Pylint",
    kind=Kind.CODE,
    looks=json_rows("type", "symbol", "message", "message-id", "path", "module"),
    made_with="pylint --output-format=json2 --output=pylint.json src",
    url="https://pylint.readthedocs.io/en/stable/user_guide/usage/output.html",
    versions="2 and 3",
    lift=("[]",),
)
def read(messages: list[Message]) -> Iterator[Item]:
    kept = list(messages)
    unread = [one for one in kept if _is_unread(one)]
    yield Run(
        tool="Pylint",
        complete=False if unread else None,
        problems=tuple(f"{one.path}: {first_line(one.message)}" for one in unread[:50]),
    )
    for message in kept:
        if not _is_unread(message):
            yield _finding(message)


class Report(Struct):
    messages: list[Message]


@variant("pylint", looks=json_object("messages", "statistics.messageTypeCount"))
def read_second(report: Report) -> Iterator[Item]:
    yield from read(report.messages)


def _is_unread(message: Message) -> bool:
    return message.symbol in UNREAD or message.type == "fatal"


def _finding(message: Message) -> Finding:
    title = first_line(message.message)
    column = message.column
    return Finding(
        rule=message.id or message.old_id or message.symbol,
        title=title or message.symbol,
        severity=LEVELS.get(message.type, Severity.MEDIUM),
        severity_given=message.type,
        location=CodeLocation(
            path=message.path,
            line=message.line,
            # Columns count from 0 in the report.
            column=None if column is None else column + 1,
            end_line=message.end_line,
            end_column=None if message.end_column is None else message.end_column + 1,
            scope=".".join(part for part in (message.module, message.obj) if part) if message.obj else "",
        ),
        about=_about(message.id or message.old_id or message.symbol, message.symbol),
        description="" if title == message.message else message.message,
        confidence=CONFIDENCES.get(message.confidence),
    )


@lru_cache(maxsize=1024)
def _about(rule: str, symbol: str) -> Rule:
    return Rule(id=rule, name=symbol)
