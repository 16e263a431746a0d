"""Looks rules, vulnerabilities and fixes up by name, once each, and makes those that are new."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from seamark.analysis.correlation.aliases import AliasGroups, same_flaw
from seamark.core import finding as core
from seamark.store import writer
from seamark.store.models import (
    AliasAssertion,
    Exploitation,
    Issue,
    Rule,
    Vulnerability,
    VulnerabilityName,
)


class _Said(NamedTuple):
    """What one of a rule's findings says that may be true of all."""

    cwes: tuple[int, ...]
    title: str


class Rules:
    """Row ids of a tool's rules."""

    def __init__(self, tool: str) -> None:
        self._tool = tool[:200]
        self._ids: dict[str, int] = {}
        self._texts: dict[str, core.Rule | None] = {}
        self._said: dict[str, _Said] = {}

    def add(self, code: str, about: core.Rule | None, finding: core.Finding) -> None:
        """Remember that a rule occurs, with its texts where the report has them, and what one of its findings says besides."""
        if code not in self._texts or (about is not None and self._texts[code] is None):
            self._texts[code] = about
        said = self._said.get(code)
        if said is None or (finding.cwes and not said.cwes):
            self._said[code] = _Said(finding.cwes, "" if about is not None and about.title else finding.title[:200])

    def settle(self) -> None:
        """Find or write all rules added since the last call, and refresh texts that changed."""
        fresh = [code for code in self._texts if code not in self._ids]
        if not fresh:
            return
        found = writer.select_in(
            "SELECT id, code, title, details FROM store_rule WHERE tool = %s AND code {values}", fresh, [self._tool]
        )
        changed = []
        for number, code, title, details in found:
            self._ids[code] = number
            about, said = self._texts[code], self._said[code]
            known = msgspec.json.decode(details) if isinstance(details, str) else details
            if about is None and said.cwes and not known.get("cwes") and known.keys() <= {"said"}:
                changed.append((number, title, _texts(None, said)[1]))
            elif about is not None:
                new_title, new_details = _texts(about, said)
                if (title, known) != (new_title, msgspec.json.decode(new_details)):
                    changed.append((number, new_title, new_details))
        writer.update(Rule, ["title", "details"], changed)
        missing = [code for code in fresh if code not in self._ids]
        numbers = writer.reserve(Rule, len(missing))
        rows = []
        for number, code in zip(numbers, missing, strict=True):
            self._ids[code] = number
            rows.append((number, self._tool, code, *_texts(self._texts[code], self._said[code])))
        writer.insert(Rule, ["id", "tool", "code", "title", "details"], rows)

    def __getitem__(self, code: str) -> int:
        """Return a rule's row id."""
        return self._ids[code]


def _texts(about: core.Rule | None, said: _Said) -> tuple[str, str]:
    """Return a rule's title and details as they are kept. `said` stands in for what the report does not say of the rule itself."""
    about = about or core.Rule(id="")
    details = {
        "name": about.name, "description": about.description[:16_000], "remedy": about.remedy[:16_000],
        "cwes": about.cwes or said.cwes, "tags": about.tags[:50], "references": about.references[:50], "said": said.title,
    }  # fmt: skip
    kept = {key: value for key, value in details.items() if value}
    return about.title[:500], msgspec.json.encode(kept).decode().replace("\\u0000", "")


@dataclass
class Flaw:
    """A vulnerability group, and what is known of its exploitation."""

    number: int
    exploitation: Exploitation | None


class _Told(NamedTuple):
    own: set[tuple[str, str]]
    revoked: set[tuple[str, str]]


