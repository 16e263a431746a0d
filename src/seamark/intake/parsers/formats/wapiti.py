"""Wapiti: vulnerabilities, anomalies and additional facts of web applications; JSON and XML."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct, field

from seamark.intake.parsers.formats._web import joined, listed
from seamark.intake.parsers.kit import (
    Exchange,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    WebLocation,
    Xml,
    cwe_ids,
    json_object,
    moment,
    parser,
    severity,
    variant,
    vulnerability_ids,
    xml_root,
)
from seamark.intake.parsers.kit.texts import described

LEVELS = {"0": Severity.INFO, "1": Severity.LOW, "2": Severity.MEDIUM, "3": Severity.HIGH, "4": Severity.CRITICAL}


class Entry(Struct):
    path: str
    info: str | None = ""
    level: int | str | None = ""
    method: str | None = ""
    parameter: str | None = ""
    referer: str | None = ""
    module: str | None = ""
    http_request: str | None = ""
    curl_command: str | None = ""
    wstg: list[str] | str | None = None
    detail: Any = None


class Class(Struct):
    desc: str | None = ""
    sol: str | None = ""
    ref: dict[str, str] | None = None
    wstg: list[str] | None = None


class Infos(Struct):
    target: str
    version: str | None = ""
    date: str | None = ""
    scope: str | None = ""


class Report(Struct):
    infos: Infos
    classifications: dict[str, Class] | None = None
    vulnerabilities: dict[str, list[Entry]] | None = None
    anomalies: dict[str, list[Entry]] | None = None
    additionals: dict[str, list[Entry]] | None = None


def _is_wapiti(probe: Probe) -> bool:
    return "wapiti" in str(probe.get("infos.version")).lower() or {"anomalies", "classifications"} <= probe.keys


@parser(
    "wapiti",
    title="Wapiti",
    kind=Kind.WEB,
    looks=json_object("vulnerabilities", "infos.target", where=_is_wapiti),
    made_with="wapiti -u https://example.com/ -f json -o wapiti.json",
    url="https://wapiti-scanner.github.io/",
    versions="3.0 to 3.2",
)
def read(report: Report) -> Iterator[Item]:
    infos = report.infos
    yield _run(infos.version or "", infos.date or "")
    groups = (report.vulnerabilities, report.anomalies, report.additionals)
    for sort, group in zip(SORTS, groups, strict=True):
        for name, entries in (group or {}).items():
            known = (report.classifications or {}).get(name) or Class()
            about = _about(
                name, sort, known.desc or "", known.sol or "", tuple((known.ref or {}).items()), tuple(known.wstg or ())
            )
            for entry in entries:
                yield _finding(entry, about, infos.target)


SORTS = ("vulnerability", "anomaly", "additional")


def _run(version: str, date: str) -> Run:
    return Run(tool="Wapiti", version=version.removeprefix("Wapiti").strip(), finished=moment(date))


class Source(Struct):
    title: str = ""
    url: str = ""


class Sources(Struct):
    reference: list[Source] | Source | str | None = None


class Codes(Struct):
    code: list[str] | str | None = None


class XmlEntry(Struct):
    path: str
    info: str = ""
    level: str = ""
    method: str = ""
    parameter: str = ""
    referer: str = ""
    module: str = ""
    http_request: str = ""
    curl_command: str = ""
    wstg: Codes | str | None = None


class Entries(Struct):
    entry: list[XmlEntry] | XmlEntry | str | None = None


class XmlClass(Struct):
    name: str = field(name="@name")
    description: str = ""
    solution: str = ""
    references: Sources | str | None = None
    entries: Entries | str | None = None


def _is_xml(probe: Probe) -> bool:
    head = probe.source.head(16384)
    return b"report_infos" in head and b"apiti" in head


@variant("wapiti", looks=xml_root("report", where=_is_xml))
def read_xml(document: Xml) -> Iterator[Item]:
    said: dict[str, str] = {}
    for element in document.each("info"):
        if element.get("name"):
            said[str(element.get("name"))] = (element.text or "").strip()
        elif said:
            break
    yield _run(said.get("generatorVersion", ""), said.get("dateOfScan", ""))
    for row in document.each(*SORTS, row=XmlClass):
        sources = row.references.reference if isinstance(row.references, Sources) else None
        links = tuple((each.title, each.url) for each in listed(sources) if isinstance(each, Source))
        entries = row.entries.entry if isinstance(row.entries, Entries) else None
        about = _about(row.name, "", row.description, row.solution, links, ())
        for each in listed(entries):
            if isinstance(each, XmlEntry):
                codes = listed(each.wstg.code) if isinstance(each.wstg, Codes) else []
                entry = Entry(
                    path=each.path, info=each.info, level=each.level, method=each.method, parameter=each.parameter,
                    referer=each.referer, module=each.module, http_request=each.http_request,
                    curl_command=each.curl_command, wstg=codes,
                )  # fmt: skip
                yield _finding(entry, about, said.get("target", ""))


def _finding(entry: Entry, about: Rule, target: str) -> Finding:
    level, info = str(entry.level if entry.level is not None else ""), entry.info or ""
    speaks = 0 < len(info) < 200 and not info.startswith("{")  # facts come as JSON
    return Finding(
        rule=about.id,
        title=f"{about.title}: {info}" if speaks else about.title,
        severity=LEVELS.get(level) or severity(level or None),
        severity_given=level,
        location=WebLocation(
            url=joined(target, entry.path), method=(entry.method or "").upper(), parameter=entry.parameter or ""
        ),
        about=about,
        description=described(
            ("", "" if speaks else info), ("Referer", entry.referer), ("Reproduce with", entry.curl_command)
        ),
        cwes=about.cwes,
        vulnerabilities=vulnerability_ids(info),
        exchange=Exchange(request=entry.http_request) if entry.http_request else None,
        tags=tuple([entry.module] if entry.module else ()),
    )


@lru_cache(maxsize=1024)
def _about(
    name: str, sort: str, text: str, remedy: str, sources: tuple[tuple[str, str], ...], codes: tuple[str, ...]
) -> Rule:
    return Rule(
        id=name,
        name=name,
        title=name,
        description=text.strip(),
        remedy=remedy.strip(),
        cwes=cwe_ids(*(title for title, _ in sources), *(url for _, url in sources)),
        tags=(*([sort] if sort else ()), *codes),
        references=tuple(url for _, url in sources if url),
    )
