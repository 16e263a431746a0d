"""What findings tell beside severity and flaw: whether it is a test's, what the fix takes, how deep a package lies, how old it is. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from seamark.analysis.correlation.versions import least_clearing
from seamark.core.finding import Finding
from seamark.core.kind import KIND_CODES, Kind, Reach, Verification
from seamark.intake.reach.roles import is_test
from seamark.store.models.findings import FindingFlag

AGES: Final = (365, 180, 90, 30)
"""Days after which an issue counts as older."""
EFFORTS: Final = ("rotate", "configuration", "code", "patch", "minor", "major", "none")
"""What a fix takes, the least first where several findings of an issue tell."""
_PACKAGES: Final = frozenset(KIND_CODES[kind] for kind in (Kind.DEPENDENCY, Kind.CONTAINER, Kind.HOST))
_BY_KIND: Final = {
    KIND_CODES[Kind.SECRET]: "rotate", KIND_CODES[Kind.MISCONFIGURATION]: "configuration", KIND_CODES[Kind.CLOUD]: "configuration",
    KIND_CODES[Kind.CODE]: "code", KIND_CODES[Kind.WEB]: "code", KIND_CODES[Kind.PENTEST]: "code",
}  # fmt: skip
_SECRET: Final = KIND_CODES[Kind.SECRET]
_MORE_TESTS: Final = re.compile(
    r"(?:Tests?|IT|Spec)\.(?:java|kt|kts|groovy|scala|cs|swift|php)$|_(?:test|spec)\.\w{1,5}$"
)
"""Names of tests in languages whose packages nobody asks the reach of."""
_NUMBERS: Final = re.compile(r"\d+")


@lru_cache(maxsize=65536)
def in_tests(path: str) -> bool:
    """Tell whether a file's place or name says that it is there for tests."""
    return bool(_MORE_TESTS.search(path)) or is_test(path)


@lru_cache(maxsize=65536)
def effort_of(kind: int, component: str, fixed: str) -> str:
    """Return what the fix of a finding takes, empty where that is not known.

    `component` is the package with its version as rows have it, `fixed` the versions that fix it with blanks between. A package
    that no version fixes takes `none`: nothing is known that would.
    """
    if kind not in _PACKAGES:
        return _BY_KIND.get(kind, "")
    if not component:
        return ""
    versions = fixed.split()
    if not versions:
        return "none"
    installed = component.rpartition(" ")[2] if " " in component else ""
    # Most have one: the choice among several costs more than all else here.
    target = versions[0] if len(versions) == 1 else least_clearing([versions], [installed])
    return _distance(installed, target)


def _distance(installed: str, target: str) -> str:
    """Return how far an upgrade goes, by the first number that changes; of 0.x versions the second number breaks."""
    before, after = (
        [int(one[:9]) for one in _NUMBERS.findall(text.partition(":")[2] or text)[:3]] for text in (installed, target)
    )
    if not before or not after:
        return ""
    before, after = (([*one, 0, 0])[:3] for one in (before, after))
    if before[0] != after[0]:
        return "major"
    if before[1] != after[1]:
        return "major" if before[0] == 0 else "minor"
    return "patch"


def least_effort(efforts: Iterable[str]) -> str:
    """Return the least of what several findings of one issue say."""
    return min((one for one in efforts if one), key=EFFORTS.index, default="")


def reach_of(flags: int) -> Reach | None:
    """Return the most alarming verdict that a finding's bits hold."""
    if flags & FindingFlag.RUNTIME:
        return Reach.RUNTIME
    if flags & FindingFlag.REACHABLE:
        return Reach.STATIC
    if flags & FindingFlag.POTENTIAL:
        return Reach.POTENTIAL
    return Reach.UNREACHABLE if flags & FindingFlag.UNREACHABLE else None


def secret_state(kind: int, verification: Verification | None) -> str:
    """Return what became of trying a secret, empty where nobody did."""
    if kind != _SECRET or verification is None:
        return ""
    return {Verification.VERIFIED: "valid", Verification.REFUTED: "revoked"}.get(verification, "")


def depth_of(finding: Finding) -> int:
    """Return how deep a package lies by what its finding says: 1 for one asked for by name, 0 for not known."""
    if finding.component is None:
        return 0
    if finding.component.direct:
        return 1
    shortest = min((len(path) for path in finding.dependency_paths if path), default=0)
    return max(shortest, 2) if shortest and finding.component.direct is False else shortest


def age_of(opened: datetime, today: date) -> int:
    """Return how long an issue is open, in steps."""
    days = (today - opened.date()).days
    return next((step for step in AGES if days >= step), 0)
