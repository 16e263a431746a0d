"""Google Security Command Center: findings on projects; answers of its API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Probe,
    ResourceLocation,
    Rule,
    Run,
    Suppression,
    cvss,
    json_object,
    json_rows,
    moment,
    parser,
    references,
    severity,
    variant,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described

_KINDS = {"THREAT": Kind.RUNTIME, "VULNERABILITY": Kind.HOST}


class Score(Struct, rename="camel"):
    base_score: float | None = None


class Link(Struct):
    uri: str | None = ""
    source: str | None = ""


class Cve(Struct):
    id: str | None = ""
    cvssv3: Score | None = None
    references: list[Link] | None = None


class Flaw(Struct):
    cve: Cve | None = None


class Control(Struct):
    standard: str | None = ""
    version: str | None = ""
    ids: list[str] | None = None


class Details(Struct, rename="camel"):
    category: str
    name: str = ""
    canonical_name: str | None = ""
    resource_name: str | None = ""
    state: str | None = ""
    severity: str | None = ""
    finding_class: str | None = ""
    description: str | None = ""
    next_steps: str | None = ""
    external_uri: str | None = ""
    event_time: str | None = ""
    mute: str | None = ""
    vulnerability: Flaw | None = None
    compliances: list[Control] | None = None
    source_properties: dict[str, Any] | None = None
    parent_display_name: str | None = ""


class Resource(Struct, rename="camel"):
    name: str | None = ""
    display_name: str | None = ""
    type: str | None = ""
    project_display_name: str | None = ""
    location: str | None = ""


class Row(Struct):
    finding: Details
    resource: Resource | None = None


class Answer(Struct, rename="camel"):
    list_findings_results: list[Row]
    next_page_token: str | None = ""


@parser(
    "gcp-scc",
    title="Google Security Command Center",
    kind=Kind.CLOUD,
    looks=json_rows("finding", where=lambda probe: isinstance(probe.get("0.finding.category"), str)),
    made_with="gcloud scc findings list 123 --format json",
    url="https://cloud.google.com/security-command-center/docs/reference/rest/v1/organizations.sources.findings",
    versions="API v1 and v2",
    lift=("[]",),
)
def read(rows: list[Row]) -> Iterator[Item]:
    yield Run(tool="Google Security Command Center")
    yield from _findings(rows)


def _is_answer(probe: Probe) -> bool:
    return (
        isinstance(probe.get("listFindingsResults.0.finding.category"), str) or probe.get("listFindingsResults") == []
    )


@variant("gcp-scc", looks=json_object("listFindingsResults", where=_is_answer))
def read_answer(answer: Answer) -> Iterator[Item]:
    more = bool(answer.next_page_token)
    yield Run(
        tool="Google Security Command Center",
        successful=True,
        complete=False if more else None,
        problems=("More findings are on other pages",) if more else (),
    )
    yield from _findings(answer.list_findings_results)


def _findings(rows: Iterable[Row]) -> Iterator[Finding]:
    for row in rows:
        one, resource = row.finding, row.resource or Resource()
        properties = one.source_properties or {}
        told = [text for name in ("Explanation", "Recommendation") if isinstance(text := properties.get(name), str)]
        cve = (one.vulnerability.cve if one.vulnerability else None) or Cve()
        rating = cvss("", cve.cvssv3.base_score) if cve.cvssv3 else None
        given = one.severity or ""
        yield Finding(
            rule=one.category,
            title=one.category.replace("_", " ").capitalize() if one.category.isupper() else one.category,
            severity=severity(None if given == "SEVERITY_UNSPECIFIED" else given or None),
            severity_given=given,
            kind=_KINDS.get((one.finding_class or "").upper()),
            location=ResourceLocation(
                resource=one.resource_name or resource.name or "",
                type=resource.type or "",
                region=resource.location or "",
                account=resource.project_display_name or "",
            ),
            about=Rule(
                id=one.category,
                remedy=one.next_steps or "",
                tags=tuple(
                    f"{control.standard} {control.version}: {identifier}"
                    for control in one.compliances or ()
                    for identifier in control.ids or ()
                )[:50],
            ),
            description=described(("", one.description or ""), *(("", text) for text in told)),
            vulnerabilities=vulnerability_ids(cve.id),
            cvss=(rating,) if rating else (),
            fingerprints=(("scc", one.canonical_name or one.name),) if one.canonical_name or one.name else (),
            suppression=Suppression(origin="tool", justification="muted") if one.mute == "MUTED" else None,
            baseline="absent" if one.state == "INACTIVE" else "",
            references=references(one.external_uri, [link.uri or "" for link in cve.references or ()]),
            seen_at=moment(one.event_time),
        )
