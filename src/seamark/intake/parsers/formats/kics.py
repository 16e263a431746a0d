"""KICS: misconfigurations and secrets in infrastructure as code."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    cwe_ids,
    json_object,
    moment,
    parser,
    references,
    severity,
)

_FAILURES = ("files_failed_to_scan", "queries_failed_to_execute", "queries_failed_to_compute_similarity_id")


class File(Struct):
    file_name: str
    line: int | None = None
    similarity_id: str = ""
    issue_type: str = ""
    search_key: str = ""
    search_value: str = ""
    expected_value: str = ""
    actual_value: str = ""
    remediation: str = ""
    resource_type: str = ""
    resource_name: str = ""


class Query(Struct):
    query_name: str
    query_id: str
    severity: str
    files: list[File] | None
    query_url: str = ""
    platform: str = ""
    cloud_provider: str = ""
    category: str = ""
    description: str = ""
    cwe: str | int | None = ""


class Report(Struct):
    queries: list[Query] | None
    files_scanned: int = 0
    files_parsed: int = 0
    files_failed_to_scan: int = 0
    queries_failed_to_execute: int = 0
    queries_failed_to_compute_similarity_id: int = 0
    kics_version: str = ""
    start: str = ""
    end: str = ""


@parser(
    "kics",
    title="KICS",
    kind=Kind.MISCONFIGURATION,
    looks=json_object("queries", "files_scanned", "queries_total"),
    made_with="kics scan -p . -o . --report-formats json",
    url="https://docs.kics.io/latest/results/",
    versions="1.2 to 2.1",
)
def read(report: Report) -> Iterator[Item]:
    problems = [f"{count} {name.replace('_', ' ')}" for name in _FAILURES if (count := getattr(report, name))]
    # Files that hold no infrastructure are scanned, found not to parse, and passed over.
    yield Run(
        tool="KICS",
        version=report.kics_version.removeprefix("v"),
        complete=False if problems else None,
        problems=tuple(problems),
        started=moment(report.start),
        finished=moment(report.end),
    )
    for query in report.queries or ():
        about = _about(query)
        for file in query.files or ():
            yield _finding(query, file, about)


def _about(query: Query) -> Rule:
    tags = (query.category, query.platform, query.cloud_provider)
    return Rule(
        id=query.query_id,
        name=query.query_name,
        title=query.query_name,
        description=query.description,
        cwes=cwe_ids(query.cwe),
        tags=tuple(tag for tag in tags if tag),
        references=references(query.query_url),
    )


def _finding(query: Query, file: File, about: Rule) -> Finding:
    secret = query.query_name.startswith("Passwords And Secrets")
    address = f"{file.resource_type}.{file.resource_name}" if file.resource_type and file.resource_name else ""
    lines = (
        ("Expected", file.expected_value),
        ("Found", file.actual_value),
        ("At", file.search_key),
        ("Issue", file.issue_type),
    )
    return Finding(
        rule=query.query_id,
        title=query.query_name,
        severity=Severity.INFO if query.severity.upper() == "TRACE" else severity(query.severity or None),
        severity_given=query.severity,
        kind=Kind.SECRET if secret else None,
        location=CodeLocation(path=file.file_name, line=file.line or None, scope=address or file.search_key),
        about=about,
        description="\n".join(f"{name}: {text}" for name, text in lines if text),
        remedy=file.remediation,
        cwes=about.cwes or ((798,) if secret else ()),
        fingerprints=(("kics-similarity-id", file.similarity_id),) if file.similarity_id else (),
    )
