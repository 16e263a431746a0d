"""Verdicts of people as they are kept, and what they suggest: nothing is closed by it unless somebody makes a rule of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import yaml
from django.db.models import Q
from msgspec import Struct

from seamark.core.kind import KIND_CODES, Kind
from seamark.governance.automation.learning import Group, Key, Quality, Verdict, grouped, path_class, quality
from seamark.pipeline.automation.applying import decided_by_people
from seamark.store.access import Visible
from seamark.store.models import Finding
from seamark.store.models.issues import State

MOST: Final = 200_000
"""Verdicts that are looked at, the newest first."""
SHOWN: Final = 50
_PIECE: Final = 5_000
_FILES: Final = [KIND_CODES[kind] for kind in (Kind.CODE, Kind.SECRET, Kind.MISCONFIGURATION)]
"""Kinds whose findings a rule and a path say something of. Of packages and hosts facts decide, not habit."""
_REAL: Final = Q(state__in=[State.CONFIRMED, State.IN_PROGRESS]) | Q(
    state=State.RESOLVED, resolution__in=["fixed", "verified"]
)


class Suggestion(Struct, frozen=True, kw_only=True):
    """Open issues that are likely to be false positives, since those alike were."""

    tool: str
    rule: str
    paths: str
    """Class of the paths."""
    wrong: int
    """How many alike were dismissed as false positives."""
    verdicts: int
    bound: float
    """The least share that they leave open, with 95 % confidence."""
    evidence: tuple[str, ...]
    """The dismissed ones, the newest first, at most 50."""
    against: tuple[str, ...]
    """Those that were real, at most 50."""
    issues: tuple[str, ...]
    """Open ones that nobody has looked at, at most 50."""
    number: int
    """How many of these there are."""

    @property
    def sentence(self) -> str:
        """Return the suggestion in words."""
        where = "" if self.paths == "product" else f" in {self.paths} code"
        return f"{self.wrong} of {self.verdicts} findings of {self.rule} by {self.tool}{where} were dismissed as false positives"


class Learned(Struct, frozen=True, kw_only=True):
    """What the verdicts that a person may see come to."""

    verdicts: int
    quality: Quality
    suggestions: tuple[Suggestion, ...]


def learned(seen: Visible) -> Learned:
    """Return suggestions with their evidence, and how good such suggestions were on the verdicts that there are."""
    known = list(_verdicts(seen))
    groups = grouped(known)
    wanted = {key: group for key, group in groups.items() if group.suggests}
    waiting = _open(seen, wanted)
    by_key: dict[Key, list[Verdict]] = defaultdict(list)
    for one in known:
        if one.key in wanted:
            by_key[one.key].append(one)
    found = [_suggestion(key, wanted[key], by_key[key], numbers) for key, numbers in waiting.items()]
    ordered = tuple(sorted(found, key=lambda one: (-one.number, one.tool, one.rule, one.paths)))
    return Learned(verdicts=len({one.issue for one in known}), quality=quality(groups), suggestions=ordered)


def _verdicts(seen: Visible) -> Iterator[Verdict]:
    """Yield what people said, under each rule that reports the issue; what rules did is no verdict."""
    rows = seen.issues().filter(merged_into=None, kind__in=_FILES)
    said = rows.filter(Q(state=State.DISMISSED, resolution="false_positive") | _REAL)
    stand = dict(said.order_by("-id").values_list("id", "state")[:MOST])
    numbers = sorted(stand)
    for at in range(0, len(numbers), _PIECE):
        piece = numbers[at : at + _PIECE]
        people = decided_by_people(piece)
        spoken = [number for number in piece if any(one.field == "state" for one in people.get(number, ()))]
        for number, key in _keys(Q(issue__in=spoken)):
            yield Verdict(number, key, stand[number] == State.DISMISSED)


def _open(seen: Visible, wanted: dict[Key, Group]) -> dict[Key, list[int]]:
    """Return the open issues that nobody has looked at, by what they are like."""
    found: dict[Key, list[int]] = defaultdict(list)
    codes = sorted({key.rule for key in wanted})
    for at in range(0, len(codes), 500):
        of = Q(rule__code__in=codes[at : at + 500], closed_in=None, issue__state=State.OPEN, issue__open=True)
        visible = (
            Q() if seen.everything else Q(issue__application__in=list(seen.applications().values_list("pk", flat=True)))
        )
        for number, key in _keys(of & visible):
            if key in wanted:
                found[key].append(number)
    return found


def _keys(of: Q) -> Iterator[tuple[int, Key]]:
    """Yield issues with what they are like, each pair once."""
    rows = Finding.objects.filter(of).order_by("-issue").values_list("issue", "stream__tool", "rule__code", "path")
    told: set[tuple[int, Key]] = set()
    for number, tool, rule, path in rows.iterator(chunk_size=10_000):
        pair = number, Key(tool, rule, path_class(path))
        if pair not in told:
            told.add(pair)
            yield pair


def _suggestion(key: Key, group: Group, known: list[Verdict], numbers: list[int]) -> Suggestion:
    return Suggestion(
        tool=key.tool, rule=key.rule, paths=key.paths, wrong=group.wrong, verdicts=group.wrong + group.right, bound=round(group.bound, 3),
        evidence=tuple(f"SM-{one.issue}" for one in known if one.wrong)[:SHOWN],
        against=tuple(f"SM-{one.issue}" for one in known if not one.wrong)[:SHOWN],
        issues=tuple(f"SM-{number}" for number in numbers[:SHOWN]), number=len(numbers),
    )  # fmt: skip


_PATHS: Final = {
    "test": ["tests/**", "test/**", "**/tests/**", "**/test/**", "**/fixtures/**", "**/testdata/**", "**/test_*", "**/*_test.*"],
    "vendored": ["vendor/**", "**/vendor/**", "**/node_modules/**", "**/third_party/**"],
    "generated": ["**/generated/**", "**/gen/**", "**/dist/**", "**/build/**", "**/*.min.*"],
    "example": ["examples/**", "**/examples/**", "**/samples/**", "docs/**"],
    "migration": ["**/migrations/**"],
    "script": ["scripts/**", "**/scripts/**", "tools/**"],
    "product": ["**"],
}  # fmt: skip


def draft(one: Suggestion) -> str:
    """Return a triage rule, as text, that would do what a suggestion says: for a person to look at, change and save."""
    name = "".join(
        letter if letter.isascii() and letter.isalnum() else "-"
        for letter in f"{one.tool}-{one.rule}-{one.paths}".lower()
    )
    content = {
        "apiVersion": "seamark.dev/v1",
        "kind": "Policy",
        "metadata": {"name": "-".join(part for part in name.split("-") if part)[:90] or "rule"},
        "spec": {
            "type": "triage",
            "description": f"Findings of {one.rule} in {one.paths} code are kept off the list"[:4000],
            "match": f"issue.rule == {_quoted(one.rule)}",
            "triage": {"suppress": {"paths": _PATHS[one.paths], "tools": [one.tool]}, "comment": one.sentence},
        },
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
