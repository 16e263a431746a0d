"""What the tools say about one issue, side by side, from the findings in full."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from django.db.models import F
from django.utils.translation import gettext

from seamark.core.finding import Finding as Full
from seamark.core.finding import Patch
from seamark.core.location import CodeLocation, HostLocation, ImageLocation, ResourceLocation, WebLocation
from seamark.insight.analytics.exchange import Shown, shown
from seamark.insight.analytics.flow import Flow, flow_of
from seamark.pipeline.why import Link, Why, why_of
from seamark.store.access import Visible
from seamark.store.evidence import read
from seamark.store.models import Finding, Issue

Told = TypeVar("Told")
MOST = 60
"""Findings shown on the page: newest evidence first, and the rest is counted."""
MOST_PATHS = 12
MOST_TEXTS = 4
MOST_TOOLS = 6
MOST_WORDS = 4
"""Findings of one tool whose words stand side by side with those of the others."""
MOST_FLOWS = 3
MOST_EXCHANGES = 2
MOST_PATCHES = 3


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

    @property
    def words(self) -> str:
        """Return what the tool says of this very finding, or of its rule."""
        if self.full is None:
            return ""
        about = self.full.about
        return self.full.description.strip() or (about.description.strip() if about else "")


@dataclass(frozen=True)
class Account:
    """What one tool says, to be read beside the others. `said` are the first of its findings, those of now before those of then."""

    tool: str
    said: list[Said]
    number: int

    @property
    def version(self) -> str:
        """Return the version of the tool that reported first."""
        return self.said[0].row.opened_in.tool_version


@dataclass
class Evidence:
    """Everything that the page shows of the tools' words."""

    said: list[Said] = field(default_factory=list)
    why: Why = field(default_factory=lambda: Why([], [], [], []))
    more: bool = False
    code: list[Line] = field(default_factory=list)
    code_place: str = ""
    code_scope: str = ""
    flows: list[Flow] = field(default_factory=list)
    exchanges: list[tuple[str, Shown]] = field(default_factory=list)
    paths: list[tuple[str, ...]] = field(default_factory=list)
    component: str = ""
    purl: str = ""
    fixed_in: list[str] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    remedies: list[tuple[str, str]] = field(default_factory=list)
    patches: list[tuple[str, Patch]] = field(default_factory=list)
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

    @property
    def accounts(self) -> list[Account]:
        """Return what the tools say, those that report it now first, `MOST_TOOLS` at most."""
        told: dict[str, list[Said]] = defaultdict(list)
        for one in sorted(self.said, key=lambda one: one.row.closed_in_id is not None):
            told[one.row.stream.tool].append(one)
        return [Account(tool, said[:MOST_WORDS], len(said)) for tool, said in list(told.items())[:MOST_TOOLS]]


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
    _add_flows(found)
    return found


def short(link: Link) -> str:
    """Return why a finding belongs to its issue, in a few words."""
    if link.how == "joined":
        return gettext("joined by %(name)s") % {"name": link.by} if link.by else gettext("joined by the command line")
    return gettext("joined by the matcher") if link.how == "merged" else link.text


def _add(found: Evidence, tool: str, full: Full) -> None:
    """Add what one finding tells, unless another one told it already."""
    location = full.location
    if isinstance(location, CodeLocation) and not full.secret:
        # The tool that shows the most of the code is the one to look at.
        if location.snippet and len(lines := list(code_lines(location))) > len(found.code):
            found.code, found.code_place = lines, place_of(full)
        found.code_scope = found.code_scope or location.scope
    if full.exchange is not None and len(found.exchanges) < MOST_EXCHANGES and not full.secret:
        one = shown(full.exchange)
        if (one.request or one.response) and all(one != other for _, other in found.exchanges):
            found.exchanges.append((tool, one))
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
    _extend(
        found.patches, [(tool, one) for one in full.patches if one.replacements][: MOST_PATCHES - len(found.patches)]
    )
    _extend(found.references, (*full.references, *(about.references if about else ())))


def _add_flows(found: Evidence) -> None:
    """Add the ways that tools tell, each on all the code that is known, the same way once."""
    told = [(one.row.stream.tool, one.full) for one in found.said if one.full is not None and not one.full.secret]
    snippets = [full.location for _, full in told if isinstance(full.location, CodeLocation)]
    # Tools that print numbers into their code have them taken off here.
    known = [
        CodeLocation(path=place.path, line=lines[0].number, snippet="\n".join(line.text for line in lines))
        for place in snippets
        if (lines := list(code_lines(place))) and lines[0].number is not None
    ]
    ways = set()
    for tool, full in told:
        way = tuple((step.location.path, step.location.line) for step in full.flow)
        if way and way not in ways and len(found.flows) < MOST_FLOWS:
            ways.add(way)
            found.flows.append(flow_of(tool, full.flow, known))


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
    if (
        numbers
        and len(numbers) == len(lines)
        and numbers == list(range(numbers[0], numbers[0] + len(lines)))
        and first in numbers
    ):
        lines = [found[2] for found in printed if found]
        start: int | None = numbers[0]
    else:
        start = location.snippet_line or first
    for offset, text in enumerate(lines):
        number = None if start is None else start + offset
        yield Line(number, text, number is not None and first is not None and first <= number <= last)
