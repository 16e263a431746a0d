"""Which editors there are: those in `formats`, and those that other packages bring."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from seamark.core.errors import BrokenPlugin
from seamark.core.plugins import load
from seamark.response.remediation.change import Change, ChangeKind
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit, source


@dataclass
class Work:
    """One change with the files that it may look at and touch."""

    files: Mapping[str, bytes]
    change: Change
    _read: dict[str, Source] = field(default_factory=dict)

    def source(self, path: str) -> Source:
        """Return a file's text. Raises `UnsafeEdit` where it is none, `KeyError` where it is not there."""
        if path not in self._read:
            self._read[path] = source(path, self.files[path])
        return self._read[path]

    def known(self, *names: str) -> str:
        """Return what is known of the new version under the first of some names (`integrity`, `sha256` …), empty where nothing is."""
        given = dict(reversed(self.change.integrity))
        return next((given[name] for name in names if given.get(name)), "")

    def all_known(self, name: str) -> tuple[str, ...]:
        """Return everything that is known of the new version under a name."""
        return tuple(value for key, value in self.change.integrity if key == name)

    def beside(self, path: str, name: str) -> str:
        """Return the path of a file in the same folder, empty where it is not among the files."""
        found = path[: path.rfind("/") + 1] + name
        return found if found in self.files else ""


Edits = Callable[[Work, str], Iterable[Splice]]
"""Yields the pieces of text that a change replaces, of the file named and of files that hold its versions."""
Read = Callable[[str], Any]
"""Turns a text into plain values, for the check that nothing else changed. Raises `ValueError`."""


@dataclass(frozen=True)
class Editor:
    """What changes one sort of file."""

    name: str
    title: str
    """For people: `requirements files of pip`."""
    files: re.Pattern[str]
    """Fits whole paths."""
    kinds: frozenset[ChangeKind]
    ecosystems: frozenset[str]
    """Package URL types and the like; empty for all."""
    edits: Edits
    read: Read

    def takes(self, path: str, change: Change) -> bool:
        """Tell whether a change of a file is this editor's business."""
        fits = not self.ecosystems or change.ecosystem in self.ecosystems
        return fits and change.kind in self.kinds and bool(self.files.fullmatch(path))


_EDITORS: dict[str, Editor] = {}


def editor(
    name: str, *, title: str, files: str, read: Read, ecosystems: Iterable[str] = (), kinds: Iterable[ChangeKind] = (ChangeKind.BUMP,)
) -> Callable[[Edits], Edits]:  # fmt: skip
    """Declare a generator as an editor. `files` is a regular expression of file names, without folders. One module, nothing else to edit."""

    def declare(edits: Edits) -> Edits:
        if name in _EDITORS:
            raise BrokenPlugin(f"Two editors are called {name!r}")
        pattern = re.compile(rf"(?:.*/)?(?:{files})")
        _EDITORS[name] = Editor(name, title, pattern, frozenset(kinds), frozenset(ecosystems), edits, read)
        return edits

    return declare


@cache
def editors() -> tuple[Editor, ...]:
    """Return all editors by name. Raises `BrokenPlugin` where one that is installed cannot be loaded."""
    load("editor", package="seamark.response.remediation.editors.formats", group="seamark.editors")
    return tuple(_EDITORS[name] for name in sorted(_EDITORS))


def readers(path: str) -> Iterator[Read]:
    """Yield what reads a file for the check of its change, each once."""
    yield from dict.fromkeys(each.read for each in editors() if each.files.fullmatch(path))


__all__ = ["Change", "ChangeKind", "Editor", "Splice", "UnsafeEdit", "Work", "editor", "editors", "readers"]
