"""Which patches there are: those in `families`, and those that other packages bring."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from seamark.analysis.correlation.equivalence import meaning, tool_key
from seamark.core.errors import BrokenPlugin
from seamark.core.location import CodeLocation
from seamark.core.plugins import load
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit


@dataclass(frozen=True)
class Job:
    """One finding in one file, and what is known beside it."""

    source: Source
    location: CodeLocation
    given: Mapping[str, str] = field(default_factory=dict)
    """What only people or registries know: `cidr`, `user`, `memory`, `cpu`, `tag`, `digest`, `command`, `commit:actions/checkout@v4` …"""
    about: str = ""
    """The family of the finding in the table of rules, or the rule itself where it is in none."""

    def covers(self, first: int, last: int) -> bool:
        """Tell whether the finding is about some lines, counted from 1; without a line it is about the whole file."""
        start = self.location.line
        if start is None:
            return True
        return first <= (self.location.end_line or start) and start <= last

    def need(self, name: str, why: str) -> str:
        """Return what is given under a name. Raises `UnsafeEdit` where nothing is."""
        value = self.given.get(name, "")
        if not value or any(sign in value for sign in '\r\n"\\'):
            raise UnsafeEdit(f"{self.source.path}: {why} ({name}).")
        return value


Fix = Callable[[Job], Iterable[Splice]]
"""Yields the pieces of the file that a patch replaces: none where it has nothing to do. Raises `UnsafeEdit` where it is not sure."""


@dataclass(frozen=True)
class Codemod:
    """A patch: which findings it clears in which files, and how."""

    name: str
    title: str
    """What it does: `Take away the privileges of a container`."""
    about: frozenset[str]
    """Families of the table of rules."""
    rules: frozenset[tuple[str, str]]
    """Tools and rules beside those of the families, in small letters."""
    files: re.Pattern[str]
    fix: Fix
    note: str
    """What people should know before they merge it, empty where there is nothing."""

    def clears(self, tool: str, rule: str, path: str) -> str:
        """Return the family of a finding that this patch is for (the rule itself where it is in none), empty for others."""
        if not self.files.fullmatch(path):
            return ""
        found = meaning(tool, rule)
        if found is not None and found.family in self.about and found.role != "imports":
            return found.family
        key, low = tool_key(tool), rule.strip().lower().removeprefix("avd-")
        for spelling in (low, low.rpartition("/")[2], low.rpartition(".")[2]):
            if (key, spelling) in self.rules:
                return spelling
        return ""


_CODEMODS: dict[str, Codemod] = {}


def codemod(
    name: str, *, title: str, files: str, about: Iterable[str] = (), rules: Mapping[str, Iterable[str]] | None = None, note: str = ""
) -> Callable[[Fix], Fix]:  # fmt: skip
    """Declare a generator as a patch. `files` is a regular expression of file names, without folders."""

    def declare(fix: Fix) -> Fix:
        if name in _CODEMODS:
            raise BrokenPlugin(f"Two patches are called {name!r}")
        known = frozenset((tool, rule.lower()) for tool, mine in (rules or {}).items() for rule in mine)
        _CODEMODS[name] = Codemod(name, title, frozenset(about), known, re.compile(rf"(?:.*/)?(?:{files})"), fix, note)
        return fix

    return declare


@cache
def codemods() -> tuple[Codemod, ...]:
    """Return all patches by name. Raises `BrokenPlugin` where one that is installed cannot be loaded."""
    load("patch", package="seamark.response.remediation.patches.families", group="seamark.patches")
    return tuple(_CODEMODS[name] for name in sorted(_CODEMODS))
