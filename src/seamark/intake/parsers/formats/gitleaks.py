"""Gitleaks: secrets in git history and directories; JSON and CSV of version 8 and of the versions before."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Csv,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    Text,
    UnreadableReport,
    csv_header,
    json_rows,
    moment,
    parser,
    references,
    severity,
    variant,
)


class Leak(Struct, gc=False, rename="pascal"):
    rule: str = field(name="RuleID")
    file: str
    description: str = ""
    start_line: int | None = None
    end_line: int | None = None
    start_column: int | None = None
    end_column: int | None = None
    match: str = ""
    secret: str = ""
    symlink_file: str = ""
    commit: str = ""
    link: str = ""
    entropy: float = 0
    author: str = ""
    email: str = ""
    date: str = ""
    message: str = ""
    tags: list[str] | str | None = None
    fingerprint: str = ""


@parser(
    "gitleaks",
    title="Gitleaks",
    kind=Kind.SECRET,
    looks=json_rows("RuleID", "File", "Secret"),
    made_with="gitleaks git --report-format json --report-path gitleaks.json",
    url="https://github.com/gitleaks/gitleaks",
    versions="1 to 8",
    lift=("[]",),
)
def read(leaks: list[Leak]) -> Iterator[Item]:
    yield Run(tool="Gitleaks")
    for leak in leaks:
        yield _finding(leak)


@variant("gitleaks", looks=csv_header("RuleID", "File", "Secret", "StartLine"))
def read_csv(rows: Csv[Leak]) -> Iterator[Item]:
    yield Run(tool="Gitleaks")
    for row in rows:
        yield _finding(row)


def _is_null(probe: Probe) -> bool:
    # Go writes `null` for an empty list. It does not name the tool, so only who names it is believed.
    return probe.named and probe.source.head(64).strip() == b"null"


@variant("gitleaks", looks=_is_null)
def read_null(text: Text) -> Iterator[Item]:
    if text.read().strip() != "null":
        raise UnreadableReport("This is not a report of Gitleaks")
    yield Run(tool="Gitleaks")


def _finding(leak: Leak) -> Finding:
    return Finding(
        rule=leak.rule,
        title=leak.description or f"Secret found by rule {leak.rule}",
        severity=Severity.HIGH,
        location=CodeLocation(
            path=leak.file,
            line=leak.start_line,
            column=leak.start_column,
            end_line=leak.end_line,
            end_column=leak.end_column,
            snippet=leak.match,
        ),
        about=_about(leak.rule, leak.description),
        description=_history(leak, leak.message, leak.symlink_file),
        cwes=(798,),
        fingerprints=(("gitleaks", leak.fingerprint),) if leak.fingerprint else (),
        secret=_plain(leak.secret),
        references=references(leak.link),
        tags=_tags(leak.tags) if leak.tags else (),
    )


def _tags(given: list[str] | str) -> tuple[str, ...]:
    tags = given.split(",") if isinstance(given, str) else given
    return tuple(tag.strip() for tag in tags if tag.strip())


@lru_cache(maxsize=2048)
def _about(rule: str, description: str) -> Rule:
    return Rule(id=rule, title=description, cwes=(798,))


def _plain(secret: str) -> str:
    """Return the secret, or stars where Gitleaks redacted it in full or in part: what is left identifies nothing."""
    return "*****" if secret.startswith("REDACTED") or secret.endswith("...") else secret


def _history(leak: Leak | OldLeak, message: str, symlink: str = "") -> str:
    who = leak.author
    if leak.email:
        who = f"{who} <{leak.email}>" if who else f"<{leak.email}>"
    # The zero time is what Go writes where a leak is in no commit.
    when = "" if leak.date.startswith("0001-") else moment(leak.date) or leak.date
    lines: list[str] = []
    if leak.commit:
        lines.append(f"Commit: {leak.commit}")
    if who:
        lines.append(f"Author: {who}")
    if when:
        lines.append(f"Date: {when}")
    if said := message.strip():
        lines.append(f"Message: {said}")
    if symlink:
        lines.append(f"Through the link: {symlink}")
    return "\n".join(lines)


class OldLeak(Struct, rename="camel"):
    file: str
    rule: str = ""
    reason: str = ""
    line: str = ""
    offender: str = ""
    line_number: int | None = None
    commit: str = ""
    commit_message: str = ""
    commit_msg: str = ""
    author: str = ""
    email: str = ""
    date: str = ""
    tags: str | list[str] | None = ""
    severity: str = ""
    leak_url: str = field(name="leakURL", default="")
    repo_url: str = field(name="repoURL", default="")


@variant("gitleaks", looks=json_rows("line", "offender", "file", "commit", "author"), lift=("[]",))
def read_old(leaks: list[OldLeak]) -> Iterator[Item]:
    yield Run(tool="Gitleaks")
    for leak in leaks:
        yield _old_finding(leak)


@variant("gitleaks", looks=csv_header("repo", "line", "commit", "offender", "author", "file"))
def read_old_csv(rows: Csv[OldLeak]) -> Iterator[Item]:
    yield Run(tool="Gitleaks")
    for row in rows:
        yield _old_finding(row)


def _old_finding(leak: OldLeak) -> Finding:
    rule = leak.rule or leak.reason
    message = leak.commit_message or leak.commit_msg
    return Finding(
        rule=rule,
        title=rule or "Secret",
        severity=severity(leak.severity or None, Severity.HIGH),
        severity_given=leak.severity,
        location=CodeLocation(path=leak.file, line=leak.line_number, snippet=leak.line),
        about=_about(rule, rule),
        description=_history(leak, message),
        cwes=(798,),
        secret=_plain(leak.offender),
        references=references(leak.leak_url),
        tags=_tags(leak.tags) if leak.tags else (),
    )
