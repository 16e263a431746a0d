"""Which files run: those that are no tests and no tools, what they import, and what is dead."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable
from typing import Final

from seamark.intake.reach.files import Files
from seamark.intake.reach.local import Local
from seamark.intake.reach.model import Site, Source
from seamark.intake.reach.tokens import ANY_WORD

_SERVED: Final = frozenset({"public", "static", "assets", "www", "client", "frontend", "web", "browser", "migrations", "versions", "plugins", "commands", "jobs", "tasks", "cron", "hooks", "middleware", "pages", "routes"})  # fmt: skip
"""Folders whose files are started without being imported."""
_TEST_FOLDERS: Final = frozenset({"test", "tests", "__tests__", "__mocks__", "spec", "specs", "e2e", "testdata", "cypress", "integration_tests", "integration-tests", "unittests", "__fixtures__", "androidTest", "integrationTest", "testFixtures", "functionalTest", "test-d", "__snapshots__"})  # fmt: skip
_TEST_NAMES: Final = re.compile(r"(?:^|/)(?:test_[^/]*\.py|[^/]*_tests?\.py|conftest\.py|tests?\.py|[^/]*[.-](?:test|spec|cy|e2e|stories|bench)\.[cm]?[jt]sx?|(?:jest|vitest|karma|mocha)[.-]?setup[^/]*|setupTests\.[jt]sx?|[^/]*_test\.go)$")  # fmt: skip
_TOOL_FOLDERS: Final = frozenset({"scripts", "script", "tools", "hack", "devtools", "docs", "examples", "example", "benchmarks", "benchmark", "bench", "ci", "build-tools", ".github", ".storybook", "_tools"})  # fmt: skip
_TOOL_NAMES: Final = re.compile(
    r"(?:^|/)(?:setup\.py|noxfile\.py|tasks\.py|fabfile\.py|dodo\.py|pavement\.py|SConstruct|docs?/conf\.py|versioneer\.py|[Gg]ulpfile(?:\.babel)?\.[cm]?[jt]s|[Gg]runtfile\.[cm]?[jt]s|[Jj]akefile\.js|magefile\.go"
    r"|\.?(?:webpack|rollup|babel|jest|vitest|karma|eslint|prettier|cypress|playwright|tailwind|postcss|commitlint|lint-staged|stylelint|wdio|nyc|esbuild|tsup|metro|vite|cdk|codegen|release|semantic-release|knip|syncpack|mocha|protractor|wallaby)(?:[.-][\w-]+)*\.(?:config|conf|rc)(?:[.-][\w-]+)*\.[cm]?[jt]s"
    r"|\.?(?:eslintrc|prettierrc|babelrc|mocharc|stylelintrc|lintstagedrc|commitlintrc)\.[cm]?js)$"
)
_ROUTED: Final = frozenset({"pages", "routes", "api", "functions", "handlers", "controllers", "views", "app"})
"""Folders in which frameworks find code by its place: below them `tests` may be a page like any other."""
_COMMANDS: Final = re.compile(r"(?:^|/)(?:[^/]*Dockerfile[^/]*|[^/]*Containerfile[^/]*|Procfile[^/]*|(?:docker-)?compose[^/]*\.ya?ml|[^/]*\.service|crontab|[^/]*\.sh|serverless\.ya?ml|app\.ya?ml|supervisord?\.conf|\.goreleaser\.ya?ml|ecosystem\.config\.\w+|fly\.toml|vercel\.json|netlify\.toml|now\.json|render\.ya?ml|template\.ya?ml|uwsgi\.ini|gunicorn[^/]*)$")  # fmt: skip
_MANIFESTS: Final = frozenset(
    {"package.json", "pyproject.toml", "requirements.txt", "setup.py", "setup.cfg", "go.mod", "Pipfile"}
)
_CHECKS: Final = re.compile(r"\b(?:pytest|jest|vitest|mocha|ruff|flake8|mypy|eslint|go test|unittest|tox|nox|coverage|prettier|black|pylint|bandit|tsc)\b")  # fmt: skip
_RECIPES: Final = re.compile(r"(?:^|/)(?:(?:GNU)?[Mm]akefile|[Jj]ustfile|Taskfile\.ya?ml)$")
_RECIPE: Final = re.compile(
    r"^[ \t]{0,40}(?:[\w.-]{0,80}[_.-])?(?:run|start|serve|server|up|worker|prod|production|deploy)\b[^\n:]*:(.*(?:\n[ \t]+.*)*)",
    re.MULTILINE,
)
_FILE_WORD: Final = re.compile(
    r"(?<![\w@.$/-])[\w@.$/-]{1,200}\.(?:py|[cm]?[jt]sx?|go|kts?)\b|(?<=-m )[\w.]+|(?<=-m\", \")[\w.]+"
)
_WORD_PATH: Final = re.compile(r"[\w@.$/:-]{2,200}")
_ENTRY_NAMES: Final = re.compile(r"(?:^|/)(?:__main__|main|manage|wsgi|asgi|app|server|index|run|cli|application|serve|start|worker|lambda_function|handler|function_app|bot)\.(?:py|[cm]?[jt]sx?)$")  # fmt: skip


class Roles:
    """Which sources run, from where, and which nobody starts."""

    def __init__(self, files: Files, local: Local, started: Iterable[str]) -> None:
        self._files, self._local = files, local
        named = _named_in_commands(files, started)
        self.tests = {path for path in files.sources if is_test(path)}
        self._projects = {posixpath.dirname(path) for path in files.names if path.rpartition("/")[2] in _MANIFESTS} | {
            ""
        }
        self.tools = {
            path
            for path, source in files.sources.items()
            if path not in self.tests and _is_tool(path, source, self._projects)
        }
        aside = self.tests | self.tools
        self.entries = {path for path in files.sources if self._is_named(path, named, aside)}
        roots = sorted(path for path in files.sources if path not in aside or path in self.entries)
        self._before: dict[str, tuple[str, int] | None] = {}
        self.running = self._spread(roots)
        self.dead = self._dead()
        self._starts = self._chains()

    def _is_named(self, path: str, named: frozenset[str], aside: set[str]) -> bool:
        source = self._files.sources[path]
        stem = posixpath.splitext(path)[0]
        parts = stem.split("/")
        tails = {"/".join(parts[start:]) for start in range(len(parts))}
        spelled = (
            tails
            | {tail.replace("/", ".") for tail in tails}
            | {f"{tail}{posixpath.splitext(path)[1]}" for tail in tails}
        )
        if path in aside:
            folder = posixpath.dirname(path)
            plain = {each for each in spelled if "/" in each or "." in each}
            return bool(plain & named) or bool(folder and {folder, f"{folder}/", f"./{folder}", f"{folder}/."} & named)
        if spelled & named or posixpath.dirname(path) in named:
            return True
        return source.starts and source.ecosystem != "maven" and not source.excluded

    def _spread(self, roots: Iterable[str]) -> set[str]:
        """Return what is started or imported from there, one import after another."""
        seen = set(roots)
        waiting = sorted(seen)
        while waiting:
            path = waiting.pop()
            for target, _ in self._local.targets(path):
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
        return seen

    def _dead(self) -> set[str]:
        """Return what no known entry leads to, as far as that can be told: else nothing."""
        sources = self._files.sources
        dead: set[str] = set()
        for ecosystem in ("pypi", "npm", "golang"):
            mine = {path for path in self.running if sources[path].ecosystem == ecosystem}
            entries = mine & self.entries
            if not entries or self._local.open_ended(ecosystem, self.running):
                continue
            alive = self._spread(entries | {path for path in mine if self._may_start(path)})
            if ecosystem != "golang":
                named = self._named_anywhere(alive)
                alive = self._spread(alive | {path for path in mine - alive if _stem(path) in named})
            places = {posixpath.dirname(path) for path in alive} | {
                path.partition("/")[0] for path in alive if "/" in path
            }
            dead |= {path for path in mine - alive if {posixpath.dirname(path), path.partition("/")[0]} & places}
        return dead

    def _may_start(self, path: str) -> bool:
        """Tell whether a file that nothing names may be started nevertheless: by its name or place, or by hand."""
        source = self._files.sources[path]
        if source.starts or source.broken:
            return True
        folder = posixpath.dirname(path)
        if source.ecosystem == "golang":
            return folder in self._projects or "pkg" in path.split("/")
        return bool(_ENTRY_NAMES.search(path)) or folder in self._projects or bool(_SERVED & set(path.split("/")))

    def _named_anywhere(self, alive: Iterable[str]) -> set[str]:
        """Return the words by which code or settings may name a file: strings in what runs, and all of settings, pages and tools."""
        named: set[str] = set()
        for path in alive:
            for text in self._files.sources[path].strings:
                named.update(re.split(r"[./:\\]", text))
        for path, source in self._files.sources.items():
            if path in self.tools or not source.language:
                named |= source.words
        for text in self._files.texts.values():
            named.update(ANY_WORD.findall(text))
        for _, package in self._local.json_files("package.json"):
            named.update(ANY_WORD.findall(json.dumps(package)))
        return named

    def _chains(self) -> dict[str, tuple[str, int] | None]:
        """Return for every running file from which file and line it is imported, on a shortest way from a start."""
        alive = self.running - self.dead
        imported = {target for path in alive for target, _ in self._local.targets(path) if target != path}
        starts = sorted(alive & self.entries) or sorted(alive - imported) or sorted(alive)
        before: dict[str, tuple[str, int] | None] = {}
        for group in (starts, sorted(alive - imported), sorted(self.running)):
            waiting = [path for path in group if path not in before]
            before.update(dict.fromkeys(waiting))
            for path in waiting:
                for target, line in self._local.targets(path):
                    if target not in before:
                        before[target] = (path, line)
                        waiting.append(target)
        return before

    def chain(self, path: str) -> tuple[Site, ...]:
        """Return how the code gets to a file: the imports on the way, from the start on."""
        steps: list[Site] = []
        here, seen = path, {path}
        while (step := self._starts.get(here)) is not None and step[0] not in seen and len(steps) < 50:
            steps.append(Site(step[0], step[1], f"imports {here}"))
            here = step[0]
            seen.add(here)
        return tuple(reversed(steps))


def _stem(path: str) -> str:
    return posixpath.splitext(posixpath.basename(path))[0]


def is_test(path: str) -> bool:
    """Tell whether a file's place or name says that it is there for tests."""
    folders = path.split("/")[:-1]
    if path.endswith(".go"):
        return bool(_TEST_NAMES.search(path)) or "testdata" in folders or folders[:1] in (["test"], ["tests"], ["e2e"])
    if path.endswith((".java", ".kt", ".kts", ".groovy", ".scala")):
        # A package may be called test as well: a folder of tests stands at the top, or below `src`.
        return any(
            each in _TEST_FOLDERS and (place == 0 or folders[place - 1] == "src") for place, each in enumerate(folders)
        )
    place = next((place for place, each in enumerate(folders) if each in _TEST_FOLDERS), None)
    if place is not None and not _ROUTED & set(folders[:place]):
        return True
    return bool(_TEST_NAMES.search(path))


