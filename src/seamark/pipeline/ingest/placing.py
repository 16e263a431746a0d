"""Finds the issues of new findings that have a place: compares them with what else stands open in their file, route or resource.

Only the blocks that the import touches are loaded, and of those only what may mean the same problem (analysis/correlation/blocks.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

import msgspec

from seamark.analysis.correlation import evidence as weights
from seamark.analysis.correlation.blocks import REACH, Members, to_compare
from seamark.analysis.correlation.evidence import Sighting
from seamark.analysis.correlation.kin import Kin
from seamark.analysis.correlation.matching import Link, match
from seamark.analysis.correlation.meanings import Meanings
from seamark.analysis.correlation.sighting import plain_sighting, rule_title, sighting
from seamark.analysis.correlation.sites import FAR_LINES
from seamark.core import finding as core
from seamark.core.kind import KINDS_BY_CODE, Kind
from seamark.core.location import CodeLocation
from seamark.pipeline.ingest.joining import Apart, Why, conflict, join, said_of
from seamark.pipeline.ingest.rows import Prepared, line_of
from seamark.store import evidence, writer
from seamark.store.models import Application, Match, Rule, Stream

_new = tuple.__new__


class Stored(NamedTuple):
    """An open finding as its row tells it."""

    number: int
    block: int
    issue: int
    stream: int
    rule: int
    kind: int
    path: str
    line: int | None
    evidence: int
    evidence_index: int


class Known(NamedTuple):
    """What is known of a rule."""

    tool: str
    texts: core.Rule
    title: str
    """What it is called: by the rule itself, else by one of its findings."""


class Placed(NamedTuple):
    """The outcome for new findings: equal numbers in `groups` (one a finding) are one issue; `issues` has those that exist."""

    groups: list[int]
    issues: dict[int, int]
    touched: set[int]
    links: list[tuple[Link, bool]]
    """The matcher's links with a new finding, and whether they merged; positions as in `numbers`."""
    numbers: list[int]
    """Finding and issue behind every position of the links: first the new ones (0: not written yet), then stored ones."""
    homes: list[int]


