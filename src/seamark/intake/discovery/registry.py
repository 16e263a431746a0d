"""Which extractors there are: those in `extractors`, and those that other packages bring."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from seamark.core.assets import Found, Listing, Relation
from seamark.core.errors import BrokenPlugin
from seamark.core.plugins import load
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
    load("extractor", package="seamark.intake.discovery.extractors", group="seamark.discovery")
    return tuple(_EXTRACTORS[name] for name in sorted(_EXTRACTORS))
