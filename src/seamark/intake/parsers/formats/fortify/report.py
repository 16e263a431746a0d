"""The XML of Fortify's reports (`ReportGenerator -format xml`): issues grouped by category."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    FlowStep,
    Item,
    Rule,
    Run,
    Suppression,
    Xml,
    cwe_ids,
    severity,
    variant,
    xml_root,
)
from seamark.intake.parsers.kit.shapes import convert

_VERSION = re.compile(r"SCA Engine version: *([\d.]+)")


class Place(Struct, rename="pascal"):
    file_path: str = ""
    file_name: str = ""
    line_start: int | str | None = None
    snippet: str = ""
    target_function: str = ""


class Tag(Struct, rename="pascal"):
    name: str = ""
    value: str = ""


class External(Struct):
    type: str = field(name="@type", default="")
    text: str = field(name="#text", default="")


class Issue(Struct, rename="pascal"):
    category: str
    id: str = field(name="@iid", default="")
    rule: str = field(name="@ruleID", default="")
    folder: str = ""
    kingdom: str = ""
    abstract: str = ""
    friority: str = ""
    tag: Tag | list[Tag] | str | None = None
    comment: Any = None
    primary: Place | str | None = None
    source: Place | str | None = None
    external: External | list[External] | str | None = field(name="ExternalCategory", default=None)


class Meta(Struct, rename="pascal"):
    name: str = ""
    value: str | dict[str, Any] = ""


class Summary(Struct):
    info: Meta | list[Meta] | str | None = field(name="MetaInfo", default=None)


class Section(Struct):
    issues: Issue | list[Issue] | str | None = field(name="Issue", default=None)
    summary: Summary | str | None = field(name="MajorAttributeSummary", default=None)


@variant("fortify", looks=xml_root("ReportDefinition"))
def read(document: Xml) -> Iterator[Item]:
    version, listed, cut = "", False, False
    for element in document.each("IssueListing", "GroupingSection", "Text"):
        if element.get("listing") == "true":
            listed = True
        elif (count := element.get("count") or "").isdecimal():
            shown = sum(1 for _ in element.iterfind("{*}Issue"))
            cut = cut or (shown > 0 and len(count) < 10 and int(count) > shown)
        elif not version and (found := _VERSION.search(element.text or "")):
            version = found[1]
    if not listed:
        raise UnreadableReport(
            "This Fortify report holds no list of issues", hint="make one with the details of all issues"
        )
    yield Run(
        tool="Fortify",
        version=version,
        complete=False if cut else None,
        problems=("The report lists only some issues of each category",) if cut else (),
    )
    for element in document.each("GroupingSection"):
        section = convert(element, Section)
        texts = _texts(section.summary)
        given = section.issues if isinstance(section.issues, list) else [section.issues]
        for issue in given:
            if isinstance(issue, Issue):
                yield _finding(issue, texts)


def _texts(summary: Summary | str | None) -> dict[str, str]:
    if not isinstance(summary, Summary):
        return {}
    given = summary.info if isinstance(summary.info, list) else [summary.info]
    return {each.name: each.value for each in given if isinstance(each, Meta) and isinstance(each.value, str)}


def _finding(issue: Issue, texts: dict[str, str]) -> Finding:
    identifier = issue.rule or issue.category
    word = issue.friority or issue.folder
    place, source = _location(issue.primary), _location(issue.source)
    cwes = cwe_ids(
        *(each.text for each in _list(issue.external) if isinstance(each, External) and each.type.upper() == "CWE")
    )
    analysis = next((tag.value for tag in _list(issue.tag) if isinstance(tag, Tag) and tag.name == "Analysis"), "")
    said = "\n\n".join(part for part in (texts.get("Abstract", ""), texts.get("Explanation", "")) if part)
    return Finding(
        rule=identifier,
        title=issue.category,
        severity=severity(word or None),
        severity_given=word,
        location=place,
        about=Rule(
            id=identifier,
            title=issue.category,
            description=said,
            remedy=texts.get("Recommendations", ""),
            cwes=cwes,
            tags=(issue.kingdom,) if issue.kingdom else (),
        ),
        description=issue.abstract,
        cwes=cwes,
        flow=_flow(source, place, issue),
        fingerprints=(("fortify", issue.id),) if issue.id else (),
        suppression=Suppression(origin="tool", justification=analysis) if analysis.lower() == "not an issue" else None,
        tags=(f"analysis: {analysis}",) if analysis else (),
    )


def _flow(source: CodeLocation | None, place: CodeLocation | None, issue: Issue) -> tuple[FlowStep, ...]:
    if source is None or place is None:
        return ()
    first = issue.source.target_function if isinstance(issue.source, Place) else ""
    last = issue.primary.target_function if isinstance(issue.primary, Place) else ""
    return FlowStep(source, first), FlowStep(place, last)


def _location(place: Place | str | None) -> CodeLocation | None:
    if not isinstance(place, Place) or not (place.file_path or place.file_name):
        return None
    line = place.line_start
    number = line if isinstance(line, int) else int(line) if line and line.isdecimal() and len(line) < 10 else None
    # The snippet does not say where it begins: two lines before the place, as far as there are any.
    start = max(1, number - 2) if number and place.snippet else None
    return CodeLocation(path=place.file_path or place.file_name, line=number, snippet_line=start, snippet=place.snippet)


def _list(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]
