"""Checkov: misconfigurations in infrastructure as code, secrets, vulnerable packages and licences."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import Raw, Struct, field
from msgspec.structs import replace

from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Probe,
    Reading,
    Rule,
    Run,
    Severity,
    Suppression,
    Verification,
    cvss,
    json_object,
    json_rows,
    make_purl,
    parser,
    references,
    severity,
    variant,
    vulnerability_ids,
)

PURL_TYPES = {
    "python": "pypi", "javascript": "npm", "nodejs": "npm", "go": "golang", "java": "maven", "jar": "maven",
    "ruby": "gem", "php": "composer", "rust": "cargo", ".net": "nuget", "dotnet": "nuget", "os": "",
}  # fmt: skip
VALIDATION = {"valid": Verification.VERIFIED, "invalid": Verification.REFUTED}


class CheckResult(Struct):
    result: str = ""
    suppress_comment: str | None = ""


class Details(Struct):
    id: str | None = ""
    package_name: str = ""
    package_version: str | None = ""
    package_type: str | None = ""
    severity: str | None = ""
    description: str | None = ""
    link: str | None = ""
    cvss: float | str | None = None
    vector: str | None = ""
    status: str | None = ""
    lowest_fixed_version: str | None = ""
    fixed_versions: list[Any] | str | None = None
    license: str | None = ""
    policy: str | None = ""
    root_package_name: str | None = ""
    root_package_version: str | None = ""
    root_package_fix_version: str | None = ""
    image_details: dict[str, Any] | None = None


class Check(Struct):
    check_id: str
    file_path: str
    check_name: str | None = ""
    check_result: CheckResult = field(default_factory=CheckResult)
    repo_file_path: str | None = ""
    file_line_range: list[int] | None = None
    resource: str | None = ""
    resource_address: str | None = ""
    code_block: list[tuple[int, str]] | None = None
    check_class: str | None = ""
    severity: str | None = ""
    guideline: str | None = ""
    bc_category: str | None = ""
    benchmarks: dict[str, Any] | list[str] | None = None
    description: str | None = ""
    short_description: str | None = ""
    details: list[str] | str | None = None
    vulnerability_details: Details | None = None
    validation_status: str | None = ""


class Name(Struct):
    check_id: str
    file_path: str = ""
    repo_file_path: str | None = ""


class Results(Struct):
    failed_checks: Raw
    passed_checks: Raw = Raw()
    skipped_checks: Raw = Raw()
    parsing_errors: list[str] | None = None


class Summary(Struct):
    passed: int = 0
    parsing_errors: int = 0
    checkov_version: str = ""


class Report(Struct):
    check_type: str
    results: Results
    summary: Summary = field(default_factory=Summary)


@parser(
    "checkov",
    title="Checkov",
    kind=Kind.MISCONFIGURATION,
    looks=json_object("check_type", "results.failed_checks"),
    made_with="checkov -d . -o json --output-file-path .",
    url="https://www.checkov.io/8.Outputs/JSON.html",
    versions="1.0 to 3.3",
    lift=("results.failed_checks", "results.passed_checks", "results.skipped_checks"),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    yield from _report(report, reading, "$")


@variant(
    "checkov",
    looks=json_rows("check_type", "results", where=lambda probe: "failed_checks" in (probe.get("0.results") or ())),
)
def read_list(reports: list[Report], reading: Reading) -> Iterator[Item]:
    for number, report in enumerate(reports):
        yield from _report(report, reading, f"$[{number}]")


class Nothing(Struct):
    passed: int
    failed: int
    checkov_version: str


def _is_nothing(probe: Probe) -> bool:
    return bool(probe.get("failed") == 0 and probe.get("passed") == 0)


@variant("checkov", looks=json_object("passed", "failed", "skipped", "checkov_version", where=_is_nothing))
def read_nothing(report: Nothing) -> Iterator[Item]:
    # What Checkov writes where it met nothing that it could check.
    yield Run(tool="Checkov", version=report.checkov_version)


def _report(report: Report, reading: Reading, where: str) -> Iterator[Item]:
    results, summary = report.results, report.summary
    broken = results.parsing_errors or []
    problems = [f"Not parsed: {path}" for path in broken]
    if not broken and summary.parsing_errors:
        problems.append(f"{summary.parsing_errors} files could not be parsed")
    rules, files = _covered(results, reading, where) if len(results.passed_checks) > 2 else (None, None)
    yield Run(
        tool="Checkov",
        version=summary.checkov_version,
        configuration=report.check_type,
        successful=True if summary.passed or rules or _listed(results) else None,
        complete=False if problems else None,
        problems=tuple(problems[:50]),
        ruleset=rules,
        scope=files,
    )
    for kind, raw in (("failed", results.failed_checks), ("skipped", results.skipped_checks)):
        for check in reading.rows(raw, Check, where=f"{where}.results.{kind}_checks"):
            finding = _finding(check, report.check_type)
            if kind == "skipped":
                reason = check.check_result.suppress_comment or ""
                finding = replace(finding, suppression=Suppression(origin="source", justification=reason))
            yield finding


def _listed(results: Results) -> bool:
    """Tell whether anything that failed or was skipped is listed; where nothing passed either, nothing was checked."""
    return any(len(raw) > 2 for raw in (results.failed_checks, results.skipped_checks))


def _covered(results: Results, reading: Reading, where: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the checks that met something to check, and the files that they met; known only where passed ones are listed too."""
    rules: set[str] = set()
    files: dict[str, None] = {}
    for raw in (results.passed_checks, results.failed_checks, results.skipped_checks):
        for row in reading.rows(raw, Name, where=f"{where}.results"):
            rules.add(row.check_id)
            files[_path(row)] = None
    return frozenset(rules), tuple(files)


