"""The files of a project: its source, wherever it stands, and the texts beside it that may start or name code."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Final

from seamark.intake.discovery import syntax
from seamark.intake.discovery.walk import read_file
from seamark.intake.reach import golang, java, javascript, python
from seamark.intake.reach.model import Source
from seamark.intake.reach.tokens import ANY_WORD, TooLong, strings_of, tokens, words_of

MOST_FILES: Final = 50_000
MOST_BYTES: Final = 400_000_000
SECONDS: Final = 600
"""After these no more files are read, and what is not imported by then is unknown."""
LARGEST: Final = 2_000_000
_OTHERS: Final = frozenset({"node_modules", "bower_components", "site-packages", "__pycache__", ".git", ".hg", ".svn", ".tox", ".nox", ".venv", "venv", ".mypy_cache", ".gradle", ".idea", ".yarn"})  # fmt: skip
_ECOSYSTEMS: Final = {"python": "pypi", "javascript": "npm", "typescript": "npm", "tsx": "npm", "go": "golang", "java": "maven", "kotlin": "maven"}  # fmt: skip
_RAW: Final = {
    **dict.fromkeys((".vue", ".svelte", ".astro", ".mdx", ".ejs", ".coffee", ".ls", ".html", ".htm", ".hbs", ".pug", ".njk", ".liquid", ".marko", ".es6", ".jsm", ".res", ".elm", ".handlebars", ".jade", ".eta"), "npm"),
    **dict.fromkeys((".pyx", ".pxd", ".pxi", ".ipynb", ".j2", ".jinja", ".jinja2", ".mako", ".pyw", ".xonsh", ".tmpl"), "pypi"),
    **dict.fromkeys((".groovy", ".scala", ".clj", ".cljc", ".jsp", ".jspx", ".ftl", ".vm", ".xhtml", ".gsp", ".sc", ".ceylon", ".aj"), "maven"),
    **dict.fromkeys((".gotmpl",), "golang"),
}  # fmt: skip
"""Files that hold code of an ecosystem in a form that no grammar here reads: they are searched for words."""
_LOADS: Final = {
    "pypi": re.compile(r"\b(?:__import__|import_module|exec|eval|run_module|run_path|load_source)\s*\("),
    "npm": re.compile(r"\b(?:require|import)\s*\(\s*(?=[^\s'\"`)])|\beval\s*\(|\bnew\s+Function\b"),
    "maven": re.compile(
        r"\b(?:forName|loadClass)\s*\(\s*(?=[^\s\"])|\b(?:ServiceLoader|ObjectInputStream|URLClassLoader)\b"
    ),
    "golang": re.compile(r"\bplugin\.Open\b"),
}
"""What loads code at run time, in files that are searched as plain text."""
_READERS: Final = {"pypi": python.read, "npm": javascript.read, "golang": golang.read, "maven": java.read}
_TEXTS: Final = frozenset(".json .json5 .jsonc .toml .yaml .yml .ini .cfg .conf .xml .properties .sh .bash .zsh .ps1 .bat .cmd .env .tf .service .factories .imports .mk .txt .plist .hcl .nix .bzl .edn .config .in .rc .bats .template .tpl .scss .sass .less .styl .cnf .sql .rst".split())  # fmt: skip  # noqa: SIM905
_NO_TEXTS: Final = re.compile(
    r"(?:^|/)(?:[^/]*\.lock|[^/]*-lock\.(?:json|ya?ml)|yarn\.lock|npm-shrinkwrap\.json|pdm\.lock|go\.sum|go\.mod|go\.work(?:\.sum)?|requirements[^/]*\.(?:txt|in)|constraints[^/]*\.txt|requirements/[^/]*\.(?:txt|in)"
    r"|Pipfile|environment\.ya?ml|pom\.xml|package\.json|pyproject\.toml|setup\.cfg|gradle\.properties|libs\.versions\.toml|gradle\.lockfile|truth\.toml|renovate\.json5?|dependabot\.ya?ml|\.?changelog[^/]*|license[^/]*|notice[^/]*|readme[^/]*"
    r"|mkdocs\.yml|\.pre-commit-config\.yaml|tox\.ini|pytest\.ini|\.coveragerc|\.flake8|mypy\.ini|modules\.txt|[^/]*\.(?:rst|md)|licenses?/[^/]*|CODEOWNERS|security\.txt|advisor(?:y|ies)[^/]*\.json)$|(?:^|/)(?:\.github|\.gitlab|\.circleci|docs?|\.vscode)/",
    re.IGNORECASE,
)
"""What names packages without using them: manifests, lock files, documents, checks."""
_PLAIN_NAMES: Final = re.compile(r"(?:^|/)(?:(?:\w+\.)?(?:Dockerfile|Containerfile)(?:[.-]\w+)?|(?:GNU)?[Mm]akefile|Procfile(?:\.\w+)?|Rakefile|justfile|Justfile|Jenkinsfile|Vagrantfile|Tiltfile|crontab|Caddyfile|\.env[\w.]*|[^/]*/META-INF/.*|\.babelrc|\.npmrc|\.?[\w-]*rc)$|META-INF/")  # fmt: skip
_SHEBANG: Final = re.compile(rb"#!.*\b(python|node|deno|bun|kotlin|java)")


class Files:
    """What a folder holds, read once within bounds."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.sources: dict[str, Source] = {}
        self.texts: dict[str, str] = {}
        self.names: tuple[str, ...] = ()
        self.complete = True
        self.unread: dict[str, str] = {}
        """Source files that could not be read, with their ecosystem."""
        self._taken = 0
        self._end = time.monotonic() + SECONDS
        self._walk()

    def data(self, path: str) -> bytes | None:
        """Return a file's bytes, None where it cannot be read or is too large."""
        return read_file(self.root / path, LARGEST)

    def _walk(self) -> None:
        names: list[str] = []
        for folder, folders, files in os.walk(self.root):
            folders[:] = sorted(each for each in folders if each not in _OTHERS and not self._environment(folder, each))
            self._leaves(folder, folders)
            inside = os.path.relpath(folder, self.root).replace(os.sep, "/")
            for name in sorted(files):
                path = name if inside == "." else f"{inside}/{name}"
                if len(names) >= MOST_FILES:
                    self.complete = False
                    break
                names.append(path)
        self.names = tuple(names)
        for path in names:
            if self._taken > MOST_BYTES or time.monotonic() > self._end:
                self.complete = False
                return
            self._take(path)

    def _leaves(self, folder: str, folders: list[str]) -> None:
        """Notice links that lead out of the tree, and submodules that were not fetched: code may stand there."""
        for each in folders:
            path = Path(folder) / each
            if path.is_symlink() and not path.resolve().is_relative_to(self.root):
                self.complete = False
        if folder == str(self.root) and (told := read_file(self.root / ".gitmodules", LARGEST)) is not None:
            for line in told.decode("utf-8", "replace").splitlines():
                key, _, value = line.partition("=")
                inside = self.root / value.strip()
                if (
                    key.strip() == "path"
                    and ".." not in inside.parts
                    and not (inside.is_dir() and any(inside.iterdir()))
                ):
                    self.complete = False

    @staticmethod
    def _environment(folder: str, name: str) -> bool:
        return (Path(folder) / name / "pyvenv.cfg").is_file()

    def _take(self, path: str) -> None:
        suffix = Path(path).suffix.lower()
        language = syntax.language_of(path)
        ecosystem = _ECOSYSTEMS.get(language, "") or _RAW.get(suffix, "")
        if ecosystem and suffix != ".pyi" and not path.endswith((".d.ts", ".d.mts", ".d.cts", ".min.css")):
            if suffix != ".kts":  # a build script
                self._source(path, ecosystem, language if language in _ECOSYSTEMS else "")
        elif (suffix in _TEXTS or _PLAIN_NAMES.search(path)) and not _NO_TEXTS.search(path):
            data = self.data(path)
            if data is not None and not syntax.is_binary(data):
                self._taken += len(data)
                self.texts[path] = data.decode("utf-8", "replace")
        elif not suffix:
            self._script(path)

    def _script(self, path: str) -> None:
        """Read a program without an ending, told by its first line."""
        try:
            with (self.root / path).open("rb") as stream:
                match = _SHEBANG.match(stream.readline(200)) if not (self.root / path).is_symlink() else None
        except OSError:
            return
        if match is not None:
            language = {b"python": "python", b"kotlin": "kotlin", b"java": "java"}.get(match[1], "javascript")
            self._source(path, _ECOSYSTEMS[language], language)

    def _source(self, path: str, ecosystem: str, language: str) -> None:
        data = self.data(path)
        if data is None:
            if not self._stands_elsewhere(path):
                self.unread[path] = ecosystem
            return
        self._taken += len(data)
        source = Source(path=path, ecosystem=ecosystem, language=language, starts=data.startswith(b"#!"))
        self.sources[path] = source
        if syntax.is_binary(data) or data.startswith((b"\xff\xfe", b"\xfe\xff")):
            self.unread[path] = ecosystem
            source.broken = True
            return
        if language == "go":
            source.excluded = golang.excluded(data)
        if not language or syntax.is_tangled(data):
            source.broken = True
        else:
            self._parse(source, data)
        if source.broken:
            text = data.decode("utf-8", "replace")
            source.words |= frozenset(ANY_WORD.findall(text))
            if source.dynamic is None and (match := _LOADS[ecosystem].search(text)) is not None:
                source.dynamic = text.count("\n", 0, match.start()) + 1, match[0].split("(")[0].strip()

    def _stands_elsewhere(self, path: str) -> bool:
        """Tell whether a file is a link to another one of the tree."""
        file = self.root / path
        return file.is_symlink() and file.is_file() and file.resolve().is_relative_to(self.root)

    @staticmethod
    def _parse(source: Source, data: bytes) -> None:
        tree = syntax.parse(data, source.language)
        source.broken = tree.root_node.has_error
        try:
            row = tokens(tree)
            source.words, source.strings = words_of(row), strings_of(row)
            _READERS[source.ecosystem](source, tree.root_node, row)
        except (TooLong, RecursionError, IndexError):
            source.broken = True
