"""Xanitizer: taint paths, protocol checks and libraries of a code analysis, as its XML findings list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Finding,
    FlowStep,
    Item,
    Kind,
    Reading,
    Rule,
    Run,
    Severity,
    Suppression,
    Verification,
    Xml,
    cwe_ids,
    moment,
    parser,
    severity,
    vulnerability_ids,
    xml_root,
)

_ATTRIBUTE = re.compile(r"""(\w+)\s*=\s*"([^"]*)\"""")
_SET_ASIDE = {"intended", "harmless", "false positive"}


class Code(Struct):
    line: int | str | None = field(name="@lineNo", default=None)
    here: str = field(name="@finding", default="")
    text: str = field(name="#text", default="")


class Node(Struct):
    line: str = field(name="@lineNo", default="")
    owner: str = field(name="@classFQN", default="")
    path: str = field(name="@relativePath", default="")
    fact: str = field(name="@fact", default="")
    code: Code | list[Code] | str | None = None


class Nodes(Struct):
    node: Node | list[Node] | str | None = None


class Entry(Struct, rename="camel"):
    problem_type: str
    kind: str = field(name="@kind", default="")
    number: str = field(name="@id", default="")
    problem_type_id: str = ""
    producer: str = ""
    category: str = ""
    rating: str = ""
    classification: str = ""
    reviewed: str = ""
    comment: Any = None
    date: str = ""
    package: str = ""
    owner: str = field(name="class", default="")
    file: str = ""
    line: str = ""
    cwe_number: Any = None
    description: Any = ""
    start_node: Node | str | None = None
    end_node: Node | str | None = None
    node: Node | list[Node] | str | None = None
    path: Nodes | str | None = field(name="Path", default=None)


@parser(
    "xanitizer",
    title="Xanitizer",
    kind=Kind.CODE,
    looks=xml_root("XanitizerFindingsList"),
    made_with="Xanitizer: Reports > Generate findings list report > XML",
    url="https://www.rigs-it.com/xanitizer/",
)
def read(document: Xml, reading: Reading) -> Iterator[Item]:
    said = dict(_ATTRIBUTE.findall(_root_tag(reading.source.head(8192))))
    yield Run(
        tool="Xanitizer",
        version=said.get("xanitizerVersionShort") or said.get("xanitizerVersion", ""),
        complete=_is_complete(said),
        finished=moment(said.get("timeStamp", "")),
    )
    for entry in document.each("finding", row=Entry):
        yield _finding(entry)


def _is_complete(said: dict[str, str]) -> bool | None:
    everything, kept = said.get("allFindings", ""), said.get("findingsNotRemovedByFilter", "")
    return False if everything.isdecimal() and kept.isdecimal() and everything != kept else None


def _root_tag(head: bytes) -> str:
    text = head.decode("utf-8", "replace")
    start = text.find("<XanitizerFindingsList")
    return text[start : text.find(">", start)]


def _finding(entry: Entry) -> Finding:
    about = _about(
        entry.problem_type_id or entry.problem_type, entry.problem_type, _text(entry.cwe_number), entry.category
    )
    said = _text(entry.description)
    classification = entry.classification.lower()
    of_library = entry.problem_type.startswith("OWASP Dependency Check")
    return Finding(
        rule=about.id,
        title=entry.problem_type,
        severity=_severity(entry.rating, classification),
        severity_given=entry.rating or entry.classification,
        kind=Kind.DEPENDENCY if of_library else Kind.CODE,
        component=Component(name=entry.file) if of_library and entry.file else None,
        location=_location(entry),
        about=about,
        description="\n".join(part for part in (said, _text(entry.comment)) if part),
        cwes=about.cwes,
        vulnerabilities=vulnerability_ids(entry.problem_type, said) if of_library else (),
        flow=_flow(entry),
        verification=Verification.VERIFIED if classification == "problem" and entry.reviewed == "Reviewed" else None,
        suppression=Suppression(origin="tool", justification=entry.classification)
        if classification in _SET_ASIDE
        else None,
        tags=tuple(tag for tag in (entry.classification.lower(), entry.producer) if tag),
    )


@lru_cache(maxsize=2048)
def _about(rule: str, title: str, cwe: str, category: str) -> Rule:
    return Rule(id=rule, title=title, cwes=cwe_ids(cwe), tags=(category,) if category else ())


@lru_cache(maxsize=1024)
def _severity(rating: str, classification: str) -> Severity:
    """Return the severity of a rating from 0 to 10; the classification says that it is no problem at all."""
    if classification == "information":
        return Severity.INFO
    try:
        return severity(float(rating))
    except ValueError:
        return Severity.MEDIUM


def _location(entry: Entry) -> CodeLocation | None:
    given = entry.node[0] if isinstance(entry.node, list) and entry.node else entry.node
    for node in (entry.end_node, given, entry.start_node):
        if isinstance(node, Node) and node.path:
            return _place(node, _number(entry.line) or _number(node.line))
    if not entry.file:
        return None
    folder = entry.package.replace(".", "/") + "/" if entry.package else ""
    path = entry.file if "/" in entry.file else folder + entry.file
    return CodeLocation(
        path=path, line=_number(entry.line), scope=".".join(part for part in (entry.package, entry.owner) if part)
    )


def _place(node: Node, line: int | None) -> CodeLocation:
    codes = node.code if isinstance(node.code, list) else [node.code]
    here = [code for code in codes if isinstance(code, Code)]
    number = here[0].line if here else None
    first = number if isinstance(number, int) else _number(number or "")
    return CodeLocation(
        path=node.path, line=line, snippet_line=first, snippet="\n".join(code.text for code in here), scope=node.owner
    )


def _flow(entry: Entry) -> tuple[FlowStep, ...]:
    given = entry.path.node if isinstance(entry.path, Nodes) else None
    nodes = [each for each in (given if isinstance(given, list) else [given]) if isinstance(each, Node) and each.path]
    if not nodes:
        nodes = [each for each in (entry.start_node, entry.end_node) if isinstance(each, Node) and each.path]
    steps = [FlowStep(_place(each, _number(each.line)), each.fact) for each in nodes]
    return tuple(steps) if len(steps) > 1 else ()


def _number(text: str) -> int | None:
    return int(text) or None if text.isdecimal() and len(text) < 10 else None


def _text(given: Any) -> str:
    """Return the text of an element that may be repeated or empty."""
    if isinstance(given, list):
        return "\n".join(text for each in given if (text := _text(each)))
    if isinstance(given, dict):
        return str(given.get("#text", ""))
    return str(given or "").strip()