def _is_tool(path: str, source: Source, projects: set[str]) -> bool:
    """Tell whether a file is for developers: by its name, or by a folder at the top of a project."""
    folders = path.split("/")[:-1]
    if source.excluded:
        return True
    if source.ecosystem == "maven":
        return "main" not in folders and bool({"buildSrc", "examples", "samples"} & set(folders))
    if source.ecosystem == "pypi" and source.path.rpartition("/")[2] == "tasks.py" and "invoke" not in source.words:
        return False
    return bool(_TOOL_NAMES.search(path)) or any(
        each in _TOOL_FOLDERS and (place == 0 or "/".join(folders[:place]) in projects)
        for place, each in enumerate(folders)
    )


def _named_in_commands(files: Files, started: Iterable[str]) -> frozenset[str]:
    """Return what the texts that start programs name: paths and modules."""
    found: set[str] = set()
    for text in [*started, *_command_lines(files)]:
        for word in _WORD_PATH.findall(text):
            found.add(word)
            found.add(word.removeprefix("./").removesuffix("/...").rstrip("/"))
            found.add(word.removeprefix("/app/").removeprefix("/srv/").removeprefix("/usr/src/app/").lstrip("/"))
            head = word.partition(":")[0]
            found.update((head, head.removeprefix("./")))
            pieces = head.split(".")
            found.update(".".join(pieces[: end + 1]) for end in range(1, len(pieces)))
            tail = word.rpartition("/")[2]
            if "." in tail:
                found.add(tail)
    return frozenset(found)


def _command_lines(files: Files) -> Iterable[str]:
    """Yield the texts by which programs are started: whole files that do nothing else, recipes, and paths of code in settings."""
    for path, text in files.texts.items():
        if is_test(path):
            continue
        if _COMMANDS.search(path):
            yield "\n".join(line for line in text.splitlines() if not _CHECKS.search(line))
        elif _RECIPES.search(path):
            yield "\n".join(line for line in text.splitlines() if re.search(r"\bgo (?:build|install)\b", line))
            yield "\n".join(
                line for recipe in _RECIPE.findall(text) for line in recipe.splitlines() if not _CHECKS.search(line)
            )
        elif path.endswith((".yaml", ".yml", ".tf", ".ini", ".toml", ".conf", ".cfg")):
            yield " ".join(_FILE_WORD.findall(text))
