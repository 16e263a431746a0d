"""The addresses that the code of a working tree answers at, and who answers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from msgspec.structs import replace

from seamark.core.checkout import Route
from seamark.intake.discovery import openapi, syntax
from seamark.intake.discovery.frameworks import django, dotnet, go, java, javascript, laravel, nest, python, rails
from seamark.intake.discovery.frameworks.facts import ALL_ROUTERS, NOWHERE, Declared, Facts, Source, join
from seamark.intake.discovery.modules import Modules
from seamark.intake.discovery.scopes import Scope, ScopeTable, scopes_of
from seamark.intake.discovery.walk import files_in, read_file

MOST_ROUTES = 50_000
_DEEPEST_MOUNT, _MOST_PREFIXES = 8, 16
"""How deep routers are followed, and below how many addresses one of them may hang."""

_READERS: dict[str, tuple[ModuleType, ...]] = {
    "csharp": (dotnet,), "go": (go,), "java": (java,), "javascript": (javascript,), "php": (laravel,), "python": (python, django),
    "ruby": (rails,), "tsx": (javascript, nest), "typescript": (javascript, nest),
}  # fmt: skip


def routes_in(root: Path) -> list[Route]:
    """Return the routes of a tree, from source and from OpenAPI documents, ordered by path and method.

    Files beyond the bounds of `walk.files_in`, files over 2 MB and broken documents are passed over.
    """
    paths, _ = files_in(root)
    tree = _Tree(root, paths)
    described: list[Route] = []
    for path in paths:
        if path.endswith((".json", ".yaml", ".yml")):
            data = read_file(root / path, syntax.LARGEST_FILE)
            if data is not None and any(hint in data[:4000] for hint in openapi.HINTS):
                described += openapi.read_openapi(data)
        elif readers := _READERS.get(syntax.language_of(path)):
            tree.take(path, readers)
    found = {replace(each, path=template(each.path)): None for each in described}
    for route in tree.routes():
        if len(found) >= MOST_ROUTES:
            break
        found[route] = None
    return sorted(found, key=lambda each: (each.path, each.method, each.file, each.line))


_TEMPLATES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\(\.:format\)|\{\$\}"), ""),
    (re.compile(r"<(?:[^<>]*:)?(\w+)>"), r"{\1}"),
    (re.compile(r"\{(?:int|str|path|uuid|slug|float):(?!(?:int|path|guid|long|bool|alpha)\})(\w+)\}"), r"{\1}"),
    (re.compile(r"\{\**(\w+)(?:[^{}]|\{[^{}]*\})*\}"), r"{\1}"),
    (re.compile(r":([A-Za-z_]\w*)(?:\((?:[^()]|\([^()]*\))*\))?[?*+]?"), r"{\1}"),
    (re.compile(r"(?<=/)\*(\w+)"), r"{\1}"),
    (re.compile(r"(?<=/)\*+$"), "{path}"),
    (re.compile(r"[()?]"), ""),
    (re.compile(r"/{2,}"), "/"),
)


def template(path: str) -> str:
    """Return a path as frameworks write it, with every parameter as `{name}`: `/orders/<int:id>/` is `/orders/{id}`."""
    for pattern, by in _TEMPLATES:
        path = pattern.sub(by, path)
    return "/" + path.strip("/")


_PARAMETER = re.compile(r"\{(\w+)\}")
_TAKEN = {
    "python": r"request\.(?:args|form|values|cookies|headers|files|GET|POST|query_params)(?:\.get(?:list)?\(|\[)\s*['\"]([\w.-]+)",
    "javascript": r"\b(?:req|request|ctx(?:\.request)?)\.(?:query|body|params|cookies)\.(\w+)",
    "java": r"@(?:RequestParam|PathVariable|QueryParam|FormParam|RequestHeader)\(\s*(?:(?:value|name)\s*=\s*)?\"([\w.-]+)|getParameter\(\"([\w.-]+)",
    "go": r"\.(?:Query|DefaultQuery|PostForm|QueryParam|FormValue|PathValue|PostFormValue)\(\"([\w.-]+)|\.Query\(\)\.Get\(\"([\w.-]+)",
    "ruby": r"\bparams(?:\[|\.(?:require|fetch)\(|\.dig\()\s*:?['\"]?([\w-]+)",
    "php": r"->(?:input|query|get|post|string|integer|boolean|file)\(['\"]([\w.-]+)",
    "csharp": r"\[From(?:Query|Form|Header|Route)\(Name\s*=\s*\"([\w.-]+)|Request\.(?:Query|Form)\[\"([\w.-]+)",
}  # fmt: skip
_TAKES = {language: re.compile(pattern) for language, pattern in _TAKEN.items()}
_TAKES |= {"typescript": _TAKES["javascript"], "tsx": _TAKES["javascript"]}
_LONGEST_HANDLER = 2_000
"""Lines of a handler that are searched for the parameters it takes."""


class _Place(NamedTuple):
    file: str
    router: str


class _Read:
    """A file's source and scopes, for handlers."""

    def __init__(self, data: bytes, language: str) -> None:
        self.lines = data.split(b"\n")
        self.language = language
        scopes = scopes_of(data, language)
        self.table = ScopeTable(scopes)
        self._named: defaultdict[str, list[Scope]] = defaultdict(list)
        for scope in scopes:
            for name in {scope.name, "." + scope.name.rpartition(".")[2]}:
                self._named[name].append(scope)

    def named(self, name: str) -> Scope | None:
        """Return the scope of a name; where only its last part fits, it must be the only one."""
        fitting = self._named.get(name) or self._named.get("." + name.rpartition(".")[2], [])
        return fitting[0] if len(fitting) == 1 else None

    def parameters(self, first: int, last: int) -> Iterator[str]:
        """Yield the names that the code between two lines takes from a request."""
        if pattern := _TAKES.get(self.language):
            code = b"\n".join(self.lines[first - 1 : min(last, first + _LONGEST_HANDLER)]).decode("utf-8", "replace")
            for match in pattern.finditer(code):
                yield match[match.lastindex or 1]


