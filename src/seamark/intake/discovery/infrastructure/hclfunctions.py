"""Functions of the configuration language that make values out of values."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

_LONGEST: Final = 200_000


class Unknown(Exception):
    """The value is not known before it is applied. `text` is what it refers to, in `${…}`, where that can be said."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def _merge(*maps: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in maps:
        if isinstance(each, dict):
            found |= each
    return found


def _text(value: Any) -> str:
    if isinstance(value, (dict, list)):
        raise TypeError
    return ("true" if value else "false") if isinstance(value, bool) else "" if value is None else str(value)


def _format(form: str, *values: Any) -> str:
    rest = list(values)

    def fill(match: re.Match[str]) -> str:
        return "%" if match[0] == "%%" else _text(rest.pop(0)) if rest else ""

    return re.sub(r"%%|%[-+#0-9.]{0,6}[a-zA-Z]", fill, form)[:_LONGEST]


def _lookup(values: Any, key: Any, *default: Any) -> Any:
    if isinstance(values, dict):
        return values.get(key, default[0] if default else None)
    raise Unknown(values if isinstance(values, str) and values.startswith("${") else "")


def _flat(values: Any, depth: int = 0) -> list[Any]:
    found: list[Any] = []
    for each in values if isinstance(values, list) else [values]:
        found += _flat(each, depth + 1) if isinstance(each, list) and depth < 20 else [each]
    return found


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return list(value.values())
    raise TypeError


def _encode(value: Any) -> str:
    return json.dumps(value, default=str)


def _first(*values: Any) -> Any:
    return next(each for each in values if each is not None and each not in ("", [], {}))


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "merge": _merge, "format": _format, "lookup": _lookup, "flatten": _flat, "jsonencode": _encode, "jsondecode": json.loads, "yamlencode": _encode, "coalesce": _first,
    "lower": lambda v: _text(v).lower(), "upper": lambda v: _text(v).upper(), "title": lambda v: _text(v).title(), "trimspace": lambda v: _text(v).strip(), "tostring": _text, "tonumber": int, "tobool": lambda v: v if isinstance(v, bool) else {"true": True, "false": False}[v],
    "tolist": _list, "toset": _list, "tomap": dict, "concat": lambda *v: [each for one in v for each in _list(one)], "distinct": lambda v: [each for at, each in enumerate(_list(v)) if each not in v[:at]], "compact": lambda v: [each for each in _list(v) if each],
    "keys": sorted, "values": lambda v: [v[key] for key in sorted(v)], "length": lambda v: len(v) if not (isinstance(v, str) and "${" in v) else _refuse(v), "element": lambda v, n: v[n % len(v)] if isinstance(v, list) else _refuse(v), "join": lambda s, v: s.join(map(_text, _list(v))), "split": lambda s, v: v.split(s) if "${" not in v else _refuse(v),
    "replace": lambda v, a, b: v.replace(a, b) if not a.startswith("/") else v, "trimsuffix": lambda v, s: v.removesuffix(s), "trimprefix": lambda v, s: v.removeprefix(s), "substr": lambda v, a, n: v[a : a + n if n >= 0 else None] if "${" not in v else _refuse(v), "contains": lambda v, x: x in _list(v), "max": max, "min": min,
    "zipmap": lambda k, v: dict(zip(k, v, strict=False)), "setunion": lambda *v: [each for one in v for each in _list(one)], "sensitive": lambda v: v, "nonsensitive": lambda v: v, "one": lambda v: v[0] if isinstance(v, list) and v else (v if isinstance(v, str) else None), "startswith": lambda v, s: v.startswith(s), "endswith": lambda v, s: v.endswith(s),
    "templatefile": lambda *_: _refuse(""), "abspath": lambda v: v, "basename": lambda v: v.rpartition("/")[2], "dirname": lambda v: v.rpartition("/")[0], "alltrue": all, "anytrue": any, "range": lambda *v: list(range(*v))[:500] if max(map(abs, v)) < 10_000 else [],
}  # fmt: skip


def _refuse(value: Any) -> Any:
    raise Unknown(value if isinstance(value, str) and value.startswith("${") else "")