class Placing:
    """Compares new findings with stored ones. Rules and profiles are looked up once an import."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._rules: dict[int, Known] = {}
        self._profiles: dict[tuple[int, tuple[int, ...], bool, bool], int] = {}
        self._roles: set[int] = set()
        """Profiles of rules that point at an import, or at a text that another line runs."""
        self._kin = Kin()
        self._meanings = Meanings()

    def place(
        self, stream: Stream, fresh: Sequence[Prepared], rules: Sequence[int], inherited: Mapping[int, int], *, now: datetime
    ) -> Placed:  # fmt: skip
        """Return which issue each new finding belongs to. `fresh` are whole blocks; `rules` their rules' row ids."""
        stored = self._stored(sorted({one.block for one in fresh}))
        self._learn({*rules, *(row.rule for row in stored)})
        new, old, near = self._chosen(stream, fresh, rules, stored)
        sightings = [self._fresh_sighting(stream, fresh[at], rules[at]) for at in new]
        # In full they are large: each is let go of as soon as it is looked at.
        seen = {row.number: self._stored_sighting(row, finding) for row, finding in _in_full(near)}
        sightings += [seen.pop(row.number) if row.number in seen else self._far_sighting(row) for row in old]
        homes = [inherited.get(at, 0) for at in new] + [row.issue for row in old]
        apart = _apart(sorted({*homes} - {0}))
        outcome = match(
            sightings, _of_positions(apart, homes) if apart is not None else None, _together(homes), self._meanings
        )
        links = [(link, True) for link in outcome.merges] + [(link, False) for link in outcome.suggestions]
        placed = Placed(
            list(range(len(fresh))), dict(inherited), set(inherited.values()),
            [(link, merged) for link, merged in links if link.left < len(new) or link.right < len(new)],
            [0] * len(new) + [row.number for row in old], homes,
        )  # fmt: skip
        self._settle(placed, outcome.clusters, new, now)
        # Positions of the links speak of what was compared; new findings are named by their place in the batch from here on.
        placed.numbers[: len(new)] = [-1 - at for at in new]
        return placed

    def _settle(self, placed: Placed, clusters: list[list[int]], new: list[int], now: datetime) -> None:
        """Give each cluster its issue; make issues one where a cluster holds several."""
        several: list[tuple[list[int], Why]] = []
        by_cluster: list[tuple[list[int], list[int]]] = []
        links: dict[int, Link] = {}
        for link, merged in placed.links:
            if merged:
                links.setdefault(link.left, link)
                links.setdefault(link.right, link)
        for cluster in clusters:
            members = [new[at] for at in cluster if at < len(new)]
            issues = sorted({placed.homes[at] for at in cluster} - {0})
            if not members:
                continue
            by_cluster.append((members, issues))
            if len(issues) > 1:
                several.append((issues, _why(next((links[at] for at in cluster if at in links), None))))
        join(several, now=now)
        heads = _heads([number for issues, _ in several for number in issues])
        placed.homes[:] = [heads.get(home, home) for home in placed.homes]
        for members, issues in by_cluster:
            head = min(members)
            for at in members:
                placed.groups[at] = head
            if issues:
                placed.issues[head] = heads.get(issues[0], issues[0])
                placed.touched.update({heads.get(number, number) for number in issues}, issues)

    def record(self, placed: Placed, numbers: Sequence[int], issues: Mapping[int, int], *, now: datetime) -> None:
        """Keep the matcher's reasons, and its suggestions for people.

        `numbers` are the row ids of the new findings, `issues` the issues of all groups.
        """
        if not placed.links:
            return
        number_of = [numbers[-1 - number] if number < 0 else number for number in placed.numbers]
        issue_of = [
            issues[placed.groups[-1 - number]] if number < 0 else home
            for number, home in zip(placed.numbers, placed.homes, strict=True)
        ]
        suggested: dict[tuple[int, int], Link] = {}
        kept: list[tuple[Link, bool]] = []
        for link, merged in placed.links:
            left, right = issue_of[link.left], issue_of[link.right]
            if merged and left == right:
                kept.append((link, False))
            elif not merged and left != right:
                pair = (min(left, right), max(left, right))
                if pair not in suggested or suggested[pair].confidence < link.confidence:
                    suggested[pair] = link
        kept += [(link, True) for link in _not_waiting_yet(suggested)]
        ids = writer.reserve(Match, len(kept))
        texts: dict[tuple[tuple[str, float], ...], str] = {}
        rows = []
        for number, (link, pending) in zip(ids, kept, strict=True):
            words = texts.get(link.reasons)
            if words is None:
                words = texts[link.reasons] = msgspec.json.encode(link.reasons).decode()
            rows.append((
                number, self._application.pk, number_of[link.left], number_of[link.right], not pending, pending,
                round(1000 * link.confidence), words, now,
            ))  # fmt: skip
        writer.insert(
            Match,
            ["id", "application", "left", "right", "merged", "pending", "confidence", "reasons", "at"],
            rows,
        )

    def _chosen(
        self, stream: Stream, fresh: Sequence[Prepared], rules: Sequence[int], stored: Sequence[Stored]
    ) -> tuple[list[int], list[Stored], list[Stored]]:
        """Return what has to be compared: positions in the new findings, stored ones, and of these those to be read in full."""
        ours: dict[int, list[int]] = defaultdict(list)
        theirs: dict[int, list[Stored]] = defaultdict(list)
        for at, one in enumerate(fresh):
            ours[one.block].append(at)
        for row in stored:
            theirs[row.block].append(row)
        new: list[int] = []
        old: list[Stored] = []
        near: list[Stored] = []
        for block, mine in ours.items():
            rows, count = theirs.get(block, ()), len(mine)
            profiles = [self._fresh_profile(fresh[at], rules[at]) for at in mine]
            profiles += self._stored_profiles(rows)
            members = Members(
                profiles,
                [*(line_of(fresh[at].read.finding) or 0 for at in mine), *(row.line or 0 for row in rows)],
                [*[stream.pk] * count, *(row.stream for row in rows)],
                count,
                {at for at, profile in enumerate(profiles) if profile in self._roles}
                | {at for at, place in enumerate(mine) if _reaches_far(fresh[place].read.finding)},
            )
            pick = to_compare(members, self._kin.homes)
            new += [mine[at] for at in pick.compared if at < count]
            old += [rows[at - count] for at in pick.compared if at >= count]
            near += [rows[at - count] for at in pick.near]
        return new, old, near

    def _fresh_profile(self, one: Prepared, rule: int) -> int:
        finding = one.read.finding
        kind = finding.kind or Kind.CODE
        return self._profile(rule, finding.cwes, kind, getattr(finding.location, "path", ""))

    def _stored_profiles(self, rows: Sequence[Stored]) -> Iterator[int]:
        """Yield the profiles of the stored findings of a block: nearly all have one path."""
        path = rows[0].path if rows else ""
        known: dict[tuple[int, int], int] = {}
        for row in rows:
            if row.path != path:
                yield self._profile(row.rule, (), KINDS_BY_CODE[row.kind], row.path)
                continue
            key = (row.rule, row.kind)
            number = known.get(key)
            if number is None:
                number = known[key] = self._profile(row.rule, (), KINDS_BY_CODE[row.kind], path)
            yield number

    def _profile(self, rule: int, cwes: tuple[int, ...], kind: Kind, path: str) -> int:
        """Return the number of what a finding of a rule is about."""
        key = (rule, cwes, kind is Kind.SECRET, weights.is_configuration(kind, path))
        number = self._profiles.get(key)
        if number is None:
            known = self._rules[rule]
            told = weights.profile(
                known.tool, known.texts.id, cwes or known.texts.cwes, secret=key[2], configuration=key[3], title=known.title
            )  # fmt: skip
            number = self._profiles[key] = self._kin.number(told)
            if told.role:
                self._roles.add(number)
        return number

    def _fresh_sighting(self, stream: Stream, one: Prepared, rule: int) -> Sighting:
        read = one.read
        about = read.about if read.about is not None else self._rules[rule].texts
        return sighting(read.finding, stream.tool, asset=str(one.block), about=about, stream=stream.pk)

    def _far_sighting(self, row: Stored) -> Sighting:
        """Return a stored finding by its row alone: from afar only its line and its rule count."""
        known = self._rules[row.rule]
        return plain_sighting(
            known.tool, known.texts, KINDS_BY_CODE[row.kind], row.path, row.line or 0, asset=str(row.block), title=known.title,
            stream=row.stream,
        )  # fmt: skip

    def _stored_sighting(self, row: Stored, finding: core.Finding) -> Sighting:
        known = self._rules[row.rule]
        return sighting(finding, known.tool, asset=str(row.block), about=known.texts, stream=row.stream)

    def _learn(self, rules: set[int]) -> None:
        unknown = sorted(rules - self._rules.keys())
        for at in range(0, len(unknown), 5000):
            for rule in Rule.objects.filter(pk__in=unknown[at : at + 5000]):
                texts = evidence.about(rule)
                self._rules[rule.pk] = Known(rule.tool, texts, rule_title(texts, rule.details.get("said", "")))

    @staticmethod
    def _stored(blocks: list[int]) -> list[Stored]:
        rows = writer.select_in(
            "SELECT id, block, issue_id, stream_id, rule_id, kind, path, line, evidence_id, evidence_index FROM store_finding "
            "WHERE closed_in_id IS NULL AND block {values}",
            blocks,
        )
        return [_new(Stored, row) for row in sorted(rows, key=itemgetter(0))]


