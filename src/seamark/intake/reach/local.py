"""Which files of the project an import means. Where several could be meant, all are taken: too many run rather than too few."""

from __future__ import annotations

import json
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Final

from seamark.intake.reach.files import Files
from seamark.intake.reach.model import Import, Source

_ENDINGS: Final = (".js", ".ts", ".mjs", ".cjs", ".jsx", ".tsx", ".mts", ".cts", ".vue", ".svelte", ".json", ".es6", ".coffee")  # fmt: skip
_CONVENTIONS: Final = frozenset({
    "next", "nuxt", "@remix-run/dev", "@sveltejs/kit", "astro", "gatsby", "@nestjs/core", "@angular/core", "ember-cli", "sails", "@adonisjs/core", "meteor",
    "umi", "@redwoodjs/core", "strapi", "@strapi/strapi", "hexo", "expo-router", "serverless", "moleculer", "egg", "fastify-autoload", "@fastify/autoload",
    "require-all", "require-directory", "glob", "requireindex", "consign", "express-load", "awilix", "bottlejs", "umzug", "knex", "typeorm", "sequelize-cli", "probot", "nodecg", "hubot", "discord.js",
})  # fmt: skip
_FINDS_MODULES: Final = frozenset({
    "django", "celery", "alembic", "scrapy", "odoo", "airflow", "autodiscover_tasks", "autodiscover", "rglob", "glob", "iglob", "listdir", "scandir", "walk",
    "pkgutil", "importlib", "__import__", "runpy", "entry_points", "stevedore", "pluggy", "subprocess", "Popen", "system", "execv", "spawn", "multiprocessing", "INSTALLED_APPS", "flask_appbuilder",
    "imp", "sys_path", "dramatiq", "huey", "rq", "dagster", "prefect", "luigi", "discord", "nonebot", "locust", "streamlit", "invoke", "fabric", "pytest_plugins", "pyramid", "tornado_autoreload", "connexion", "sanic", "litestar",
})  # fmt: skip
_SCRIPT_FINDS: Final = frozenset({"readdirSync", "readdir", "glob", "globSync", "fork", "spawn", "exec", "execFile", "Worker", "child_process", "worker_threads", "cluster", "importScripts", "serviceWorker", "resolve"})  # fmt: skip
_GO_MODULE: Final = re.compile(r"^\s*module\s+\"?([^\s\"]+)", re.MULTILINE)


