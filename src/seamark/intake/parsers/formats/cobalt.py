"""Cobalt.io: findings of penetration tests; the CSV export, and the API's answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Csv,
    Exchange,
    Finding,
    Item,
    Kind,
    Location,
    Probe,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    Suppression,
    WebLocation,
    csv_header,
    json_object,
    moment,
    parser,
    references,
    severity,
    variant,
)
from seamark.intake.parsers.kit.texts import described

_REJECTED = {"wont_fix", "out_of_scope", "invalid", "duplicate"}


class Entry(Struct):
    action: str | None = ""
    value: Any = None
    timestamp: str | None = ""


class Resource(Struct):
    id: str
    title: str = ""
    tag: str | None = ""
    description: str | None = ""
    type_category: str | None = ""
    labels: list[Any] | None = None
    impact: int | None = None
    likelihood: int | None = None
    severity: str | None = ""
    affected_targets: list[str] | None = None
    proof_of_concept: str | None = ""
    suggested_fix: str | None = ""
    prerequisites: str | None = ""
    pentest_id: str | None = ""
    asset_id: str | None = ""
    state: str | None = ""
    log: list[Entry] | None = None


class Row(Struct):
    resource: Resource
    links: dict[str, Any] | None = None


class Answer(Struct):
    data: list[Row]
    pagination: dict[str, Any] | None = None


def _is_answer(probe: Probe) -> bool:
    row = probe.get("data.0.resource")
    return isinstance(row, dict) and {"id", "type_category", "proof_of_concept", "state"} <= row.keys()


@parser(
    "cobalt",
    title="Cobalt.io",
    kind=Kind.PENTEST,
    looks=json_object("data", where=_is_answer),
    made_with="GET https://api.cobalt.io/findings, or the export of a pentest's findings as CSV",
    url="https://docs.cobalt.io/v2/#findings",
    versions="API 1 and 2",
)
def read(answer: Answer) -> Iterator[Item]:
    more = bool((answer.pagination or {}).get("next_page"))
    yield Run(
        tool="Cobalt.io",
        complete=False if more else None,
        problems=("More findings are on other pages",) if more else (),
    )
    for row in answer.data:
        yield from _findings(row)


def _place(target: str) -> Location:
    if target.startswith(("http://", "https://")):
        return WebLocation(url=target)
    return ResourceLocation(resource=target)


def _findings(row: Row) -> Iterator[Finding]:
    one, state = row.resource, (row.resource.state or "").lower()
    targets = [target for target in one.affected_targets or () if target]
    window = (row.links or {}).get("ui")
    link = window.get("url") if isinstance(window, dict) else ""
    about = Rule(id=one.type_category or "finding", title=one.type_category or "")
    times = [entry.timestamp for entry in one.log or () if entry.timestamp]
    for target in targets or [""]:
        yield Finding(
            rule=about.id,
            title=one.title,
            severity=severity(one.severity) if one.severity else Severity.INFO,
            severity_given=one.severity or "",
            location=_place(target) if target else None,
            about=about,
            description=described(
                ("", one.description or ""),
                ("Prerequisites", one.prerequisites or ""),
                ("Proof of concept", one.proof_of_concept or ""),
                ("Impact", one.impact if one.impact is not None else ""),
                ("Likelihood", one.likelihood if one.likelihood is not None else ""),
            ),
            remedy=one.suggested_fix or "",
            fingerprints=(("cobalt", one.id),) if len(targets) < 2 else (),
            suppression=Suppression(origin="tool", justification=state) if state in _REJECTED else None,
            baseline="absent" if state == "valid_fix" else "",
            references=references(link if isinstance(link, str) else ""),
            tags=tuple(tag for tag in (state, one.tag or "") if tag),
            seen_at=moment(times[-1]) if times else "",
        )


class Exported(Struct, rename="pascal"):
    title: str
    token: str = ""
    tag: str = ""
    type: str = ""
    created_at: str = ""
    browser_url: str = ""
    http_request: str = ""
    criticality_justification: str = ""
    description: str = ""
    steps_to_reproduce: str = ""
    tools_used: str = ""
    suggested_fix: str = ""
    request_params: str = ""
    prerequisites: str = ""
    evaluated_result: str = ""
    report_url: str = ""
    ref_key: str = ""


@variant("cobalt", looks=csv_header("Token", "Title", "Type", "StepsToReproduce", "EvaluatedResult"))
def read_csv(rows: Csv[Exported]) -> Iterator[Item]:
    yield Run(tool="Cobalt.io")
    for row in rows:
        result = row.evaluated_result.strip().lower()
        url, identifier = _bare(row.browser_url), _bare(row.token)
        yield Finding(
            rule=row.type or "finding",
            title=_bare(row.title),
            severity=Severity.INFO,
            location=_place(url) if url else None,
            about=Rule(id=row.type or "finding", title=row.type),
            description=described(
                ("", _bare(row.description)),
                ("Steps", _bare(row.steps_to_reproduce)),
                ("Prerequisites", _bare(row.prerequisites)),
                ("Parameters", _bare(row.request_params)),
                ("Criticality", _bare(row.criticality_justification)),
                ("Tools", _bare(row.tools_used)),
            ),
            remedy=_bare(row.suggested_fix),
            fingerprints=(("cobalt", identifier),) if identifier else (),
            exchange=Exchange(_bare(row.http_request)) if row.http_request else None,
            suppression=Suppression(origin="tool", justification=result)
            if result.replace(" ", "_").replace("'", "") in _REJECTED
            else None,
            baseline="absent" if result == "fixed" else "",
            references=references(row.report_url),
            tags=tuple(tag for tag in (result, _bare(row.tag)) if tag),
            seen_at=moment(row.created_at.removesuffix(" UTC")),
        )


def _bare(text: str) -> str:
    """Return a cell without the quote in front, which keeps spreadsheets from calculating it."""
    return text.removeprefix("'").strip()
