"""`OWNERS` files: Kubernetes' (YAML with approvers, reviewers and aliases) and Chromium's (an address a line)."""

from __future__ import annotations

import re
from typing import Any, Final

from msgspec import Struct

from seamark.intake.discovery.owners.patterns import Expression, Glob
from seamark.intake.discovery.tree import Tree, folder_of

MOST_FILES: Final = 20_000
_ADDRESS: Final = re.compile(r"[\w.+-]{1,100}@[\w-]+(?:\.[\w-]+)+")


class Owned(Struct, frozen=True):
    """Who an OWNERS file names for a path: `approvers` decide, `reviewers` look. Logins, addresses, or aliases that stand for several."""

    path: str
    """Of the OWNERS file."""
    approvers: tuple[str, ...]
    reviewers: tuple[str, ...]


class _File(Struct, frozen=True):
    path: str
    whole: Owned
    inherits: bool
    some: tuple[tuple[Expression | Glob, Owned], ...]
    """For the files of the folder whose path fits."""


class OwnersFiles:
    """The OWNERS files of a tree. `aliases` are the groups that the root's OWNERS_ALIASES names, with their members."""

    def __init__(self, tree: Tree) -> None:
        self.aliases: dict[str, tuple[str, ...]] = {}
        for name in ("OWNERS_ALIASES", "OWNERS_ALIASES.yaml"):
            for document in tree.documents(name) if tree.data(name) is not None else ():
                told = document.value.get("aliases") if isinstance(document.value, dict) else None
                for alias, members in told.items() if isinstance(told, dict) else ():
                    self.aliases[str(alias).lower()] = _words(members)
        self._files: dict[str, _File] = {}
        for path in list(tree.matching("OWNERS"))[:MOST_FILES]:
            read = _read(tree, path)
            if read is not None:
                self._files[folder_of(path)] = read

    def of(self, path: str) -> list[Owned]:
        """Return what the files from a path's folder up to the root say, the nearest first, as far as they inherit."""
        found: list[Owned] = []
        folder, first = path, True
        while folder or first:
            folder, first = (folder if first and path in self._files else folder_of(folder)), False
            file = self._files.get(folder)
            if file is not None:
                inner = path[len(folder) :].lstrip("/")
                found += [
                    owned for test, owned in file.some if _fits(test, inner) and (owned.approvers or owned.reviewers)
                ]
                if file.whole.approvers or file.whole.reviewers:
                    found.append(file.whole)
                if not file.inherits:
                    break
            if not folder:
                break
        return found


def _fits(test: Expression | Glob, inner: str) -> bool:
    return test.found_in(inner) if isinstance(test, Expression) else test(inner.rpartition("/")[2])


def _read(tree: Tree, path: str) -> _File | None:
    text = tree.text(path)
    if text is None or len(text) > 1_000_000:
        return None
    if re.search(
        r"^(approvers|reviewers|filters|options|emeritus_approvers|labels|component|aliases)\s*:", text, re.MULTILINE
    ):
        documents = tree.documents(path)
        return _kubernetes(tree, path, documents[0].value) if documents else None
    return _chromium(path, text)


def _kubernetes(tree: Tree, path: str, value: Any) -> _File | None:
    if not isinstance(value, dict):
        return None
    options = value.get("options")
    inherits = not (isinstance(options, dict) and options.get("no_parent_owners") is True)
    some = []
    filters = value.get("filters")
    for expression, told in filters.items() if isinstance(filters, dict) else ():
        try:
            some.append((Expression(str(expression)), _owned(path, told)))
        except ValueError as error:
            tree.trouble(path, f"has a filter that {error}: {str(expression)[:80]}")
    return _File(path, _owned(path, value), inherits, tuple(some))


def _owned(path: str, told: Any) -> Owned:
    values = told if isinstance(told, dict) else {}
    return Owned(path, _words(values.get("approvers")), _words(values.get("reviewers")))


def _words(told: Any) -> tuple[str, ...]:
    return (
        tuple(str(word).strip().lower() for word in told if isinstance(word, str | int))
        if isinstance(told, list)
        else ()
    )


def _chromium(path: str, text: str) -> _File | None:
    whole: list[str] = []
    some: list[tuple[Expression | Glob, Owned]] = []
    inherits = True
    for raw in text.split("\n"):
        line = raw.partition("#")[0].strip()
        if line == "set noparent":
            inherits = False
        elif line.startswith("per-file ") and "=" in line and len(line) < 2_000:
            globs, _, names = line.removeprefix("per-file ").partition("=")
            addresses = tuple(_ADDRESS.findall(names.lower()))
            some += [(Glob(glob.strip(), classes=False), Owned(path, addresses, ())) for glob in globs.split(",")]
        elif _ADDRESS.fullmatch(line):
            whole.append(line.lower())
    if not whole and not some:
        return None
    return _File(path, Owned(path, tuple(whole), ()), inherits, tuple(some))