class Local:
    """The project's own modules."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._tails: defaultdict[str, list[str]] = defaultdict(list)
        self._folders: defaultdict[str, list[str]] = defaultdict(list)
        for path in files.sources:
            name = path.rpartition("/")[2]
            stem = posixpath.splitext(name)[0]
            self._tails[posixpath.basename(posixpath.dirname(path)) if stem in {"__init__", "index"} else stem].append(
                path
            )
            self._folders[posixpath.dirname(path)].append(path)
        self._known: dict[str, tuple[tuple[str, int], ...]] = {}
        self._declared: dict[str, list[str]] = {}
        for path, source in files.sources.items():
            if source.ecosystem == "maven":
                self._declared.setdefault(posixpath.splitext(posixpath.basename(path))[0], []).append(path)

    def targets(self, path: str) -> tuple[tuple[str, int], ...]:
        """Return the files that a file imports, each with the line."""
        if path not in self._known:
            source = self._files.sources[path]
            self._known[path] = tuple(dict.fromkeys(self._of(source)))
        return self._known[path]

    def _of(self, source: Source) -> Iterator[tuple[str, int]]:
        if source.ecosystem == "maven":
            for word in source.words & self._declared.keys():
                yield from ((each, 1) for each in self._declared[word])
            return
        if source.ecosystem == "golang":
            for each in self._folders[posixpath.dirname(source.path)]:
                if self._is_built(each):
                    yield each, 1
        if source.broken:
            for word in source.words & self._tails.keys():
                yield from ((each, 1) for each in self._tails[word])
        for one in source.imports:
            if not one.types:
                yield from ((path, one.line) for path in self.files_of(source, one))
        for text, line in source.strings.items():
            yield from ((named, line) for named in self._named(source, text))

    def files_of(self, source: Source, each: Import) -> list[str]:
        """Return the files that one import may mean."""
        match source.ecosystem:
            case "pypi":
                return self._python(source.path, each)
            case "npm":
                return self._script(source.path, each.module)
            case "golang":
                return self._go(each.module)
        return []

    def _named(self, source: Source, text: str) -> list[str]:
        """Return the files that a string names: `shop.views:app`, `./worker.js`."""
        if source.ecosystem == "pypi" and "." in text.strip("."):
            name = text.partition(":")[0]
            whole = [each for each in (name.removeprefix("./"),) if each in self._files.sources]
            parts = name.split(".")
            ways = (parts, parts[:-1]) if len(parts) > 1 and all(parts) and "/" not in name else ()
            return [*whole, *(found for way in ways for found in self._python_module("", list(way), relative=False))]
        if source.ecosystem == "npm" and "/" in text and text[0] in "./":
            return self._script(source.path, text)
        return []

    def _python(self, path: str, each: Import) -> list[str]:
        name = each.module.lstrip(".")
        dots = len(each.module) - len(name)
        base = ""
        if dots:
            base = posixpath.dirname(path)
            for _ in range(dots - 1):
                base = posixpath.dirname(base)
        found: list[str] = []
        parts = [part for part in name.split(".") if part]
        for end in range(1, len(parts) + 1):
            found += self._python_module(base, parts[:end], relative=bool(dots))
        for taken, _ in each.names:
            found += self._python_module(base, [*parts, taken], relative=bool(dots))
        if dots and not parts:
            found += [one for one in (posixpath.join(base, "__init__.py"),) if one in self._files.sources]
        if each.all:
            folder = posixpath.join(base, *parts) if dots else None
            found += [one for one in self._folders.get(folder, ()) if one.endswith(".py")] if folder is not None else []
        return found

    def _python_module(self, base: str, parts: list[str], *, relative: bool) -> list[str]:
        ending = "/".join(parts)
        if relative:
            start = posixpath.join(base, ending)
            return [one for one in (f"{start}.py", f"{start}/__init__.py") if one in self._files.sources]
        wanted = (f"{ending}.py", f"{ending}/__init__.py", ending)
        return [
            one for one in self._tails.get(parts[-1], ())
            if any(one == each or one.endswith(f"/{each}") for each in wanted)
        ]  # fmt: skip

    def _script(self, path: str, module: str) -> list[str]:
        module = module.partition("?")[0].partition("!")[2] or module.partition("?")[0]
        if module.startswith((".", "/")):
            base = posixpath.normpath(
                posixpath.join(posixpath.dirname(path), module.lstrip("/") if module.startswith("/") else module)
            )
            return self._script_files("" if base == "." else base)
        head = "/".join(
            module.split("/")[: 2 if module.startswith("@") and len(module) > 1 and module[1] != "/" else 1]
        )
        found: list[str] = []
        if head in self.workspaces:
            folder = self.workspaces[head]
            inner = module[len(head) :].strip("/")
            exact = self._script_files(posixpath.join(folder, inner)) if inner else []
            return exact or [each for each in self._files.sources if not folder or each.startswith(f"{folder}/")]
        for tail in {module, re.sub(r"^(?:[@~#$]?[\w-]*/)", "", module)}:
            stem = re.sub(r"\.[cm]?[jt]sx?$", "", tail).strip("/")
            for each in self._tails.get(stem.rpartition("/")[2], ()):
                bare = posixpath.splitext(each)[0].removesuffix("/index")
                if (bare == stem or bare.endswith(f"/{stem}")) and (
                    "/" in module or bare == stem or module[0] in "#@~"
                ):
                    found.append(each)
        return found

    def _script_files(self, base: str) -> list[str]:
        bare = re.sub(r"\.[cm]?jsx?$", "", base)
        options = [
            base,
            *(bare + end for end in _ENDINGS),
            *(base + end for end in _ENDINGS),
            *(posixpath.join(base, "index" + end) for end in _ENDINGS),
        ]
        found = [each for each in dict.fromkeys(options) if each in self._files.sources]
        if not found and base in self._packages_by_folder:
            found = [each for each in self._files.sources if each.startswith(f"{base}/")]
        return found

    @cached_property
    def workspaces(self) -> dict[str, str]:
        """Return the folders of the project's own npm packages by their names."""
        return {
            name: folder
            for folder, package in self._packages_by_folder.items()
            if isinstance(name := package.get("name"), str) and name
        }

    @cached_property
    def _packages_by_folder(self) -> dict[str, dict[str, Any]]:
        return {posixpath.dirname(path): value for path, value in self.json_files("package.json")}

    def json_files(self, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the JSON objects in files of a name."""
        for path in self._files.names:
            if path.rpartition("/")[2] == name and (data := self._files.data(path)) is not None:
                try:
                    value = json.loads(data)
                except (ValueError, RecursionError):
                    continue
                if isinstance(value, dict):
                    yield path, value

    @cached_property
    def go_modules(self) -> dict[str, str]:
        """Return the folders of the Go modules in the tree by their paths; vendored packages stand below `vendor`."""
        found: dict[str, str] = {}
        for path in self._files.names:
            if path.rpartition("/")[2] == "go.mod" and (data := self._files.data(path)) is not None:
                match = _GO_MODULE.search(data.decode("utf-8", "replace"))
                found |= {match[1]: posixpath.dirname(path)} if match is not None else {}
        return found

    @cached_property
    def _vendors(self) -> tuple[str, ...]:
        return tuple(
            {
                path[: path.index("vendor/") + 7]
                for path in self._files.sources
                if path.startswith("vendor/") or "/vendor/" in path
            }
        )

    def _go(self, module: str) -> list[str]:
        found: list[str] = []
        for name, folder in self.go_modules.items():
            if module == name or module.startswith(f"{name}/"):
                found += self._folders.get(posixpath.join(folder, module[len(name) :].strip("/")).rstrip("/"), [])
        for vendor in self._vendors:
            found += self._folders.get(vendor + module, [])
        return [each for each in found if self._is_built(each)]

    def _is_built(self, path: str) -> bool:
        """Tell whether a Go file is a part of its package as others import it."""
        return path.endswith(".go") and not path.endswith("_test.go") and not self._files.sources[path].excluded

    def shadows(self, source: Source, top: str) -> bool:
        """Tell whether a Python file certainly gets the project's own module of a name, not an installed one."""
        folder = posixpath.dirname(source.path)
        files = self._files.sources
        beside = [
            each
            for each in (posixpath.join(folder, f"{top}.py"), posixpath.join(folder, top, "__init__.py"))
            if each in files
        ]
        if beside and posixpath.join(folder, "__init__.py") not in files and source.path not in beside:
            return folder == "" or source.starts
        rooted = any(each in files for each in (f"{top}.py", f"{top}/__init__.py"))
        return rooted and not any(
            "/" in each.path and each.starts for each in files.values() if each.ecosystem == "pypi"
        )

    def open_ended(self, ecosystem: str, running: Iterable[str]) -> bool:
        """Tell whether code may be started that nothing imports: found in a folder, named by a framework, published as a library."""
        finders = _FINDS_MODULES if ecosystem == "pypi" else _SCRIPT_FINDS if ecosystem == "npm" else frozenset()
        for path in running:
            source = self._files.sources[path]
            if source.ecosystem != ecosystem:
                continue
            if source.dynamic is not None or source.broken or source.words & finders:
                return True
            if ecosystem == "npm" and any(each.module in _CONVENTIONS for each in source.imports):
                return True
        if any(each == ecosystem for each in self._files.unread.values()) or not self._files.complete:
            return True
        if ecosystem == "npm":
            return any(self._published(each) for each in self._packages_by_folder.values())
        return ecosystem == "pypi" and self._is_library()

    @staticmethod
    def _published(package: dict[str, Any]) -> bool:
        needs = {
            name
            for key in ("dependencies", "devDependencies", "peerDependencies")
            if isinstance(package.get(key), dict)
            for name in package[key]
        }
        scripts = package.get("scripts")
        begins = isinstance(scripts, dict) and "start" in scripts
        return (
            bool(needs & _CONVENTIONS)
            or "exports" in package
            or "files" in package
            or (not begins and not package.get("private") and not package.get("bin"))
        )

    def _is_library(self) -> bool:
        for path in self._files.names:
            if path.rpartition("/")[2] in {"setup.py", "setup.cfg"}:
                return True
            if path.rpartition("/")[2] == "pyproject.toml" and (data := self._files.data(path)) is not None:
                words = data.decode("utf-8", "replace")
                if "build-system" in words and "scripts" not in words:
                    return True
        return False
