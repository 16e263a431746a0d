"""The reports themselves: what is a report of GitLab's, which tool ran, and what it found."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from seamark.intake.parsers.formats.gitlab.findings import KINDS, Context, finding, rule_of
from seamark.intake.parsers.formats.gitlab.model import Report, Scan, Vulnerability
from seamark.intake.parsers.formats.gitlab.packages import Packages
from seamark.intake.parsers.kit import Item, Kind, Probe, Reading, Run, json_object, moment, parser

_KEYS = {"vulnerabilities", "version", "schema", "scan", "remediations", "dependency_files", "__comment__"}


def _is_gitlab(probe: Probe) -> bool:
    rows = probe.get("vulnerabilities")
    if not isinstance(rows, list):
        return False
    scan = probe.get("scan")
    if isinstance(scan, dict) and str(scan.get("type")) in KINDS and isinstance(scan.get("scanner"), dict):
        return True
    if not rows:
        # GitLab's analysers write both; a list of nothing alone does not say whose it is.
        said = "version" in probe.keys and isinstance(probe.get("remediations"), list)
        return said or (probe.named and probe.keys <= _KEYS)
    first = rows[0]
    return (
        isinstance(first, dict)
        and isinstance(first.get("identifiers"), list)
        and isinstance(first.get("location"), dict)
        and bool({"category", "cve", "scanner"} & first.keys() or "version" in probe.keys)
    )


@parser(
    "gitlab",
    title="GitLab",
    kind=Kind.CODE,
    looks=json_object("vulnerabilities", where=_is_gitlab),
    made_with="a GitLab pipeline with security scanning: the gl-*-report.json among the job's artifacts",
    url="https://gitlab.com/gitlab-org/security-products/security-report-schemas",
    versions="2 to 15",
    lift=("vulnerabilities",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    scan = report.scan or Scan()
    rows = reading.rows(report.vulnerabilities, Vulnerability, where="$.vulnerabilities")
    packages = Packages(report.dependency_files or ())
    context = Context(scan.type or "", packages, report.remediations or ())
    if report.scan is None or not _tool(scan):
        yield from _by_scanner(rows, context)
    else:
        first = next(rows, None)
        yield _run(scan, first)
        for row in rows if first is None else chain((first,), rows):
            yield finding(row, context)
    yield from packages.components()


def _by_scanner(rows: Iterator[Vulnerability], context: Context) -> Iterator[Item]:
    """Yield the findings of an old report, which names the scanner at each finding: several may have written one file."""
    groups: dict[tuple[str, str], list[Vulnerability]] = {}
    for row in rows:
        tool = (row.scanner.name or row.scanner.id or "") if row.scanner else ""
        groups.setdefault((tool or "GitLab", (row.scanner.version or "") if row.scanner else ""), []).append(row)
    for (tool, version), group in groups.items():
        yield Run(tool=tool, version=version, image=_image(group[0]))
        for row in group:
            yield finding(row, context)


def _tool(scan: Scan) -> str:
    given = scan.scanner or scan.analyzer
    return (given.name or given.id or "") if given else ""


def _run(scan: Scan, first: Vulnerability | None) -> Run:
    scanner = scan.scanner or scan.analyzer
    messages = [
        f"{each.level}: {each.value}" for each in scan.messages or () if each.level in {"error", "fatal", "warn"}
    ]
    rules = frozenset(rule_of(each) for each in scan.primary_identifiers or ())
    pages = tuple(dict.fromkeys(each.url for each in scan.scanned_resources or () if each.url))
    image = _image(first) if scan.type == "container_scanning" and first else ""
    return Run(
        tool=_tool(scan),
        version=(scanner.version or "") if scanner else "",
        configuration=scan.type or "",
        successful={"success": True, "failure": False}.get(scan.status or ""),
        complete=False if scan.partial_scan and scan.partial_scan.mode else None,
        problems=tuple(messages),
        ruleset=rules or None,
        scope=pages or None,
        image=image.partition("@")[0],
        image_digest=image.partition("@")[2],
        started=moment(scan.start_time),
        finished=moment(scan.end_time),
    )


def _image(row: Vulnerability) -> str:
    return (row.location.image or "") if row.location else ""
