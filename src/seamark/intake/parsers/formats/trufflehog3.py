"""trufflehog3: secrets in git history and directories; JSON of version 3 and of the versions before."""

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
    Probe,
    Rule,
    Run,
    Severity,
    json_rows,
    moment,
    parser,
    severity,
    variant,
)

ENTROPY = frozenset({"high-entropy", "High entropy", "High Entropy"})
_DIFF = ("+", "-")


class Pattern(Struct):
    id: str
    message: str = ""
    severity: str = ""


class Issue(Struct):
    rule: Pattern
    path: str
    line: str | int | None = None
    secret: str | None = ""
    context: dict[str, str] | None = None
    id: str | None = ""
    branch: str | None = ""
    message: str | None = ""
    author: str | None = ""
    commit: str | None = ""
    date: str | None = ""


@parser(
    "trufflehog3",
    title="trufflehog3",
    kind=Kind.SECRET,
    looks=json_rows("rule", "path", "line", "secret", "context"),
    made_with="trufflehog3 --format json --output trufflehog3.json .",
    url="https://github.com/feeltheajf/trufflehog3",
    versions="1 to 3",
    lift=("[]",),
)
def read(issues: list[Issue]) -> Iterator[Item]:
    yield Run(tool="trufflehog3")
    for issue in issues:
        rule = issue.rule
        line = _number(issue.line)
        context = issue.context or {}
        numbers = [number for number in map(_number, context) if number]
        yield Finding(
            rule=rule.id,
            title=rule.message or rule.id,
            severity=severity(rule.severity or None, Severity.HIGH),
            severity_given=rule.severity,
            location=CodeLocation(
                path=issue.path,
                line=line,
                snippet="\n".join(context.values()),
                snippet_line=min(numbers) if numbers and min(numbers) != line else None,
            ),
            about=_about(rule.id, rule.message),
            description=_history(issue.commit, issue.branch, issue.author, issue.date, issue.message),
            confidence=Confidence.LOW if rule.id in ENTROPY else None,
            cwes=(798,),
            fingerprints=(("trufflehog3", issue.id),) if issue.id else (),
            secret=issue.secret or "",
        )


@lru_cache(maxsize=1024)
def _about(rule: str, title: str) -> Rule:
    return Rule(id=rule, title=title, cwes=(798,))


def _number(given: str | int | None) -> int | None:
    text = str(given)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and text != "0" else None


def _history(commit: str | None, branch: str | None, author: str | None, date: str | None, message: str | None) -> str:
    lines = (
        ("Commit", commit),
        ("Branch", branch),
        ("Author", author),
        ("Date", moment(date) or date),
        ("Message", (message or "").strip()),
    )
    return "\n".join(f"{name}: {text}" for name, text in lines if text)


class OldIssue(Struct):
    path: str
    reason: str
    strings: list[str] = field(name="stringsFound")
    branch: str | None = ""
    commit: str | None = ""
    hash: str | None = field(name="commitHash", default="")
    date: str | None = ""


def _is_old(probe: Probe) -> bool:
    # Rusty Hog writes the same names and the numbers of the lines.
    return "new_line_num" not in probe.first and "linenum" not in probe.first


@variant("trufflehog3", looks=json_rows("stringsFound", "reason", "path", "branch", where=_is_old), lift=("[]",))
def read_old(issues: list[OldIssue]) -> Iterator[Item]:
    yield Run(tool="trufflehog3")
    for issue in issues:
        history = _history(issue.hash, issue.branch, None, issue.date, issue.commit)
        for text in issue.strings:
            code = text[1:] if text.startswith(_DIFF) else text
            yield Finding(
                rule=issue.reason,
                title=issue.reason,
                severity=Severity.HIGH,
                location=CodeLocation(path=issue.path),
                about=_about(issue.reason, ""),
                description=history,
                confidence=Confidence.LOW if issue.reason in ENTROPY else None,
                cwes=(798,),
                secret=code.strip(),
            )
