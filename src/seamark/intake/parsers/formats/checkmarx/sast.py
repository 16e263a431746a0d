"""Checkmarx SAST: the XML report of the server, every path a finding of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.formats.checkmarx.common import is_fixed, rule, state_tags, suppression
from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    FlowStep,
    Item,
    Kind,
    Reading,
    Rule,
    Run,
    Xml,
    moment,
    parser,
    references,
    severity,
    xml_root,
)

_ATTRIBUTE = re.compile(r"""([\w]+)\s*=\s*"([^"]*)\"""")
_WRITTEN = ("%A, %B %d, %Y %I:%M:%S %p", "%A, %d %B %Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p")
_TOOK = re.compile(r"(\d+)h:(\d+)m:(\d+)s")


class SnippetLine(Struct):
    number: int | str | None = field(name="Number", default=None)
    code: str | dict[str, object] | None = field(name="Code", default="")


class Snippet(Struct):
    line: SnippetLine | list[SnippetLine] | str | None = field(name="Line", default=None)


class Node(Struct, rename="pascal"):
    file_name: str = ""
    line: int | str | None = None
    column: int | str | None = None
    name: str = ""
    length: int | str | None = None
    snippet: Snippet | str | None = None


class Path(Struct):
    similarity: str | int = field(name="@SimilarityId", default="")
    nodes: Node | list[Node] | str | None = field(name="PathNode", default=None)


class Result(Struct):
    file: str = field(name="@FileName", default="")
    line: int | str | None = field(name="@Line", default=None)
    column: int | str | None = field(name="@Column", default=None)
    status: str = field(name="@Status", default="")
    false_positive: str = field(name="@FalsePositive", default="")
    severity: str = field(name="@Severity", default="")
    state: str = field(name="@state", default="")
    remark: str = field(name="@Remark", default="")
    link: str = field(name="@DeepLink", default="")
    detected: str = field(name="@DetectionDate", default="")
    path: Path | list[Path] | str | None = field(name="Path", default=None)


class Query(Struct):
    name: str = field(name="@name")
    id: str = field(name="@id", default="")
    cwe: str = field(name="@cweId", default="")
    categories: str = field(name="@categories", default="")
    severity: str = field(name="@Severity", default="")
    language: str = field(name="@Language", default="")
    results: Result | list[Result] | str | None = field(name="Result", default=None)


@parser(
    "checkmarx",
    title="Checkmarx",
    kind=Kind.CODE,
    looks=xml_root("CxXMLResults"),
    made_with="runCxConsole.sh Scan … -ReportXML results.xml",
    url="https://docs.checkmarx.com/en/34965-46622-generating-scan-result-reports.html",
    versions="8.6 to 9.6",
)
def read(document: Xml, reading: Reading) -> Iterator[Item]:
    said = dict(_ATTRIBUTE.findall(_root_tag(reading.source.head(16384))))
    started = _moment(said.get("ScanStart", ""))
    yield Run(
        tool="Checkmarx",
        version=said.get("CheckmarxVersion", ""),
        complete=False if said.get("ScanType", "").lower() == "incremental" else None,
        started=_text(started),
        finished=_text(_end(started, said.get("ScanTime", ""))),
    )
    for query in document.each("Query", row=Query):
        about = rule(query.language, query.name, "", query.cwe, _categories(query.categories))
        given = query.results if isinstance(query.results, list) else [query.results]
        for result in given:
            if isinstance(result, Result) and not is_fixed(result.status):
                yield from _findings(result, query, about)


def _findings(result: Result, query: Query, about: Rule) -> Iterator[Finding]:
    given = result.path if isinstance(result.path, list) else [result.path]
    paths = [path for path in given if isinstance(path, Path)]
    for path in paths or [Path()]:
        yield _finding(result, path, query, about)


def _finding(result: Result, path: Path, query: Query, about: Rule) -> Finding:
    given = path.nodes if isinstance(path.nodes, list) else [path.nodes]
    steps = tuple(_step(node) for node in given if isinstance(node, Node))
    word = result.severity or query.severity
    state = "1" if result.false_positive.lower() == "true" else result.state
    # The last step is where the data does its harm, and what other tools name as the place of such a flaw.
    location = (
        steps[-1].location
        if steps
        else CodeLocation(path=result.file, line=_number(result.line), column=_number(result.column))
    )
    return Finding(
        rule=about.id,
        title=about.title,
        severity=severity(word or None),
        severity_given=word,
        location=location if location.path else None,
        about=about,
        description=result.remark,
        cwes=about.cwes,
        flow=steps if len(steps) > 1 else (),
        fingerprints=(("checkmarx/similarity", str(path.similarity)),) if path.similarity else (),
        suppression=suppression(state, result.remark),
        references=references(result.link),
        tags=state_tags(result.state),
        seen_at=_text(_moment(result.detected)),
    )


def _step(node: Node) -> FlowStep:
    line = _number(node.line)
    column = _number(node.column) or None
    length = _number(node.length)
    return FlowStep(
        CodeLocation(
            path=node.file_name,
            line=line or None,
            column=column,
            end_line=line if column and length else None,
            end_column=column + length if column and length else None,
            snippet=_code(node.snippet),
        ),
        node.name,
    )


def _code(snippet: Snippet | str | None) -> str:
    if not isinstance(snippet, Snippet):
        return ""
    lines = snippet.line if isinstance(snippet.line, list) else [snippet.line]
    return "\n".join(line.code for line in lines if isinstance(line, SnippetLine) and isinstance(line.code, str))


def _number(given: int | str | None) -> int | None:
    if isinstance(given, int):
        return given
    return int(given) if given and given.isdecimal() and len(given) < 10 else None


@lru_cache(maxsize=2048)
def _categories(text: str) -> tuple[str, ...]:
    """Return the categories: `standard;category` after `standard;category`, where categories hold commas as well."""
    standard, *rest = text.split(";")
    tags = []
    for number, part in enumerate(rest, start=1):
        category, _, following = (part, "", "") if number == len(rest) else part.rpartition(",")
        tags.append(f"{standard.strip()}: {category.strip()}")
        standard = following
    return tuple(dict.fromkeys(tags))[:50]


def _root_tag(head: bytes) -> str:
    text = head.decode("utf-8", "replace")
    start = text.find("<CxXMLResults")
    return text[start : text.find(">", start)]


@lru_cache(maxsize=4096)
def _moment(text: str) -> datetime | None:
    for pattern in _WRITTEN:
        try:
            return datetime.strptime(text.strip(), pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _end(started: datetime | None, took: str) -> datetime | None:
    found = _TOOK.search(took)
    if started is None or not found:
        return None
    try:
        return started + timedelta(hours=int(found[1]), minutes=int(found[2]), seconds=int(found[3]))
    except OverflowError:
        return None


def _text(time: datetime | None) -> str:
    return moment(time.isoformat()) if time else ""
