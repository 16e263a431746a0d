"""Which extractors there are: those in `extractors`, and those that other packages bring."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points

from seamark.core.assets import Found, Listing, Relation
from seamark.core.errors import BrokenPlugin
from seamark.intake.discovery.tree import Tree

Fact = Found | Relation | Listing
Extract = Callable[[Tree], Iterator[Fact]]


@dataclass(frozen=True)
class Extractor:
    """A reader of one sort of file: what it looks for, and the generator that does."""

    name: str
    title: str
    """For people: `Dockerfiles and their base images`."""
    extract: Extract


_EXTRACTORS: dict[str, Extractor] = {}


def extractor(name: str, *, title: str) -> Callable[[Extract], Extract]:
    """Declare a generator as an extractor: `@extractor("dockerfile", title="Dockerfiles")`. One module, nothing else to edit."""

    def declare(extract: Extract) -> Extract:
        if name in _EXTRACTORS:
            raise BrokenPlugin(f"Two extractors are called {name!r}")
        _EXTRACTORS[name] = Extractor(name, title, extract)
        return extract

    return declare


@cache
def extractors() -> tuple[Extractor, ...]:
    """Return all extractors by name. Raises `BrokenPlugin` where one that is installed cannot be loaded."""
    package = importlib.import_module("seamark.intake.discovery.extractors")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    for entry in entry_points(group="seamark.discovery"):
        try:
            entry.load()
        except Exception as error:  # noqa: BLE001 - whatever a plug-in raises, it is named
            raise BrokenPlugin(f"The extractor {entry.name!r} cannot be loaded: {error}") from None
    return tuple(_EXTRACTORS[name] for name in sorted(_EXTRACTORS))
