"""Nuclei: matches of templates on web applications, hosts, certificates and names; JSON and JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Raw, Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Cvss,
    Exchange,
    Finding,
    HostLocation,
    Item,
    JsonLines,
    Kind,
    Location,
    Probe,
    Rule,
    Run,
    Severity,
    Verification,
    WebLocation,
    cvss,
    cwe_ids,
    json_lines,
    json_rows,
    moment,
    parser,
    references,
    severity,
    variant,
    vulnerability_ids,
)

Words = list[str] | str | None


class Classification(Struct, rename="kebab"):
    cve_id: Words = None
    cwe_id: Words = None
    cvss_metrics: str | None = ""
    cvss_score: float | None = None
    epss_score: float | None = None
    cpe: str | None = ""


class Info(Struct):
    name: str = ""
    severity: str | None = ""
    description: str | None = ""
    impact: str | None = ""
    remediation: str | None = ""
    reference: Words = None
    tags: Words = None
    classification: Classification | None = None


class Event(Struct, rename="kebab"):
    info: Raw
    template_id: str = ""
    old_template_id: str = field(name="templateID", default="")
    type: str = ""
    host: str | None = ""
    port: str | int | None = ""
    scheme: str | None = ""
    url: str | None = ""
    matched_at: str | None = ""
    matched: str | None = ""
    ip: str | None = ""
    matcher_name: str | None = ""
    old_matcher_name: str | None = field(name="matcher_name", default="")
    extractor_name: str | None = ""
    matcher_status: bool | None = None
    extracted_results: Words = None
    old_extracted_results: Words = field(name="extracted_results", default=None)
    request: str | None = ""
    response: str | None = ""
    curl_command: str | None = ""
    timestamp: str | None = ""
    template_url: str | None = ""
    interaction: dict[str, Any] | None = None
    meta: dict[str, Any] | None = None
    matched_line: list[int] | None = None
    is_fuzzing_result: bool = field(name="is_fuzzing_result", default=False)
    fuzzing_method: str | None = field(name="fuzzing_method", default="")
    fuzzing_parameter: str | None = field(name="fuzzing_parameter", default="")
    fuzzing_position: str | None = field(name="fuzzing_position", default="")
    analyzer_details: str | None = field(name="analyzer_details", default="")
    error: str | None = ""


class Template(Struct, frozen=True):
    """What a template says of all its matches."""

    about: Rule
    severity: Severity
    given: str
    vulnerabilities: tuple[str, ...]
    cvss: tuple[Cvss, ...]
    epss: float | None


_info = msgspec.json.Decoder(Info, strict=False).decode


def _is_event(probe: Probe) -> bool:
    keys = probe.first if probe.is_array else probe.keys
    matched = {"matched-at", "matched", "matcher-status", "error"} & keys
    return {"info", "type"} <= keys and bool({"template-id", "templateID"} & keys) and bool(matched)


@parser(
    "nuclei",
    title="Nuclei",
    kind=Kind.WEB,
    looks=json_lines("info", "type", where=_is_event),
    made_with="nuclei -u https://example.com -jsonl -output nuclei.jsonl",
    url="https://docs.projectdiscovery.io/tools/nuclei/overview",
    versions="2.2 to 3.4",
)
def read(events: JsonLines[Event]) -> Iterator[Item]:
    yield from _items(events)


@variant("nuclei", looks=json_rows("info", "type", where=_is_event), lift=("[]",))
def read_array(events: list[Event]) -> Iterator[Item]:
    yield from _items(events)


def _items(events: JsonLines[Event] | list[Event]) -> Iterator[Item]:
    yield Run(tool="Nuclei")
    templates: dict[tuple[str, bytes], Template] = {}
    for event in events:
        # With -matcher-status, templates that did not match and requests that failed are written too.
        if event.matcher_status is False or event.error:
            continue
        identifier = event.template_id or event.old_template_id
        key = (identifier, bytes(event.info))
        if key not in templates:
            templates[key] = _template(identifier, _info(event.info), event.template_url or "")
        yield _finding(event, templates[key])


def _finding(event: Event, template: Template) -> Finding:
    matcher = event.matcher_name or event.old_matcher_name or event.extractor_name or ""
    name = template.about.title
    request, response = event.request or "", event.response or ""
    return Finding(
        rule=template.about.id,
        title=f"{name}: {matcher}" if matcher else name,
        severity=template.severity,
        severity_given=template.given,
        kind=_kind(event.type),
        location=_location(event),
        about=template.about,
        description=_description(event, matcher),
        cwes=template.about.cwes,
        vulnerabilities=template.vulnerabilities,
        cvss=template.cvss,
        epss=template.epss,
        verification=Verification.VERIFIED if event.interaction else None,
        exchange=Exchange(request=request, response=response) if request or response else None,
        tags=(matcher,) if matcher else (),
        seen_at=moment(event.timestamp),
    )


def _kind(protocol: str) -> Kind:
    if protocol in {"http", "headless", "websocket", ""}:
        return Kind.WEB
    return Kind.CODE if protocol == "file" else Kind.HOST


def _location(event: Event) -> Location:
    matched = event.matched_at or event.matched or event.url or event.host or ""
    if event.type == "file":
        return CodeLocation(path=matched, line=event.matched_line[0] if event.matched_line else None)
    if matched.startswith(("http://", "https://", "ws://", "wss://")) or event.type in {"http", "headless"}:
        request = (event.request or "").split(" ", 1)[0]
        method = event.fuzzing_method or (
            request if request.isalpha() and request.isupper() and len(request) < 12 else ""
        )
        return WebLocation(url=matched, method=method.upper(), parameter=event.fuzzing_parameter or "")
    return _host(matched, event)


def _host(matched: str, event: Event) -> HostLocation:
    """Return host and port of a match such as `db.example.com:5432`, `[::1]:22` or `example.com`."""
    text = matched if "://" in matched else f"//{matched}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = matched, None
    if port is None and isinstance(event.port, str | int) and str(event.port).isdigit():
        port = int(event.port)
    return HostLocation(host=host or event.host or event.ip or matched, port=port, protocol=event.type)


def _description(event: Event, matcher: str) -> str:
    extracted = event.extracted_results or event.old_extracted_results or ()
    values = [extracted] if isinstance(extracted, str) else extracted
    meta = ", ".join(f"{name}={value}" for name, value in (event.meta or {}).items())
    interaction = event.interaction or {}
    parts = (
        ("Matcher", matcher),
        ("Extracted", ", ".join(value.strip() for value in values)),
        ("Variables", meta),
        ("Fuzzed", " ".join(part for part in (event.fuzzing_position, event.fuzzing_parameter) if part)),
        ("Analysis", event.analyzer_details),
        (
            "Interaction",
            " ".join(str(interaction[key]) for key in ("protocol", "remote-address", "full-id") if key in interaction),
        ),
        ("Address", event.ip),
        ("Reproduce", event.curl_command),
    )
    return "\n".join(f"{name}: {text}" for name, text in parts if text)


def _template(identifier: str, info: Info, link: str) -> Template:
    known = info.classification or Classification()
    rating = cvss(known.cvss_metrics, known.cvss_score)
    given = info.severity or ""
    fallback = severity(rating.score) if rating and rating.score is not None else Severity.INFO
    texts = (info.description, info.impact)
    about = Rule(
        id=identifier,
        name=info.name,
        title=info.name or identifier,
        description="\n\n".join(text.strip() for text in texts if text and text.strip()),
        remedy=(info.remediation or "").strip(),
        cwes=cwe_ids(known.cwe_id),
        tags=_words(info.tags),
        references=references(info.reference, link),
    )
    return Template(
        about=about,
        severity=severity(given or None, fallback) if given.lower() != "unknown" else fallback,
        given=given,
        vulnerabilities=vulnerability_ids(known.cve_id, identifier),
        cvss=(rating,) if rating else (),
        epss=known.epss_score,
    )


@lru_cache(maxsize=4096)
def _split(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _words(given: Words) -> tuple[str, ...]:
    return _split(given) if isinstance(given, str) else tuple(given or ())
