"""What the tools say about one issue, side by side, from the findings in full."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from django.db.models import F

from seamark.core.finding import Exchange, FlowStep
from seamark.core.finding import Finding as Full
from seamark.core.location import CodeLocation, HostLocation, ImageLocation, ResourceLocation, WebLocation
from seamark.pipeline.why import Link, Why, why_of
from seamark.store.access import Visible
from seamark.store.evidence import read
from seamark.store.models import Finding, Issue

Told = TypeVar("Told")
MOST = 60
"""Findings shown on the page: newest evidence first, and the rest is counted."""
MOST_PATHS = 12
MOST_TEXTS = 4


@dataclass(frozen=True)
class Line:
    """A line of code; `hit` marks what the tool points at."""

    number: int | None
    text: str
    hit: bool


@dataclass(frozen=True)
class Said:
    """One tool's finding: its row, its words, and why it is the same problem as the others."""

    row: Finding
    full: Full | None
    links: tuple[Link, ...] = ()

    @property
    def same(self) -> str:
        """Return the first reason in a few words, nothing for the finding that opened the issue."""
        return next((short(link) for link in self.links if link.how != "opened"), "")

    @property
    def place(self) -> str:
        """Return the place as this tool gives it."""
        return (
            place_of(self.full) if self.full else f"{self.row.path}:{self.row.line}" if self.row.line else self.row.path
        )

    @property
    def weaknesses(self) -> tuple[int, ...]:
        """Return the CWEs that the tool names, for this finding or for its rule."""
        if self.full is None:
            return ()
        return self.full.cwes or (self.full.about.cwes if self.full.about else ())


@dataclass
class Evidence:
    """Everything that the page shows of the tools' words."""

    said: list[Said] = field(default_factory=list)
    why: Why = field(default_factory=lambda: Why([], [], [], []))
    more: bool = False
    code: list[Line] = field(default_factory=list)
    code_place: str = ""
    code_scope: str = ""
    flow: list[FlowStep] = field(default_factory=list)
    flow_tool: str = ""
    exchange: Exchange | None = None
    paths: list[tuple[str, ...]] = field(default_factory=list)
    component: str = ""
    purl: str = ""
    fixed_in: list[str] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    remedies: list[tuple[str, str]] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    cvss: list[tuple[str, str]] = field(default_factory=list)
    secret: str = ""

    @property
    def now(self) -> list[Said]:
        """Return what tools still report."""
        return [one for one in self.said if one.row.closed_in_id is None]

    @property
    def tools(self) -> list[str]:
        """Return the tools that still report it."""
        return sorted({one.row.stream.tool for one in self.now})


def evidence_of(seen: Visible, issue: Issue) -> Evidence:
    """Return the evidence of an issue: what is reported now before what was, oldest first."""
    related = ("stream__asset", "rule", "opened_in", "closed_in")
    ordering = (F("closed_in").asc(nulls_first=True), "id")
    rows = list(seen.findings().filter(issue=issue).select_related(*related).order_by(*ordering)[: MOST + 1])
    found = Evidence(more=len(rows) > MOST)
    rows = rows[:MOST]
    full = read(rows)
    found.why = why_of(issue, rows, full)
    links: dict[int, list[Link]] = defaultdict(list)
    for link in found.why.links:
        links[link.finding].append(link)
    found.said = [Said(row, full.get(row.pk), tuple(links[row.pk])) for row in rows]
    for one in sorted(found.said, key=lambda one: one.row.closed_in_id is not None):
        if one.full is not None:
            _add(found, one.row.stream.tool, one.full)
    return found


def short(link: Link) -> str:
    """Return why a finding belongs to its issue, in a few words."""
    if link.how == "joined":
        return f"joined by {link.by or 'the command line'}"
    return "joined by the matcher" if link.how == "merged" else link.text


def _add(found: Evidence, tool: str, full: Full) -> None:
    """Add what one finding tells, unless another one told it already."""
    location = full.location
    if isinstance(location, CodeLocation) and not full.secret:
        # The tool that shows the most of the code is the one to look at.
        if location.snippet and len(lines := list(code_lines(location))) > len(found.code):
            found.code, found.code_place = lines, place_of(full)
        found.code_scope = found.code_scope or location.scope
    if full.flow and not found.flow:
        found.flow, found.flow_tool = list(full.flow), tool
    found.exchange = found.exchange or full.exchange
    found.secret = found.secret or full.secret
    found.paths.extend(
        [path for path in full.dependency_paths if path not in found.paths][: MOST_PATHS - len(found.paths)]
    )
    if full.component is not None and not found.component:
        found.component = f"{full.component.name} {full.component.version}".strip()
        found.purl = full.component.purl
    _extend(found.fixed_in, full.fixed_versions)
    _extend(found.cvss, [(rating.vector or f"{rating.score}", rating.source or tool) for rating in full.cvss])
    about = full.about
    _add_text(found.texts, tool, (full.description, about.description if about else ""), besides=full.title)
    _add_text(found.remedies, tool, (full.remedy or (about.remedy if about else ""),))
    _extend(found.references, (*full.references, *(about.references if about else ())))


def _extend(kept: list[Told], values: Iterable[Told]) -> None:
    kept.extend([value for value in dict.fromkeys(values) if value not in kept])


def _add_text(kept: list[tuple[str, str]], tool: str, texts: Iterable[str], besides: str = "") -> None:
    for text in texts:
        plain = text.strip()
        if plain and plain != besides and len(kept) < MOST_TEXTS and all(plain != other for _, other in kept):
            kept.append((tool, plain))


def place_of(full: Full) -> str:
    """Return where a finding is, in one line."""
    match full.location:
        case CodeLocation(path=path, line=line):
            return f"{path}:{line}" if line else path
        case WebLocation(url=url, method=method, parameter=parameter):
            return " ".join(part for part in (method, url, parameter) if part)
        case ResourceLocation(resource=resource):
            return resource
        case HostLocation(host=host, port=port):
            return f"{host}:{port}" if port is not None else host
        case ImageLocation(image=image, path=path):
            return f"{image} {path}".strip()
    return full.component.name if full.component else ""


_PRINTED = re.compile(r"^\s*(\d{1,7})(?:\s*[:|]\s?|\s|$)(.*)$")


def code_lines(location: CodeLocation) -> Iterator[Line]:
    """Yield the lines of a snippet with their numbers and a mark on those that the tool points at.

    Some tools print the numbers into the snippet: they are taken where they rise by one and hold the finding's line.
    """
    lines = location.snippet.rstrip("\n").splitlines()
    first, last = location.line, max(location.end_line or 0, location.line or 0)
    printed = [_PRINTED.match(line) for line in lines]
    numbers = [int(found[1]) for found in printed if found]
    if len(numbers) == len(lines) and numbers == list(range(numbers[0], numbers[0] + len(lines))) and first in numbers:
        lines = [found[2] for found in printed if found]
        start: int | None = numbers[0]
    else:
        start = location.snippet_line or first
    for offset, text in enumerate(lines):
        number = None if start is None else start + offset
        yield Line(number, text, number is not None and first is not None and first <= number <= last)
