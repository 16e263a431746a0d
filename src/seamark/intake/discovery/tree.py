"""The working tree as extractors see it: its files by name, read within bounds, and the natural keys of what is in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fnmatch import translate
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeVar, cast

import yaml
from msgspec import Struct

from seamark.core.assets import AssetKind, AssetRef, Trouble
from seamark.intake.discovery.bounded import Loader
from seamark.intake.discovery.tracked import tracked_files
from seamark.intake.discovery.walk import SKIPPED, files_in, read_file

T = TypeVar("T")
MOST_FILES: Final = 200_000
LARGEST: Final = 20_000_000
"""Bytes of a file that is read; larger ones are told as trouble."""
MOST_DOCUMENTS: Final = 2_000
_HIDDEN: Final = frozenset({".github", ".gitlab", ".circleci", ".buildkite", ".azure", ".azure-pipelines", ".devcontainer", ".claude", ".cursor", ".vscode", ".agents", ".gemini", ".woodpecker", ".tekton", ".semaphore", ".backstage", ".config", ".deploy", ".k8s", ".helm", ".docker"})  # fmt: skip
"""Folders whose name begins with a dot and that are read nevertheless."""


_NO_TEXT: Final = re.compile(r"[\ud800-\udfff]")
"""Bytes of a file's name that are not Unicode, as Python keeps them: they can be neither stored nor shown."""


class Document(Struct, frozen=True):
    """One document of a YAML or JSON file, with the line of its first key, from 1."""

    line: int
    value: Any


class Tree:
    """A folder with source code, told by its repository's natural key (`github.com/acme/shop`).

    Reads only regular files below the root, follows no link. What cannot be read goes to `troubles`.
    """

    def __init__(self, root: Path, repository: str) -> None:
        self.root, self.repository = root.resolve(), repository
        self.troubles: list[Trouble] = []
        self._texts: dict[str, str | None] = {}
        self._known: dict[Callable[[Tree], Any], Any] = {}

    @cached_property
    def files(self) -> tuple[str, ...]:
        """All files, as paths relative to the root with forward slashes, in order.

        In a git work tree those that git tracks or would, elsewhere all but what was built; never other people's code.
        """
        listed = tracked_files(self.root, MOST_FILES, _HIDDEN)
        found, complete = listed if listed is not None else files_in(self.root, MOST_FILES, _HIDDEN)
        if not complete:
            self.trouble("", f"only the first {len(found):,} files were looked at")
        named = sorted(path for path in found if path.isascii() or not _NO_TEXT.search(path))
        if len(named) < len(found):
            self.trouble("", f"{len(found) - len(named):,} files were left out: their names are no text")
        return tuple(named)

    def has(self, path: str) -> bool:
        """Tell whether a file is one of the tree's."""
        return path in self._listed

    def has_folder(self, path: str) -> bool:
        """Tell whether a folder holds one of the tree's files."""
        return path in self._folders

    @cached_property
    def _folders(self) -> frozenset[str]:
        found: set[str] = set()
        for path in self.files:
            folder = folder_of(path)
            while folder and folder not in found:
                found.add(folder)
                folder = folder_of(folder)
        return frozenset(found)

    @cached_property
    def _listed(self) -> frozenset[str]:
        return frozenset(self.files)

    def once(self, work: Callable[[Tree], T]) -> T:
        """Return what a function makes of this tree, worked out when it is asked for the first time."""
        if work not in self._known:
            self._known[work] = work(self)
        return cast("T", self._known[work])

    def matching(self, *patterns: str) -> Iterator[str]:
        """Yield the files whose name fits a shell pattern, case regarded: `Dockerfile*`, `*.tf`. A pattern with `/` is held against the whole path."""
        names = _pattern(tuple(each for each in patterns if "/" not in each))
        paths = _pattern(tuple(each for each in patterns if "/" in each))
        for path in self.files:
            if names(path.rpartition("/")[2]) or paths(path):
                yield path

    def data(self, path: str) -> bytes | None:
        """Return a file's bytes, None where it is none, is too large, or leads out of the tree."""
        if not path or ".." in path.split("/") or path.startswith("/"):
            return None
        found = read_file(self.root / path, LARGEST)
        if found is None and self.has(path):
            self.trouble(path, "cannot be read, or is larger than 20 MB")
        return found

    def text(self, path: str) -> str | None:
        """Return a file's text, with line feeds as line ends; None as for `data`, and for what is no text."""
        if path not in self._texts:
            if len(self._texts) > 500:
                self._texts.clear()
            found = self.data(path)
            plain = None if found is None or b"\0" in found[:8000] else found.decode("utf-8-sig", "replace")
            self._texts[path] = plain.replace("\r\n", "\n") if plain is not None else None
        return self._texts[path]

    def documents(self, path: str) -> list[Document]:
        """Return the documents of a YAML (or JSON) file; none where it is broken, which is told as trouble.

        Tags that programs define (`!Ref`, `!reference`) come as `{"Ref": …}` with their value.
        """
        text = self.text(path)
        if text is None:
            return []
        found: list[Document] = []
        loader = Loader(text)
        try:
            while loader.check_node() and len(found) < MOST_DOCUMENTS:
                node = loader.get_node()
                found.append(Document(node.start_mark.line + 1, loader.construct_document(node)))
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            self.trouble(f"{path}:{mark.line + 1}" if mark is not None else path, "is not valid YAML")
            return []
        except (RecursionError, ValueError, TypeError, OverflowError):
            self.trouble(path, "is not valid YAML, or nested too deeply")
            return []
        finally:
            loader.dispose()
        return found

    def trouble(self, at: str, text: str) -> None:
        """Tell that something could not be read."""
        self.troubles.append(Trouble(at, text))

    def ref(self, kind: AssetKind, path: str, inner: str = "") -> AssetRef:
        """Return the name of an asset that a file or folder of this tree declares: `<repository>//<path>#<inner>`.

        The whole repository as a service has the path `.`.
        """
        if kind is AssetKind.REPOSITORY:
            return AssetRef(kind, self.repository)
        return AssetRef(kind, f"{self.repository}//{path or '.'}" + (f"#{inner}" if inner else ""))


@lru_cache(maxsize=1024)
def _pattern(patterns: tuple[str, ...]) -> Callable[[str], Any]:
    if not patterns:
        return lambda _: None
    return re.compile("|".join(translate(each) for each in patterns)).match


def folder_of(path: str) -> str:
    """Return the folder of a file of the tree, `""` for the root."""
    return path.rpartition("/")[0]


def joined(folder: str, path: str) -> str:
    """Return a path as a file in `folder` writes it, relative to the root; empty where it leads out of the tree."""
    parts: list[str] = []
    for part in PurePosixPath(folder, path.lstrip("/") if path.startswith("/") else path).parts:
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        elif part not in {".", "/"}:
            parts.append(part)
    return "/".join(parts)


__all__ = ["SKIPPED", "Document", "Tree", "folder_of", "joined"]
