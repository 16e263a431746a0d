"""Mapping files: YAML that says which parts of an unknown tool's report mean what. See `docs/mappings.md`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

import msgspec
import yaml
from msgspec import Struct, field

from seamark.core.errors import UnreadableReport
from seamark.core.kind import Kind
from seamark.core.severity import Severity
from seamark.intake.parsers.kit.expressions import (
    Expression,
    InvalidExpression,
    Many,
    Path,
    Step,
    column,
    parse_path,
)

LARGEST: Final = 64 * 1024
"""Bytes that a mapping file may have."""
DEEPEST: Final = 16
NAME = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*")
NAMING: Final = ("title", "rule", "cve", "description")
"""Fields of which a mapping needs one: a finding has to be called something."""
_SEVERITIES: Final = {severity.word for severity in Severity}


class InvalidMapping(UnreadableReport):
    """A mapping file that cannot be used; `where` is the line."""


class Value(Struct, forbid_unknown_fields=True):
    """Where a field's value comes from, and how it is changed on the way: cut by `split`, then `regex`, `map`, `join`."""

    path: str | list[str] = ""
    map: dict[str, str] = {}
    split: str = ""
    join: str | None = None
    default: str = ""
    regex: str = ""


Given = str | list[str] | Value | None


class Fields(Struct, forbid_unknown_fields=True):
    """What a finding can be told of. A text is a path, a list of texts are paths of which the first that leads to something counts."""

    rule: Given = None
    title: Given = None
    severity: Given = None
    description: Given = None
    path: Given = None
    line: Given = None
    column: Given = None
    end_line: Given = None
    snippet: Given = None
    url: Given = None
    method: Given = None
    parameter: Given = None
    resource: Given = None
    host: Given = None
    port: Given = None
    image: Given = None
    package: Given = None
    version: Given = None
    purl: Given = None
    ecosystem: Given = None
    fixed: Given = None
    cve: Given = None
    cwe: Given = None
    cvss: Given = None
    confidence: Given = None
    remedy: Given = None
    references: Given = None
    fingerprint: Given = None
    secret: Given = None
    seen_at: Given = None
    tags: Given = None


FIELDS: Final = Fields.__struct_fields__


class Skip(Struct, forbid_unknown_fields=True):
    """Rows that are no findings, such as passed checks: those whose value at `path` is one of these, in any case."""

    path: str
    equals: str = ""
    among: list[str] = field(default_factory=list, name="in")


class Recognise(Struct, forbid_unknown_fields=True):
    """What tells the report from others: keys of the object (or of its first row), columns, or the root element."""

    keys: list[str] = []
    root: str = ""


class Mapping(Struct, forbid_unknown_fields=True, kw_only=True):
    """A mapping file as written. `load` gives only those that can be used."""

    name: str
    tool: str
    kind: Kind
    format: Literal["json", "jsonl", "csv", "xml"]
    fields: Fields
    rows: str = ""
    made_with: str = ""
    recognise: Recognise | None = None
    severity_map: dict[str, str] = {}
    skip_when: Skip | list[Skip] = []


def load(text: str | bytes) -> Mapping:
    """Return the mapping of a YAML text. Raises `InvalidMapping`, naming the line."""
    document = _Document(text)
    try:
        # Scalars stay texts, so that `no`, `1` and `2026-01-01` mean what is written.
        mapping = msgspec.convert(document.value, Mapping, strict=False)
    except msgspec.ValidationError as error:
        raise document.refusal(error) from None
    for steps, sentence in _faults(mapping):
        raise InvalidMapping(sentence, where=document.line(steps))
    return mapping


def row_steps(mapping: Mapping) -> tuple[Step, ...]:
    """Return the steps to the rows; those of a list that is named without `[*]` have it. Raises `InvalidExpression`."""
    if not mapping.rows.strip():
        return (Many.EACH,) if mapping.format == "json" else ()
    path = parse_path(mapping.rows)
    if any(type(step) is int for step in path.steps) or path.up > 0:
        raise InvalidExpression("The path to the rows is made of names, `[*]` and `*`")
    steps = path.steps
    if mapping.format == "xml":
        return tuple(step for step in steps if step is not Many.EACH)
    return steps if isinstance(steps[-1], Many) else (*steps, Many.EACH)


def path_of(mapping: Mapping, text: str) -> Path:
    """Return the path that a text means in a format. Raises `InvalidExpression`."""
    return column(text) if mapping.format == "csv" else parse_path(text)


def expression(mapping: Mapping, given: str | list[str] | Value) -> Expression:
    """Return what takes a field's value out of a row. Raises `InvalidExpression`."""
    value = given if isinstance(given, Value) else Value(path=given)
    paths = [value.path] if isinstance(value.path, str) else value.path
    found = [path_of(mapping, path) for path in paths if path]
    if not found and not value.default:
        raise InvalidExpression("A field needs a path or a default")
    return Expression(
        found, words=value.map, split=value.split, join=value.join, default=value.default, pattern=value.regex
    )


def skips(mapping: Mapping) -> Iterator[tuple[Expression, frozenset[str]]]:
    """Yield what to look at, and the words that set a row aside. Raises `InvalidExpression`."""
    for skip in mapping.skip_when if isinstance(mapping.skip_when, list) else [mapping.skip_when]:
        words = frozenset(word.strip().lower() for word in (*skip.among, skip.equals) if word.strip())
        yield expression(mapping, skip.path), words


_Place = tuple[str | int, ...]


