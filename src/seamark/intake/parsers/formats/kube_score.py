"""kube-score: Kubernetes manifests against recommendations for reliability and security; JSON of `--output-format json`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Location,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    json_rows,
    parser,
    references,
)

_CRITICAL, _WARNING, _ALMOST_OK = 1, 5, 7
_LEVELS = {_CRITICAL: Severity.HIGH, _WARNING: Severity.MEDIUM, _ALMOST_OK: Severity.LOW}
_WORDS = {_CRITICAL: "critical", _WARNING: "warning", _ALMOST_OK: "almost ok"}


class Comment(Struct):
    summary: str = ""
    description: str = ""
    path: str = ""
    documentation_url: str = ""


class Name(Struct):
    id: str
    name: str = ""
    comment: str = ""


class Outcome(Struct):
    check: Name
    grade: int
    skipped: bool = False
    comments: list[Comment] | None = None


class TypeMeta(Struct, rename="camel"):
    kind: str = ""
    api_version: str = ""


class ObjectMeta(Struct):
    name: str = ""
    namespace: str = ""


class Scored(Struct):
    object_name: str
    checks: list[Outcome] | None
    type_meta: TypeMeta | None = None
    object_meta: ObjectMeta | None = None
    file_name: str = ""
    file_row: int | None = None


@parser(
    "kube-score",
    title="kube-score",
    kind=Kind.MISCONFIGURATION,
    looks=json_rows("object_name", "type_meta", "checks"),
    made_with="kube-score score --output-format json *.yaml",
    url="https://github.com/zegl/kube-score",
    versions="1.7 to 1.20, output version 2",
)
def read(rows: list[Scored]) -> Iterator[Item]:
    yield Run(tool="kube-score")
    for row in rows:
        for outcome in row.checks or ():
            if not outcome.skipped and outcome.grade in _LEVELS:
                yield from _findings(row, outcome)


def _findings(row: Scored, outcome: Outcome) -> Iterator[Finding]:
    """Yield a finding for each place that a check comments on: usually a container."""
    name = outcome.check.name or outcome.check.id
    for comment in outcome.comments or [Comment()]:
        yield Finding(
            rule=outcome.check.id,
            title=f"{name}: {comment.summary}" if comment.summary else name,
            severity=_LEVELS[outcome.grade],
            severity_given=_WORDS[outcome.grade],
            location=_place(row, comment.path),
            about=_about(outcome.check.id, name, outcome.check.comment, comment.documentation_url),
            description=comment.description,
        )


def _place(row: Scored, inside: str) -> Location:
    kind, meta = (row.type_meta or TypeMeta()).kind, row.object_meta or ObjectMeta()
    key = "/".join(part for part in (meta.namespace, kind, meta.name or row.object_name, inside) if part)
    # The file is "STDIN" where the manifests came through a pipe.
    if row.file_name and row.file_name != "STDIN":
        return CodeLocation(path=row.file_name, line=row.file_row or None, scope=key)
    return ResourceLocation(resource=key, type=kind)


@lru_cache(maxsize=512)
def _about(rule: str, title: str, description: str, link: str) -> Rule:
    return Rule(id=rule, title=title, description=description, references=references(link))
