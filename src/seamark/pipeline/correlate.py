"""Which findings of several reports are one issue, without keeping anything. Knows no database."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec

from seamark.analysis.correlation import evidence, fixes
from seamark.analysis.correlation.aliases import AliasGroups, same_flaw
from seamark.analysis.correlation.corroboration import CONFIRMS, corroborate
from seamark.analysis.correlation.equivalence import tool_key
from seamark.analysis.correlation.evidence import Reason
from seamark.analysis.correlation.matching import Link, match
from seamark.analysis.correlation.sighting import flaws_of, sighting
from seamark.analysis.correlation.signals import block_of, hash64, of_package, place_text, vulnerability_name
from seamark.analysis.correlation.witness import witness
from seamark.core.finding import Finding
from seamark.core.kind import Kind, Verification, VexState
from seamark.core.location import CodeLocation, WebLocation
from seamark.core.severity import Severity
from seamark.intake.discovery.checkout import WorkingTree
from seamark.intake.parsers.kit.read import collector_at_rest
from seamark.pipeline.correlated import (
    Correlation,
    Corroborated,
    Fix,
    Issue,
    Item,
    Package,
    Pair,
    Pointer,
    Suggestion,
)
from seamark.pipeline.gather import Assets, Gathered, Told

SAME_WORDS: Final = 0.35
"""What findings without a place have in common besides their rule: their title."""

_PACKAGE: Final[tuple[Reason, ...]] = (("same flaw", evidence.SAME_FLAW), ("same package", evidence.SAME_PACKAGE))
_WORDS: Final[tuple[Reason, ...]] = (("same rule", evidence.SAME_FAMILY), ("same title, and no place", SAME_WORDS))
_SETTLED: Final = frozenset({VexState.NOT_AFFECTED, VexState.FIXED, VexState.FALSE_POSITIVE})
_SEVERITIES: Final = {severity: severity.word for severity in Severity}
_SHARED: Final = frozenset({fixes.CODE, fixes.CONFIGURATION})
"""Changes that are told only where they clear several issues: one change of one function for one issue is the issue itself."""


def correlate(gathered: Gathered, source: WorkingTree | None = None) -> Correlation:
    """Return the issues behind the findings of reports about one application. The order of the reports changes no issue.

    `source` is the code they speak of: it fills in scopes and code that reports lack, and names routes.
    """
    # None of what is made here forms circles, and looking for some takes half of the time.
    with collector_at_rest():
        return _Correlating(gathered, source).run()


class _Part(NamedTuple):
    """A finding, or what it says of one of its flaws, with where it belongs."""

    told: Told
    finding: Finding
    tool: str
    stream: int
    asset: int
    block: str
    keyed: bool


class _Group(NamedTuple):
    """The findings of one issue, by position, the one that names it, and why they are one."""

    members: list[int]
    lead: int
    links: list[Link]


class _Correlating:
    def __init__(self, gathered: Gathered, source: WorkingTree | None) -> None:
        self._gathered, self._source = gathered, source
        self._assets = Assets(gathered)
        self._aliases = AliasGroups()
        self._parts = self._split(gathered.placed(source))
        self._names = self._aliases.groups()
        self._ids: list[str] = []

    def _split(self, findings: Sequence[Finding]) -> list[_Part]:
        gathered = self._gathered
        streams = gathered.streams()
        flaws = [
            (told, flaw) for told, finding in zip(gathered.told, findings, strict=True) for flaw in flaws_of(finding)
        ]
        for names in dict.fromkeys(flaw.vulnerabilities for _, flaw in flaws):
            self._aliases.join(same_flaw(names))
        parts = []
        for told, flaw in flaws:
            block = block_of(flaw, self._flaw(flaw))
            asset = self._assets.of(told.run, flaw)
            tool = gathered.runs[told.run].tool
            parts.append(_Part(told, flaw, tool, streams[told.run], asset, block.text, block.keyed))
        return parts

    def _flaw(self, finding: Finding) -> int:
        """Return a number that all names of a flaw share, 0 where there is none."""
        return hash64(self._aliases.head(finding.vulnerabilities[0])) if finding.vulnerabilities else 0

    def run(self) -> Correlation:
        groups, suggested = self._groups()
        groups.sort(key=self._rank)
        self._ids = self._identities(groups)
        issues = tuple(self._issue(group, name) for group, name in zip(groups, self._ids, strict=True))
        home = {at: number for number, group in enumerate(groups) for at in group.members}
        return Correlation(
            reports=tuple(self._gathered.reports),
            issues=issues,
            suggestions=self._suggestions(suggested, home),
            corroborations=self._corroborations(groups),
            fixes=self._fixes(groups, issues),
        )

    def _groups(self) -> tuple[list[_Group], list[Link]]:
        """Return the findings by issue, and the pairs that are left to people."""
        keyed: dict[tuple[int, str], list[int]] = defaultdict(list)
        placed: list[int] = []
        for at, part in enumerate(self._parts):
            if part.keyed:
                keyed[part.asset, part.block].append(at)
            else:
                placed.append(at)
        groups = [self._keyed(members) for members in keyed.values()]
        outcome = match([self._sighting(self._parts[at]) for at in placed])
        links: dict[int, list[Link]] = defaultdict(list)
        cluster_of = {at: number for number, cluster in enumerate(outcome.clusters) for at in cluster}
        for link in outcome.merges:
            links[cluster_of[link.left]].append(_moved(link, placed))
        for number, cluster in enumerate(outcome.clusters):
            members = [placed[at] for at in cluster]
            groups.append(_Group(members, self._lead(members), links[number]))
        groups += [_Group([at], at, []) for number, at in enumerate(placed) if number not in cluster_of]
        return groups, [_moved(link, placed) for link in outcome.suggestions]

    @staticmethod
    def _sighting(part: _Part) -> evidence.Sighting:
        return sighting(part.finding, part.tool, asset=str(part.asset), stream=part.stream)

    def _keyed(self, members: list[int]) -> _Group:
        """Return findings that are one issue by what they are about, each linked with the one that names it."""
        lead = self._lead(members)
        reasons = _PACKAGE if of_package(self._parts[lead].finding) else _WORDS
        sure = evidence.confidence(list(reasons))
        return _Group(members, lead, [Link(lead, at, sure, reasons) for at in members if at != lead])

    def _lead(self, members: Sequence[int]) -> int:
        """Return the finding that names an issue: the worst; of several one that is not set aside, and has the best title."""
        return members[0] if len(members) == 1 else min(members, key=self._standing)

    def _standing(self, at: int) -> tuple[object, ...]:
        part = self._parts[at]
        finding = part.finding
        return (-finding.severity, _suppressed(finding), *_wording(finding), self._order(at))

    def _order(self, at: int) -> tuple[object, ...]:
        """Return what findings are sorted by: their place, then who says what; the report last."""
        part = self._parts[at]
        finding = part.finding
        location = finding.location
        line, column = 0, 0
        if type(location) is CodeLocation:
            line, column = location.line or 0, location.column or 0
        where = _parameters(location) if type(location) is WebLocation else ""
        return (place_text(finding), line, column, where, part.tool, finding.rule, finding.title, *part.told[:2])

    def _tools(self, members: Iterable[int]) -> tuple[str, ...]:
        """Return the names of the tools, each once, whichever of its names its reports use."""
        named: dict[str, str] = {}
        for name in sorted({self._parts[at].tool for at in members}):
            named.setdefault(tool_key(name), name)
        return tuple(named.values())

    def _rank(self, group: _Group) -> tuple[object, ...]:
        lead = self._parts[group.lead]
        tools = 1 if len(group.members) == 1 else len(self._tools(group.members))
        return (-lead.finding.severity, -tools, self._order(group.lead), lead.finding.vulnerabilities)

    def _identities(self, groups: Iterable[_Group]) -> list[str]:
        """Return ids for issues: the same for the same input, and each once."""
        seen: Counter[str] = Counter()
        found = []
        for group in groups:
            part = self._parts[group.lead]
            told = [self._assets.name(part.asset), part.block]
            if not part.keyed:
                place = self._order(group.lead)
                told += [str(part.finding.kind), part.finding.rule, *map(str, place[:4])]
            name = blake2b("\0".join(told).encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
            seen[name] += 1
            found.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
        return found

    def _issue(self, group: _Group, name: str) -> Issue:
        members = sorted(group.members, key=self._order) if len(group.members) > 1 else group.members
        parts = [self._parts[at] for at in members]
        lead = self._parts[group.lead]
        items = {part.told[:2]: self._item(part) for part in parts}
        return Issue(
            id=name,
            kind=(lead.finding.kind or Kind.CODE).value,
            title=lead.finding.title,
            severity=_SEVERITIES[lead.finding.severity],
            place=_place(lead.finding),
            asset=self._assets.name(lead.asset),
            component=_package(lead, parts),
            cwes=tuple(sorted({number for part in parts for number in _cwes(part.finding)})),
            vulnerabilities=self._vulnerabilities(parts),
            tools=self._tools(members),
            suppressed=all(item.suppressed for item in items.values()),
            confidence=min((link.confidence for link in group.links), default=1.0),
            findings=tuple(items.values()),
            reasons=tuple(self._pair(link) for link in sorted(group.links, key=self._link_order)),
        )

    @staticmethod
    def _item(part: _Part) -> Item:
        finding, told = part.finding, part.told
        # The place as the report gives it: what is known of it from elsewhere helps to compare, and is nobody's word.
        location: dict[str, Any] = msgspec.to_builtins(told.finding.location) if told.finding.location else {}
        location.pop("snippet", None)
        location.pop("snippet_line", None)
        if location.get("place") == "code":
            location.setdefault("line", None)
        return Item(
            report=told.report, index=told.number, tool=part.tool, format=told.format, rule=finding.rule, title=finding.title,
            severity=_SEVERITIES[finding.severity], location=location, suppressed=_suppressed(finding),
        )  # fmt: skip

    def _vulnerabilities(self, parts: Iterable[_Part]) -> tuple[str, ...]:
        """Return all names of the flaw that any report knows, CVE first."""
        names = {name for part in parts for name in part.finding.vulnerabilities}
        names |= {
            alias for name in names for alias in self._names.get(self._aliases.head(name), ()) if alias not in names
        }
        return tuple(sorted(names, key=lambda name: (not name.startswith("CVE-"), name)))

    def _pair(self, link: Link) -> Pair:
        left, right = self._pointer(link.left), self._pointer(link.right)
        return Pair(left=left, right=right, confidence=link.confidence, reasons=link.reasons)

    def _pointer(self, at: int) -> Pointer:
        told = self._parts[at].told
        return told.report, told.number

    def _link_order(self, link: Link) -> tuple[object, ...]:
        return (-link.confidence, self._order(link.left), self._order(link.right))

    def _suggestions(self, links: Iterable[Link], home: Mapping[int, int]) -> tuple[Suggestion, ...]:
        best: dict[tuple[int, int], Link] = {}
        for link in sorted(links, key=self._link_order):
            left, right = home[link.left], home[link.right]
            best.setdefault((left, right) if left < right else (right, left), link)
        return tuple(
            Suggestion(
                issues=(self._ids[home[link.left]], self._ids[home[link.right]]), left=self._pointer(link.left),
                right=self._pointer(link.right), confidence=link.confidence, reasons=link.reasons,
            )
            for link in best.values()
        )  # fmt: skip

    def _corroborations(self, groups: Sequence[_Group]) -> tuple[Corroborated, ...]:
        kinds = {(part.finding.kind or Kind.CODE).value for part in self._parts}
        if not kinds & CONFIRMS.keys():
            return ()
        witnesses = [
            witness(part.finding, part.tool, number, asset=part.asset)
            for number, group in enumerate(groups)
            for part in (self._parts[at] for at in group.members)
        ]
        routes = self._source.routes() if self._source is not None and kinds & {"web", "pentest"} else ()
        return tuple(
            Corroborated(
                issue=self._ids[one.right], confirmed_by=self._ids[one.left], how=one.by, confidence=one.confidence, reasons=one.reasons,
            )
            for one in corroborate(witnesses, routes)
        )  # fmt: skip

    def _fixes(self, groups: Sequence[_Group], issues: Sequence[Issue]) -> tuple[Fix, ...]:
        """Return the changes that clear what is not set aside: first those that clear most of the worst severity."""
        planned: dict[int, list[fixes.Planned]] = defaultdict(list)
        severities: dict[str, Severity] = {}
        for group, issue in zip(groups, issues, strict=True):
            if not issue.suppressed:
                lead = self._parts[group.lead]
                others = sorted((at for at in group.members if at != group.lead), key=self._order)
                told = (lead.finding, *(self._parts[at].finding for at in others))
                severities[issue.id] = lead.finding.severity
                planned[lead.asset].append(fixes.Planned(issue.id, lead.finding.severity, told))
        found = [
            (asset, fix)
            for asset, listed in planned.items()
            for fix in fixes.group(listed)
            if len(fix.issues) > 1 or fix.kind not in _SHARED
        ]

        def rank(one: tuple[int, fixes.PlannedFix]) -> tuple[object, ...]:
            numbers = Counter(severities[issue] for issue in one[1].issues)
            return (*(-numbers[severity] for severity in reversed(Severity)), one[1].title, self._assets.name(one[0]))

        return tuple(
            Fix(
                kind=fix.kind, title=fix.title, target=fix.target, partial=fix.partial, asset=self._assets.name(asset),
                issues=fix.issues, severity=fix.severity.word,
            )
            for asset, fix in sorted(found, key=rank)
        )  # fmt: skip


def _moved(link: Link, positions: Sequence[int]) -> Link:
    return link._replace(left=positions[link.left], right=positions[link.right])


def _suppressed(finding: Finding) -> bool:
    """Tell whether a report sets its own finding aside."""
    if finding.suppression is not None and finding.suppression.accepted:
        return True
    if finding.vex is not None and finding.vex.state in _SETTLED:
        return True
    return finding.verification is Verification.REFUTED


_WORDS_OF_TITLE = re.compile(r"[^\W\d_]{2,}")
_ENOUGH: Final = 3


def _wording(finding: Finding) -> tuple[bool, int, str]:
    """Return what titles are sorted by, the best first: those of at least three words before ids, then the shortest."""
    title = finding.title.replace(finding.rule, "").replace(vulnerability_name(finding), "")
    return len(_WORDS_OF_TITLE.findall(title)) < _ENOUGH, len(finding.title), finding.title


def _parameters(location: WebLocation) -> str:
    return f"{location.method} {location.parameter}"


def _place(finding: Finding) -> str:
    """Return where an issue is, for lists."""
    location = finding.location
    if type(location) is CodeLocation and location.line:
        return f"{location.path}:{location.line}"
    if type(location) is WebLocation:
        return f"{location.method} {location.url}".strip()
    return place_text(finding)


def _cwes(finding: Finding) -> tuple[int, ...]:
    return finding.cwes or (finding.about.cwes if finding.about is not None else ())


def _package(lead: _Part, parts: Iterable[_Part]) -> Package | None:
    component = lead.finding.component
    if component is None:
        return None
    all_of_it = [part.finding for part in parts]
    versions = {one.component.version for one in all_of_it if one.component is not None and one.component.version}
    fixed = {version for one in all_of_it for version in one.fixed_versions}
    return Package(
        name=component.name, purl=component.purl or None, versions=tuple(sorted(versions)), fixed_versions=tuple(sorted(fixed))
    )  # fmt: skip
