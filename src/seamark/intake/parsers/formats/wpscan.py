"""WPScan: what is known against a WordPress site, its plugins and themes, and what was found on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.formats._web import joined
from seamark.intake.parsers.kit import (
    Component,
    Confidence,
    Finding,
    Item,
    Kind,
    Probe,
    Run,
    Severity,
    Verification,
    WebLocation,
    cvss,
    cwe_ids,
    first_line,
    json_object,
    moment,
    parser,
    severity,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described

DATABASE = "https://wpscan.com/vulnerability/"
DEFAULT = Severity.MEDIUM
"""WPScan rates only for those who pay for it."""


class Rating(Struct):
    score: float | str | None = None
    vector: str | None = ""
    severity: str | None = ""


class Vulnerability(Struct):
    title: str
    fixed_in: str | None = ""
    references: dict[str, Any] | None = None
    cvss: Rating | None = None
    vuln_type: str | None = ""
    cwe: Any = None


class Version(Struct):
    number: str | None = ""
    confidence: int | None = None
    status: str | None = ""
    vulnerabilities: list[Vulnerability] | None = None
    found_by: str | None = ""


class Extension(Struct):
    slug: str | None = ""
    location: str | None = ""
    version: Version | bool | None = None
    latest_version: str | None = ""
    outdated: bool | None = None
    vulnerabilities: list[Vulnerability] | None = None
    confidence: int | None = None
    found_by: str | None = ""
    parents: list[Any] | None = None


class Interesting(Struct):
    to_s: str
    type: str = ""
    url: str | None = ""
    found_by: str | None = ""
    confidence: int | None = None
    references: dict[str, Any] | None = None
    interesting_entries: list[Any] | None = None


class Found(Struct):
    found_by: str | None = ""
    confidence: int | None = None
    id: int | str | None = None
    password: str | None = ""
    vulnerabilities: list[Vulnerability] | None = None
    version: Any = None
    interesting_entries: list[Any] | None = None


class Banner(Struct):
    version: str | None = ""


class Api(Struct):
    error: Any = None


class Report(Struct):
    target_url: str | None = ""
    effective_url: str | None = ""
    banner: Banner | None = None
    start_time: float | None = None
    stop_time: float | None = None
    scan_aborted: str | None = ""
    interesting_findings: list[Interesting] | None = None
    version: Version | None = None
    main_theme: Extension | None = None
    themes: dict[str, Extension] | list[Any] | None = None
    plugins: dict[str, Extension] | list[Any] | None = None
    timthumbs: dict[str, Found] | list[Any] | None = None
    config_backups: dict[str, Found] | list[Any] | None = None
    db_exports: dict[str, Found] | list[Any] | None = None
    medias: dict[str, Found] | list[Any] | None = None
    users: dict[str, Found] | list[Any] | None = None
    password_attack: dict[str, Found] | list[Any] | None = None
    vuln_api: Api | None = None


def _is_wpscan(probe: Probe) -> bool:
    if "WordPress Security Scanner" in str(probe.get("banner.description")):
        return True
    return {"target_url", "effective_url"} <= probe.keys and bool(
        {"interesting_findings", "scan_aborted", "vuln_api", "main_theme"} & probe.keys
    )


@parser(
    "wpscan",
    title="WPScan",
    kind=Kind.WEB,
    looks=json_object(where=_is_wpscan),
    made_with="wpscan --url https://example.com --format json --output wpscan.json",
    url="https://github.com/wpscanteam/wpscan/wiki",
    versions="3.0 to 3.8",
)
def read(report: Report) -> Iterator[Item]:
    silent = str(report.vuln_api.error) if report.vuln_api and report.vuln_api.error else ""
    done = report.stop_time is not None
    yield Run(
        tool="WPScan",
        version=(report.banner.version if report.banner else "") or "",
        successful=False if report.scan_aborted else True if done else None,
        complete=False if report.scan_aborted or silent else None,
        problems=tuple(text for text in (report.scan_aborted, silent) if text),
        started=moment(report.start_time),
        finished=moment(report.stop_time),
    )
    site = report.effective_url or report.target_url or ""
    for fact in report.interesting_findings or ():
        yield _interesting(fact, site)
    if report.version is not None:
        core = Component(name="wordpress", version=report.version.number or "")
        for vulnerability in report.version.vulnerabilities or ():
            yield _vulnerability(vulnerability, core, site, report.version.confidence, "wordpress")
    if report.main_theme is not None:
        yield from _extension(report.main_theme, "theme", "", site)
    for sort, group in (("theme", report.themes), ("plugin", report.plugins)):
        for slug, extension in _entries(group):
            known = report.main_theme
            if sort == "plugin" or known is None or known.slug != (extension.slug or slug):
                yield from _extension(extension, sort, slug, site)
    yield from _others(report, site)


def _entries(group: dict[str, Any] | list[Any] | None) -> list[tuple[str, Any]]:
    """Return the entries by name; none of a group that was looked for in vain, an empty list."""
    return list(group.items()) if isinstance(group, dict) else []


def _extension(extension: Extension, sort: str, slug: str, site: str) -> Iterator[Finding]:
    version = extension.version if isinstance(extension.version, Version) else Version()
    component = Component(name=extension.slug or slug, version=version.number or "")
    for vulnerability in extension.vulnerabilities or ():
        yield _vulnerability(vulnerability, component, extension.location or site, version.confidence, sort)


def _vulnerability(row: Vulnerability, component: Component, url: str, sure: int | None, sort: str) -> Finding:
    given = {name: _words(values) for name, values in (row.references or {}).items()}
    rating = cvss(row.cvss.vector or "", row.cvss.score) if row.cvss else None
    word = (row.cvss.severity if row.cvss else "") or ""
    ids = given.get("wpvulndb", [])
    return Finding(
        rule=ids[0] if ids else row.title,
        title=first_line(row.title, 300),
        severity=severity(word) if word else severity(rating.score) if rating and rating.score else DEFAULT,
        severity_given=word or (str(rating.score) if rating else ""),
        kind=Kind.DEPENDENCY,
        location=WebLocation(url=url) if url else None,
        component=component,
        confidence=_confidence(sure),
        cwes=cwe_ids(*(str(word) for word in _words(row.cwe))),
        vulnerabilities=vulnerability_ids(
            [f"CVE-{name.upper().removeprefix('CVE-')}" for name in given.get("cve", [])]
        ),
        cvss=(rating,) if rating else (),
        fixed_versions=(row.fixed_in,) if row.fixed_in else (),
        references=(*given.get("url", ()), *(DATABASE + name for name in ids), *_links(given)),
        tags=tuple(word for word in (sort, row.vuln_type) if word),
    )


def _links(given: dict[str, list[str]]) -> list[str]:
    named = {
        "exploitdb": "https://www.exploit-db.com/exploits/",
        "youtube": "",
        "packetstorm": "https://packetstormsecurity.com/files/",
    }
    return [base + name for sort, base in named.items() for name in given.get(sort, ())]


def _words(values: Any) -> list[str]:
    if isinstance(values, list):
        return [str(each) for each in values if isinstance(each, str | int)]
    return [str(values)] if isinstance(values, str | int) and not isinstance(values, bool) else []


def _confidence(percent: int | None) -> Confidence | None:
    if percent is None:
        return None
    return Confidence.HIGH if percent >= 80 else Confidence.MEDIUM if percent >= 50 else Confidence.LOW


def _interesting(fact: Interesting, site: str) -> Finding:
    given = {name: _words(values) for name, values in (fact.references or {}).items()}
    url = fact.url or site
    title = fact.to_s.replace(url, "").strip(" :") if url and fact.to_s != url else ""
    return Finding(
        rule=fact.type or "interesting_finding",
        title=first_line(title or fact.type.replace("_", " ").capitalize() or fact.to_s, 300),
        severity=Severity.INFO,
        location=WebLocation(url=url) if url else None,
        description=described(
            ("Found by", fact.found_by), *(("", str(entry)) for entry in (fact.interesting_entries or ())[:50])
        ),
        confidence=_confidence(fact.confidence),
        references=(*given.get("url", ()), *_links(given)),
    )


OTHERS = (
    ("config_backups", "Backup of the configuration", Severity.HIGH),
    ("db_exports", "Export of the database", Severity.HIGH),
    ("timthumbs", "TimThumb script", Severity.LOW),
    ("medias", "Media", Severity.INFO),
)


def _others(report: Report, site: str) -> Iterator[Finding]:
    for name, title, step in OTHERS:
        for url, found in _entries(getattr(report, name)):
            yield Finding(
                rule=name,
                title=title,
                severity=step,
                location=WebLocation(url=joined(site, url)),
                description=described(("Found by", found.found_by)),
                confidence=_confidence(found.confidence),
            )
            for vulnerability in found.vulnerabilities or ():
                yield _vulnerability(
                    vulnerability, Component(name="timthumb"), joined(site, url), found.confidence, "timthumb"
                )
    for login, found in _entries(report.users):
        yield Finding(
            rule="users",
            title=f"User name {login} can be found out",
            severity=Severity.INFO,
            location=WebLocation(url=site) if site else None,
            description=described(("Found by", found.found_by)),
            confidence=_confidence(found.confidence),
        )
    for login, found in _entries(report.password_attack):
        yield Finding(
            rule="password_attack",
            title=f"The password of {login} was guessed",
            severity=Severity.CRITICAL,
            location=WebLocation(url=site) if site else None,
            verification=Verification.VERIFIED,
            secret=found.password or "",
        )
