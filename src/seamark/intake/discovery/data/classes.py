"""Which class of data a field is, by its name and type; see `classes.yaml`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

import msgspec
import yaml
from msgspec import Struct

from seamark.core.errors import SeamarkError

SURE, LIKELY, DECLARED = 0.9, 0.6, 1.0
"""How sure it is that a field is of its class."""
OWN_FILE: Final = "seamark-data-classes.yaml"
"""What a repository may add to the dictionary."""


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """The names that tell of one class."""

    title: str = ""
    surely: tuple[str, ...] = ()
    likely: tuple[str, ...] = ()


class Dictionary(Struct, frozen=True, forbid_unknown_fields=True):
    """Which names tell of which class of data, and what keeps them from doing so."""

    classes: dict[str, Words] = {}
    tails: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


class Field(NamedTuple):
    """A field of a type, a table or a message."""

    name: str
    type: str
    holder: str
    """The type, table or message."""
    path: str
    line: int
    stored: bool = False
    """Whether it is a column of a database."""
    declared: tuple[str, ...] = ()
    """Classes that its file states."""


class Told(NamedTuple):
    """A field with the class of data that it holds."""

    data_class: str
    field: Field
    confidence: float


def read_dictionary(text: str) -> Dictionary:
    """Return what a dictionary file says. Raises `SeamarkError` with the place of what is wrong."""
    try:
        content: Any = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - strings only: "no" and "on" are words here
        found = msgspec.convert(content or {}, Dictionary)
    except (yaml.YAMLError, RecursionError):
        raise SeamarkError("the dictionary of data classes is not valid YAML") from None
    except msgspec.ValidationError as error:
        raise SeamarkError(f"the dictionary of data classes: {error}") from None
    return msgspec.structs.replace(found, classes={name.upper(): words for name, words in found.classes.items()})


@cache
def standard() -> Dictionary:
    """Return the dictionary that Seamark brings."""
    return read_dictionary(files("seamark.intake.discovery.data").joinpath("classes.yaml").read_text("utf-8"))


def extended(more: Dictionary) -> Dictionary:
    """Return the standard dictionary with a repository's own words added."""
    own = standard()
    classes = dict(own.classes)
    for name, words in more.classes.items():
        known = classes.get(name, Words())
        classes[name] = Words(words.title or known.title, known.surely + words.surely, known.likely + words.likely)
    return Dictionary(classes, own.tails + more.tails, own.heads + more.heads, own.types + more.types)


_HUMP: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


@lru_cache(maxsize=65536)
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case: `billingAddress_2` is billing, address, 2."""
    return tuple(word.lower() for word in _HUMP.findall(name[:200]))


class Classifier:
    """Tells the classes of fields by a dictionary."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._tails, self._heads = frozenset(dictionary.tails), frozenset(dictionary.heads)
        self._types = frozenset(each.lower() for each in dictionary.types)
        self._phrases: dict[tuple[str, ...], list[tuple[str, float]]] = defaultdict(list)
        self._longest = 1
        for name, words in dictionary.classes.items():
            for phrases, confidence in ((words.surely, SURE), (words.likely, LIKELY)):
                for phrase in phrases:
                    # Digits are words of their own in names of fields, so they are here.
                    key = tuple(word for part in phrase.lower().split() for word in words_of(part))
                    self._phrases[key].append((name, confidence))
                    self._longest = max(self._longest, len(key))

    def of_name(self, name: str, kind: str = "") -> list[tuple[str, float]]:
        """Return the classes that a name may tell of, with how sure it is."""
        if re.split(r"[\s?<,;)]", kind.strip().lower().rpartition(".")[2])[0] in self._types:
            return []
        words = words_of(name)
        if words and words[0] in self._heads and len(words) > 1:
            return []
        end = len(words)
        for _ in range(3):
            for start in range(max(0, end - self._longest), end):
                found = self._phrases.get(words[start:end])
                if found and (start == 0 or words[start - 1] not in self._heads):
                    return found
            if end and words[end - 1] in self._tails:
                end -= 1
            else:
                break
        return []

    def tell(self, fields: Iterable[Field]) -> Iterator[Told]:
        """Yield the fields that hold data of a class. Likely ones need company of their kind in the same type."""
        held: defaultdict[tuple[str, str], list[Field]] = defaultdict(list)
        for field in fields:
            held[field.path, field.holder].append(field)
        for together in held.values():
            sure: set[str] = set()
            likely: defaultdict[str, dict[str, Field]] = defaultdict(dict)
            for field in together:
                for name in field.declared:
                    sure.add(name)
                    yield Told(name, field, DECLARED)
                for name, confidence in self.of_name(field.name, field.type):
                    if name in field.declared:
                        continue
                    if confidence >= SURE:
                        sure.add(name)
                        yield Told(name, field, confidence)
                    else:
                        likely[name].setdefault(field.name, field)
            for name, candidates in likely.items():
                if name in sure or len(candidates) > 1:
                    for field in candidates.values():
                        yield Told(name, field, LIKELY)
