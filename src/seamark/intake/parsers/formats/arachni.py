"""Arachni: issues of web applications, as its JSON report."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import Raw, Struct

from seamark.intake.parsers.kit import (
    Confidence,
    Exchange,
    Finding,
    Item,
    Kind,
    Reading,
    Rule,
    Run,
    WebLocation,
    cwe_ids,
    json_object,
    moment,
    parser,
    severity,
)
from seamark.intake.parsers.kit.texts import described


class Check(Struct):
    name: str | None = ""
    shortname: str | None = ""
    description: str | None = ""


class Vector(Struct):
    url: str | None = ""
    action: str | None = ""
    method: str | None = ""
    type: str | None = ""
    affected_input_name: str | None = ""
    affected_input_value: str | None = ""
    source: str | None = ""


class Message(Struct):
    url: str | None = ""
    method: str | None = ""
    headers_string: str | None = ""
    body: Any = ""
    effective_body: Any = ""
    """A text, or the fields of a form."""


class Dom(Struct):
    url: str | None = ""


class Page(Struct):
    dom: Dom | None = None


class Issue(Struct):
    name: str
    severity: str
    check: Check | None = None
    description: str | None = ""
    remedy_guidance: str | None = ""
    references: dict[str, Any] | None = None
    tags: list[str] | None = None
    cwe: int | str | None = None
    vector: Vector | None = None
    proof: str | None = ""
    signature: str | None = ""
    remarks: dict[str, Any] | None = None
    trusted: bool | None = None
    digest: int | str | None = None
    page: Page | None = None
    request: Message | None = None
    response: Message | None = None


class Options(Struct):
    url: str | None = ""
    checks: list[str] | None = None


class Report(Struct):
    issues: Raw
    version: str
    options: Options | None = None
    start_datetime: str | None = ""
    finish_datetime: str | None = ""
    sitemap: dict[str, Any] | None = None


@parser(
    "arachni",
    title="Arachni",
    kind=Kind.WEB,
    looks=json_object("issues", "sitemap", "options", "version"),
    made_with="arachni_reporter scan.afr --reporter=json:outfile=report.json",
    url="https://github.com/Arachni/arachni/wiki",
    versions="1.0 to 1.6",
    lift=("issues",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    options = report.options or Options()
    yield Run(
        tool="Arachni",
        version=report.version,
        ruleset=frozenset(options.checks) if options.checks else None,
        started=moment(report.start_datetime),
        finished=moment(report.finish_datetime),
    )
    for issue in reading.rows(report.issues, Issue, where="$.issues"):
        yield _finding(issue, options.url or "")


def _finding(issue: Issue, site: str) -> Finding:
    vector, request, response = issue.vector or Vector(), issue.request or Message(), issue.response or Message()
    check = issue.check or Check()
    page = issue.page.dom.url if issue.page and issue.page.dom else ""
    about = _about(
        check.shortname or issue.name,
        issue.name,
        issue.description or "",
        issue.remedy_guidance or "",
        cwe_ids(issue.cwe),
        tuple(issue.tags or ()),
        tuple(link for link in (issue.references or {}).values() if isinstance(link, str)),
    )
    exchange = Exchange(request=_text(request), response=_text(response))
    remarks = [
        ("", str(text)) for texts in (issue.remarks or {}).values() if isinstance(texts, list) for text in texts[:5]
    ]
    return Finding(
        rule=about.id,
        title=issue.name,
        severity=severity(issue.severity),
        severity_given=issue.severity,
        location=WebLocation(
            url=vector.action or vector.url or request.url or page or response.url or site,
            method=(vector.method or request.method or "").upper(),
            parameter=vector.affected_input_name or "",
        ),
        about=about,
        description=described(
            ("Injected", vector.affected_input_value), ("Proof", issue.proof), ("Signature", issue.signature), *remarks
        ),
        # An issue that is not trusted may be a false positive: it asks for manual verification.
        confidence=None if issue.trusted is None else Confidence.HIGH if issue.trusted else Confidence.LOW,
        cwes=about.cwes,
        exchange=exchange if exchange.request or exchange.response else None,
        fingerprints=(("digest", str(issue.digest)),) if issue.digest is not None else (),
    )


def _text(message: Message) -> str:
    head, body = (message.headers_string or "").strip(), message.effective_body or message.body or ""
    if isinstance(body, dict):
        body = "&".join(f"{name}={value}" for name, value in body.items())
    body = body if isinstance(body, str) else ""
    return f"{head}\n\n{body[:20_000]}".strip()


@lru_cache(maxsize=2048)
def _about(
    rule: str, name: str, text: str, remedy: str, cwes: tuple[int, ...], tags: tuple[str, ...], links: tuple[str, ...]
) -> Rule:
    return Rule(
        id=rule,
        name=name,
        title=name,
        description=text.strip(),
        remedy=remedy.strip(),
        cwes=cwes,
        tags=tags,
        references=links,
    )
