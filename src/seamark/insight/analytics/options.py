"""What could be done about an issue: the versions that would clear it, what each clears of the application, and what it would leave.

The versions are those that tools and advisories name as fixed, for each line of releases; which of two is newer is said by the
package's own ecosystem. Nothing is promised that nobody named: where no fixed version is known, that is the answer.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from django.db.models import Q
from msgspec import Struct

from seamark.analysis.correlation.versions import least_clearing, version_key
from seamark.analysis.software.order import compare, in_order
from seamark.core.component import package_key
from seamark.core.kind import KIND_CODES, Kind
from seamark.store.access import Visible
from seamark.store.evidence import read
from seamark.store.models import Finding, Issue
from seamark.store.query import NEEDS_WORK, Query, Term
from seamark.store.query.language import MAX_LENGTH

MOST_ISSUES: Final = 500
"""Open issues of one change that are looked at, the riskiest ones."""
MOST_OPTIONS: Final = 6
MOST_TARGETS: Final = 60
"""Named versions that are compared."""
PACKAGES: Final = frozenset({KIND_CODES[Kind.DEPENDENCY], KIND_CODES[Kind.CONTAINER]})
_NUMBERS: Final = re.compile(r"\d{1,9}")
_STEPS: Final = ("major", "minor", "patch")


class Share(Struct, frozen=True, kw_only=True):
    """Some issues, with the query that finds exactly them; empty where they are too many for a query of their own."""

    number: int = 0
    risk: int = 0
    """The sum of their risk, in tenths."""
    query: str = ""


class Option(Struct, frozen=True, kw_only=True):
    """Moving a package to a version."""

    target: str
    clears: Share
    leaves: Share
    clears_this: bool
    distance: str
    """`major`, `minor`, `patch`, `other`, or empty where either version has no numbers."""
    breaks: bool
    """By the usual meaning of version numbers the change may break what uses it: a new major version, or of 0.x a new minor one."""
    least: bool
    """It is the least that clears this issue."""
    all: bool
    """It clears all that any named version clears."""
    downgrade: bool


class Options(Struct, frozen=True, kw_only=True):
    """What is known of the change that clears an issue. No package: the issue is not one of a package."""

    package: str = ""
    ecosystem: str = ""
    installed: list[str] = []
    issues: Share = Share()
    """The open issues of the package at this place, this one among them."""
    options: list[Option] = []
    unfixed: Share = Share()
    """Of those, the ones for which nobody names a fixed version."""
    named_by: list[str] = []
    """The tools whose reports name the versions."""
    more: bool = False


def options_of(seen: Visible, issue: Issue) -> Options:
    """Return the versions that could be moved to, the least one first."""
    package, _, version = issue.component.rpartition(" ")
    if issue.kind not in PACKAGES or not package:
        return Options()
    members = {one.pk: one for one in _members(seen, issue, package)}
    members[issue.pk] = issue
    fixed, installed, tools, sample = _told(seen, members)
    ecosystem = _ecosystem(sample)
    current = sorted(installed | ({version} if version else set()))
    shares = _Shares(members, issue)
    known = {number: lines for number, lines in fixed.items() if lines}
    kept = _options(shares, known, ecosystem, current)
    return Options(
        package=package, ecosystem=ecosystem, installed=current, issues=shares.of(members), options=kept[:MOST_OPTIONS],
        unfixed=shares.of(number for number in members if number not in known), named_by=sorted(tools),
        more=len(members) > MOST_ISSUES or len(kept) > MOST_OPTIONS,
    )  # fmt: skip


def _members(seen: Visible, issue: Issue, package: str) -> list[Issue]:
    """Return the other open issues that a change of the same package at the same place may clear."""
    rows = seen.issues().filter(NEEDS_WORK, application=issue.application_id).exclude(pk=issue.pk)
    same = Q(asset=issue.asset_id, component__startswith=f"{package} ", kind__in=PACKAGES)
    rows = rows.filter(fix=issue.fix_id) if issue.fix_id is not None else rows.filter(same)
    return list(rows.order_by("-risk", "-id").only("id", "risk", "component", "kind")[:MOST_ISSUES])


def _told(
    seen: Visible, members: Collection[int]
) -> tuple[dict[int, tuple[str, ...]], set[str], set[str], Finding | None]:
    """Return what the findings of now name as fixed for each issue, the installed versions, the tools, and a finding to look at."""
    rows = seen.findings().filter(issue__in=list(members), closed_in=None).select_related("stream")
    lines: dict[int, set[str]] = defaultdict(set)
    installed: set[str] = set()
    tools: set[str] = set()
    sample = None
    for row in rows.order_by("id").iterator(chunk_size=1000):
        versions = row.fixed_version.split()
        lines[row.issue_id].update(versions)
        tools |= {row.stream.tool} if versions else set()
        installed |= {found} if (found := row.component.rpartition(" ")[2]) and " " in row.component else set()
        sample = sample or row
    return {number: tuple(sorted(found)) for number, found in lines.items()}, installed, tools, sample


def _ecosystem(sample: Finding | None) -> str:
    """Return the package URL's type, which a row does not have but its evidence does."""
    full = next(iter(read([sample], texts=False).values()), None) if sample is not None else None
    return package_key(full.component.purl).partition("/")[0] if full is not None and full.component is not None else ""


