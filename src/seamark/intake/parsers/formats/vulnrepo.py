"""VULNRΞPO: issues of a report of a penetration test, exported without encryption."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    cvss,
    cwe_ids,
    json_rows,
    moment,
    parser,
    references,
    severity,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described

_FIXED = 2
"""The state of an issue that was mended; 1 is open."""


class Tag(Struct):
    name: str | None = ""


class Issue(Struct):
    title: str
    severity: str | None = ""
    desc: str | None = ""
    poc: str | None = ""
    ref: str | None = ""
    cvss: str | float | None = None
    cvss_vector: str | None = ""
    cve: str | None = ""
    status: int | str | None = None
    date: str | None = ""
    tags: list[Tag | str] | None = None
    files: list[Any] | None = None


@parser(
    "vulnrepo",
    title="VULNRΞPO",
    kind=Kind.PENTEST,
    looks=json_rows("title", "poc", "desc", "severity", "ref", "cvss", "cve"),
    made_with="VULNRΞPO: a report's issues > Export > Decrypted Issue (.JSON)",
    url="https://github.com/kac89/vulnrepo",
    versions="as of 2020 to 2025",
)
def read(issues: list[Issue]) -> Iterator[Item]:
    yield Run(tool="VULNRΞPO")
    for issue in issues:
        word, rating = issue.severity or "", cvss(issue.cvss_vector, issue.cvss)
        tags = (one.name or "" if isinstance(one, Tag) else one for one in issue.tags or ())
        yield Finding(
            rule=issue.title,
            title=issue.title,
            severity=severity(word or (rating.score if rating else None), Severity.INFO),
            severity_given=word,
            about=Rule(id=issue.title, description=issue.desc or "", references=references(issue.ref)),
            description=described(("Proof", issue.poc or ""), ("Attachments", len(issue.files) if issue.files else "")),
            cwes=cwe_ids(issue.title, issue.ref),
            vulnerabilities=vulnerability_ids(issue.cve, issue.title),
            cvss=(rating,) if rating else (),
            baseline="absent" if str(issue.status) == str(_FIXED) else "",
            tags=tuple(tag for tag in tags if tag),
            seen_at=moment(issue.date),
        )
