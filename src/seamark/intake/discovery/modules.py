"""Which file of a tree another one means by a module, a path or a class's file."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

_SCRIPTS = (".js", ".ts", ".mjs", ".cjs", ".jsx", ".tsx", "/index.js", "/index.ts")


class Modules:
    """The files of a tree by their names."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = frozenset(paths)
        self._by_name: dict[str, list[str]] = {}
        self._by_folder: dict[str, list[str]] = {}
        for path in sorted(self._paths):
            folder, _, name = path.rpartition("/")
            self._by_name.setdefault(name, []).append(path)
            self._by_folder.setdefault(folder, []).append(path)

    def find(self, path: str, module: str) -> str:
        """Return the file that a file means by a module's name, empty where none or several could be meant."""
        if path.endswith(".py"):
            return self._python(path, module)
        if module.startswith("."):
            return self._script(path, module)
        return self._nearest(path, [module])

    def packages(self, path: str, module: str) -> Sequence[str]:
        """Return the files of a Go package: those beside a file where the import is empty, else those of its folder."""
        if not module:
            return self._by_folder.get(posixpath.dirname(path), [])
        last = module.rpartition("/")[2]
        folders = [each for each in self._by_folder if each.rpartition("/")[2] == last]
        return self._by_folder[folders[0]] if len(folders) == 1 else []

    def _python(self, path: str, module: str) -> str:
        name = module.lstrip(".")
        inner = name.replace(".", "/")
        dots = len(module) - len(name)
        if dots == 0:
            return self._nearest(path, [f"{inner}.py", f"{inner}/__init__.py"])
        folder = posixpath.dirname(path)
        for _ in range(dots - 1):
            folder = posixpath.dirname(folder)
        base = posixpath.join(folder, inner).rstrip("/")
        return next((each for each in (f"{base}.py", f"{base}/__init__.py".lstrip("/")) if each in self._paths), "")

    def _script(self, path: str, module: str) -> str:
        base = posixpath.normpath(posixpath.join(posixpath.dirname(path), module))
        stem = base.removesuffix(".js")
        return next((each for each in (base, *(stem + ending for ending in _SCRIPTS)) if each in self._paths), "")

    def _nearest(self, path: str, endings: Sequence[str]) -> str:
        """Return the file with one of these endings that shares the most folders with another; empty where two do."""
        best: tuple[int, list[str]] = (-1, [])
        for ending in endings:
            for each in self._by_name.get(ending.rpartition("/")[2], ()):
                if each == ending or each.endswith("/" + ending):
                    shared = (
                        len(posixpath.commonpath([path, each]).split("/"))
                        if path.partition("/")[0] == each.partition("/")[0]
                        else 0
                    )
                    best = max(best, (shared, []), key=lambda pair: pair[0])
                    if shared == best[0]:
                        best[1].append(each)
        return best[1][0] if len(best[1]) == 1 else ""