class _Tree:
    """Puts together what the files say."""

    def __init__(self, root: Path, paths: list[str]) -> None:
        self._root = root
        self._modules = Modules(paths)
        self._facts: dict[str, Facts] = {}
        self._reads: dict[str, _Read | None] = {}
        self._known: dict[tuple[_Place, str], list[str]] = {}
        self._hung: set[_Place] = set()
        """Routers that their own file hangs somewhere."""
        self._mounts: defaultdict[_Place, list[tuple[_Place, str]]] = defaultdict(list)

    def take(self, path: str, readers: tuple[ModuleType, ...]) -> None:
        """Read a file's facts where one of the readers' words is in it."""
        data = read_file(self._root / path, syntax.LARGEST_FILE)
        chosen = [each for each in readers if data is not None and any(hint in data for hint in each.HINTS)]
        if data is None or not chosen or syntax.is_binary(data):
            return
        language = syntax.language_of(path)
        source = Source(path, syntax.parse(data, language).root_node, language, data)
        for reader in chosen:
            read: Callable[[Source], Facts] = reader.read
            facts = read(source)
            if known := self._facts.get(path):
                known.declared += facts.declared
                known.mounts += facts.mounts
                known.routers |= facts.routers
            else:
                self._facts[path] = facts

    def routes(self) -> Iterator[Route]:
        """Yield the routes of all files that were taken."""
        for path, facts in self._facts.items():
            for mount in facts.mounts:
                self._hung.add(_Place(path, mount.target))
                for target in self._locate(path, mount.target):
                    if target.file:
                        self._mounts[target].append((_Place(path, mount.router), mount.prefix))
        for path, facts in self._facts.items():
            for declared in facts.declared:
                yield from self._placed(path, declared)

    def _placed(self, path: str, declared: Declared) -> Iterator[Route]:
        if declared.span != NOWHERE:
            read = self._read(path)
            file, (line, end_line) = path, declared.span
            scope = read.table.at(line) if read is not None else ""
        else:
            file, found = self._handler(path, declared.handler) if declared.handler else (path, None)
            line, end_line, scope = (found.first, found.last, found.name) if found is not None else (0, 0, "")
            read = self._read(file) if found is not None else None
        taken = list(read.parameters(line, end_line)) if read is not None else []
        router = next(iter(self._locate(path, declared.router)), _Place(path, "")) if declared.router else None
        for prefix in self._prefixes(router, declared.origin) if router is not None else [""]:
            whole = template(join(prefix, declared.path))
            yield Route(
                path=whole, method=declared.method, file=file, line=line, end_line=end_line, scope=scope, origin=declared.origin,
                parameters=tuple(dict.fromkeys([*_PARAMETER.findall(whole), *taken])),
            )  # fmt: skip

    def _prefixes(self, router: _Place, origin: str, depth: int = 0) -> list[str]:
        """Return the addresses below which a router hangs."""
        known = self._known.get((router, origin))
        if known is not None:
            return known
        facts = self._facts.get(router.file)
        own = facts.routers.get(router.router, "") if facts is not None else ""
        self._known[router, origin] = [own]  # what routers that hang below each other in a circle find
        mounts = self._mounts.get(router, [])
        if router not in self._hung:
            mounts = mounts + self._mounts.get(_Place(router.file, ALL_ROUTERS), [])
        found: dict[str, None] = {}
        for above, prefix in mounts if depth < _DEEPEST_MOUNT else ():
            # Flask: what is given at registration takes the place of the blueprint's own.
            below = join(prefix, "" if prefix and origin in {"flask", "quart"} else own)
            found |= dict.fromkeys(join(each, below) for each in self._prefixes(above, origin, depth + 1))
            if len(found) >= _MOST_PREFIXES:
                break
        self._known[router, origin] = list(found)[:_MOST_PREFIXES] or [own]
        return self._known[router, origin]

    def _locate(self, path: str, expression: str) -> Iterator[_Place]:
        """Yield where a name of a file may stand: in the file that it is imported from, else in this one."""
        if ":" in expression:
            module, _, name = expression.rpartition(":")
            yield _Place(self._modules.find(path, module), name)
            return
        head, _, rest = expression.partition(".")
        facts = self._facts.get(path)
        imported = facts.imports.get(head) if facts is not None else None
        if imported is None or (facts is not None and expression in facts.routers):
            yield _Place(path, expression)
            return
        if imported.name and imported.name != ALL_ROUTERS and path.endswith(".py"):
            module = imported.module + ("" if imported.module.endswith(".") else ".") + imported.name
            if file := self._modules.find(path, module):
                yield _Place(file, rest or ALL_ROUTERS)
                return
        file = self._modules.find(path, imported.module)
        default = imported.name == ALL_ROUTERS
        name = (rest or ALL_ROUTERS) if default else ".".join(filter(None, [imported.name, rest])) or ALL_ROUTERS
        target = self._facts.get(file)
        if not default and target is not None and name not in target.routers and not path.endswith(".py"):
            yield _Place(file, ALL_ROUTERS)
        yield _Place(file, name)

    def _handler(self, path: str, expression: str) -> tuple[str, Scope | None]:
        """Return file and scope of a handler; the file that names it where it is not found."""
        head, _, rest = expression.partition(".")
        facts = self._facts.get(path)
        if path.endswith(".go"):
            imported = facts.imports.get(head) if facts is not None and rest else None
            files = self._modules.packages(path, imported.module if imported is not None else "")
            places = [
                _Place(file, rest if imported is not None else expression) for file in files if file.endswith(".go")
            ]
        else:
            places = [place for place in self._locate(path, expression) if place.file and place.router != ALL_ROUTERS]
        found = [
            (place.file, scope)
            for place in places
            if (read := self._read(place.file)) is not None and (scope := read.named(place.router)) is not None
        ]
        return found[0] if len(found) == 1 else (path, None)

    def _read(self, path: str) -> _Read | None:
        if path not in self._reads:
            data = read_file(self._root / path, syntax.LARGEST_FILE)
            self._reads[path] = (
                _Read(data, syntax.language_of(path)) if data is not None and not syntax.is_binary(data) else None
            )
        return self._reads[path]
