"""Reads policies from YAML, and tells the line and column of what is wrong."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final, NamedTuple, get_args, get_type_hints

import msgspec
import yaml
from msgspec import Struct

from seamark.governance.policy.model import Document, Mistake, Source

LARGEST: Final = 256 * 1024
"""Characters of one file."""
MOST: Final = 1_000
"""Policies in one bundle."""
OTHER_KINDS: Final = frozenset({"Waiver", "WaiverLimits"})
"""What may stand beside policies, and is read elsewhere: `pipeline.waiver_code`."""


class _Loader(yaml.SafeLoader):
    """YAML as it is meant here: `off` and `on` are words, and dates stay texts."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in rules if tag not in {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool"}
    ]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


class Written(NamedTuple):
    """A policy as it stands in a file."""

    document: Document
    file: str
    node: yaml.MappingNode
    text: str
    """The whole file."""

    def place(self, *path: str | int) -> tuple[int, int]:
        """Return line and column, from 1, of the value at a path, or of what is around it."""
        mark = (_value(self.node, path) or self.node).start_mark
        return mark.line + 1, mark.column + 1

    def place_in(self, at: int, *path: str | int) -> tuple[int, int]:
        """Return line and column of a character of the text at a path, counted from 0."""
        node = _value(self.node, path)
        if not isinstance(node, yaml.ScalarNode):
            return self.place(*path)
        # Folding and quoting add and drop blanks, quotes and backslashes only: the others stand in both in the same order.
        where = node.start_mark.index
        if node.style in {"|", ">"}:
            where = self.text.find("\n", where) + 1
        for number, character in enumerate(node.value[: at + 1]):
            if character.isspace():
                continue
            found = self.text.find(character, where, node.end_mark.index)
            if found < 0:
                break
            where = found if number == at else found + 1
        line = self.text.count("\n", 0, where)
        return line + 1, where - (self.text.rfind("\n", 0, where) + 1) + 1

    def mistake(self, message: str, *path: str | int) -> Mistake:
        """Return a mistake at a path."""
        return Mistake(self.file, *self.place(*path), message, self.document.metadata.name)


def compose(text: str) -> yaml.Node | None:
    """Return the tree of the one document that a text is. Raises `ValueError` for any other text."""
    if len(text) > LARGEST:
        raise ValueError(f"the text is larger than {LARGEST // 1024} kB")
    try:
        found: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"this is not valid YAML: {error}") from None
    return found


def read(source: Source) -> tuple[list[Written], list[Mistake]]:
    """Return the policies of a file, and what is wrong with those that cannot be read."""
    if len(source.text) > LARGEST:
        return [], [Mistake(source.name, 0, 0, f"the file is larger than {LARGEST // 1024} kB")]
    found: list[Written] = []
    mistakes: list[Mistake] = []
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(source.text, Loader=_Loader)):
            return [], [Mistake(source.name, 0, 0, "aliases (*name) are not taken: write the value out")]
        for node in yaml.compose_all(source.text, Loader=_Loader):
            one, wrong = _document(source, node)
            mistakes += wrong
            found += [one] if one is not None else []
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
        mistakes.append(Mistake(source.name, *place, f"this is not valid YAML: {error.problem or error.context}"))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error).split("\n", 1)[0]
        mistakes.append(Mistake(source.name, 0, 0, f"this is not valid YAML: {reason}"))
    return found, mistakes


