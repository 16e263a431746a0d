"""Scantist: known vulnerabilities of libraries, as its export of issues lists them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    json_rows,
    parser,
)
from seamark.intake.parsers.kit.packages import graded, identifiers


class Issue(Struct):
    public_id: str = field(name="Public ID")
    library: str = field(name="Library")
    version: str | None = field(default="", name="Library Version")
    description: str | None = field(default="", name="Description")
    path: str | None = field(default="", name="File Path")
    score: str | None = field(default="", name="Score")
    patched: str | None = field(default="", name="Patched Version")
    latest: str | None = field(default="", name="Latest Component Version")
    comments: str | None = field(default="", name="Comments")
    kind: str | None = field(default="", name="Issue Type")


@parser(
    "scantist",
    title="Scantist",
    kind=Kind.DEPENDENCY,
    looks=json_rows("Public ID", "Library", "Library Version", "Issue Source"),
    made_with="Scantist SCA, export of a scan's issues as JSON",
    url="https://scantist.io",
)
def read(issues: list[Issue]) -> Iterator[Item]:
    yield Run(tool="Scantist")
    for issue in issues:
        # Java's libraries are written as group and name with a blank between them.
        name = "/".join((issue.library or "").split())
        yield Finding(
            rule=issue.public_id,
            title=f"{issue.public_id} in {name}",
            severity=graded(issue.score),
            severity_given=issue.score or "",
            location=CodeLocation(path=issue.path) if issue.path else None,
            component=Component(name=name, version=issue.version or ""),
            about=Rule(id=issue.public_id, description=issue.description or ""),
            description=issue.comments or "",
            remedy=f"The latest version is {issue.latest}" if issue.latest else "",
            vulnerabilities=identifiers(issue.public_id),
            fixed_versions=tuple(part.strip() for part in (issue.patched or "").split(",") if part.strip()),
            tags=(issue.kind,) if issue.kind else (),
        )
