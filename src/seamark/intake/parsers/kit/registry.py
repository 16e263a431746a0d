"""Which parsers there are: those in `formats`, and those that other packages bring."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from seamark.core.errors import BrokenPlugin
from seamark.core.kind import Kind
from seamark.core.plugins import load
from seamark.core.report import Item
from seamark.intake.parsers.kit.probe import Looks

Read = Callable[..., Iterator[Item]]


@dataclass(frozen=True)
class Variant:
    """One shape of a format: a generator, the type it asks for, and how its reports look."""

    read: Read
    looks: Looks
    shape: Any
    """The annotated type of the generator's first parameter."""
    wants_reading: bool
    """Whether the generator takes the `Reading` as its second parameter."""
    lift: tuple[str, ...] = ()
    """Paths of arrays that are streamed from large files (`runs[].results`)."""


@dataclass(frozen=True)
class Parser:
    """The declaration of a format. Docs, error messages and detection come from it."""

    name: str
    title: str
    kind: Kind
    made_with: str
    """The command that makes the report."""
    url: str = ""
    """Where the format is documented."""
    versions: str = ""
    """Versions of tool or format that were seen."""
    empty: str = ""
    """Other names of the format's empty report, if `[]` is one."""
    variants: list[Variant] = field(default_factory=list)


_PARSERS: dict[str, Parser] = {}
_ADDED: dict[str, Parser] = {}
"""Formats that are no Python, such as mapping files."""


def parser(
    name: str,
    *,
    title: str,
    kind: Kind,
    looks: Looks,
    made_with: str,
    url: str = "",
    versions: str = "",
    lift: tuple[str, ...] = (),
) -> Callable[[Read], Read]:
    """Declare a format and its first variant.

    `name` is what `--format` takes; `title` is the tool's display name and the tool of findings whose parser yields
    no `Run`. The generator takes the decoded report, annotated with its type, and optionally the `Reading`.
    """

    def declare(read: Read) -> Read:
        if name in _PARSERS and _PARSERS[name].variants[0].read.__module__ != read.__module__:
            raise BrokenPlugin(
                f"Two parsers are called {name!r}: {read.__module__} and {_PARSERS[name].variants[0].read.__module__}"
            )
        _PARSERS[name] = Parser(name, title, kind, made_with, url, versions)
        _PARSERS[name].variants.append(_variant(read, looks, lift))
        return read

    return declare


def variant(name: str, *, looks: Looks, lift: tuple[str, ...] = ()) -> Callable[[Read], Read]:
    """Declare another shape of a format that the same file has declared above."""

    def declare(read: Read) -> Read:
        if name not in _PARSERS:
            raise BrokenPlugin(
                f"The variant {read.__qualname__} is of format {name!r}, which is not declared before it"
            )
        _PARSERS[name].variants.append(_variant(read, looks, lift))
        return read

    return declare


def _variant(read: Read, looks: Looks, lift: tuple[str, ...]) -> Variant:
    parameters = list(inspect.signature(read).parameters)
    try:
        hints = typing.get_type_hints(read, vars(sys.modules[read.__module__]))
    except NameError as error:
        raise BrokenPlugin(
            f"The parser {read.__module__}.{read.__qualname__} has a type that is not defined: {error}"
        ) from None
    if not 1 <= len(parameters) <= 2 or parameters[0] not in hints:
        raise BrokenPlugin(
            f"The parser {read.__module__}.{read.__qualname__} must take the typed report, and at most the reading"
        )
    return Variant(read, looks, hints[parameters[0]], len(parameters) == 2, lift)


def add(more: Iterable[Parser]) -> None:
    """Have these formats in place of those that were added before. Raises `BrokenPlugin` where two have one name."""
    added: dict[str, Parser] = {}
    for one in more:
        if one.name in added:
            raise BrokenPlugin(f"Two formats are called {one.name!r}")
        added[one.name] = one
    _ADDED.clear()
    _ADDED.update(added)
    parsers.cache_clear()


@cache
def parsers() -> dict[str, Parser]:
    """Return all parsers by name. A broken one raises `BrokenPlugin`; none is skipped."""
    load("parser", package="seamark.intake.parsers.formats", group="seamark.parsers")
    if taken := sorted(_PARSERS.keys() & _ADDED.keys()):
        raise BrokenPlugin(f"Two formats are called {taken[0]!r}")
    return dict(sorted({**_PARSERS, **_ADDED}.items()))
