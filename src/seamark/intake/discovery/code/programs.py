"""The files of a tree that are programs: the frameworks that they use, and what makes them run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from seamark.intake.discovery.code.signs import MAINS, SCRIPT_FRAMEWORKS, SHORTEST_NAME, SIGNS, code_language, is_aside
from seamark.intake.discovery.tree import Tree, folder_of

LARGEST: Final = 1_000_000
"""Characters; larger files are generated, or data."""


class Use(NamedTuple):
    """A framework, or a way to start, seen in a file."""

    path: str
    line: int
    framework: str
    """Empty where the file is a program without any framework that is known."""
    kind: str
    runs: bool
    """Whether this makes a program; otherwise the framework is only used."""


def uses(tree: Tree) -> tuple[Use, ...]:
    """Return what the files of a tree use and which of them are programs; tests, examples and documentation left out."""
    found: list[Use] = []
    for path in tree.files:
        if is_aside(path):
            continue
        name = path.rpartition("/")[2]
        if name == "package.json":
            found += _package(tree, path)
        elif name.endswith((".csproj", ".fsproj", ".vbproj")):
            found += _project(tree, path)
        elif name in _BY_NAME:
            found += _named(tree, path, name)
        elif (language := code_language(path)) and (language in SIGNS or language in MAINS):
            text = tree.text(path)
            if text is not None and len(text) <= LARGEST:
                found += _code(path, text, "tsx" if name.endswith(".tsx") else language)
    return tuple(found)


def _code(path: str, text: str, language: str) -> Iterator[Use]:
    runs = False
    for sign in SIGNS.get(language, ()):
        if sign.hint not in text or (language == "python" and not _imported(sign.hint, text)):
            continue
        match = sign.runs.search(text) if sign.runs is not None else None
        runs = runs or match is not None
        if match is not None or (
            sign.kind not in _BY_ENTRY and (len(sign.hint) >= SHORTEST_NAME or language == "python")
        ):
            yield Use(path, _line(text, match.start()) if match else 0, sign.framework, sign.kind, match is not None)
    main = MAINS.get(language)
    if main is not None and (match := main.search(text)) is not None:
        yield Use(path, _line(text, match.end()), "", "", True)
    elif language == "python" and not runs and _SCRIPT_MAIN.search(text) and path.rpartition("/")[2] in _PYTHON_STARTS:
        yield Use(path, 1, "", "", True)


_BY_ENTRY: Final = frozenset({"cli", "job", "function"})
"""Kinds that only an entry point proves: many import what makes them."""
_SCRIPT_MAIN: Final = re.compile(r"^if __name__ == ['\"]__main__['\"]", re.MULTILINE)
_PYTHON_STARTS: Final = frozenset({"main.py", "app.py", "server.py", "run.py", "worker.py", "__main__.py", "serve.py"})


def _imported(hint: str, text: str) -> bool:
    """Tell whether a Python file imports a module, not only speaks of it."""
    if hint == "lambda_handler":
        return True
    return re.search(rf"^[ \t]*(?:from|import)[ \t]+[\w., ]*{re.escape(hint)}", text, re.MULTILINE) is not None


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


_STARTERS: Final = frozenset({"start", "dev", "serve", "develop"})
_FRONT_STARTS: Final = _STARTERS | {"build"}


def load_json(tree: Tree, path: str) -> Any:
    """Return what a JSON file says; None where it is broken."""
    data = tree.data(path)
    try:
        return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf")) if data is not None else None
    except (msgspec.DecodeError, RecursionError):
        return None


_BUILT_AWAY: Final = frozenset({"svelte", "astro", "solid", "preact"})
"""Frameworks that nothing is left of at run time: projects keep them with their tools."""


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _package(tree: Tree, path: str) -> Iterator[Use]:
    content = load_json(tree, path)
    if not isinstance(content, dict):
        return
    own, tools = _mapping(content.get("dependencies")), _mapping(content.get("devDependencies"))
    packages = own.keys() | tools.keys()
    scripts = _mapping(content.get("scripts"))
    names = scripts.keys()
    front = False
    for package, (framework, kind) in SCRIPT_FRAMEWORKS.items():
        if package not in packages:
            continue
        is_front = kind == "frontend" or framework in {"next", "nuxt", "remix"}
        # A library of components names its framework as well, but lets others bring it.
        runs = is_front and not front and (package in own or framework in _BUILT_AWAY) and bool(names & _FRONT_STARTS)
        runs = runs and not ({"exports", "module", "peerDependencies"} & content.keys() and "start" not in names)
        front = front or runs
        yield Use(path, 0, framework, kind, runs)
    start = scripts.get("start")
    if isinstance(start, str) and _NODE.match(start):
        yield Use(path, 0, "", "web" if packages & _SERVERS else "", True)
    elif content.get("bin") and isinstance(content["bin"], str | dict):
        yield Use(path, 0, "", "cli", True)


_NODE: Final = re.compile(
    r"(?:[A-Z_]+=\S+ +){0,8}(?:cross-env\b.*)?\b(?:node|nodemon|ts-node|tsx|pm2|nest start|bun|deno)\b"
)
_SERVERS: Final = frozenset({"express", "koa", "fastify", "@nestjs/core", "@hapi/hapi", "hono", "@grpc/grpc-js"})


def _project(tree: Tree, path: str) -> Iterator[Use]:
    text = (tree.text(path) or "")[:LARGEST]
    if "Microsoft.NET.Test.Sdk" in text or "<IsTestProject>true" in text:
        return
    if 'Sdk="Microsoft.NET.Sdk.Web"' in text:
        yield Use(path, 1, "aspnet", "web", True)
    elif 'Sdk="Microsoft.NET.Sdk.Worker"' in text:
        yield Use(path, 1, "worker", "worker", True)
    elif 'Sdk="Microsoft.NET.Sdk.BlazorWebAssembly"' in text:
        yield Use(path, 1, "blazor", "frontend", True)
    elif "<OutputType>Exe" in text:
        yield Use(path, _line(text, text.index("<OutputType>Exe")), "", "", True)


_BY_NAME: Final = frozenset(
    {
        "manage.py",
        "config.ru",
        "artisan",
        "serverless.yml",
        "serverless.yaml",
        "Procfile",
        "host.json",
        "composer.json",
        "Gemfile",
        "mix.exs",
    }
)


def _named(tree: Tree, path: str, name: str) -> Iterator[Use]:
    text = (tree.text(path) or "")[:LARGEST]
    if name == "manage.py" and "DJANGO_SETTINGS_MODULE" in text:
        yield Use(path, 1, "django", "web", True)
    elif name == "config.ru" and text.strip():
        yield Use(path, 1, "rails" if "Rails" in text else "rack", "web", True)
    elif name == "artisan" and "laravel" in text.lower():
        yield Use(path, 1, "laravel", "web", True)
    elif name.startswith("serverless."):
        if "functions:" in text:
            yield Use(path, 1, "serverless", "function", True)
    elif name == "Procfile":
        for number, row in enumerate(text.splitlines()[:50], start=1):
            word = row.partition(":")[0].strip()
            if word.isidentifier():
                yield Use(path, number, "", "web" if word == "web" else "worker", True)
    elif name == "host.json" and '"version"' in text and "extensionBundle" in text:
        yield Use(path, 1, "azure-functions", "function", True)
    elif name == "composer.json":
        for package, framework in (
            ("laravel/framework", "laravel"),
            ("symfony/framework-bundle", "symfony"),
            ("slim/slim", "slim"),
        ):
            if f'"{package}"' in text.partition('"require-dev"')[0]:
                yield Use(
                    path,
                    1,
                    framework,
                    "web",
                    framework == "symfony" and tree.has(f"{folder_of(path)}/bin/console".lstrip("/")),
                )
    elif name == "Gemfile":
        for gem, kind in (("rails", "web"), ("sinatra", "web"), ("sidekiq", ""), ("puma", "")):
            if re.search(rf"^[ \t]*gem ['\"]{gem}['\"]", text, re.MULTILINE):
                yield Use(path, 0, gem, kind, False)
    elif name == "mix.exs" and ":phoenix," in text:
        yield Use(path, 0, "phoenix", "web", False)


__all__ = ["Use", "load_json", "uses"]
