"""npm, pnpm and Yarn audit: known vulnerabilities of the packages in a lock file.

npm 6, pnpm and Yarn 2 print the registry's answer as it is. A clean one of pnpm looks as one of npm, so all of them are
runs of `npm audit`: otherwise a clean run would not be of the stream whose findings it closes.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from seamark.intake.parsers.formats.npm_audit.advisories import AdvisoryReport, findings_of, rule_of
from seamark.intake.parsers.formats.npm_audit.tree import Tree, TreeFindings
from seamark.intake.parsers.formats.npm_audit.yarn import Audited, Entry, Line, of_entry, of_line
from seamark.intake.parsers.kit import (
    Item,
    JsonLines,
    Kind,
    Probe,
    Rule,
    Run,
    UnreadableReport,
    json_lines,
    json_object,
    parser,
    variant,
)


class Failure(Struct):
    code: str | None = ""
    summary: str | None = ""
    detail: str | None = ""
    message: str | None = ""


class Refusal(Struct):
    error: Failure
    message: str = ""


def _of_pnpm(probe: Probe) -> bool:
    """Claim pnpm's report: no list of actions, or ways that start at a workspace (`.>minimist`)."""
    if "metadata" not in probe.keys or "runId" in probe.keys:
        return False
    advisories = probe.get("advisories")
    if not isinstance(advisories, dict):
        return False
    return "actions" not in probe.keys or any(_starts_at_workspace(advisory) for advisory in advisories.values())


def _starts_at_workspace(advisory: object) -> bool:
    findings = advisory.get("findings") if isinstance(advisory, dict) else None
    for row in findings if isinstance(findings, list) else ():
        paths = row.get("paths") if isinstance(row, dict) else None
        if isinstance(paths, list) and any(str(path).startswith(".") for path in paths):
            return True
    return False


def _of_npm(probe: Probe) -> bool:
    return isinstance(probe.get("advisories"), dict) and bool(probe.keys & {"runId", "actions"}) and not _of_pnpm(probe)


def _refused_npm(probe: Probe) -> bool:
    error = probe.get("error")
    return isinstance(error, dict) and "summary" in error and "detail" in error


def _refused_pnpm(probe: Probe) -> bool:
    return str(probe.get("error.code")).startswith("ERR_PNPM")


def _of_yarn(probe: Probe) -> bool:
    head = probe.source.head()
    kind = str(probe.get("type"))
    if kind in {"auditAdvisory", "auditSummary", "auditAction"}:
        return True
    return kind in {"info", "warning", "error"} and (
        b'"auditAdvisory"' in head or b'"auditSummary"' in head or b"audit" in head
    )


@parser(
    "npm-audit",
    title="npm audit",
    kind=Kind.DEPENDENCY,
    looks=json_object("auditReportVersion", "vulnerabilities"),
    made_with="npm audit --json > npm-audit.json",
    url="https://github.com/npm/cli/blob/latest/docs/lib/content/commands/npm-audit.md",
    versions="npm 6 to 11",
)
def read_tree(tree: Tree) -> Iterator[Item]:
    yield Run(tool="npm audit")
    yield from TreeFindings(tree)


@variant("npm-audit", looks=json_object("advisories", where=_of_npm))
def read_advisories(report: AdvisoryReport) -> Iterator[Item]:
    yield from _advisories(report)


@variant("npm-audit", looks=json_object("error", where=_refused_npm))
def refuse(refusal: Refusal) -> Iterator[Item]:
    raise _failed("npm audit", refusal)


@parser(
    "pnpm-audit",
    title="pnpm audit",
    kind=Kind.DEPENDENCY,
    looks=json_object("advisories", where=_of_pnpm),
    made_with="pnpm audit --json > pnpm-audit.json",
    url="https://pnpm.io/cli/audit",
    versions="pnpm 6 to 10",
)
def read_pnpm(report: AdvisoryReport) -> Iterator[Item]:
    yield from _advisories(report)


@variant("pnpm-audit", looks=json_object("error", where=_refused_pnpm))
def refuse_pnpm(refusal: Refusal) -> Iterator[Item]:
    raise _failed("pnpm audit", refusal)


@parser(
    "yarn-audit",
    title="yarn audit",
    kind=Kind.DEPENDENCY,
    looks=json_lines("type", "data", where=_of_yarn),
    made_with="yarn audit --json > yarn-audit.json  (Yarn 2 and later: yarn npm audit --all --recursive --json)",
    url="https://github.com/yarnpkg/berry",
    versions="Yarn 1 to 4",
)
def read_yarn(lines: JsonLines[Line]) -> Iterator[Item]:
    rows: list[Audited] = []
    problems: list[str] = []
    finished = failed = False
    for line in lines:
        if line.type == "auditAdvisory":
            rows.append(msgspec.json.decode(line.data, type=Audited, strict=False))
        elif line.type == "auditSummary":
            finished = True
        elif line.type in {"error", "warning"}:
            failed = failed or line.type == "error"
            problems.append(_text(line.data))
    yield Run(
        tool="yarn audit",
        successful=False if failed or not finished else None,
        problems=tuple(problems if finished else [*problems, "the summary at the end is missing"])[:50],
    )
    rules: dict[int | str, Rule] = {}
    for row in rows:
        if row.advisory.id not in rules:
            rules[row.advisory.id] = rule_of(row.advisory)
        yield of_line(row, rules[row.advisory.id])


@variant("yarn-audit", looks=json_lines("value", "children.ID", "children.Issue"))
def read_yarn_tree(entries: JsonLines[Entry]) -> Iterator[Item]:
    yield Run(tool="yarn audit")
    for entry in entries:
        for version in entry.children.versions or [""]:
            yield of_entry(entry, version)


def _advisories(report: AdvisoryReport) -> Iterator[Item]:
    yield Run(tool="npm audit")
    for advisory in report.advisories.values():
        yield from findings_of(advisory, rule_of(advisory))


def _failed(command: str, refusal: Refusal) -> UnreadableReport:
    error = refusal.error
    said = refusal.message or error.summary or error.message or error.code or "without a reason"
    return UnreadableReport(
        f"This is no report: {command} failed: {said.strip().splitlines()[0]}",
        hint="run it where the registry answers and a lock file is there",
    )


def _text(data: msgspec.Raw) -> str:
    value = msgspec.json.decode(data) if len(data) else ""
    return value if isinstance(value, str) else str(value)
