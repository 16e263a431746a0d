"""Facts of vendors' published API descriptions, written down in `descriptions`, and requests held against them.

A file names its source and has a table for each operation: `query` and `body` (or the `rows` of a body that is a list) by name and type,
`query_needs` and `needs` what has to be there. `undescribed` lists the requests that were found in no description. Types are `string`, `integer`, `boolean`, `date`, `datetime`, `object`, `any`, a list of them
(`string[]`), or what is allowed with bars between. `a.b`, `a[].b` and `a.*` say what stands further inside; an object without such
names is open.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from .fakes.far import Asked

FOLDER = Path(__file__).parent / "descriptions"
NAMES = sorted(one.stem for one in FOLDER.glob("*.toml"))


@cache
def description(name: str) -> dict[str, Any]:
    """Return what is written down of a vendor's description."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))


def operation(name: str, asked: Asked) -> str:
    """Return the operation that a request is, empty where the vendor describes none."""
    return max((one for one in operations(name) if _fits(one, str(asked))), key=lambda one: -one.count("{"), default="")


def operations(name: str) -> list[str]:
    """Return the operations of a description."""
    return [one for one, told in description(name).items() if isinstance(told, dict)]


def wrong(name: str, asked: Asked) -> list[str]:
    """Return what a request does that the vendor's description does not know."""
    if any(_fits(one, str(asked)) for one in description(name).get("undescribed", ())):
        return []
    one = operation(name, asked)
    if not one:
        return [f"{asked} is not described"]
    told = description(name)[one]
    found = [f"{asked} lacks the parameter {each}" for each in told.get("query_needs", ()) if each not in asked.query]
    for each, value in asked.query.items():
        kind = told.get("query", {}).get(each)
        if kind is None:
            found.append(f"{asked} has no parameter {each}")
        elif not _is(kind, _of_text(kind, value)):
            found.append(f"{asked}: {each} is {value!r}, not {kind}")
    return found + [f"{asked}: {each}" for each in _body(told, asked.body)]


def _body(told: dict[str, Any], body: Any) -> Iterator[str]:
    if "rows" in told:
        rows = body if isinstance(body, list) else [None]
        for row in rows:
            yield from _inside(told["rows"], row, "")
    elif "body" in told:
        yield from _inside(told["body"], body, "")
        yield from (f"{each} is needed" for each in told.get("needs", ()) if each not in (body or {}))
    elif body is not None:
        yield "it takes no body"


def _inside(kinds: dict[str, str], value: Any, at: str) -> Iterator[str]:
    """Yield what is wrong with an object: fields that are unknown, or of another type."""
    if not isinstance(value, dict):
        yield f"{at or 'the body'} is no object"
        return
    for name, inner in value.items():
        kind = kinds.get(f"{at}{name}") or kinds.get(f"{at}*")
        if kind is None:
            yield f"there is no field {at}{name}"
        elif not _is(kind, inner):
            yield f"{at}{name} is {inner!r:.80}, not {kind}"
        elif any(each.startswith(f"{at}{name}.") for each in kinds):
            yield from _inside(kinds, inner, f"{at}{name}.")
        elif any(each.startswith(f"{at}{name}[].") for each in kinds):
            for row in inner:
                yield from _inside(kinds, row, f"{at}{name}[].")


def _is(kind: str, value: Any) -> bool:
    if kind.endswith("[]"):
        return isinstance(value, list) and all(_is(kind[:-2], one) for one in value)
    if kind == "any":
        return True
    if kind in {"date", "datetime"}:
        return isinstance(value, str) and _is_time(kind, value)
    known = {"string": str, "integer": int, "boolean": bool, "object": dict}.get(kind)
    if known is None:
        return value in kind.split("|")
    return isinstance(value, known) and (known is bool or not isinstance(value, bool))


def _is_time(kind: str, value: str) -> bool:
    try:
        (date if kind == "date" else datetime).fromisoformat(value)
    except ValueError:
        return False
    return True


def _of_text(kind: str, value: str) -> Any:
    """Return a parameter of an address as what its type says it is, as far as it is that."""
    if kind == "integer" and re.fullmatch(r"-?\d+", value):
        return int(value)
    return {"true": True, "false": False}.get(value, value) if kind == "boolean" else value


def _fits(one: str, request: str) -> bool:
    # Azure's own names of resources come in both cases.
    return bool(re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(one)), request, re.IGNORECASE))
