"""MobSF: the static analysis of Android, iOS and Windows applications, and the scorecard made of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from seamark.intake.parsers.formats.mobsf import application, sections
from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    json_object,
    moment,
    parser,
)

SECTIONS = frozenset({"binary_analysis", "code_analysis", "manifest_analysis"})


class Report(Struct):
    file_name: str
    sha256: str = ""
    version: str = ""
    app_name: str = ""
    app_type: str = ""
    package_name: str = ""
    bundle_id: str = ""
    app_version: str | None = ""
    version_name: str | None = ""
    timestamp: str = ""
    permissions: Any = None
    certificate_analysis: Any = None
    manifest_analysis: Any = None
    network_security: Any = None
    ats_analysis: Any = None
    code_analysis: Any = None
    android_api: Any = None
    ios_api: Any = None
    binary_analysis: Any = None
    macho_analysis: Any = None
    dylib_analysis: Any = None
    framework_analysis: Any = None
    file_analysis: Any = None
    firebase_urls: Any = None
    firebase_analysis: Any = None
    secrets: Any = None
    trackers: Any = None
    domains: Any = None


def _is_report(probe: Probe) -> bool:
    return bool(SECTIONS & probe.keys)


@parser(
    "mobsf",
    title="MobSF",
    kind=Kind.MISCONFIGURATION,
    looks=json_object("file_name", "md5", "sha256", "title", where=_is_report),
    made_with="curl -H 'Authorization: <key>' -d hash=<md5> http://localhost:8000/api/v1/report_json",
    url="https://mobsf.github.io/docs/",
    versions="3.0 to 4.4",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(
        tool="MobSF",
        version=report.version.removeprefix("v"),
        configuration=report.package_name or report.bundle_id,
        finished=moment(report.timestamp),
    )
    app = application.Application(report.file_name, report.package_name or report.bundle_id or report.app_name)
    yield from application.permissions(report.permissions, app)
    yield from application.certificate(report.certificate_analysis, app)
    yield from application.manifest(report.manifest_analysis)
    yield from application.network(report.network_security, app)
    yield from application.transport(report.ats_analysis, app)
    yield from sections.code(report.code_analysis)
    for calls in (report.android_api, report.ios_api):
        yield from sections.calls(calls)
    for binaries in (
        report.binary_analysis,
        report.macho_analysis,
        report.dylib_analysis,
        report.framework_analysis,
    ):
        yield from sections.binaries(binaries, app)
    yield from sections.files(report.file_analysis)
    yield from application.firebase(report.firebase_urls, report.firebase_analysis, app)
    yield from application.secrets(report.secrets, app)
    yield from application.trackers(report.trackers, app)
    yield from application.domains(report.domains)


class Entry(Struct):
    title: str
    description: str = ""
    section: str = ""


class Scorecard(Struct):
    file_name: str
    high: list[Entry]
    warning: list[Entry]
    info: list[Entry] = []
    hotspot: list[Entry] = []
    app_name: str = ""
    hash: str = ""
    version: str = field(name="version_name", default="")


@parser(
    "mobsf-scorecard",
    title="MobSF Scorecard",
    kind=Kind.MISCONFIGURATION,
    looks=json_object("security_score", "high", "warning", "file_name"),
    made_with="curl -H 'Authorization: <key>' -d hash=<md5> http://localhost:8000/api/v1/scorecard",
    url="https://mobsf.github.io/docs/",
    versions="3.4 to 4.4",
)
def read_scorecard(card: Scorecard) -> Iterator[Item]:
    yield Run(tool="MobSF Scorecard", configuration=card.app_name)
    app = application.Application(card.file_name, card.app_name)
    # What the card lists as secure are checks that the application passed.
    for word, entries in (
        ("high", card.high),
        ("warning", card.warning),
        ("info", card.info),
        ("hotspot", card.hotspot),
    ):
        for entry in entries:
            yield Finding(
                rule=entry.title,
                title=entry.title,
                severity=application.severity_of(word),
                severity_given=word,
                kind=Kind.CODE if entry.section == "code" else None,
                location=app.location,
                about=Rule(id=entry.title, tags=(entry.section,) if entry.section else ()),
                description=entry.description,
            )
