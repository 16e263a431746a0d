"""Packages of GitLab's dependency and container reports: names, ecosystems and the ways they come in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from seamark.intake.parsers.formats.gitlab.model import Dependency, DependencyFile, Place
from seamark.intake.parsers.kit import Component
from seamark.intake.parsers.kit.packages import package

_LOCK_FILES = {
    "go.sum": "golang", "go.mod": "golang", "go.list": "golang", "package-lock.json": "npm", "yarn.lock": "npm",
    "pnpm-lock.yaml": "npm", "npm-shrinkwrap.json": "npm", "gemfile.lock": "gem", "gems.locked": "gem",
    "composer.lock": "composer", "requirements.txt": "pypi", "pipfile.lock": "pypi", "poetry.lock": "pypi",
    "uv.lock": "pypi", "pipfile": "pypi", "setup.py": "pypi", "pipdeptree.json": "pypi", "pom.xml": "maven",
    "build.gradle": "maven", "build.gradle.kts": "maven", "build.sbt": "maven", "maven.graph.json": "maven",
    "gradle.lockfile": "maven", "packages.lock.json": "nuget", "conan.lock": "conan", "cargo.lock": "cargo",
    "pubspec.lock": "pub", "podfile.lock": "cocoapods", "package.resolved": "swift",
}  # fmt: skip


class Packages:
    """What the report says about all packages of each lock file, affected or not."""

    def __init__(self, files: Iterable[DependencyFile]) -> None:
        self._files = [(each.path or "", each.package_manager or "", each.dependencies or ()) for each in files]
        self._managers = {path: manager for path, manager, _ in self._files if manager}
        self._steps: dict[tuple[str, int | None], str] = {
            (path, each.iid): _step(each) for path, _, all_ in self._files for each in all_ if each.iid is not None
        }
        self._entries = {(path, _name(each), each.version): each for path, _, all_ in self._files for each in all_}

    def of(self, place: Place) -> Component | None:
        """Return the package at fault, or None where the place names none."""
        given = place.dependency
        if given is None or not (name := _name(given)):
            return None
        path = place.file or ""
        version = given.version or ""
        if place.image or place.operating_system:
            return _of_system(place.operating_system or "", name, version)
        entry = self._entries.get((path, name, given.version), given)
        direct = given.direct if given.direct is not None else entry.direct
        return _component(self._ecosystem(path), name, version, direct)

    def ways(self, place: Place) -> tuple[tuple[str, ...], ...]:
        """Return how the package comes in, where the report says so."""
        given = place.dependency
        if given is None:
            return ()
        path = place.file or ""
        entry = self._entries.get((path, _name(given), given.version), given)
        above = given.dependency_path or entry.dependency_path or ()
        steps = [self._steps.get((path, step.iid), "") for step in above]
        if not steps or not all(steps):
            return ()
        return ((*steps, _step(given)),)

    def components(self) -> Iterator[Component]:
        """Yield the packages of all lock files."""
        for path, _, dependencies in self._files:
            ecosystem = self._ecosystem(path)
            for each in dependencies:
                if name := _name(each):
                    yield _component(ecosystem, name, each.version or "", each.direct)

    def _ecosystem(self, path: str) -> str:
        return self._managers.get(path) or _LOCK_FILES.get(path.rpartition("/")[2].lower(), "")


def _name(dependency: Dependency) -> str:
    return ((dependency.package.name or "") if dependency.package else "").strip()


def _step(dependency: Dependency) -> str:
    name = _name(dependency)
    return f"{name}@{dependency.version}" if dependency.version and name else name


@lru_cache(maxsize=65536)
def _component(ecosystem: str, name: str, version: str, direct: bool | None) -> Component:
    found = package(ecosystem, name, version)
    if direct is None:
        return found
    return Component(name=found.name, version=version, purl=found.purl, direct=direct)


@lru_cache(maxsize=65536)
def _of_system(system: str, name: str, version: str) -> Component:
    """Return a package of an image; `debian:9.4` and `debian 10.9` both name the distribution."""
    family = system.replace(":", " ").split(" ", 1)[0]
    return package("" if family.lower() in {"unknown", "none"} else family, name, version)
