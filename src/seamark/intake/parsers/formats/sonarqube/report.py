"""The reports of sonar-report: its JSON, and the HTML page whose table says the same."""

from __future__ import annotations

from collections.abc import Iterator

import lxml.html
from lxml import etree
from msgspec import Struct

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.formats.sonarqube.scales import about, grade, kind_of, set_aside
from seamark.intake.parsers.kit import CodeLocation, Finding, Item, Probe, Run, Text, json_object, variant


class RuleText(Struct, rename="camel"):
    name: str | None = ""
    html_desc: str | None = ""
    severity: str | None = ""


class Issue(Struct):
    rule: str
    component: str
    severity: str | None = ""
    status: str | None = ""
    line: int | str | None = None
    description: str | None = ""
    message: str | None = ""
    key: str | None = ""


class Report(Struct, rename="camel"):
    issues: list[Issue]
    rules: dict[str, RuleText] | None = None
    hotspot_keys: list[str] | None = None
    branch: str | None = ""
    project_name: str | None = ""
    in_new_code_period: bool | None = None
    date: str | None = ""


@variant("sonarqube", looks=json_object("issues", "projectName", "hotspotKeys"))
def read(report: Report) -> Iterator[Item]:
    yield Run(
        tool="SonarQube",
        ref=report.branch or "",
        complete=False if report.in_new_code_period else None,
        problems=("Only issues in new code",) if report.in_new_code_period else (),
    )
    hotspots = frozenset(report.hotspot_keys or ())
    rules = report.rules or {}
    for issue in report.issues:
        yield _finding(issue, rules.get(issue.rule) or RuleText(), hotspots)


def _finding(issue: Issue, rule: RuleText, hotspots: frozenset[str]) -> Finding:
    name = issue.description if issue.description and issue.description != "/" else rule.name
    line = str(issue.line).strip() if issue.line is not None else ""
    return Finding(
        rule=issue.rule,
        title=name or issue.message or issue.rule,
        severity=grade(issue.severity or rule.severity),
        severity_given=issue.severity or rule.severity or "",
        kind=kind_of(issue.rule, ""),
        location=CodeLocation(path=issue.component, line=int(line) if line.isdecimal() and len(line) < 10 else None),
        about=(known := about(issue.rule, rule.name or name or "", rule.html_desc or "")),
        description=issue.message or "",
        cwes=known.cwes,
        fingerprints=(("sonarqube", issue.key),) if issue.key else (),
        suppression=set_aside(issue.status, ""),
        tags=("security-hotspot",) if issue.key in hotspots or issue.status == "TO_REVIEW" else (),
    )


def _is_page(probe: Probe) -> bool:
    if probe.form != "xml":
        return False
    head = probe.source.head(65536)
    return b"<html" in head.lower() and b"<title>SonarQube Vulnerability Report" in head


@variant("sonarqube", looks=_is_page)
def read_page(page: Text) -> Iterator[Item]:
    try:
        root = lxml.html.document_fromstring(page.read().replace("\x00", ""))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableReport(f"The page is damaged: {error}") from None
    tables = [(_header(table), table) for table in root.iter("table")]
    details = [table for header, table in tables if {"Rule", "Severity", "Component"} <= set(header)]
    if not details:
        raise UnreadableReport("The page lacks the table of issues", hint="write the report again, better as JSON")
    rules: dict[str, RuleText] = {}
    for header, table in tables:
        if header == ["Rule", "Description"]:
            rules.update(_rules(table))
    yield Run(tool="SonarQube")
    for table in details:
        header = [name.lower() for name in _header(table)]
        for row in _rows(table):
            cells = dict(zip(header, (_text(cell) for cell in row), strict=False))
            if cells.get("rule") and cells.get("component"):
                issue = Issue(**{name: cells.get(name, "") for name in Issue.__struct_fields__})
                yield _finding(issue, rules.get(issue.rule) or RuleText(), frozenset())


def _header(table: lxml.html.HtmlElement) -> list[str]:
    return [_text(cell) for cell in table.findall("./thead/tr/th")]


def _rows(table: lxml.html.HtmlElement) -> Iterator[list[lxml.html.HtmlElement]]:
    for row in table.findall("./tbody/tr"):
        yield row.findall("./td")


def _rules(table: lxml.html.HtmlElement) -> Iterator[tuple[str, RuleText]]:
    for row in _rows(table):
        if len(row) == 2:
            yield _text(row[0]), RuleText(html_desc=lxml.html.tostring(row[1], encoding="unicode"))


def _text(cell: lxml.html.HtmlElement) -> str:
    return " ".join(str(cell.text_content()).split())
