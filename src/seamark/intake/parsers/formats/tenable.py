"""Tenable Vulnerability Management and Security Center: vulnerabilities as their APIs give them, in JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats._hosts import service
from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Probe,
    Reading,
    Rule,
    Run,
    Severity,
    Suppression,
    cwe_ids,
    json_object,
    json_rows,
    moment,
    parser,
    references,
    severity,
    variant,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.packages import probability, rating
from seamark.intake.parsers.kit.texts import described


class Vector(Struct):
    raw: str | None = ""


class Reference(Struct):
    type: str | None = ""
    id: str | int | None = ""


class Plugin(Struct):
    id: int
    name: str | None = ""
    family: str | None = ""
    synopsis: str | None = ""
    description: str | None = ""
    solution: str | None = ""
    see_also: list[str] | None = None
    cve: list[str] | None = None
    xrefs: list[Reference] | None = None
    cvss_base_score: float | None = None
    cvss_vector: Vector | None = None
    cvss3_base_score: float | None = None
    cvss3_vector: Vector | None = None
    cvss4_base_score: float | None = None
    cvss4_vector: Vector | None = None
    epss_score: float | None = None
    vpr: dict[str, Any] | None = None
    exploit_available: bool | None = None
    exploited_by_malware: bool | None = None


class Asset(Struct):
    fqdn: str | None = ""
    hostname: str | None = ""
    ipv4: str | None = ""
    ipv6: str | None = ""
    uuid: str | None = ""
    operating_system: list[str] | str | None = None


class Port(Struct):
    port: int | None = None
    protocol: str | None = ""
    service: str | None = ""


class Entry(Struct):
    asset: Asset
    plugin: Plugin
    port: Port | None = None
    output: str | None = ""
    severity: str | None = ""
    severity_modification_type: str | None = ""
    recast_reason: str | None = ""
    state: str | None = ""
    finding_id: str | None = ""
    last_found: str | None = ""


def _is_entry(probe: Probe) -> bool:
    return (
        probe.has("0.plugin.id") and probe.has("0.asset") and bool({"severity_id", "severity_default_id"} & probe.first)
    )


@parser(
    "tenable",
    title="Tenable",
    kind=Kind.HOST,
    looks=json_rows("asset", "plugin", "severity", "state", where=_is_entry),
    made_with="GET /vulns/export/UUID/chunks/1 (Vulnerability Management), POST /rest/analysis with vulndetails (Security Center)",
    url="https://developer.tenable.com/reference/exports-vulns-download-chunk",
    versions="the APIs of 2018 to 2025",
    lift=("[]",),
)
def read(entries: list[Entry]) -> Iterator[Item]:
    # An export holds what is known of all assets, scanned at different times.
    yield Run(tool="Tenable Vulnerability Management")
    for entry in entries:
        yield _finding(entry)


def _finding(entry: Entry) -> Finding:
    plugin, asset, port = entry.plugin, entry.asset, entry.port or Port()
    ratings = (
        rating(plugin.cvss4_vector.raw if plugin.cvss4_vector else "", plugin.cvss4_base_score, "4.0"),
        rating(plugin.cvss3_vector.raw if plugin.cvss3_vector else "", plugin.cvss3_base_score, "3.0"),
        rating(plugin.cvss_vector.raw if plugin.cvss_vector else "", plugin.cvss_base_score, "2.0"),
    )
    host = asset.fqdn or asset.hostname or asset.ipv4 or asset.ipv6 or asset.uuid or ""
    accepted = (entry.severity_modification_type or "").upper() == "ACCEPTED"
    score = (plugin.vpr or {}).get("score")
    systems = (
        asset.operating_system if isinstance(asset.operating_system, str) else ", ".join(asset.operating_system or ())
    )
    return Finding(
        rule=str(plugin.id),
        title=plugin.name or f"Plug-in {plugin.id}",
        severity=severity(entry.severity or None),
        severity_given=entry.severity or "",
        location=service(host, port.port, port.protocol) if host else None,
        about=Rule(
            id=str(plugin.id),
            title=plugin.name or "",
            description="\n".join(text for text in (plugin.synopsis, plugin.description) if text),
            remedy=plugin.solution or "",
            references=references(plugin.see_also),
            tags=(plugin.family,) if plugin.family else (),
        ),
        description=described(
            ("", entry.output or ""),
            ("Address", asset.ipv4 or ""),
            ("Service", port.service or ""),
            ("System", systems),
            ("VPR", score if isinstance(score, int | float) else ""),
        ),
        cwes=cwe_ids([f"{one.type}-{one.id}" for one in plugin.xrefs or () if one.type]),
        vulnerabilities=vulnerability_ids(plugin.cve),
        cvss=tuple(one for one in ratings if one),
        epss=probability(plugin.epss_score),
        fingerprints=(("tenable", entry.finding_id),) if entry.finding_id else (),
        suppression=Suppression(origin="tool", justification=entry.recast_reason or "accepted") if accepted else None,
        baseline="absent" if (entry.state or "").upper() == "FIXED" else "",
        tags=tuple(
            text
            for text, given in (
                ("exploit available", plugin.exploit_available),
                ("used by malware", plugin.exploited_by_malware),
            )
            if given
        ),
        seen_at=moment(entry.last_found),
    )


class Named(Struct):
    name: str | None = ""


class Record(Struct, rename="camel"):
    plugin_id: str | int = field(name="pluginID")
    plugin_name: str | None = ""
    severity: Named | str | None = None
    family: Named | str | None = None
    ip: str | None = ""
    dns_name: str | None = ""
    port: str | int | None = None
    protocol: str | None = ""
    plugin_text: str | None = ""
    synopsis: str | None = ""
    description: str | None = ""
    solution: str | None = ""
    see_also: str | None = ""
    cve: str | None = ""
    xref: str | None = ""
    base_score: str | float | None = None
    cvss_vector: str | None = ""
    cvss_v3_base_score: str | float | None = field(name="cvssV3BaseScore", default=None)
    cvss_v3_vector: str | None = field(name="cvssV3Vector", default="")
    vpr_score: str | float | None = None
    exploit_available: str | None = ""
    accept_risk: str | int | None = None
    accept_risk_comment: str | None = field(name="acceptRiskRuleComment", default="")
    last_seen: str | int | None = None


class Page(Struct, rename="camel"):
    results: Raw
    total_records: str | int | None = None
    returned_records: str | int | None = None


class Answer(Struct):
    response: Page


@variant(
    "tenable",
    looks=json_object("response.results", where=lambda probe: probe.has("response.results.0.pluginID")),
    lift=("response.results",),
)
def read_analysis(answer: Answer, reading: Reading) -> Iterator[Item]:
    page = answer.response
    more = page.total_records is not None and str(page.total_records) != str(page.returned_records)
    yield Run(
        tool="Tenable Security Center",
        complete=False if more else None,
        problems=("More vulnerabilities are on other pages",) if more else (),
    )
    yield from _records(reading.rows(page.results, Record, "$.response.results"))


def _records(rows: Iterable[Record]) -> Iterator[Finding]:
    for row in rows:
        word = row.severity.name if isinstance(row.severity, Named) else row.severity
        family = row.family.name if isinstance(row.family, Named) else row.family
        ratings = (
            rating(row.cvss_v3_vector, row.cvss_v3_base_score or None, "3.0"),
            rating(row.cvss_vector, row.base_score or None, "2.0"),
        )
        rule, host = str(row.plugin_id), row.dns_name or row.ip or ""
        accepted = str(row.accept_risk) == "1"
        seen = str(row.last_seen or "")
        yield Finding(
            rule=rule,
            title=row.plugin_name or f"Plug-in {rule}",
            severity=severity(word or None, Severity.INFO),
            severity_given=word or "",
            location=service(host, row.port, row.protocol) if host else None,
            about=Rule(
                id=rule,
                title=row.plugin_name or "",
                description="\n".join(text for text in (row.synopsis, row.description) if text),
                remedy=row.solution or "",
                references=references(row.see_also),
                tags=(family,) if family else (),
            ),
            description=described(
                ("", _unmarked(row.plugin_text or "")), ("Address", row.ip or ""), ("VPR", row.vpr_score or "")
            ),
            cwes=cwe_ids((row.xref or "").replace("#", "")),
            vulnerabilities=vulnerability_ids(row.cve),
            cvss=tuple(one for one in ratings if one),
            suppression=Suppression(origin="tool", justification=row.accept_risk_comment or "accepted")
            if accepted
            else None,
            tags=("exploit available",) if (row.exploit_available or "").lower() == "yes" else (),
            seen_at=moment(int(seen)) if seen.isascii() and seen.isdecimal() and len(seen) < 12 else "",
        )


def _unmarked(text: str) -> str:
    """Return what a plug-in printed, without the element that Security Center keeps it in."""
    return text.strip().removeprefix("<plugin_output>").removesuffix("</plugin_output>").strip()
