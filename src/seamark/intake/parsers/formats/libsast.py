"""njsscan and mobsfscan: weaknesses in Node.js and in mobile applications, as the library they share reports them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    UnreadableReport,
    cwe_ids,
    first_line,
    json_object,
    parser,
    references,
)

SEVERITIES = {"ERROR": Severity.HIGH, "WARNING": Severity.MEDIUM, "INFO": Severity.LOW}


class Match(Struct):
    file_path: str
    match_lines: list[int] | None = None
    match_position: list[int] | None = None
    match_string: str | None = ""


class Metadata(Struct):
    severity: str = ""
    description: str = ""
    cwe: str | None = ""
    owasp: str | None = field(name="owasp-web", default="")
    owasp_mobile: str | None = field(name="owasp-mobile", default="")
    masvs: str | None = ""
    reference: str | None = ""
    ref: str | None = ""
    link: str | None = ""


class Result(Struct):
    metadata: Metadata
    files: list[Match] | None = None


class Failure(Struct):
    message: str = ""
    long_msg: str = ""
    path: str = ""


class NodeReport(Struct):
    version: str = field(name="njsscan_version")
    nodejs: dict[str, Result]
    templates: dict[str, Result] | None = None
    errors: list[Failure | str] | None = None


@parser(
    "njsscan",
    title="njsscan",
    kind=Kind.CODE,
    looks=json_object("njsscan_version", "nodejs"),
    made_with="njsscan --json -o njsscan.json .",
    url="https://github.com/ajinabraham/njsscan",
    versions="0.1 to 0.4",
)
def read(report: NodeReport) -> Iterator[Item]:
    yield _run("njsscan", report.version, report.errors, bool(report.nodejs or report.templates))
    for results in (report.nodejs, report.templates or {}):
        for rule, result in results.items():
            yield from _findings(rule, result)


class MobileReport(Struct):
    version: str = field(name="mobsfscan_version")
    results: dict[str, Result]
    errors: list[Failure | str] | None = None


@parser(
    "mobsfscan",
    title="mobsfscan",
    kind=Kind.CODE,
    looks=json_object("mobsfscan_version", "results"),
    made_with="mobsfscan --json -o mobsfscan.json .",
    url="https://github.com/MobSF/mobsfscan",
    versions="0.0 to 0.4",
)
def read_mobile(report: MobileReport) -> Iterator[Item]:
    yield _run("mobsfscan", report.version, report.errors, bool(report.results))
    for rule, result in report.results.items():
        yield from _findings(rule, result)


def _run(tool: str, version: str, errors: list[Failure | str] | None, found: bool) -> Run:
    """Return the run. Errors in plain words are of the engine, those with fields are of single files.

    Raises `UnreadableReport` where the engine failed before it found anything: that is no clean scan.
    """
    engine = [error for error in errors or () if isinstance(error, str)]
    if engine and not found:
        raise UnreadableReport(f"{tool} did not run: {engine[0]}", hint="repair its installation and scan again")
    files = [
        f"{error.path}: {error.message or error.long_msg}".removeprefix(": ")
        for error in errors or ()
        if isinstance(error, Failure)
    ]
    return Run(
        tool=tool,
        version=version,
        successful=False if engine else None,
        complete=not errors,
        problems=tuple([*engine, *files][:50]),
    )


def _findings(rule: str, result: Result) -> Iterator[Finding]:
    told = result.metadata
    cwes = cwe_ids(told.cwe)
    title = first_line(told.description) or rule
    about = Rule(
        id=rule,
        name=rule,
        title=title,
        description="" if told.description == title else told.description,
        cwes=cwes,
        tags=tuple(tag for tag in (told.owasp, told.owasp_mobile, told.masvs) if tag),
        references=references(told.reference, told.ref, told.link),
    )
    # A protection that is missing altogether is missing in no file.
    places: list[Match | None] = [*(result.files or ())] or [None]
    for match in places:
        yield Finding(
            rule=rule,
            title=title,
            severity=SEVERITIES.get(told.severity.upper(), Severity.MEDIUM),
            severity_given=told.severity,
            kind=Kind.SECRET if 798 in cwes and match else None,
            location=_place(match) if match else None,
            about=about,
            cwes=cwes,
            secret=_secret(match.match_string or "") if 798 in cwes and match else "",
        )


def _place(match: Match) -> CodeLocation:
    lines, columns = match.match_lines or [], match.match_position or []
    return CodeLocation(
        path=match.file_path,
        line=lines[0] if lines else None,
        column=columns[0] if columns else None,
        end_line=lines[1] if len(lines) > 1 else None,
        end_column=columns[1] if len(columns) > 1 else None,
        snippet=match.match_string or "",
    )


def _secret(code: str) -> str:
    """Return what stands in quotes in a line with a hard-coded secret."""
    for mark in ('"', "'", "`"):
        parts = code.split(mark)
        if len(parts) > 2:
            return max(parts[1::2], key=len)
    return ""
