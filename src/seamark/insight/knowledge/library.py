"""Reading the articles, and finding the one that explains a weakness."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

import msgspec
import yaml
from msgspec import Struct

from seamark.analysis.correlation.weakness import ancestors

LANGUAGES: Final = MappingProxyType(
    {
        "python": "Python", "javascript": "JavaScript", "java": "Java", "go": "Go", "c": "C", "cpp": "C++", "csharp": "C#", "php": "PHP",
        "ruby": "Ruby", "rust": "Rust", "yaml": "YAML", "terraform": "Terraform", "dockerfile": "Dockerfile", "shell": "Shell",
        "nginx": "nginx", "json": "JSON", "sql": "SQL", "html": "HTML", "xml": "XML", "toml": "TOML",
    }
)  # fmt: skip
"""Languages of examples, with their names for people."""
DEFINITION: Final = "https://cwe.mitre.org/data/definitions/{}.html"
_NAMED: Final = re.compile(r"\bCWE-(\d{1,5})\b", re.IGNORECASE)
_UNSAFE: Final = re.compile(r"[\s<>]")
_LONGEST: Final = 100_000
_MOST_NAMED: Final = 5
_MOST_LINES: Final = 3


class Example(Struct, frozen=True, forbid_unknown_fields=True):
    """How it looks in one language, and how it looks mended."""

    language: str
    vulnerable: str
    fixed: str

    @property
    def title(self) -> str:
        """Return the language's name for people."""
        return LANGUAGES[self.language]


class Article(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a developer needs to know of a weakness. Texts are plain paragraphs."""

    name: str = ""
    """Of its file: `sql-injection`."""
    title: str
    cwes: tuple[int, ...] = ()
    """What it explains, the weakness that it is mainly about first; none for a topic."""
    what: str
    looks: str
    """How it looks in code or in a report."""
    find: str
    fix: str
    proof: str
    """How to show that it is gone."""
    examples: tuple[Example, ...]
    references: tuple[str, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """Return where to read on: the definition first."""
        return (*(DEFINITION.format(number) for number in self.cwes[:1]), *self.references)

    @property
    def address(self) -> str:
        """Return its path in the web interface: for tickets and messages, which have no templates."""
        return f"/knowledge/{self.name}/"


@cache
def articles() -> MappingProxyType[str, Article]:
    """Return all articles by name, in the order of their titles. Raises `ValueError` for one that is not well formed."""
    found: list[Article] = []
    for file in resources.files(__package__).joinpath("articles").iterdir():
        name = file.name.removesuffix(".yaml")
        if name == file.name:
            continue
        try:
            told = msgspec.convert(yaml.safe_load(file.read_text("utf-8")), Article)
        except (msgspec.ValidationError, yaml.YAMLError) as error:
            raise ValueError(f"The article {name} is not well formed: {error}") from None
        found.append(msgspec.structs.replace(told, name=name))
    found.sort(key=lambda one: one.title.casefold())
    return MappingProxyType({one.name: one for one in found})


@cache
def _by_weakness() -> dict[int, Article]:
    by: dict[int, Article] = {}
    for one in articles().values():
        for number in one.cwes[:1]:
            by[number] = one
    for one in articles().values():
        for number in one.cwes:
            by.setdefault(number, one)
    return by


@cache
def article_of(cwe: int | None) -> Article | None:
    """Return the article about a weakness: its own, else that of the nearest weakness above it; None where there is none."""
    if cwe is None:
        return None
    known = _by_weakness()
    if cwe in known:
        return known[cwe]
    above = ancestors(cwe)
    return next((known[number] for number in sorted(above, key=lambda one: (above[one], one)) if number in known), None)


def explains(one: Article, cwe: int) -> bool:
    """Tell whether an article is about a weakness itself, not about one above it."""
    return cwe in one.cwes


def found(words: str) -> list[Article]:
    """Return the articles that have all of some words in their title or say so by number: `sql`, `CWE-89`, `89`."""
    wanted = words.casefold().split()
    return [one for one in articles().values() if all(word in _says(one) for word in wanted)]


def _says(one: Article) -> str:
    numbers = " ".join(f"cwe-{number}" for number in one.cwes)
    return f"{one.title} {one.name} {numbers}".casefold()


def named_in(text: str) -> list[Article]:
    """Return the articles about the weaknesses that a text names, such as a comment with `CWE-89` in it; five at most."""
    named = (article_of(int(number)) for number in _NAMED.findall(text[:_LONGEST]))
    return list({one.name: one for one in named if one is not None}.values())[:_MOST_NAMED]


def lines_for(cwes: Iterable[int], base: str, *, marked: bool = True) -> list[str]:
    """Return lines for tickets and messages that lead to the articles about some weaknesses: each article once, three at most.

    `base` is the address of the installation (`SEAMARK_PUBLIC_URL`); without one a line names its article only. `marked` lines are
    CommonMark, the others plain text.
    """
    found: dict[str, str] = {}
    for cwe in cwes:
        one = article_of(cwe)
        if one is not None and one.name not in found:
            found[one.name] = _line(
                f"How to fix CWE-{cwe} ({one.title})", base and f"{base.rstrip('/')}{one.address}", marked=marked
            )
    return list(found.values())[:_MOST_LINES]


def hours_of(address: str) -> str:
    """Return an installation's address of the office hours (`SEAMARK_OFFICE_HOURS`); empty where it is none that people can follow."""
    return address if urlsplit(address).scheme in {"https", "http", "mailto"} and not _UNSAFE.search(address) else ""


def hours_line(address: str, *, marked: bool = True) -> str:
    """Return the line that leads to the office hours; empty where there are none."""
    known = hours_of(address)
    return _line("Questions? Ask in the office hours", known, marked=marked) if known else ""


def _line(words: str, address: str, *, marked: bool) -> str:
    if not address:
        return words
    return f"[{words}](<{address}>)" if marked else f"{words}: {address}"