def _reaches_far(finding: core.Finding) -> bool:
    """Tell whether a finding says more of its place than where it begins."""
    location = finding.location
    if finding.flow or type(location) is not CodeLocation:
        return True
    return bool(location.end_line and location.line and location.end_line - location.line > REACH - FAR_LINES)


def _in_full(rows: Sequence[Stored]) -> Iterator[tuple[Stored, core.Finding]]:
    """Yield stored findings with all that they say."""
    of = {row.number: row for row in rows}
    for number, finding in evidence.each_at((row.number, row.evidence, row.evidence_index) for row in rows):
        yield of[number], finding


def _apart(issues: list[int]) -> Callable[[int, int], bool] | None:
    """Return what tells that two stored issues must stay two; None where nothing does."""
    if len(issues) < 2:
        return None
    decided, said = Apart(issues), said_of(issues)
    if not decided and len(said) < 2:
        return None

    def apart(left: int, right: int) -> bool:
        return decided(left, right) or conflict(said.get(left), said.get(right))

    return apart


def _of_positions(apart: Callable[[int, int], bool], homes: list[int]) -> Callable[[int, int], bool]:
    def of_positions(left: int, right: int) -> bool:
        one, other = homes[left], homes[right]
        return one != other and bool(one) and bool(other) and apart(one, other)

    return of_positions


def _together(homes: list[int]) -> list[tuple[int, int]]:
    """Return pairs of positions that are one issue already."""
    first: dict[int, int] = {}
    return [(there, at) for at, home in enumerate(homes) if home and (there := first.setdefault(home, at)) != at]


def _why(link: Link | None) -> Why:
    if link is None:
        return Why("a finding that belongs to both")
    words = ", ".join(words for words, _ in link.reasons)
    return Why(words, round(1000 * link.confidence), link.reasons)


def _heads(issues: list[int]) -> dict[int, int]:
    """Return for issues what they are part of by now."""
    return dict(
        writer.select_in(
            "SELECT id, merged_into_id FROM store_issue WHERE merged_into_id IS NOT NULL AND id {values}",
            sorted(set(issues)),
        )
    )


def _not_waiting_yet(suggested: dict[tuple[int, int], Link]) -> list[Link]:
    """Return the suggestions between issues that no other one waits for, and that nobody has decided on."""
    if not suggested:
        return []
    issues = sorted({number for pair in suggested for number in pair})
    told = writer.select_in(
        "SELECT l.issue_id, r.issue_id FROM store_match m JOIN store_finding l ON l.id = m.left_id "
        "JOIN store_finding r ON r.id = m.right_id WHERE NOT m.merged AND l.issue_id {values}",
        issues,
    )
    known = {(min(pair), max(pair)) for pair in told}
    apart = Apart(issues)
    return [link for pair, link in suggested.items() if pair not in known and not apart(*pair)]