def _finding(check: Check, check_type: str) -> Finding:
    lines = check.file_line_range or []
    secret = check.check_id.startswith("CKV_SECRET") or check_type == "secrets"
    given = check.severity or ""
    details = check.details if isinstance(check.details, list) else [check.details or ""]
    finding = Finding(
        rule=check.check_id,
        title=check.check_name or check.short_description or check.check_id,
        severity=severity(given or None, Severity.HIGH if secret else Severity.MEDIUM),
        severity_given=given,
        kind=Kind.SECRET if secret else None,
        location=CodeLocation(
            path=_path(check),
            line=_first(lines),
            end_line=(lines[-1] or None) if lines else None,
            snippet="".join(text for _, text in check.code_block or ()),
            scope="" if secret else _scope(check),
        ),
        about=_about(
            check.check_id, check.check_name or "", check.check_class or "", check.guideline or "", _tags(check)
        ),
        description="\n".join(text for text in (check.description or "", *details) if text),
        verification=VALIDATION.get((check.validation_status or "").lower()) if secret else None,
        cwes=(798,) if secret else (),
        # For secrets, the "resource" is the hash of the secret.
        secret_digest=(check.resource or "") if secret else "",
    )
    if check.vulnerability_details is None:
        return finding
    if check.vulnerability_details.license or check.vulnerability_details.policy:
        return _licence(finding, check.vulnerability_details)
    return _vulnerability(finding, check, check.vulnerability_details)


def _first(lines: list[int]) -> int | None:
    """Return the first line; a range from 0 stands for the whole file, as it does in Checkov's own SARIF."""
    return max(lines[0], 1) if lines and lines[-1] > 0 else None


def _path(check: Check | Name) -> str:
    """Return the path from the root of the repository, which is not `file_path` where a subfolder was scanned."""
    given = (check.repo_file_path or "").replace("\\", "/")
    if not given or given.startswith(("/..", "..")):
        given = check.file_path.replace("\\", "/")
    return given.lstrip("/")


def _scope(check: Check) -> str:
    """Return the address of the resource; where it starts with the file (`/Dockerfile.RUN`), without that."""
    return (check.resource_address or check.resource or "").removeprefix(check.file_path).removeprefix(".")


def _tags(check: Check) -> tuple[str, ...]:
    return tuple(word for word in (check.bc_category, *(check.benchmarks or ())) if word)


@lru_cache(maxsize=8192)
def _about(rule: str, title: str, check_class: str, guideline: str, tags: tuple[str, ...]) -> Rule:
    name = check_class.rpartition(".")[2]
    return Rule(id=rule, name=name, title=title, tags=tags, references=references(guideline))


def _component(details: Details, licences: tuple[str, ...] = ()) -> Component:
    ecosystem = (details.package_type or "").lower()
    version = details.package_version or ""
    purl = make_purl(PURL_TYPES.get(ecosystem, ecosystem), details.package_name, version) if ecosystem else ""
    return Component(name=details.package_name, version=version, purl=purl, licences=licences)


def _licence(finding: Finding, details: Details) -> Finding:
    licence = details.license or "Unknown licence"
    return replace(
        finding,
        kind=Kind.LICENCE,
        title=f"{licence} in {details.package_name}",
        component=_component(details, (licence,) if details.license else ()),
    )


def _vulnerability(finding: Finding, check: Check, details: Details) -> Finding:
    identifier = details.id or check.check_id
    image = details.image_details
    system = (details.package_type or "").lower() == "os"
    rating = cvss(details.vector, details.cvss)
    given = check.severity or details.severity or ""
    fallback = severity(rating.score) if rating and rating.score is not None else Severity.MEDIUM
    location = finding.location
    if image is not None and system:
        name = image.get("name") or image.get("image_name") or check.file_path
        location = ImageLocation(image=str(name))
    package = f"{details.package_name}@{details.package_version or ''}"
    root = f"{details.root_package_name}@{details.root_package_version or ''}" if details.root_package_name else ""
    text = details.description or ""
    return replace(
        finding,
        rule=identifier,
        title=check.short_description or f"{identifier} in {details.package_name}",
        severity=severity(given or None, fallback),
        severity_given=given,
        kind=Kind.CONTAINER if system else Kind.DEPENDENCY,
        location=location,
        component=_component(details),
        about=_about(identifier, "", "", details.link or "", ()),
        description=text or finding.description,
        vulnerabilities=vulnerability_ids(identifier, details.link) or (identifier,),
        cvss=(rating,) if rating else (),
        fixed_versions=_fixed(details),
        dependency_paths=((root, package),) if root and root != package else (),
    )


def _fixed(details: Details) -> tuple[str, ...]:
    given = details.fixed_versions
    versions = given.split(",") if isinstance(given, str) else [str(version) for version in given or ()]
    status = (details.status or "").lower()
    if not versions and status.startswith("fixed in"):
        versions = status.removeprefix("fixed in").split(",")
    lowest = details.lowest_fixed_version or ""
    cleaned = (version.strip().strip("\"'") for version in (lowest, *versions))
    return tuple(dict.fromkeys(version for version in cleaned if version and version[0].isdigit()))
