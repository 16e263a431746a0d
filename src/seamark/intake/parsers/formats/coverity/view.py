"""Coverity Connect: the issues of a view, as the API of the server answers (`viewContentsV1`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.formats.coverity.verdicts import impact, verdict
from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Suppression,
    cwe_ids,
    json_object,
    moment,
    parser,
)


class Row(Struct, rename="camel"):
    cid: int | str
    type: str | None = field(name="displayType", default="")
    impact: str | None = field(name="displayImpact", default="")
    status: str | None = ""
    first_detected: str | None = ""
    classification: str | None = ""
    severity: str | None = ""
    action: str | None = ""
    category: str | None = field(name="displayCategory", default="")
    file: str | None = field(name="displayFile", default="")
    function: str | None = field(name="displayFunction", default="")
    kind: str | None = field(name="displayIssueKind", default="")
    checker: str | None = ""
    cwe: int | str | None = None
    line: int | str | None = field(name="lineNumber", default=None)
    merge_key: str | None = ""
    last_triage_comment: str | None = ""
    occurrence_count: int | None = None


class View(Struct, rename="camel"):
    rows: list[Row]
    total: int | None = field(name="totalRows", default=None)
    offset: int | None = 0


class Answer(Struct):
    view: View = field(name="viewContentsV1")


@parser(
    "coverity-connect",
    title="Coverity",
    kind=Kind.CODE,
    looks=json_object("viewContentsV1.rows"),
    made_with='curl "https://coverity.example/api/viewContents/issues/v1/VIEW?projectId=PROJECT&rowCount=-1"',
    url="https://documentation.blackduck.com/category/coverity",
)
def read(answer: Answer) -> Iterator[Item]:
    view = answer.view
    cut = view.total is not None and view.total > len(view.rows)
    yield Run(
        tool="Coverity",
        complete=False if cut else None,
        problems=(f"The answer is one page: {len(view.rows)} of {view.total}",) if cut else (),
    )
    for row in view.rows:
        if (row.status or "").lower() not in {"fixed", "absent dismissed"}:
            yield _finding(row)


def _finding(row: Row) -> Finding:
    about = _about(row.checker or row.type or "", row.type or "", row.category or "", str(row.cwe or ""))
    line = str(row.line or "")
    kinds = tuple(part.strip().lower() for part in (row.kind or "").split(",") if part.strip())
    return Finding(
        rule=about.id,
        title=about.title or about.id,
        severity=impact(row.impact),
        severity_given=row.impact or "",
        location=CodeLocation(
            path=row.file,
            line=int(line) if line.isdecimal() and len(line) < 10 else None,
            scope=row.function or "",
        )
        if row.file
        else None,
        about=about,
        cwes=about.cwes,
        fingerprints=_fingerprints(row),
        suppression=_suppression(row),
        tags=kinds,
        seen_at=_day(row.first_detected or ""),
    )


def _fingerprints(row: Row) -> tuple[tuple[str, str], ...]:
    pairs = (("coverity/cid", str(row.cid)), ("coverity/mergekey", row.merge_key or ""))
    return tuple(pair for pair in pairs if pair[1])


def _suppression(row: Row) -> Suppression | None:
    comment = row.last_triage_comment or ""
    if found := verdict(row.classification, row.action, comment):
        return found
    if (row.status or "").lower() == "dismissed":
        return Suppression(origin="tool", justification="\n".join(part for part in ("Dismissed", comment) if part))
    return None


@lru_cache(maxsize=4096)
def _about(checker: str, title: str, category: str, cwe: str) -> Rule:
    return Rule(id=checker, title=title, cwes=cwe_ids(cwe or None), tags=(category,) if category else ())


@lru_cache(maxsize=4096)
def _day(text: str) -> str:
    try:
        return moment(datetime.strptime(text, "%m/%d/%y").replace(tzinfo=UTC).isoformat())
    except ValueError:
        return moment(text)
