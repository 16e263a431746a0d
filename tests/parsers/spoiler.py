"""Spoils reports in the ways that real ones are spoiled, the same way on every run."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

Spoiled = tuple[str, bytes]
"""What was done, and the report after it."""

_DEEP = 3_000


def spoil(data: bytes, seed: str, most: int = 140) -> Iterator[Spoiled]:
    """Yield spoiled forms of a report: its bytes cut and overwritten, its structure changed where it has one."""
    dice = random.Random(seed)
    yield from _cut(data, dice)
    yield from _overwritten(data, dice)
    left = most - 40
    text = data.lstrip()
    if text[:1] in {b"{", b"["} and not text[1:3].isdigit():
        yield from _json(data, dice, left)
    elif text[:1] == b"<":
        yield from _xml(data, dice, left)
    else:
        yield from _table(data, dice, left)


def _cut(data: bytes, dice: random.Random) -> Iterator[Spoiled]:
    places = {1, len(data) // 2, len(data) - 1, *(dice.randrange(1, max(2, len(data))) for _ in range(12))}
    for place in sorted(places):
        yield f"cut at {place}", data[:place]


def _overwritten(data: bytes, dice: random.Random) -> Iterator[Spoiled]:
    intruders = (b"\x00", b"\xff", b"\xed\xa0\x80", b"\\ud800", b'"', b"<", b"\n{", b"9" * 400, b"]", b"\x1b[31m")
    for intruder in intruders:
        for _ in range(2):
            place = dice.randrange(len(data))
            yield f"{intruder[:8]!r} put in at {place}", data[:place] + intruder + data[place:]
    text = data.decode("utf-8", "replace")
    yield "UTF-16 without a mark", text.encode("utf-16-le", "replace")
    yield "read as Latin-1, written as UTF-8", data.decode("latin-1").encode("utf-8")
    yield "Latin-1", text.replace("e", "é").encode("latin-1", "replace")
    yield "twice in a row", data + data
    yield "an odd number of UTF-16 bytes", b"\xff\xfe" + text.encode("utf-16-le", "replace")[:-1]


def _deep_list() -> Any:
    value: Any = []
    for _ in range(200):
        value = [value]
    return value


_OTHERS: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    2**63,
    "",
    "x",
    "7",
    "\x00",
    "\ud800",
    "NaN",
    "../../etc/passwd",
    "file:///%zz%",
    "http://[",
    "x" * 20_000,
    [],
    [None],
    ["x"],
    {},
    {"id": []},
    [[]],
    [{}],
)


def _json(data: bytes, dice: random.Random, most: int) -> Iterator[Spoiled]:
    lines = False
    try:
        value = json.loads(data)
    except ValueError:
        lines = True
        value = [json.loads(line) for line in data.splitlines() if line.strip()]
    places = list(_places(value, ()))

    def written(changed: Any) -> bytes:
        if lines:
            return b"\n".join(json.dumps(row).encode() for row in changed)
        return json.dumps(changed).encode()

    for number in range(most):
        changed = copy.deepcopy(value)
        path = dice.choice(places)
        what = dice.choice(_CHANGES)(changed, path, dice)
        yield f"{number}: {what} {'.'.join(map(str, path))}", written(changed)
    if isinstance(value, dict):
        key = next(iter(value))
        yield "very deep", data.rstrip()[:-1] + b',"zz":' + b"[" * _DEEP + b"]" * _DEEP + b"}"
        yield f"very deep {key}", json.dumps({**value, key: _deep_list()}).encode()


def _places(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*path, key)
        yield from _places(inner, (*path, key))


def _holder(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path[:-1]:
        value = value[step]
    return value


def _delete(value: Any, path: tuple[str | int, ...], dice: random.Random) -> str:
    del _holder(value, path)[path[-1]]
    return "deleted"


def _rename(value: Any, path: tuple[str | int, ...], dice: random.Random) -> str:
    holder = _holder(value, path)
    if isinstance(holder, dict):
        holder[str(path[-1]).upper() + "_"] = holder.pop(path[-1])
    return "renamed"


def _retype(value: Any, path: tuple[str | int, ...], dice: random.Random) -> str:
    holder, key = _holder(value, path), path[-1]
    old = holder[key]
    if isinstance(old, list):
        new: Any = dice.choice([None, {}, "x", old[0] if old else 0, [*old, None], [*old, *old]])
    elif isinstance(old, dict):
        new = dice.choice([None, [old], [], "x", list(old), 3])
    elif isinstance(old, str):
        new = dice.choice([None, [old], {"text": old}, 12, old + "\x00", "", old * 50, old.swapcase()])
    else:
        new = dice.choice([None, str(old), [old], {}, 10**25, -1, 1e300])
    holder[key] = new
    return f"retyped to {str(new)[:20]!r}"


def _replace(value: Any, path: tuple[str | int, ...], dice: random.Random) -> str:
    new = dice.choice([*_OTHERS, _deep_list()])
    _holder(value, path)[path[-1]] = new
    return f"replaced by {ascii(new)[:20]}"


_CHANGES: tuple[Callable[[Any, tuple[str | int, ...], random.Random], str], ...] = (
    _delete,
    _delete,
    _rename,
    _retype,
    _retype,
    _retype,
    _replace,
    _replace,
)


def _xml(data: bytes, dice: random.Random, most: int) -> Iterator[Spoiled]:
    parser = etree.XMLParser(resolve_entities=False, remove_comments=True, remove_pis=True)
    for number in range(most):
        root = etree.fromstring(data, parser)
        elements = [element for element in root.iter() if isinstance(element.tag, str)]
        element = dice.choice(elements)
        change = dice.choice(_XML_CHANGES)
        name = f"{number}: {change.__name__.strip('_')} {element.tag}"
        change(element, dice)
        yield name, etree.tostring(root, xml_declaration=True, encoding="utf-8")
    yield "very deep", b"<a>" * _DEEP + b"</a>" * _DEEP


def _take_element(element: etree._Element, dice: random.Random) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _rename_element(element: etree._Element, dice: random.Random) -> None:
    element.tag = str(element.tag) + "Z"


def _change_text(element: etree._Element, dice: random.Random) -> None:
    element.text = dice.choice(["", "x", "7", "-1", "9" * 30, "NaN", "../x", "http://[", "\n\t"])


def _take_attribute(element: etree._Element, dice: random.Random) -> None:
    if element.attrib:
        del element.attrib[dice.choice(sorted(element.attrib))]


def _change_attribute(element: etree._Element, dice: random.Random) -> None:
    if element.attrib:
        element.set(dice.choice(sorted(element.attrib)), dice.choice(["", "x", "7", "-1", "9" * 30, "NaN", "é"]))


def _repeat_element(element: etree._Element, dice: random.Random) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.append(copy.deepcopy(element))


def _nest_element(element: etree._Element, dice: random.Random) -> None:
    element.append(copy.deepcopy(element))


_XML_CHANGES: tuple[Callable[[etree._Element, random.Random], None], ...] = (
    _take_element,
    _rename_element,
    _change_text,
    _take_attribute,
    _change_attribute,
    _repeat_element,
    _nest_element,
)


def _table(data: bytes, dice: random.Random, most: int) -> Iterator[Spoiled]:
    for number in range(most):
        lines = data.split(b"\n")
        at = dice.randrange(len(lines))
        change = dice.randrange(6)
        line = lines[at]
        if change == 0:
            del lines[at]
        elif change == 1:
            lines.insert(at, line)
        elif change == 2:
            lines[at] = line.replace(b",", b"", 1)
        elif change == 3:
            cells = line.split(b",")
            cells[dice.randrange(len(cells))] = dice.choice([b"", b"x", b"-1", b"9" * 40, b'"', b"\x00", b"NaN"])
            lines[at] = b",".join(cells)
        elif change == 4:
            lines[at] = line[: dice.randrange(len(line) + 1)]
        else:
            lines[at] = line + b',"never closed'
        yield f"{number}: line {at} changed ({change})", b"\n".join(lines)
