"""SpotBugs and FindBugs, with Find Security Bugs and other plug-ins: mistakes in Java byte code."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Confidence,
    Finding,
    Item,
    Kind,
    Reading,
    Rule,
    Run,
    Severity,
    Suppression,
    Xml,
    cwe_ids,
    moment,
    parser,
    references,
    xml_root,
)

T = TypeVar("T")
PRIORITIES = {"1": Severity.HIGH, "2": Severity.MEDIUM, "3": Severity.LOW, "4": Severity.INFO, "5": Severity.INFO}
CONFIDENCES = {"1": Confidence.HIGH, "2": Confidence.MEDIUM, "3": Confidence.LOW}
"""What the tool calls priority in older and confidence in newer versions."""
SECRETS = frozenset({"HARD_CODE_PASSWORD", "HARD_CODE_KEY", "DMI_CONSTANT_DB_PASSWORD"})
NO_BUG = frozenset({"NOT_A_BUG", "BAD_ANALYSIS"})
_TAG = re.compile(r"<[^<>]{0,500}>")
_LINK = re.compile(r"""href=["'](https?://[^"'\s]+)""")
_BLANK = re.compile(r"\n\s*\n\s*")


class Line(Struct):
    start: int | None = field(name="@start", default=None)
    end: int | None = field(name="@end", default=None)
    path: str = field(name="@sourcepath", default="")
    relative: str = field(name="@relSourcepath", default="")
    primary: bool = field(name="@primary", default=False)
    role: str = field(name="@role", default="")


class Member(Struct):
    class_: str = field(name="@classname", default="")
    name: str = field(name="@name", default="")
    role: str = field(name="@role", default="")
    line: list[Line] | Line | None = field(name="SourceLine", default=None)


class Value(Struct):
    value: str = field(name="@value", default="")
    role: str = field(name="@role", default="")


class Annotation(Struct):
    designation: str = field(name="@designation", default="")
    text: str = field(name="#text", default="")


class Bug(Struct):
    type: str = field(name="@type")
    priority: str = field(name="@priority")
    rank: str = field(name="@rank", default="")
    category: str = field(name="@category", default="")
    cwe: str = field(name="@cweid", default="")
    hash: str = field(name="@instanceHash", default="")
    last: str = field(name="@last", default="")
    short: str = field(name="ShortMessage", default="")
    long: str = field(name="LongMessage", default="")
    classes: list[Member] | Member | None = field(name="Class", default=None)
    methods: list[Member] | Member | None = field(name="Method", default=None)
    fields: list[Member] | Member | None = field(name="Field", default=None)
    lines: list[Line] | Line | None = field(name="SourceLine", default=None)
    texts: list[Value] | Value | None = field(name="String", default=None)
    annotation: Annotation | str | None = field(name="UserAnnotation", default=None)


class Failure(Struct):
    message: str = field(name="ErrorMessage", default="")


class Part(Struct):
    """A bug pattern, the errors, the summary or the statistics of a file: all that stands beside the bugs."""

    type: str = field(name="@type", default="")
    category: str = field(name="@category", default="")
    cwe: str = field(name="@cweid", default="")
    short: str = field(name="ShortDescription", default="")
    details: str = field(name="Details", default="")
    errors: str = field(name="@errors", default="")
    missing: str = field(name="@missingClasses", default="")
    error: list[Failure] | Failure | None = field(name="Error", default=None)
    classes: str = field(name="@total_classes", default="")
    path: str = field(name="@path", default="")


@parser(
    "spotbugs",
    title="SpotBugs",
    kind=Kind.CODE,
    looks=xml_root("BugCollection"),
    made_with="spotbugs -textui -xml:withMessages -output spotbugs.xml classes/",
    url="https://spotbugs.readthedocs.io/en/stable/",
    versions="FindBugs 2 and 3, SpotBugs 3.1 to 4.9",
)
def read(document: Xml, reading: Reading) -> Iterator[Item]:
    parts = list(document.each("BugPattern", "Errors", "FindBugsSummary", "FileStats", row=Part))
    abouts = {part.type: _about(part) for part in parts if part.type}
    yield _run(parts, reading.source.head(65536))
    for bug in document.each("BugInstance", row=Bug):
        about = abouts.get(bug.type)
        if about is None:
            about = abouts[bug.type] = Rule(id=bug.type, tags=(bug.category,) if bug.category else ())
        yield _finding(bug, about)


def _run(parts: list[Part], head: bytes) -> Run:
    problems = [failure.message for part in parts for failure in _many(part.error)]
    problems += [
        f"{part.missing} classes that the code needs were not found" for part in parts if part.missing not in {"", "0"}
    ]
    nothing = any(part.classes == "0" for part in parts)
    if nothing:
        problems.append("No class was looked at")
    files = tuple(part.path for part in parts if part.path)
    failed = any(part.errors not in {"", "0"} for part in parts)
    return Run(
        tool="SpotBugs",
        version=_attribute(head, "version"),
        complete=False if nothing or failed else None,
        problems=tuple(problems[:50]),
        # Paths of the findings may be given from the root of the project, those of the statistics never are.
        scope=files if files and b"relSourcepath" not in head else None,
        finished=_time(_attribute(head, "analysisTimestamp")),
    )


def _attribute(head: bytes, name: str) -> str:
    tag = head.decode("utf-8", "replace").partition("<BugCollection")[2].partition(">")[0]
    found = re.search(rf"""\s{name}\s*=\s*["']([^"']{{0,100}})""", tag)
    return found[1] if found else ""


def _time(text: str) -> str:
    return moment(int(text)) if text.isascii() and text.isdigit() and len(text) < 16 and int(text) else ""


def _about(pattern: Part) -> Rule:
    return Rule(
        id=pattern.type,
        title=pattern.short,
        description=_BLANK.sub("\n\n", html.unescape(_TAG.sub("", pattern.details))).strip(),
        cwes=cwe_ids(pattern.cwe) or cwe_ids(pattern.details),
        tags=(pattern.category,) if pattern.category else (),
        references=references(_LINK.findall(pattern.details)),
    )


def _finding(bug: Bug, about: Rule) -> Finding:
    lines = _many(bug.lines)
    place = _primary(bug, lines)
    method = next((one for one in _many(bug.methods) if not one.role), None)
    owner = next(iter(_many(bug.classes)), None)
    scope = f"{method.class_}.{method.name}" if method and method.name else owner.class_ if owner else ""
    return Finding(
        rule=bug.type,
        title=bug.short or about.title or _words(bug.type),
        severity=PRIORITIES.get(bug.priority, Severity.MEDIUM),
        severity_given=bug.priority,
        kind=Kind.SECRET if bug.type in SECRETS else None,
        location=None
        if place is None
        else CodeLocation(path=place.relative or place.path, line=place.start, end_line=place.end, scope=scope),
        about=about,
        description=_description(bug, lines, place),
        confidence=CONFIDENCES.get(bug.priority),
        cwes=cwe_ids(bug.cwe) or about.cwes,
        fingerprints=(("spotbugs", bug.hash),) if bug.hash else (),
        suppression=_suppression(bug.annotation),
        # A history of several versions also lists what is gone, with the last version that had it.
        baseline="absent" if bug.last and bug.last != "-1" else "",
        tags=(f"rank:{bug.rank}",) if bug.rank else (),
    )


@lru_cache(maxsize=1024)
def _words(type: str) -> str:
    """Return the name of a bug pattern in words, for reports written without its messages."""
    return type.replace("_", " ").capitalize()


def _many(found: list[T] | T | None) -> list[T]:
    return found if isinstance(found, list) else [] if found is None else [found]


def _primary(bug: Bug, lines: list[Line]) -> Line | None:
    """Return the line of the bug itself, or that of the method, field or class it is in."""
    for line in lines:
        if line.primary:
            return line
    if lines:
        return lines[0]
    for members in (bug.methods, bug.fields, bug.classes):
        for member in _many(members):
            for line in _many(member.line):
                if line.path:
                    return line
    return None


def _description(bug: Bug, lines: list[Line], place: Line | None) -> str:
    parts = [bug.long.strip()] if bug.long and bug.long != bug.short else []
    parts += [f"{text.role or 'Text'}: {text.value}" for text in _many(bug.texts) if text.value]
    parts += [f"Also at {line.path}:{line.start}" for line in lines if line is not place and line.start]
    return "\n".join(parts)


def _suppression(annotation: Annotation | str | None) -> Suppression | None:
    if isinstance(annotation, Annotation) and annotation.designation in NO_BUG:
        return Suppression(origin="tool", justification=annotation.text or annotation.designation)
    return None
