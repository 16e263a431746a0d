"""Lists of maintainers by part, as people write them: `MAINTAINERS.md` with the part's path in backticks and who looks after it."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from seamark.intake.discovery.tree import Tree, folder_of

NAMES: Final = ("MAINTAINERS.md", "MAINTAINERS", ".github/MAINTAINERS.md", "docs/MAINTAINERS.md")
LARGEST: Final = 500_000
LONGEST_LINE: Final = 5_000
_ITEM: Final = re.compile(r"([ \t]{0,40})[-*+][ \t]{1,8}(.*)")
_PATH: Final = re.compile(r"`([\w./-]{1,300})`")
_LOGIN: Final = re.compile(r"(?<![\w.+@/-])@([A-Za-z0-9][\w-]{0,38}(?:/[\w.-]{1,100})?)")
_EMAIL: Final = re.compile(r"[\w.+-]{1,100}@[\w-]{1,100}(?:\.[\w-]{1,60}){1,5}")


class Part(Struct, frozen=True):
    """A part of the tree with those who look after it, as logins (`@ada`), teams (`@acme/web`) or addresses."""

    path: str
    """File or folder."""
    people: tuple[str, ...]
    at: str
    """`MAINTAINERS.md:12`."""


class MaintainersList:
    """What the list of a tree says; of several files the first that names a part."""

    def __init__(self, tree: Tree) -> None:
        self._parts: dict[str, Part] = {}
        for name in NAMES:
            text = tree.text(name) if tree.has(name) else None
            if text is not None and len(text) <= LARGEST and not self._parts:
                self._read(tree, name, text)

    def of(self, path: str) -> Part | None:
        """Return the nearest part at or above a path; the whole repository is none."""
        while path:
            if path in self._parts:
                return self._parts[path]
            path = folder_of(path)
        return None

    def _read(self, tree: Tree, name: str, text: str) -> None:
        above: list[tuple[int, str]] = []
        for number, line in enumerate(text.split("\n"), start=1):
            item = _ITEM.fullmatch(line[:LONGEST_LINE])
            if item is None:
                # A paragraph or a heading ends a list, a blank line does not.
                above = above if not line.strip() else []
                continue
            indent = len(item[1].expandtabs(4))
            while above and above[-1][0] >= indent:
                above.pop()
            parent = above[-1][1] if above else ""
            paths = [found for each in _PATH.findall(item[2]) if (found := _placed(tree, parent, each))]
            above.append((indent, paths[0] if paths else parent))
            people = _people(_PATH.sub("", item[2]))
            for path in paths:
                if people and path not in self._parts:
                    self._parts[path] = Part(path, people, f"{name}:{number}")


def _placed(tree: Tree, parent: str, word: str) -> str:
    """Return the file or folder that a word means below that of the item above it, or from the root; empty where there is none."""
    bare = word.removeprefix("./").strip("/")
    for path in (f"{parent}/{bare}", bare) if parent else (bare,):
        if bare and ".." not in bare and (tree.has(path) or tree.has_folder(path)):
            return path
    return ""


def _people(text: str) -> tuple[str, ...]:
    """Return who is named: of one person in brackets the login, where it stands there, else the address."""
    found: dict[str, None] = {}
    for piece in re.split(r"\)|,|;", text):
        logins, emails = _LOGIN.findall(piece), _EMAIL.findall(piece)
        found |= dict.fromkeys([f"@{login}" for login in logins] or [email.lower() for email in emails])
    return tuple(found)[:20]
