"""A working tree on disk: what its files say about the places that reports name."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

from msgspec.structs import replace

from seamark.core.checkout import Checkout, Route
from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation
from seamark.intake.discovery import syntax
from seamark.intake.discovery.routes import routes_in
from seamark.intake.discovery.scopes import ScopeTable, scopes_of
from seamark.intake.discovery.walk import files_in, read_file

SNIPPET_LINES, SNIPPET = 10, 4_000
"""Lines and characters of a finding's own code that are taken over."""
KEPT_BYTES = 16_000_000
"""Source kept in memory; the file that was not asked for the longest goes first."""
KEPT_PATHS = 100_000
LONGEST_PATH, MOST_PARTS = 4096, 64


class _File:
    """A file that was read: its lines, and its scopes once somebody asks."""

    def __init__(self, source: bytes, language: str) -> None:
        self.source, self._language = source.removeprefix(b"\xef\xbb\xbf"), language

    @cached_property
    def lines(self) -> list[bytes]:
        return self.source.split(b"\n")

    @cached_property
    def scopes(self) -> ScopeTable:
        return ScopeTable(scopes_of(self.source, self._language))


class WorkingTree:
    """A folder with source code (see `seamark.core.checkout.Checkout`). Never reads outside of it, nor in its `.git`.

    Reports may name files by the path on the machine that scanned (`/github/workspace/app/x.py`) or relative to a folder
    of the tree; such a path stands for the one file it can mean, and for none where it can mean several.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._paths: dict[str, str] = {}
        self._files: OrderedDict[str, _File | None] = OrderedDict()
        self._kept = 0

    def scope(self, path: str, line: int) -> str:
        """Return the innermost function, class or resource around a line, empty where it is not known."""
        file = self._file(path)
        return file.scopes.at(line) if file is not None else ""

    def code(self, path: str, line: int, end_line: int | None = None) -> str:
        """Return lines of a file, both ends included and without the last line's end; empty where they are not known."""
        file = self._file(path)
        if file is None or line < 1:
            return ""
        found = file.lines[line - 1 : max(end_line or line, line)]
        return "\n".join(each.removesuffix(b"\r").decode("utf-8", "replace") for each in found)

    def routes(self) -> Sequence[Route]:
        """Return the routes that the code and its API descriptions name; read once."""
        return self._routes

    def resolve(self, path: str) -> str:
        """Return a report's path relative to the root, empty where it is no file of the tree or may be several."""
        known = self._paths.get(path)
        if known is None:
            if len(self._paths) >= KEPT_PATHS:
                self._paths.clear()
            known = self._paths[path] = self._search(path)
        return known

    @cached_property
    def _routes(self) -> Sequence[Route]:
        return routes_in(self._root)

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        """The files of the tree by their last name; empty for a tree too large to know them all."""
        found: dict[str, list[str]] = {}
        files, complete = files_in(self._root)
        for path in files if complete else ():
            found.setdefault(path.rpartition("/")[2], []).append(path)
        return found

    def _search(self, path: str) -> str:
        if not path or len(path) > LONGEST_PATH or "\0" in path:
            return ""
        slashed = _DRIVE.sub("", path.replace("\\", "/"))
        absolute, parts = slashed.startswith("/"), [part for part in PurePosixPath(slashed).parts if part != "/"]
        if not parts or len(parts) > MOST_PARTS or ".." in parts:
            return ""
        root = self._root.parts[1:]
        if absolute and tuple(parts[: len(root)]) == root:
            return self._inside(parts[len(root) :])
        if not absolute and (exact := self._inside(parts)):
            return exact
        # A bare name under foreign folders says too little, unless those are a machine's.
        shortest = len(parts) - (1 if absolute else 2)
        found = {inside for start in range(shortest + 1) if (inside := self._inside(parts[start:]))}
        if not found and len(parts) > 1:
            ending = "/" + "/".join(parts)
            found = {each for each in self._by_name.get(parts[-1], ()) if each.endswith(ending)}
        return found.pop() if len(found) == 1 else ""

    def _inside(self, parts: Sequence[str]) -> str:
        """Return the path of a regular file of the tree, empty where it is none or leads out."""
        if not parts:
            return ""
        try:
            target = self._root.joinpath(*parts).resolve()
            inside = target.relative_to(self._root)
            return inside.as_posix() if ".git" not in inside.as_posix().lower().split("/") and target.is_file() else ""
        except (OSError, ValueError, RuntimeError):
            return ""

    def _file(self, path: str) -> _File | None:
        name = self.resolve(path)
        if not name:
            return None
        if name in self._files:
            self._files.move_to_end(name)
            return self._files[name]
        file = self._files[name] = self._read(name)
        self._kept += len(file.source) if file is not None else 0
        while self._kept > KEPT_BYTES:
            _, old = self._files.popitem(last=False)
            self._kept -= len(old.source) if old is not None else 0
        return file

    def _read(self, name: str) -> _File | None:
        source = read_file(self._root / name, syntax.LARGEST_FILE)
        if source is None or syntax.is_binary(source):
            return None
        return _File(source, syntax.language_of(name))


_DRIVE = re.compile(r"^/?[A-Za-z]:(?=/)")


def enrich(finding: Finding, checkout: Checkout) -> Finding:
    """Return a finding with scope and code of its place where the report gives none; the same object where nothing is added.

    The code of a secret is never taken over: the secret stands in it.
    """
    place = finding.location
    if not isinstance(place, CodeLocation) or not place.path or place.line is None or (place.scope and place.snippet):
        return finding
    scope = place.scope or checkout.scope(place.path, place.line)
    snippet, first = place.snippet, place.snippet_line
    if not snippet and finding.kind is not Kind.SECRET and not finding.secret and not finding.secret_digest:
        last = min(place.end_line or place.line, place.line + SNIPPET_LINES - 1)
        snippet, first = checkout.code(place.path, place.line, last)[:SNIPPET], None
    if scope == place.scope and snippet == place.snippet:
        return finding
    return replace(finding, location=replace(place, scope=scope, snippet=snippet, snippet_line=first))
