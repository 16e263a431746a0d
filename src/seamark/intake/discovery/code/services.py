"""Which folders of a tree are services: something that runs, as its entry points and frameworks prove."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

from seamark.core.assets import AssetKind, AssetRef
from seamark.core.checkout import Route
from seamark.intake.discovery.code.plain_routes import plain_routes
from seamark.intake.discovery.code.programs import Use, uses
from seamark.intake.discovery.code.signs import code_language, is_aside
from seamark.intake.discovery.routes import routes_in
from seamark.intake.discovery.tree import Tree, folder_of

UNIT_FILES: Final = frozenset(
    "package.json pyproject.toml setup.py requirements.txt Pipfile pom.xml build.gradle build.gradle.kts go.mod Cargo.toml Gemfile composer.json mix.exs"  # noqa: SIM905
    " pubspec.yaml deno.json manage.py artisan config.ru serverless.yml serverless.yaml Procfile Dockerfile Containerfile host.json build.sbt CMakeLists.txt".split()
)
"""Files that make their folder a unit of its own: sources belong to the nearest unit above them."""
_UNIT_ENDINGS: Final = (".csproj", ".fsproj", ".vbproj")
_DOCKERFILE: Final = re.compile(
    r"(?:[^/]*/)*(?:(?:Docker|Container)file(?:\.[\w.-]+)?|[\w.-]+\.(?:Docker|Container)file)", re.IGNORECASE
)
_KINDS: Final = ("web", "frontend", "worker", "function", "job", "cli")
MOST_ENTRY_POINTS: Final = 20


class Service(NamedTuple):
    """Something that runs, told by its folder."""

    folder: str
    ref: AssetRef
    kind: str
    """`web`, `worker`, `job`, `cli`, `frontend`, `function`; empty where it is not known."""
    language: str
    languages: dict[str, int]
    """Bytes by language."""
    frameworks: tuple[str, ...]
    entry_points: tuple[str, ...]
    at: str
    confidence: float
    why: str


class Services:
    """The services of a tree, and to which of them a file belongs."""

    def __init__(self, found: Iterable[Service]) -> None:
        self.by_folder = {each.folder: each for each in sorted(found)}

    def of(self, path: str) -> Service | None:
        """Return the service that a file belongs to: the nearest one at or above it."""
        folder = path
        while folder:
            folder = folder_of(folder)
            if (found := self.by_folder.get(folder)) is not None:
                return found
        return self.by_folder.get("")


def services(tree: Tree) -> Services:
    """Return the services of a tree; ask with `tree.once(services)`."""
    return _Finder(tree).find()


def code_routes(tree: Tree) -> tuple[Route, ...]:
    """Return the addresses that the code answers at, those of tests and examples left out; ask with `tree.once(code_routes)`."""
    found = [each for each in routes_in(tree.root) if each.file and not is_aside(each.file)]
    plain = tree.once(plain_routes)
    named: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for each in plain:
        named[each.file, each.method].append(each.line)
    # An attribute without an address (`[HttpGet]`) leaves the address to the controller's name.
    found = [
        each
        for each in found
        if each.path != "/"
        or not any(each.line <= line <= each.end_line for line in named.get((each.file, each.method), ()))
    ]
    known = {(each.file, each.method, each.path) for each in found}
    return (*found, *(each for each in plain if (each.file, each.method, each.path) not in known))


class _Finder:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._units: set[str] = set()
        self._containers: dict[str, str] = {}
        self._libraries: set[str] = set()
        """Folders whose manifest says whether they are programs."""
        for path in tree.files:
            folder, _, name = path.rpartition("/")
            if name in UNIT_FILES or name.endswith(_UNIT_ENDINGS):
                self._units.add(folder)
            if name.endswith(_UNIT_ENDINGS):
                self._libraries.add(folder)
            if _DOCKERFILE.fullmatch(name) and not is_aside(path) and ".devcontainer" not in path:
                self._containers.setdefault(folder, path)

    def find(self) -> Services:
        by_folder: defaultdict[str, list[Use]] = defaultdict(list)
        mains: defaultdict[str, set[str]] = defaultdict(set)
        all_uses = self._tree.once(uses)
        for use in all_uses:
            unit = self._unit(use.path)
            by_folder[unit].append(use)
            if use.runs and use.path.endswith(".go"):
                mains[unit].add(folder_of(use.path))
        for unit, folders in mains.items():
            if len({each for each in folders if self._is_main(each, by_folder[unit])}) > 1:
                self._part(unit, folders, by_folder)
        routed: defaultdict[str, list[Route]] = defaultdict(list)
        for route in self._tree.once(code_routes):
            routed[self._unit(route.file)].append(route)
        sizes = self._sizes()
        folders = {folder for folder, used in by_folder.items() if any(use.runs for use in used)}
        # An image that is built inside of a service is one of its tools: generated code, a database for its tests.
        folders |= {
            folder
            for folder in self._containers
            if (sizes.get(folder) or by_folder.get(folder))
            and not (folder and _inside(folder_of(folder), folders - {""}))
        }
        folders |= {folder for folder in routed if not _inside(folder, folders) and folder not in self._libraries}
        return Services(
            found
            for folder in folders
            if (found := self._service(folder, by_folder[folder], routed[folder], _shares(folder, folders, sizes)))
        )

    def _unit(self, path: str) -> str:
        folder = folder_of(path)
        while folder and folder not in self._units:
            folder = folder_of(folder)
        return folder

    def _is_main(self, folder: str, used: list[Use]) -> bool:
        return any(not use.framework and use.runs and folder_of(use.path) == folder for use in used)

    def _part(self, unit: str, folders: set[str], by_folder: defaultdict[str, list[Use]]) -> None:
        """A Go module with several programs: each is a service of its own."""
        kept = []
        mains = {each for each in folders if self._is_main(each, by_folder[unit])}
        for use in by_folder[unit]:
            folder = folder_of(use.path)
            if folder in mains:
                by_folder[folder] = [*by_folder[folder], use] if folder != unit else by_folder[folder]
                if folder != unit:
                    continue
            kept.append(use if folder in mains or not use.path.endswith(".go") else use._replace(runs=False))
        by_folder[unit] = kept

    def _sizes(self) -> dict[str, Counter[str]]:
        """Return the bytes by language of each folder that holds code, its own files only."""
        found: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for path in self._tree.files:
            if language := code_language(path):
                try:
                    size = (self._tree.root / path).lstat().st_size
                except OSError:
                    continue
                found[folder_of(path)][language] += size
        return found

    def _service(self, folder: str, used: list[Use], routed: list[Route], languages: Counter[str]) -> Service | None:
        starts = [use for use in used if use.runs]
        kinds = {use.kind for use in (starts or used)}
        frameworks = tuple(dict.fromkeys(use.framework for use in [*starts, *used] if use.framework))
        kind = next((each for each in _KINDS if each in kinds), "")
        container = self._containers.get(folder, "")
        if not kind:
            kind = next((each for each in _KINDS if each in {use.kind for use in used}), "web" if routed else "")
        if starts:
            first = next((use for use in starts if use.framework), starts[0])
            at = f"{first.path}:{first.line}" if first.line else first.path
            why = f"{first.framework or 'a program'} starts here"
            confidence = 1.0 if container or kind in {"web", "frontend", "function"} else 0.8
        elif container:
            at, why, confidence = container, "a container image is built here", 0.8
        elif routed:
            at, why, confidence = f"{routed[0].file}:{routed[0].line}", "its code answers requests", 0.6
        else:
            return None
        ranked = sorted(languages.items(), key=lambda pair: (-pair[1], pair[0]))
        language = next((name for name, _ in ranked if name not in {"shell", "c"} or len(ranked) == 1), "")
        points = tuple(dict.fromkeys(use.path for use in starts))[:MOST_ENTRY_POINTS]
        return Service(
            folder, self._tree.ref(AssetKind.SERVICE, folder), kind, language, dict(ranked), frameworks, points, at, confidence, why
        )  # fmt: skip


def _inside(folder: str, folders: set[str]) -> bool:
    while folder:
        if folder in folders:
            return True
        folder = folder_of(folder)
    return "" in folders


def _shares(folder: str, folders: set[str], sizes: dict[str, Counter[str]]) -> Counter[str]:
    """Return the bytes by language below a folder, without what belongs to another service."""
    total: Counter[str] = Counter()
    for inner, counted in sizes.items():
        at: str = inner
        while at and at != folder and at not in folders:
            at = folder_of(at)
        if at == folder:
            total += counted
    return total