class _Shares:
    """Makes shares of some issues."""

    def __init__(self, members: Mapping[int, Issue], issue: Issue) -> None:
        self._members, self.issue = members, issue

    def of(self, numbers: Iterable[int]) -> Share:
        rows = [self._members[number] for number in sorted(numbers)]
        query = str(Query((Term("id", tuple(row.reference for row in rows)),))) if rows else ""
        return Share(
            number=len(rows), risk=sum(row.risk for row in rows), query=query if len(query) <= MAX_LENGTH else ""
        )


def _options(
    shares: _Shares, known: Mapping[int, Sequence[str]], ecosystem: str, current: Sequence[str]
) -> list[Option]:
    """Return the targets of which none is as good as a lower one, the least first; lower ones than what is installed at the end."""
    newest = next(reversed(in_order(ecosystem, current)), "")
    named = in_order(ecosystem, {one for lines in known.values() for one in lines})
    above = [one for one in named if not newest or compare(ecosystem, one, newest) not in {-1, 0}]
    targets = above or named
    best: set[int] = set()
    this, found = False, []
    for target in [*targets[: MOST_TARGETS - 1], *targets[-1:]] if len(targets) > MOST_TARGETS else targets:
        clears = {number for number, lines in known.items() if clears_at(target, lines)}
        here = shares.issue.pk in clears
        if clears <= best and (this or not here):
            continue
        found.append((target, clears, here and not this))
        best, this = best | clears, this or here
    reached = max((len(clears) for _, clears, _ in found), default=0)
    everything = set(known) | {shares.issue.pk}
    return [
        Option(
            target=target, clears=shares.of(clears), leaves=shares.of(everything - clears), clears_this=shares.issue.pk in clears,
            distance=distance(newest, target), breaks=breaks(newest, target), least=least, all=len(clears) == reached,
            downgrade=not above,
        )
        for target, clears, least in found
        if clears
    ]  # fmt: skip


def clears_at(target: str, fixed: Sequence[str]) -> bool:
    """Tell whether a problem that is fixed in these versions, one for each line of releases, is gone in another version."""
    return version_key(least_clearing([fixed, [target]], [target])) == version_key(target)


def distance(installed: str, target: str) -> str:
    """Return the first of a version's three numbers that changes: `major`, `minor` or `patch`, `other` for what is behind them."""
    before, after = _numbers(installed), _numbers(target)
    if not before or not after:
        return ""
    return next((word for word, one, two in zip(_STEPS, before, after, strict=True) if one != two), "other")


def breaks(installed: str, target: str) -> bool:
    """Tell whether a move may break what uses the package, by what version numbers usually mean."""
    step, before = distance(installed, target), _numbers(installed)
    return step == "major" or (step == "minor" and before[:1] == [0])


def _numbers(version: str) -> list[int]:
    # An epoch is none of the three.
    found = [int(one) for one in _NUMBERS.findall(version.partition(":")[2] or version)[:3]]
    return [*found, 0, 0][:3] if found else []
