"""Whether vulnerable packages are reached by the code of a project: the way in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from seamark.core.errors import SeamarkError
from seamark.intake.discovery.discover import discover
from seamark.intake.reach.advisories import from_words
from seamark.intake.reach.files import Files
from seamark.intake.reach.judge import Judge
from seamark.intake.reach.local import Local
from seamark.intake.reach.model import Answer, Target
from seamark.intake.reach.names import canonical
from seamark.intake.reach.roles import Roles

ECOSYSTEMS: Final = ("pypi", "npm", "maven", "golang")
_STARTING: Final = frozenset({"start", "prestart", "poststart", "serve", "postinstall", "preinstall", "install", "prepare", "start:prod", "prod", "production", "worker", "web", "server", "run"})  # fmt: skip
_ASIDE: Final = re.compile(
    r"test|lint|format|bench|coverage|typecheck|release|docs?$|storybook|e2e|prettier|eslint|build|bundle|compile|clean|dev|watch|migrat|seed|generate|codegen|husky"
)
_DECLARED: Final = frozenset({"dependencies", "devDependencies", "peerDependencies", "optionalDependencies", "bundledDependencies", "bundleDependencies", "peerDependenciesMeta", "keywords", "description", "name", "scripts", "eslintConfig", "jest", "prettier", "husky", "lint-staged", "overrides", "resolutions", "files", "author", "repository", "homepage", "bugs", "contributors", "packageManager", "engines", "commitlint", "nyc", "browserslist", "pnpm", "workspaces", "ava", "mocha", "stylelint", "dependenciesMeta", "version", "license", "funding", "devEngines", "imports"})  # fmt: skip


class Project:
    """A folder with source code, read once; packages are asked for one by one."""

    def __init__(self, root: Path) -> None:
        """Read the folder. Raises `SeamarkError` where it is none."""
        if not root.is_dir():
            raise SeamarkError(f"{root} is no folder")
        self.listings = discover(root, only=("golang", "gradle", "maven", "npm", "pypi")).listings
        files = Files(root)
        local = Local(files)
        commands, started = _starts(files, local)
        self._judge = Judge(files, local, Roles(files, local, started), self.listings, commands)

    def answer(self, target: Target) -> Answer:
        """Return whether the project's code reaches a package."""
        return self._judge.answer(target)

    def listed(self, target: Target) -> bool:
        """Tell whether a manifest or lock file lists a package."""
        return canonical(target.ecosystem, target.name) in self._judge.packages(target.ecosystem).names

    def named(self, words: str) -> list[Target]:
        """Return the packages that a purl or a bare name means here: of every ecosystem that lists it, else of all."""
        if words.startswith("pkg:"):
            found = from_words(words)
            return [found] if found is not None else []
        every = [each for kind in ECOSYSTEMS if (each := from_words(words, kind)) is not None]
        return [each for each in every if self.listed(each)] or every


def reach(root: Path, targets: Iterable[Target], *, absent: bool = False) -> list[Answer]:
    """Return for each vulnerable package whether code that runs reaches it.

    Packages that nothing lists and nothing imports are left out unless `absent`. Raises `SeamarkError` where `root` is no folder.
    """
    project = Project(root)
    found = []
    for target in targets:
        answer = project.answer(target)
        if absent or project.listed(target) or answer.chain:
            found.append(answer)
    return found


def _starts(files: Files, local: Local) -> tuple[dict[str, str], list[str]]:
    """Return the settings in manifests that may name packages, by file, and the words by which programs are started."""
    settings: dict[str, str] = {}
    started: list[str] = []
    for path, package in local.json_files("package.json"):
        scripts = package.get("scripts")
        run = (
            [str(text) for name, text in scripts.items() if name in _STARTING or not _ASIDE.search(name)]
            if isinstance(scripts, dict)
            else []
        )
        started += [*run, *(_plain(package.get(key)) for key in ("main", "module", "bin", "exports", "browser"))]
        settings[path] = "\n".join(
            [*run, _plain({key: value for key, value in package.items() if key not in _DECLARED})]
        )
    for path in files.names:
        name = path.rpartition("/")[2]
        if name in {"pyproject.toml", "setup.cfg", "setup.py"} and (data := files.data(path)) is not None:
            started.append(_entry_points(data.decode("utf-8", "replace"), name))
    return settings, started


def _entry_points(text: str, name: str) -> str:
    """Return the lines that may name functions to start: those with `module:function`."""
    return "\n".join(
        line for line in text.splitlines() if re.search(r"[\w.]+:[\w.]+", line) and (name != "setup.py" or "=" in line)
    )


def _plain(value: Any) -> str:
    """Return a JSON value as text, empty for none."""
    return value if isinstance(value, str) else json.dumps(value)[:100_000] if value else ""