class Flaws:
    """Row ids of vulnerability groups by the names that findings carry."""

    def __init__(self, asserter: str) -> None:
        self._asserter = asserter[:200]
        self._flaws: dict[str, Flaw] = {}
        self._sets: dict[tuple[str, ...], None] = {}
        self._seen: dict[tuple[str, ...], None] = {}
        self.joined: set[int] = set()
        """Groups that have just taken in another one; whoever looks clears it."""

    def add(self, names: tuple[str, ...]) -> None:
        """Remember that a finding names one flaw by these names."""
        if names not in self._seen:
            self._seen[names] = None
            self._sets[names] = None

    def settle(self) -> None:
        """Find, join or make the groups of all names added since the last call."""
        if not self._sets:
            return
        sets, self._sets = self._sets, {}
        names = sorted({name for one in sets for name in one})
        known = dict(writer.select_in("SELECT name, group_id FROM store_vulnerabilityname WHERE name {values}", names))
        siblings = writer.select_in(
            "SELECT name, group_id FROM store_vulnerabilityname WHERE group_id {values}", sorted(set(known.values()))
        )
        known |= dict(siblings)
        groups = AliasGroups(known)
        pairs: set[tuple[str, str]] = set()
        for one in sets:
            same = same_flaw(one)
            for name in one:
                groups.join([name])
            pairs |= {(same[0], other) if same[0] < other else (other, same[0]) for other in same[1:]}
        asserted = self._told(pairs)
        for pair in pairs - asserted.revoked:
            groups.join(pair)
        self._write(groups, known, pairs - asserted.own)
        self.joined |= join_groups(groups, known)
        facts = exploitation_of(known.keys() | set(names))
        for members in groups.groups().values():
            number = groups.number(members[0])
            assert number is not None  # noqa: S101 - written above
            told = [facts[name] for name in members if name in facts]
            flaw = Flaw(number, worst(told))
            self._flaws.update(dict.fromkeys(members, flaw))

    def _write(self, groups: AliasGroups, known: dict[str, int], pairs: set[tuple[str, str]]) -> None:
        fresh = [members for members in groups.groups().values() if groups.number(members[0]) is None]
        numbers = writer.reserve(Vulnerability, len(fresh))
        writer.insert(Vulnerability, ["id", "title"], [(number, "") for number in numbers])
        for number, members in zip(numbers, fresh, strict=True):
            groups.settle(members[0], number)
        rows = [
            (name, groups.number(name)) for members in groups.groups().values() for name in members if name not in known
        ]
        ids = writer.reserve(VulnerabilityName, len(rows))
        writer.insert(
            VulnerabilityName,
            ["id", "name", "group"],
            [(i, name, number) for i, (name, number) in zip(ids, rows, strict=True)],
        )
        AliasAssertion.objects.bulk_create(
            [AliasAssertion(asserter=self._asserter, left=left, right=right) for left, right in sorted(pairs)],
            ignore_conflicts=True,
            batch_size=1000,
        )

    def _told(self, pairs: set[tuple[str, str]]) -> _Told:
        """Return which of these pairs this asserter has asserted already, and which people have revoked."""
        rows = writer.select_in(
            'SELECT asserter, "left", "right", revoked_at IS NOT NULL FROM store_aliasassertion WHERE "left" {values}',
            sorted({left for left, _ in pairs}),
        )
        return _Told(
            {(left, right) for asserter, left, right, _ in rows if asserter == self._asserter},
            {(left, right) for _, left, right, revoked in rows if revoked},
        )

    def get(self, names: tuple[str, ...]) -> Flaw | None:
        """Return the flaw that names stand for, None where there are none."""
        return self._flaws.get(names[0]) if names else None


def join_groups(groups: AliasGroups, known: dict[str, int]) -> set[int]:
    """Where stored groups turn out to be one, let the surviving one have the names and the issues of both; return the survivors."""
    gone = {
        number: survivor
        for name, number in known.items()
        if (survivor := groups.number(name)) is not None and survivor != number
    }
    for number, survivor in sorted(gone.items()):
        VulnerabilityName.objects.filter(group=number).update(group=survivor)
        Vulnerability.objects.filter(pk=number).update(merged_into=survivor)
        Issue.objects.filter(vulnerability=number).update(vulnerability=survivor)
    return set(gone.values())


def exploitation_of(names: Iterable[str]) -> dict[str, Exploitation]:
    """Return what is known of the exploitation of vulnerabilities, by name."""
    told = {
        name for (name,) in writer.select_in("SELECT name FROM store_exploitation WHERE name {values}", sorted(names))
    }
    return {row.name: row for row in Exploitation.objects.filter(name__in=told)} if told else {}


def worst(told: Iterable[Exploitation]) -> Exploitation | None:
    """Return the most alarming of several statements about one flaw, with what only the others say."""
    rows = list(told)
    found = max(rows, key=lambda row: (row.kev_added is not None, row.ransomware, row.epss or 0), default=None)
    if found is not None and len(rows) > 1:
        found.exploits = ",".join(sorted({name for row in rows for name in row.exploits.split(",") if name}))
        found.ssvc = found.ssvc or max(row.ssvc for row in rows)
        found.cvss = max((row.cvss for row in rows if row.cvss is not None), default=None)
    return found
