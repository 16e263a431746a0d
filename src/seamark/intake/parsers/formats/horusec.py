"""Horusec: what a dozen scanners found in one repository."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Raw, Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Reading,
    Rule,
    Run,
    Suppression,
    confidence,
    cwe_ids,
    first_line,
    json_object,
    moment,
    parser,
    references,
    severity,
    vulnerability_ids,
)

DEPENDENCY_TOOLS = frozenset(
    {"BundlerAudit", "DotnetCli", "MixAudit", "Nancy", "NpmAudit", "OwaspDependencyCheck", "Safety", "YarnAudit"}
)
SECRET_TOOLS = frozenset({"GitLeaks"})
CONFIGURATION_TOOLS = frozenset({"Checkov", "TfSec"})
SET_ASIDE = {"False Positive": "False positive", "Risk Accepted": "Risk accepted", "Corrected": "Corrected"}
_COUNTED = re.compile(r"^\(\d+/\d+\) (?:\* )?(?:Possible vulnerability detected: )?")
_VALUE = re.compile(r"""["']([^"']{3,})["']""")


class Row(Struct):
    file: str
    severity: str
    details: str = ""
    line: str | int = ""
    column: str | int = ""
    confidence: str = ""
    code: str = ""
    tool: str = field(name="securityTool", default="")
    language: str = ""
    type: str = ""
    rule: str = field(name="rule_id", default="")
    author: str = field(name="commitAuthor", default="")
    email: str = field(name="commitEmail", default="")
    commit: str = field(name="commitHash", default="")
    date: str = field(name="commitDate", default="")
    hash: str = field(name="vulnHash", default="")
    old_hashes: list[str] | None = field(name="deprecatedHashes", default=None)


class Entry(Struct):
    row: Row = field(name="vulnerabilities")


class Report(Struct):
    entries: Raw = field(name="analysisVulnerabilities")
    status: str
    version: str = ""
    errors: str | None = ""
    started: str = field(name="createdAt", default="")
    finished: str = field(name="finishedAt", default="")
    repository: str = field(name="repositoryName", default="")


@parser(
    "horusec",
    title="Horusec",
    kind=Kind.CODE,
    looks=json_object("analysisVulnerabilities", "status"),
    made_with="horusec start -p . -o json -O horusec.json",
    url="https://docs.horusec.io/",
    versions="2.0 to 2.8",
    lift=("analysisVulnerabilities",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    yield Run(
        tool="Horusec",
        version=report.version.removeprefix("v"),
        successful=report.status == "success",
        complete=not report.errors,
        problems=tuple(part.strip() for part in (report.errors or "").split(";") if part.strip())[:50],
        repository=report.repository,
        started=moment(report.started),
        finished=moment(report.finished),
    )
    for entry in reading.rows(report.entries, Entry, where="$.analysisVulnerabilities"):
        yield _finding(entry.row)


def _finding(row: Row) -> Finding:
    about = _about(row.details, row.rule)
    kind = _kind(row)
    return Finding(
        rule=about.id,
        title=about.title,
        severity=severity(row.severity),
        severity_given=row.severity,
        kind=kind,
        location=CodeLocation(
            path=row.file, line=_number(str(row.line)), column=_number(str(row.column)), snippet=row.code
        ),
        about=about,
        description=_history(row),
        confidence=confidence(row.confidence),
        cwes=about.cwes,
        vulnerabilities=vulnerability_ids(row.details) if kind is Kind.DEPENDENCY else (),
        fingerprints=_fingerprints(row),
        secret=_secret(row.code) if kind is Kind.SECRET else "",
        suppression=Suppression(origin="tool", justification=SET_ASIDE[row.type]) if row.type in SET_ASIDE else None,
        tags=tuple(tag for tag in (row.tool, row.language) if tag),
    )


@lru_cache(maxsize=4096)
def _about(details: str, rule: str) -> Rule:
    text = _COUNTED.sub("", details.strip())
    title = first_line(text) or rule or "Vulnerability"
    return Rule(
        id=rule or title,
        title=title,
        description="" if text == title else text,
        cwes=cwe_ids(details),
        references=references(details.replace("(", " ").replace(")", " ")),
    )


def _kind(row: Row) -> Kind | None:
    if row.language == "Leaks" or row.tool in SECRET_TOOLS:
        return Kind.SECRET
    if row.tool in DEPENDENCY_TOOLS:
        return Kind.DEPENDENCY
    return Kind.MISCONFIGURATION if row.tool in CONFIGURATION_TOOLS else None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and text != "0" else None


def _history(row: Row) -> str:
    if row.commit in {"", "-"}:
        return ""
    when = moment(row.date) or row.date.strip("-")
    lines = (("Commit", row.commit), ("Author", f"{row.author} <{row.email}>"), ("Date", when))
    return "\n".join(f"{name}: {text}" for name, text in lines if text)


def _fingerprints(row: Row) -> tuple[tuple[str, str], ...]:
    found = [("horusec", row.hash)] if row.hash else []
    return tuple(found + [("horusec/old", old) for old in row.old_hashes or () if old])


def _secret(code: str) -> str:
    """Return the text in quotes, or what is assigned, or all of the code that holds the secret."""
    quoted = max(_VALUE.findall(code), key=len, default="")
    if quoted:
        return quoted
    _, mark, value = code.replace(": ", "=").partition("=")
    return value.strip() if mark and value.strip() else code.strip()
