"""Whispers: hard-coded secrets in configuration and code."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

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
)

SEVERITIES = {
    "BLOCKER": Severity.CRITICAL,
    "CRITICAL": Severity.HIGH,
    "MAJOR": Severity.MEDIUM,
    "MINOR": Severity.LOW,
    "INFO": Severity.INFO,
}
"""The five steps of Whispers: critical is the second."""


class Secret(Struct):
    key: str
    file: str
    rule_id: str
    value: str | int | float | bool | None = ""
    line: int | None = None
    message: str = ""
    severity: str = ""


@parser(
    "whispers",
    title="Whispers",
    kind=Kind.SECRET,
    looks=json_rows("key", "value", "file", "line", "rule_id", "severity"),
    made_with="whispers --json . > whispers.json",
    url="https://github.com/adeptex/whispers",
    versions="2",
    lift=("[]",),
)
def read(secrets: list[Secret]) -> Iterator[Item]:
    yield Run(tool="Whispers")
    for secret in secrets:
        title = secret.message or secret.rule_id
        yield Finding(
            rule=secret.rule_id,
            title=f'{title} in "{secret.key}"',
            severity=SEVERITIES.get(secret.severity.upper(), Severity.HIGH),
            severity_given=secret.severity,
            # A file that is a secret as a whole has line 0.
            location=CodeLocation(path=secret.file, line=secret.line or None, scope=secret.key),
            about=_about(secret.rule_id, title),
            cwes=(798,),
            secret="" if secret.value is None else str(secret.value),
        )


@lru_cache(maxsize=512)
def _about(rule: str, title: str) -> Rule:
    return Rule(id=rule, title=title, cwes=(798,))
