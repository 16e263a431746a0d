"""Asks checks of records of facts, all records of a sort at once. Knows no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from seamark.governance.compliance.check import Check
from seamark.governance.compliance.outcome import Answers
from seamark.governance.policy.condition import Condition
from seamark.governance.policy.facts import Facts
from seamark.governance.policy.prefilter import Columns, sifted

MOST_EXAMPLES: Final = 100
_UNSEEN: Final = frozenset({"issue", "component", "coverage", "asset", "scan"})
"""Groups of facts that say nothing about an application of which no asset is known."""


class Group:
    """Records that are about the same sort of thing."""

    def __init__(self, records: Sequence[Facts]) -> None:
        self.records = records
        self.columns = Columns(records)


class Tally:
    """What the records of one application answer."""

    __slots__ = ("examples", "most", "no", "unknown", "yes")

    def __init__(self, most: int | None = MOST_EXAMPLES) -> None:
        self.yes = self.no = self.unknown = 0
        self.most = most
        self.examples: list[tuple[str, str]] = []
        """References with `no` or `unknown`: the first of them, or with `most` None all, those with `yes` too."""

    def add(self, ref: str, answer: bool | None) -> None:
        """Count an answer, and keep its reference."""
        word = "unknown" if answer is None else "yes" if answer else "no"
        setattr(self, word, getattr(self, word) + 1)
        if self.most is None or (word != "yes" and len(self.examples) < self.most):
            self.examples.append((ref[:200], word))

    @property
    def answers(self) -> Answers:
        """Return the counts."""
        return Answers(self.yes, self.no, self.unknown)


def grouped(records: Iterable[Facts]) -> dict[str, Group]:
    """Return records by what they are about."""
    found: dict[str, list[Facts]] = defaultdict(list)
    for one in records:
        found[one.subject].append(one)
    return {subject: Group(several) for subject, several in found.items()}


def answers(check: Check, group: Group, now: datetime) -> Iterator[tuple[Facts, bool | None]]:
    """Yield each record that a check is about with its answer: yes, no, or None where that is not known."""
    if check.condition is None:
        return
    every = range(len(group.records))
    sure, open_ = (frozenset(every), frozenset[int]()) if check.where is None else _held(check.where, group, now)
    yes, unknown = _held(check.condition, group, now)
    for number in every:
        if number in sure:
            yield group.records[number], True if number in yes else None if number in unknown else False
        elif number in open_:
            yield group.records[number], None


def tallies(
    check: Check,
    groups: Mapping[str, Group],
    applications: Iterable[str],
    now: datetime,
    keep: int | None = MOST_EXAMPLES,
) -> dict[str, Tally]:
    """Return what a check comes to for each application, by short name; records of no application are told under the empty name.

    An application of which nothing is known, or at which nobody looked that should have, answers with one «not known».
    `keep` is how many references are kept; None for all.
    """
    found: dict[str, Tally] = {slug: Tally(keep) for slug in applications}
    group = groups.get(check.about)
    for record, answer in answers(check, group, now) if group is not None else ():
        slug = (record.application.ref or "") if record.application is not None else ""
        found.setdefault(slug, Tally(keep)).add(record.ref, answer)
    for slug in _unseen(check, groups, [slug for slug, one in found.items() if slug and not one.answers.total]):
        found[slug].add(f"application {slug}", None)
    return found


def unseen_groups(check: Check) -> frozenset[str]:
    """Return the groups of facts that tell whether an application's silence proves something."""
    if check.about not in _UNSEEN:
        return frozenset()
    return frozenset({"asset", "coverage"}) if check.looked else frozenset({"asset"})


def _unseen(check: Check, groups: Mapping[str, Group], silent: Sequence[str]) -> Iterator[str]:
    """Yield the applications whose silence proves nothing."""
    if not silent or check.about not in _UNSEEN:
        return
    there = {one.application.ref for one in _records(groups, "asset") if one.application is not None}
    expected: dict[str, bool] = {}
    for one in _records(groups, "coverage") if check.looked else ():
        if one.coverage is not None and one.application is not None and one.coverage.kind in check.looked:
            slug = one.application.ref or ""
            expected[slug] = expected.get(slug, False) or one.coverage.scanned is True
    for slug in silent:
        if slug not in there or expected.get(slug) is False:
            yield slug


def _records(groups: Mapping[str, Group], subject: str) -> Sequence[Facts]:
    return groups[subject].records if subject in groups else ()


def _held(condition: Condition, group: Group, now: datetime) -> tuple[frozenset[int], frozenset[int]]:
    """Return the numbers of the records for which a condition holds, and of those for which that is not known."""
    sure, rest = sifted(condition.tree, group.columns)
    known: dict[tuple[Any, ...], bool | None] = {}
    yes, unknown = set(sure), set()
    for number, values in zip(rest, group.columns.rows(condition.uses, rest), strict=True):
        # Lists are told apart by which one they are: comparing them costs more than deciding.
        key = tuple(id(value) if isinstance(value, tuple) else value for value in values)
        held = known[key] if key in known else condition.decide_values(values, now)
        known[key] = held
        if held is None:
            unknown.add(number)
        elif held:
            yes.add(number)
    return frozenset(yes), frozenset(unknown)
