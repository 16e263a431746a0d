"""Tells which parts of a report no field of its parser reads, so that a reviewer sees what is left behind."""

from __future__ import annotations

import contextlib
import json
import re
import typing
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from lxml import etree
from msgspec import inspect as shape_of

from seamark.intake.parsers.kit import rows, shapes
from seamark.intake.parsers.kit.read import OpenReport
from seamark.intake.parsers.kit.tolerant import tolerant

_NUMBER = re.compile(r"\[\d+\]")


class Watch:
    """Notes what a parser asks the kit for while it reads, and compares that with the report afterwards."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, bytes, Any]] = []
        self.elements: list[tuple[tuple[str, ...], Any, Any]] = []
        self.by_hand = False

    def unread(self, report: OpenReport) -> list[str] | None:
        """Return the unread paths (`$.runs[].results[].foo`), or None where the parser walks the report by hand."""
        shape = report.variant.shape
        origin = typing.get_origin(shape) or shape
        if origin is shapes.Xml:
            return None if self.by_hand or not self.elements else sorted(self._of_xml(report))
        found: set[str] = set()
        data = bytes(report.source.data)
        if origin is shapes.JsonLines:
            (row,) = typing.get_args(shape)
            for line in filter(bytes.strip, data.split(b"\n")):
                found |= missed(_loads(line), shape_of.type_info(row), "$[]")
        elif origin is shapes.Csv:
            (row,) = typing.get_args(shape)
            if not isinstance(row, type) or not issubclass(row, msgspec.Struct):
                return None  # columns of any name: the parser itself knows which it reads
            names = {field.encode_name for field in msgspec.structs.fields(row)}
            header = data.decode("utf-8", "replace").split("\n", 1)[0]
            cells = (cell.strip().strip('"').strip() for cell in header.split(shapes.separator(header.encode())))
            return sorted(f"column {cell}" for cell in cells if cell and cell not in names)
        elif report.source.archive or origin is shapes.Text:
            return None
        else:
            found |= missed(_loads(data), shape_of.type_info(shape), "$")
        # Rows that are read twice, once for a glance, count by the reading that leaves least aside.
        least: dict[tuple[str, bytes], set[str]] = {}
        for where, raw, row in self.rows:
            left = missed(_loads(raw), shape_of.type_info(list[row]), where)
            known = least.get((where, raw))
            least[where, raw] = left if known is None or len(left) < len(known) else known
        found = found.union(*least.values())
        return sorted(found)

    def _of_xml(self, report: OpenReport) -> set[str]:
        found: set[str] = set()
        for path, value, row in self.elements:
            found |= missed(value, shape_of.type_info(row), "/" + "/".join(path))
        covered = {path for path, _, _ in self.elements}
        above = {path[:length] for path in covered for length in range(1, len(path))}

        def walk(element: etree._Element, path: tuple[str, ...]) -> None:
            if path in covered:
                return
            if path not in above:
                found.add("/" + "/".join(path))
                return
            found.update(f"/{'/'.join(path)}/@{etree.QName(name).localname}" for name in element.attrib)
            for child in element:
                if isinstance(child.tag, str):
                    walk(child, (*path, shapes.local_name(child)))

        root = shapes.Xml(report.source).root
        walk(root, (shapes.local_name(root),))
        return found


def _loads(data: bytes) -> Any:
    """Return decoded JSON, read the way the kit reads it."""
    try:
        return json.loads(data)
    except ValueError:
        return json.loads(tolerant(data) or b"null")


@contextlib.contextmanager
def watched() -> Iterator[Watch]:
    """Yield a watch over everything that is read inside the block."""
    watch = Watch()
    read_rows, convert = rows.Reading.rows, shapes.convert
    each, root = shapes.Xml.each, shapes.Xml.root

    def noting_rows(self: rows.Reading, raw: msgspec.Raw, row: Any, where: str = "$") -> Iterator[Any]:
        if bytes(raw).strip() not in {b"", b"null"}:
            watch.rows.append((_NUMBER.sub("[]", where), bytes(raw), row))
        return read_rows(self, raw, row, where)

    def noting_convert(element: etree._Element, row: Any) -> Any:
        path = tuple(shapes.local_name(step) for step in reversed([element, *element.iterancestors()]))
        watch.elements.append((path, shapes.to_value(element), row))
        return convert(element, row)

    def noting_each(self: shapes.Xml, *names: str, row: Any = None) -> Iterator[Any]:
        watch.by_hand = watch.by_hand or row is None
        return each(self, *names, row=row)

    def noting_root(self: shapes.Xml) -> etree._Element:
        watch.by_hand = True
        return root.fget(self)  # type: ignore[attr-defined]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows.Reading, "rows", noting_rows)
        patch.setattr(shapes, "convert", noting_convert)
        patch.setattr(shapes.Xml, "each", noting_each)
        patch.setattr(shapes.Xml, "root", property(noting_root))
        yield watch
        patch.undo()


def missed(value: Any, shape: Any, path: str) -> set[str]:
    """Return the paths inside a decoded value that its shape has no place for. Raw and untyped parts count as read."""
    if isinstance(value, dict):
        return _missed_in_object(value, shape, path)
    if isinstance(value, list):
        found: set[str] = set()
        items = _item_shapes(shape)
        for item in value:
            per_shape = [missed(item, inner, f"{path}[]") for inner in items]
            found |= set.intersection(*per_shape) if per_shape else set()
        return found
    return set()


def _missed_in_object(value: dict[str, Any], shape: Any, path: str) -> set[str]:
    outcomes: list[set[str]] = []
    for option in _options(shape):
        if isinstance(option, shape_of.AnyType | shape_of.RawType):
            return set()
        if isinstance(option, shape_of.DictType):
            inside = (missed(inner, option.value_type, f"{path}.*") for inner in value.values())
            outcomes.append(set().union(*inside))
        elif isinstance(option, shape_of.StructType) and _tag_fits(option, value):
            outcomes.append(_missed_in_struct(value, option, path))
        elif isinstance(option, shape_of.ListType | shape_of.VarTupleType):
            # One element where several were expected, as XML has it.
            outcomes.append(missed(value, option.item_type, path))
    return set.intersection(*outcomes) if outcomes else set()


def _missed_in_struct(value: dict[str, Any], shape: shape_of.StructType, path: str) -> set[str]:
    fields = {field.encode_name: field.type for field in shape.fields}
    found: set[str] = set()
    for name, inner in value.items():
        if name in fields:
            found |= missed(inner, fields[name], f"{path}.{name}")
        elif name != shape.tag_field:
            found.add(f"{path}.{name}")
    return found


def _options(shape: Any) -> tuple[Any, ...]:
    return tuple(shape.types) if isinstance(shape, shape_of.UnionType) else (shape,)


def _item_shapes(shape: Any) -> list[Any]:
    """Return the shapes of a list's items; none where the list as a whole is untyped or kept raw."""
    kinds = shape_of.ListType | shape_of.VarTupleType | shape_of.SetType | shape_of.FrozenSetType
    return [option.item_type for option in _options(shape) if isinstance(option, kinds)]


def _tag_fits(shape: shape_of.StructType, value: dict[str, Any]) -> bool:
    return shape.tag_field is None or value.get(shape.tag_field, shape.tag) == shape.tag
