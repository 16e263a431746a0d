"""Nosey Parker: secrets in git history and files; one JSON object a line, or all in one array."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    JsonLines,
    Kind,
    Rule,
    Run,
    Severity,
    Suppression,
    json_lines,
    json_rows,
    moment,
    parser,
    variant,
)


class CommitData(Struct):
    commit_id: str = ""
    author_name: str = ""
    author_email: str = ""
    author_timestamp: str = ""
    message: str = ""


class Commit(Struct):
    blob_path: str = ""
    commit_metadata: CommitData | None = None


class Provenance(Struct):
    kind: str = ""
    path: str = ""
    repo_path: str = ""
    first_commit: Commit | None = None
    commit_provenance: Commit | None = None


class Point(Struct):
    line: int | None = None
    column: int | None = None


class Span(Struct):
    start: Point
    end: Point


class Place(Struct):
    source_span: Span | None = None


class Snippet(Struct):
    before: str = ""
    matching: str = ""
    after: str = ""


class Match(Struct):
    provenance: list[Provenance] | Provenance
    location: Place
    snippet: Snippet | None = None
    groups: list[str] | None = None
    match_content: str = ""
    structural_id: str = ""
    comment: str | None = ""
    status: str | None = ""
    score: float | None = None


class Group(Struct):
    rule_name: str
    matches: list[Match]
    rule_text_id: str = ""
    finding_id: str = ""
    groups: list[str] | None = None
    match_content: str = ""
    comment: str | None = ""


@parser(
    "noseyparker",
    title="Nosey Parker",
    kind=Kind.SECRET,
    looks=json_lines("rule_name", "num_matches", "matches"),
    made_with="noseyparker report --format jsonl --output noseyparker.jsonl",
    url="https://github.com/praetorian-inc/noseyparker",
    versions="0.12 to 0.24",
)
def read(groups: JsonLines[Group]) -> Iterator[Item]:
    yield from _items(groups)


@variant("noseyparker", looks=json_rows("rule_name", "num_matches", "matches"), lift=("[]",))
def read_array(groups: list[Group]) -> Iterator[Item]:
    yield from _items(groups)


def _items(groups: Iterable[Group]) -> Iterator[Item]:
    yield Run(tool="Nosey Parker")
    for group in groups:
        for match in group.matches:
            yield _finding(group, match)


def _finding(group: Group, match: Match) -> Finding:
    found = match.provenance
    origins = found if isinstance(found, list) else [found]
    span = match.location.source_span
    rule = group.rule_text_id or group.rule_name
    comment = match.comment or group.comment or ""
    snippet = match.snippet or Snippet()
    return Finding(
        rule=rule,
        title=group.rule_name,
        severity=Severity.HIGH,
        location=CodeLocation(
            path=_path(origins),
            line=span.start.line if span else None,
            # Columns count from 1; the end of a line is column 0 of the next one.
            column=(span.start.column or None) if span else None,
            end_line=span.end.line if span else None,
            end_column=(span.end.column or None) if span else None,
            snippet=_text(snippet.matching),
        ),
        about=_about(rule, group.rule_name),
        description=_history(origins, comment),
        cwes=(798,),
        fingerprints=(("noseyparker", match.structural_id),) if match.structural_id else (),
        secret=_secret(group, match),
        suppression=Suppression(origin="tool", justification=comment) if match.status == "reject" else None,
        tags=("accepted as a finding",) if match.status == "accept" else (),
    )


@lru_cache(maxsize=512)
def _about(rule: str, name: str) -> Rule:
    return Rule(id=rule, name=name, cwes=(798,))


def _commit(origin: Provenance) -> Commit | None:
    return origin.first_commit or origin.commit_provenance


def _path(origins: list[Provenance]) -> str:
    """Return the path in the repository, or else the path of the file that was scanned."""
    for origin in origins:
        commit = _commit(origin)
        if commit and commit.blob_path:
            return commit.blob_path
    return next((origin.path or origin.repo_path for origin in origins if origin.path or origin.repo_path), "")


def _secret(group: Group, match: Match) -> str:
    """Return what the rule's groups caught. Newer versions write bytes in base64."""
    caught = match.groups or group.groups or []
    return "\n".join(_text(one) for one in caught) if caught else match.match_content or group.match_content


def _text(given: str) -> str:
    """Return text that stands in base64, or the given text where it is none."""
    if len(given) < 8 or len(given) % 4 or not given.isascii():
        return given
    try:
        text = base64.b64decode(given, validate=True).decode()
    except ValueError:
        return given
    return text if text.replace("\n", "").replace("\r", "").replace("\t", "").isprintable() else given


def _history(origins: list[Provenance], comment: str) -> str:
    lines: list[str] = []
    for origin in origins[:20]:
        commit = _commit(origin)
        meta = commit.commit_metadata if commit else None
        if meta is not None:
            seconds = meta.author_timestamp.split(" ", 1)[0]
            when = moment(int(seconds)) if seconds.isascii() and seconds.isdigit() and len(seconds) < 12 else ""
            who = f"{meta.author_name} <{meta.author_email}>" if meta.author_email else meta.author_name
            said = (("Commit", meta.commit_id), ("Author", who), ("Date", when), ("Message", meta.message.strip()))
            lines += [f"{name}: {text}" for name, text in said if text]
        elif origin.path:
            lines.append(f"File: {origin.path}")
    return "\n".join([*lines, f"Comment: {comment}"] if comment else lines)
