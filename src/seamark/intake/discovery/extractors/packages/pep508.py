"""Requirements as Python's packages write them: `requests[security]>=2.8,<3; python_version < "3.8"`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from seamark.intake.discovery.extractors.packages.draft import Draft

_REQUIREMENT = re.compile(r"\s*+([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*+(?:\[[^\]]*+\])?\s*+")
_EXACT = re.compile(r"===?\s*([^\s,;*]+)$").fullmatch
_RANGE = re.compile(
    r"(?>===?|~=|!=|<=?|>=?)\s*+[^\s,]++(?:\s*+,\s*+(?>===?|~=|!=|<=?|>=?)\s*+[^\s,]++)*+(?:\s*+,)?\s*+"
).fullmatch
_RUNS = re.compile(r"[-_.]+")
_TESTS = re.compile(r"(?:^|[-_./])(?:tests?|testing|pytest|tox|coverage)(?:$|[-_./])", re.IGNORECASE)
_DEVELOPMENT = re.compile(
    r"(?:^|[-_./])(?:dev|devel|development|docs?|documentation|lint|linting|linters?|format|typing|types|mypy|ci|build|release|tools?|local|style)(?:$|[-_./])",
    re.IGNORECASE,
)


class Requirement(Struct, frozen=True):
    """A name with what is asked of it."""

    name: str
    wanted: str = ""
    """The range as written, or an address."""
    version: str = ""
    """Set where the range leaves one version only."""


def requirement(text: str) -> Requirement | None:
    """Return what a requirement says, None where it is none."""
    found = _REQUIREMENT.match(text[:2000])
    if not found:
        return None
    rest = text[found.end() : 2000].strip()
    if rest.startswith("@"):
        return Requirement(found[1], rest[1:].partition(" ;")[0].strip())
    wanted = rest.partition(";")[0].strip()
    if wanted.startswith("(") and wanted.endswith(")"):
        wanted = wanted[1:-1].strip()
    if wanted and not _RANGE(wanted):
        return None
    exact = _EXACT(wanted)
    return Requirement(found[1], wanted, exact[1] if exact else "")


def normal(name: str) -> str:
    """Return what the index compares names by: `Zope.Interface` and `zope_interface` are one package."""
    return _RUNS.sub("-", name).lower()


def group_scope(group: str) -> str:
    """Return the scope of a dependency group by its name: what tests need is told from what people need to work."""
    return "test" if _TESTS.search(group) else "development"


def file_scope(path: str) -> str:
    """Return the scope of a requirements file by its name and folder."""
    if _TESTS.search(path):
        return "test"
    return "development" if _DEVELOPMENT.search(path.rpartition(".")[0]) else "runtime"


def require_all(draft: Draft, texts: Iterable[str], scope: str, own: frozenset[str] = frozenset()) -> None:
    """Add requirements to a draft; those of an `own` normal name are the repository's."""
    for text in texts:
        if (found := requirement(text)) and normal(found.name) not in own:
            draft.require(found.name, found.version, wanted=found.wanted, scope=scope)