def _faults(mapping: Mapping) -> Iterator[tuple[_Place, str]]:
    """Yield what types do not tell: the place in the file, and a sentence."""
    if not NAME.fullmatch(mapping.name) or len(mapping.name) > 60:
        yield ("name",), f"{mapping.name!r} is no name: lower-case letters and digits, joined by hyphens, at most 60"
    if not mapping.tool.strip():
        yield ("tool",), "The tool has no name"
    for name in FIELDS:
        given = getattr(mapping.fields, name)
        if given is not None and (sentence := _fault(lambda given=given: expression(mapping, given))):
            yield ("fields", name), sentence
    if not any(getattr(mapping.fields, name) is not None for name in NAMING):
        yield ("fields",), f"One of the fields {', '.join(NAMING)} must be there"
    if sentence := _fault(lambda: row_steps(mapping)):
        yield ("rows",), sentence
    if mapping.format == "xml" and not mapping.rows.strip():
        yield ("format",), "XML needs `rows`: the path from the root to the element that repeats (report.issue[*])"
    if mapping.format == "xml" and any(isinstance(step, Many) for step in row_steps(mapping)):
        yield ("rows",), "The path to the rows of XML is made of names"
    if mapping.format == "csv" and mapping.rows.strip():
        yield ("rows",), "A table has no path to its rows"
    for key, word in mapping.severity_map.items():
        if word.strip().lower() not in _SEVERITIES:
            yield ("severity_map", key), f"{word!r} is no severity: critical, high, medium, low or info"
    yield from _skip_faults(mapping)


def _skip_faults(mapping: Mapping) -> Iterator[tuple[_Place, str]]:
    if sentence := _fault(lambda: list(skips(mapping))):
        yield ("skip_when",), sentence
    elif not all(words for _, words in skips(mapping)):
        yield ("skip_when",), "Say which values set a row aside: `equals` or `in`"
    if mapping.recognise is None:
        return
    if mapping.format != "xml" and not mapping.recognise.keys:
        yield ("recognise",), "Say by which `keys` the report is recognised"
    if mapping.format == "xml" and mapping.recognise.root != row_steps(mapping)[0]:
        yield ("recognise",), "XML is recognised by its `root`, which is where the path to the rows starts"


def _fault(attempt: Any) -> str:
    try:
        attempt()
    except InvalidExpression as error:
        return str(error)
    return ""


class _Document:
    """A YAML text as plain values, and the lines on which they stand."""

    def __init__(self, text: str | bytes) -> None:
        data = text.encode("utf-8", "replace") if isinstance(text, str) else text
        if len(data) > LARGEST:
            raise InvalidMapping(f"A mapping file has at most {LARGEST // 1024} KB")
        try:
            decoded = data.decode("utf-8-sig")
            _refuse_depth(decoded)
            self._node = yaml.compose(decoded, yaml.BaseLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise InvalidMapping(
                f"Not YAML: {error.problem or error.context}", where=f"line {mark.line + 1}" if mark else ""
            ) from None
        except (yaml.YAMLError, UnicodeError, ValueError) as error:
            raise InvalidMapping(f"Not YAML: {str(error).splitlines()[0]}") from None
        self.value = _plain(self._node)

    def line(self, steps: Sequence[str | int]) -> str:
        """Return `line 3` for the deepest of the steps that is there."""
        node, marked = self._node, self._node
        for step in steps:
            if isinstance(node, yaml.MappingNode):
                pair = next(((key, inner) for key, inner in node.value if key.value == step), None)
                if pair is None:
                    break
                marked, node = pair
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                marked = node = node.value[step]
            else:
                break
        return _line(marked)

    def refusal(self, error: msgspec.ValidationError) -> InvalidMapping:
        """Return the failure for a file that does not fit, with the line of its first wrong field."""
        sentence, _, place = str(error).partition(" - at `")
        steps: list[str | int] = [
            int(part) if part.isdecimal() else part for part in re.findall(r"[^.\[\]`$]+", place) if part
        ]
        if unknown := re.search(r"unknown field `(.+)`$", sentence):
            steps.append(unknown[1])
            sentence = f"There is no field {unknown[1]!r}"
        where = ".".join(map(str, steps))
        return InvalidMapping(sentence.replace("`", "") + (f" ({where})" if where else ""), where=self.line(steps))


def _refuse_depth(text: str) -> None:
    """Refuse what would take long to compose: deep nesting, and aliases, which repeat what they name."""
    depth = 0
    for event in yaml.parse(text, yaml.BaseLoader):
        if isinstance(event, yaml.AliasEvent):
            raise InvalidMapping("A mapping file has no aliases (*name)", where=_line(event))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise InvalidMapping("The mapping file is nested too deeply", where=_line(event))


def _plain(node: Any) -> Any:
    """Return a node as texts, lists and objects. Keys that stand twice are refused: the last one would win in silence."""
    if isinstance(node, yaml.SequenceNode):
        return [_plain(inner) for inner in node.value]
    if not isinstance(node, yaml.MappingNode):
        return node.value if node is not None else None
    found: dict[str, Any] = {}
    for key, inner in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise InvalidMapping("A key is no text", where=_line(key))
        if key.value in found:
            raise InvalidMapping(f"{key.value!r} stands there twice", where=_line(key))
        found[key.value] = _plain(inner)
    return found


def _line(node: Any) -> str:
    return f"line {node.start_mark.line + 1}" if node is not None else ""