def _document(source: Source, node: yaml.Node | None) -> tuple[Written | None, list[Mistake]]:
    if node is None or (isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"):
        return None, []
    doubled = [
        Mistake(source.name, key.start_mark.line + 1, key.start_mark.column + 1, f"{key.value} stands here twice")
        for key in _doubled(node)
    ]
    if doubled:
        return None, doubled
    if not isinstance(node, yaml.MappingNode):
        return None, [
            Mistake(source.name, node.start_mark.line + 1, 1, "a policy is a mapping that begins with apiVersion")
        ]
    loader = _Loader("")
    try:
        content = loader.construct_document(node)
    except (ValueError, TypeError, yaml.YAMLError) as error:
        return None, [
            Mistake(source.name, node.start_mark.line + 1, 1, f"this cannot be read: {str(error).split(chr(10), 1)[0]}")
        ]
    finally:
        loader.dispose()
    if content.get("kind") in OTHER_KINDS:
        return None, []
    try:
        return Written(msgspec.convert(content, Document), source.name, node, source.text), []
    except msgspec.ValidationError as error:
        return None, [_refused(source.name, str(error), node, content)]


def _doubled(node: yaml.Node) -> Iterator[yaml.Node]:
    """Yield keys that stand in one mapping more than once."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen if isinstance(key.value, str) else False:
                yield key
            seen.add(key.value if isinstance(key.value, str) else None)
            yield from _doubled(value)
    elif isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from _doubled(each)


def _value(node: yaml.Node, path: tuple[str | int, ...]) -> yaml.Node | None:
    """Return the value at a path; the nearest around it where it is not there."""
    for step in path:
        inner: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            inner = next((value for key, value in node.value if key.value == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            inner = node.value[step]
        if inner is None:
            return node
        node = inner
    return node


_WHERE: Final = re.compile(r" - at `(key in )?\$(.*)`$", re.DOTALL)
_UNKNOWN: Final = re.compile(r"unknown field `(.*)`", re.DOTALL)
_WRONG: Final = re.compile(r"Invalid enum value '?(.*?)'?$", re.DOTALL)


def _refused(file: str, sentence: str, node: yaml.MappingNode, content: Any) -> Mistake:
    """Put msgspec's complaint into a sentence with a place, and with the word that may be meant."""
    where = _WHERE.search(sentence)
    steps: list[str | int] = []
    for name, number in re.findall(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]", where[2] if where else ""):
        steps.append(int(number) if number.isdigit() else name or number)
    text = sentence[: where.start()] if where else sentence
    name = (
        str(((content or {}).get("metadata") or {}).get("name", ""))
        if isinstance(content.get("metadata"), dict)
        else ""
    )
    unknown, wrong = _UNKNOWN.search(text), _WRONG.search(text)
    place = _value(node, tuple(steps)) or node
    if unknown:
        near = difflib.get_close_matches(unknown[1], _keys(steps), n=1, cutoff=0.5)
        text = f"there is no key {unknown[1]} here" + (f"; did you mean {near[0]}?" if near else "")
        place = _key(place, unknown[1])
    elif wrong:
        words = _words(_kind(steps))
        near = difflib.get_close_matches(wrong[1], words, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]}?" if near else f"; it is one of {', '.join(words)}" if words else ""
        text = f"{wrong[1]} is not known here{hint}"
        place = _spelled(place, wrong[1])
    path = ".".join(str(step) for step in steps if step != "...")
    return Mistake(
        file, place.start_mark.line + 1, place.start_mark.column + 1, f"{path + ': ' if path else ''}{text}", name
    )


def _key(node: yaml.Node, word: str) -> yaml.Node:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((key for key, _ in pairs if key.value == word), node)


def _spelled(node: yaml.Node, word: str) -> yaml.Node:
    """Return the key or value of a mapping that is a word."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((each for pair in pairs for each in pair if each.value == word), node)


def _kind(steps: list[str | int]) -> Any:
    """Return the type that stands at a path of the document."""
    kind: Any = Document
    for step in steps:
        if isinstance(step, int):
            kind = get_args(kind)[0] if get_args(kind) else None
        elif step != "...":
            struct = _struct(kind)
            if struct is None:
                return None
            names = dict(zip(struct.__struct_encode_fields__, struct.__struct_fields__, strict=True))
            kind = get_type_hints(struct, include_extras=True).get(names.get(step, step))
    return kind


def _keys(steps: list[str | int]) -> tuple[str, ...]:
    struct = _struct(_kind(steps))
    return struct.__struct_encode_fields__ if struct is not None else ()


def _struct(kind: Any) -> type[Struct] | None:
    if isinstance(kind, type) and issubclass(kind, Struct):
        return kind
    return next((found for each in get_args(kind) if (found := _struct(each)) is not None), None)


def _words(kind: Any) -> list[str]:
    """Return the words that a type allows."""
    if isinstance(kind, type):
        return [one.value for one in kind] if issubclass(kind, StrEnum) else []
    return [word for each in get_args(kind) for word in ([each] if isinstance(each, str) else _words(each))]
