"""Risk profiles as people write them: YAML in, YAML out, and a sentence with line and column for what is wrong.

What `dump` writes, `parse` reads back to the same profile, and dumping that again gives the same text.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import msgspec
import yaml

from seamark.analysis.risk import Profile, load_profile
from seamark.analysis.risk.factors import FACTORS
from seamark.analysis.risk.profile import MOST_WEIGHT
from seamark.core.errors import InvalidSetting

LONGEST = 100_000
"""Characters of a profile."""
_MOST_VERSIONS = 1_000_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}")
_PATH = re.compile(r" - at `\$\.?([^`]*)`")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
Path = tuple[str, ...]


def parse(text: str) -> Profile:
    """Return the profile that a YAML text describes. Raises `InvalidSetting` with line and column."""
    if len(text) > LONGEST:
        raise InvalidSetting(f"A risk profile has {LONGEST:,} characters at most")
    try:
        root = yaml.compose(text, yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        raise InvalidSetting(f"The risk profile is no YAML: {_marked(error)}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidSetting(f"The risk profile is no YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(root, yaml.MappingNode):
        raise InvalidSetting("The risk profile is no YAML mapping: it starts with `name: …`")
    _no_tricks(root)
    return _Checker(dict(_places(root))).profile(content)


def check(content: object) -> Profile:
    """Return the profile that decoded YAML or JSON describes. Raises `InvalidSetting`."""
    return _Checker({}).profile(content)


def dump(profile: Profile) -> str:
    """Return a profile as YAML: every field, in the order of the declaration."""
    plain = _short(msgspec.to_builtins(profile))
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=120)


def _short(value: Any) -> Any:
    """Return plain values with `80` for 80.0: it reads back as the same number."""
    if isinstance(value, dict):
        return {name: _short(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_short(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _marked(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{place}{error.problem or error.context}"


def _no_tricks(root: yaml.Node) -> None:
    """Refuse names that stand twice, of which YAML would silently take the last, and references to other parts."""
    seen: set[int] = set()
    waiting: list[yaml.Node] = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            raise InvalidSetting(f"{_at(node)}: write it out; a risk profile has no references such as *name")
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            names: set[str] = set()
            for key, value in node.value:
                if key.value in names:
                    raise InvalidSetting(f"{_at(key)}: {key.value} stands there twice")
                names.add(key.value if isinstance(key.value, str) else "")
                waiting.append(value)
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value


def _places(node: yaml.Node, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield where each name stands, and where each element of a list does."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value))
            yield below, _at(key)
            yield from _places(value, below)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield (*path, str(number)), _at(value)
            yield from _places(value, (*path, str(number)))


def _at(node: yaml.Node) -> str:
    return f"line {node.start_mark.line + 1}, column {node.start_mark.column + 1}"


class _Checker:
    """Says what is wrong, and where as far as that is known."""

    def __init__(self, places: dict[Path, str]) -> None:
        self._places = places

    def profile(self, content: object) -> Profile:
        if not isinstance(content, dict):
            raise InvalidSetting("A risk profile is a mapping with name, version, intercept, weights and bands")
        self._numbers(content, ())
        self._weights(content.get("weights"))
        self._floors(content.get("floors"))
        name, version = content.get("name"), content.get("version")
        if isinstance(name, str) and not _NAME.fullmatch(name):
            self._wrong(("name",), "a profile's name has 1 to 100 letters, digits, blanks and . _ -")
        if isinstance(version, int) and not 1 <= version <= _MOST_VERSIONS:
            self._wrong(("version",), f"a version is a number from 1 to {_MOST_VERSIONS:,}")
        try:
            return load_profile(content)
        except InvalidSetting as error:
            self._refused(str(error))
        except (ValueError, OverflowError, RecursionError) as error:
            raise InvalidSetting(f"The risk profile is not valid: {error}") from None

    def _numbers(self, value: object, path: Path) -> None:
        """Refuse numbers that nothing can be added to."""
        if len(path) > 6:
            self._wrong(path, "this is nested too deeply")
        if isinstance(value, dict):
            for name, one in value.items():
                if not isinstance(name, str) or not name.isprintable():
                    self._wrong((*path, str(name)), f"{name!a} is no name; put it in quotes")
                self._numbers(one, (*path, name))
        elif isinstance(value, list):
            for number, one in enumerate(value):
                self._numbers(one, (*path, str(number)))
        elif isinstance(value, int | float) and not (abs(value) <= _MOST_VERSIONS and math.isfinite(value)):
            self._wrong(path, f"{'.'.join(path)} is no usable number")

    def _weights(self, weights: object) -> None:
        if not isinstance(weights, dict):
            return
        known = [factor.name for factor in FACTORS]
        for name, weight in weights.items():
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"do you mean {near[0]}?" if near else f"there are {', '.join(known)}"
                self._wrong(("weights", name), f"there is no factor {name!r}; {hint}")
            if isinstance(weight, bool) or not isinstance(weight, int | float):
                self._wrong(("weights", name), f"the weight of {name} is no number")
            if not 0 <= weight <= MOST_WEIGHT:
                self._wrong(
                    ("weights", name),
                    f"the weight of {name} must lie between 0 and {MOST_WEIGHT:g}; the direction is the factor's own",
                )

    def _floors(self, floors: object) -> None:
        for name, least in floors.items() if isinstance(floors, dict) else ():
            if isinstance(least, int | float) and not 0 <= least <= 100:
                self._wrong(("floors", name), f"the floor {name} must lie between 0 and 100")

    def _wrong(self, path: Path, sentence: str) -> NoReturn:
        place = self._places.get(path, "")
        raise InvalidSetting(f"{place}: {sentence}" if place else sentence[0].upper() + sentence[1:])

    def _refused(self, sentence: str) -> NoReturn:
        """Raise the engine's own sentence, with the line that its path leads to."""
        found = _PATH.search(sentence)
        path = tuple(re.findall(r"[^.\[\]]+", found[1])) if found else ()
        words = sentence.replace(found[0], f" ({'.'.join(path)})" if path else "") if found else sentence
        if unknown := _UNKNOWN.search(sentence):
            path = (*path, unknown[1])
        elif not path:
            path = self._named_in(sentence)
        place = next((self._places[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self._places), "")
        raise InvalidSetting(f"{place}: {words}" if place else words)

    def _named_in(self, sentence: str) -> Path:
        """Return the part of the profile that a sentence of the engine speaks of."""
        words = {form for word in re.findall(r"\w+", sentence) for form in (word, f"{word}s")}
        return max((path for path in self._places if len(path) < 3 and words.issuperset(path)), key=len, default=())
