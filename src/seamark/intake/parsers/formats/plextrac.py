"""PlexTrac: the findings of a report, exported as its own JSON (`.ptrac`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from seamark.intake.parsers.formats import _web
from seamark.intake.parsers.kit import (
    Cvss,
    Finding,
    Item,
    Kind,
    Location,
    ResourceLocation,
    Rule,
    Run,
    WebLocation,
    cvss,
    cwe_ids,
    json_object,
    moment,
    parser,
    references,
    severity,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described


class Asset(Struct, rename="camel"):
    asset: str | None = ""
    hostname: str | None = ""
    host_fqdn: str | None = field(name="host_fqdn", default="")
    known_ips: list[str] | None = None
    location_url: str | None = ""
    status: str | None = ""
    notes: str | None = ""
    vulnerable_parameters: list[str] | None = None
    ports: Any = None


class Known(Struct):
    name: str | None = ""
    id: int | str | None = None
    link: str | None = ""


class Identifiers(Struct):
    cve: list[Known] | None = field(name="CVE", default=None)
    cwe: list[Known] | None = field(name="CWE", default=None)


class Score(Struct):
    overall: float | str | None = None
    vector: str | None = ""


class Field(Struct):
    label: str | None = ""
    value: Any = None


class Flaw(Struct):
    title: str
    severity: str | None = ""
    status: str | None = ""
    sub_status: str | None = field(name="subStatus", default="")
    id: int | str | None = None
    flaw_id: int | str | None = None
    description: str | None = ""
    recommendations: str | None = ""
    references: str | None = ""
    fields: list[Field] | dict[str, Field] | None = None
    risk_score: dict[str, Score | None] | None = None
    common_identifiers: Identifiers | None = None
    tags: list[str] | None = None
    affected_assets: dict[str, Asset] | None = None
    source: str | None = ""
    created: int | str | None = field(name="createdAt", default=None)
    updated: int | str | None = field(name="last_update", default=None)


class Info(Struct):
    name: str | None = ""
    start_date: str | int | None = None
    end_date: str | int | None = None


class Report(Struct):
    flaws: list[Flaw] = field(name="flaws_array")
    report_info: Info | None = None
    client_info: Info | None = None


@parser(
    "plextrac",
    title="PlexTrac",
    kind=Kind.PENTEST,
    looks=json_object("report_info", "flaws_array", "client_info"),
    made_with="PlexTrac: Reports > Export > PTRAC",
    url="https://docs.plextrac.com/",
    versions="2 to 3",
)
def read(report: Report) -> Iterator[Item]:
    info = report.report_info or Info()
    client = (report.client_info.name if report.client_info else "") or ""
    yield Run(
        tool="PlexTrac",
        configuration=info.name or "",
        started=moment(info.start_date),
        finished=moment(info.end_date),
    )
    for flaw in report.flaws:
        # An asset may be mended while the others are not.
        for key, asset in (flaw.affected_assets or {"": Asset()}).items():
            yield _finding(flaw, key, asset, client)


def _finding(flaw: Flaw, key: str, asset: Asset, client: str) -> Finding:
    word, known = flaw.severity or "", flaw.common_identifiers or Identifiers()
    state = (asset.status or flaw.status or "").strip().lower()
    identifier = str(flaw.flaw_id or flaw.id or flaw.title)
    fields = flaw.fields.values() if isinstance(flaw.fields, dict) else flaw.fields or ()
    return Finding(
        rule=flaw.title,
        title=flaw.title,
        severity=severity(word or None),
        severity_given=word,
        location=_place(asset),
        about=Rule(
            id=flaw.title,
            description=_web.plain(flaw.description),
            remedy=_web.plain(flaw.recommendations),
            references=references(
                _web.links(flaw.references), _web.plain(flaw.references), [one.link or "" for one in known.cve or ()]
            ),
        ),
        description=described(
            *((one.label or "Note", _web.plain(one.value)) for one in fields if isinstance(one.value, str)),
            ("Addresses", ", ".join(asset.known_ips or ())),
            ("Parameters", ", ".join(asset.vulnerable_parameters or ())),
            ("Notes", _web.plain(asset.notes)),
            ("State", flaw.sub_status or ""),
        ),
        cwes=cwe_ids([one.id if one.id is not None else one.name or "" for one in known.cwe or ()]),
        vulnerabilities=vulnerability_ids([one.name or "" for one in known.cve or ()], flaw.title),
        cvss=_ratings(flaw),
        fingerprints=(("plextrac", f"{identifier}/{key}" if key else identifier),),
        baseline="absent" if state == "closed" else "",
        tags=tuple(text for text in (client, flaw.source or "", *(flaw.tags or ())) if text),
        seen_at=moment(flaw.updated) or moment(flaw.created),
    )


def _ratings(flaw: Flaw) -> tuple[Cvss, ...]:
    found = [cvss(one.vector, one.overall) for one in (flaw.risk_score or {}).values() if one and one.vector]
    return tuple(one for one in found if one)


def _place(asset: Asset) -> Location | None:
    url = asset.location_url or asset.asset or ""
    if url.startswith(("http://", "https://")):
        return WebLocation(url=url, parameter=next(iter(asset.vulnerable_parameters or ()), ""))
    name = asset.asset or asset.host_fqdn or asset.hostname or ""
    return ResourceLocation(resource=name) if name else None
