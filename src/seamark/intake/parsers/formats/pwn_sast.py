"""PWN SAST: lines of code that match patterns of risky calls."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

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
    parser,
    references,
)


class References(Struct):
    sast_module: str
    section: str = ""
    nist_800_53_uri: str | None = ""
    cwe_id: str | int | None = ""
    cwe_uri: str | None = ""


class File(Struct):
    entry: str
    git_repo_root_uri: str | None = ""


class Line(Struct):
    line_no: str | int | None = None
    contents: str = ""
    author: str | None = ""


class Entry(Struct):
    security_references: References
    filename: File
    line_no_and_contents: list[Line]
    timestamp: str = ""


class Report(Struct):
    data: list[Entry]
    report_name: str = ""


@parser(
    "pwn-sast",
    title="PWN SAST",
    kind=Kind.CODE,
    looks=json_object("report_name", "data", where=lambda probe: probe.has("data.0.security_references")),
    made_with="pwn_sast -d . -o reports",
    url="https://github.com/0dayinc/pwn",
    versions="0.4",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(tool="PWN SAST", configuration=report.report_name)
    for entry in report.data:
        told = entry.security_references
        about = _about(
            told.sast_module, told.section, str(told.cwe_id or ""), told.nist_800_53_uri or "", told.cwe_uri or ""
        )
        for line in entry.line_no_and_contents:
            number = str(line.line_no)
            yield Finding(
                rule=told.sast_module,
                title=f"{told.sast_module.rpartition('::')[2]}: {told.section.capitalize() or 'risky call'}",
                # Matches of a pattern, which the tool does not rate.
                severity=Severity.INFO,
                location=CodeLocation(
                    path=entry.filename.entry,
                    line=int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None,
                    snippet=line.contents,
                ),
                about=about,
                description="\n".join(
                    part for part in ((line.author or "").strip(), entry.filename.git_repo_root_uri or "") if part
                ),
                cwes=about.cwes,
            )


@lru_cache(maxsize=512)
def _about(module: str, section: str, cwe: str, nist: str, link: str) -> Rule:
    return Rule(id=module, title=section, cwes=cwe_ids(cwe), references=references(nist, link))
