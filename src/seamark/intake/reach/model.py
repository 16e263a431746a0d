"""What is asked about a package and what is answered."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Reach(StrEnum):
    """How far a vulnerable package is from the code that runs."""

    REACHABLE = "reachable"
    """An affected symbol is used."""
    IMPORTED = "imported"
    """The package is imported by code that runs; whether its affected code runs is not known."""
    UNREACHABLE = "unreachable"
    """Nothing that runs imports it or leads to it, or it is imported and none of its affected symbols is named anywhere."""
    UNKNOWN = "unknown"
    """It cannot be told from the source."""


class Target(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A package whose use is asked for."""

    ecosystem: str
    """A purl type: `pypi`, `npm`, `maven` or `golang`."""
    name: str
    """As its registry writes it: `PyYAML`, `@scope/name`, `group:artifact`, a Go module's path."""
    advisory: str = ""
    symbols: tuple[str, ...] = ()
    """Affected symbols, dotted as far as they are known: `yaml.load`, `Decoder.Decode`; none where nobody says."""
    paths: tuple[str, ...] = ()
    """Go: the affected packages inside of the module; none means all."""


class Site(Struct, frozen=True):
    """A place in the source."""

    path: str
    line: int
    text: str
    """What stands there: `imports yaml`, `yaml.load(…)`."""


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of one package, with the evidence."""

    target: Target
    reach: Reach
    confidence: float
    """From 0 to 1, that the verdict is right."""
    why: str
    """One sentence for people."""
    chain: tuple[Site, ...] = ()
    """From a file where code starts to the import of the package."""
    calls: tuple[Site, ...] = ()
    """Where affected symbols are used."""


class Import(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One import as a file writes it."""

    module: str
    line: int
    names: tuple[tuple[str, str], ...] = ()
    """Single names that are taken out of it, each with the local name."""
    bound: str = ""
    """The local name of the module itself."""
    all: bool = False
    """Whether everything is taken: `*`, or handed on."""
    types: bool = False
    """Whether it is there for types only, and gone at run time."""


class Source(Struct, kw_only=True):
    """What one source file says."""

    path: str
    ecosystem: str
    language: str = ""
    """Empty where the file is searched as plain text."""
    imports: tuple[Import, ...] = ()
    words: frozenset[str] = frozenset()
    """Every name in it, and every string that could be one."""
    strings: dict[str, int] = {}
    """Strings that could name a module, class or file, with their first line."""
    dynamic: tuple[int, str] | None = None
    """The first import whose target is worked out at run time, with its line."""
    computed: tuple[int, str] | None = None
    """The first member that is picked by a value: `getattr(x, name)`, `x[name](…)`."""
    package: str = ""
    """Go and Java: the package that it says it belongs to."""
    starts: bool = False
    """Whether it is a program by its own words: a `main`, a guard, a first line with `#!`."""
    broken: bool = False
    """Whether parts of it could not be read: then only a search for words counts."""
    excluded: bool = False
    """Go: whether it is no part of any build."""
