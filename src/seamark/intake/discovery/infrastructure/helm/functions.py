"""The functions of chart templates that matter to what gets deployed."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any, Final

import yaml

from seamark.intake.discovery import bounded
from seamark.intake.discovery.infrastructure.values import mapping

_LONGEST: Final = 1_000_000


def shown(value: Any) -> str:
    """Return a value as a template prints it; nothing for nil."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{shown(each)}" for key, each in value.items()) + "]"
    return "[" + " ".join(map(shown, value)) + "]" if isinstance(value, list) else str(value)


def dumped(value: Any) -> str:
    """Return a value as YAML."""
    try:
        dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
        text: str = yaml.dump(value, Dumper=dumper, default_flow_style=False, sort_keys=False)
    except (yaml.YAMLError, RecursionError):
        return ""
    return text.removesuffix("\n").removesuffix("\n...")


def _loaded(text: Any) -> Any:
    try:
        return bounded.load(shown(text)[:_LONGEST])
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}


def _indented(width: Any, text: Any) -> str:
    pad = " " * min(int(width), 200)
    return "\n".join(pad + line for line in shown(text).split("\n"))


def _printf(form: Any, *values: Any) -> str:
    rest = list(values)

    def fill(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        value = rest.pop(0) if rest else None
        return json.dumps(shown(value)) if match[0].endswith("q") else shown(value)

    return re.sub(r"%%|%[-+#0-9.]{0,6}[a-zA-Z]", fill, shown(form))


def _number(value: Any) -> int:
    try:
        return int(float(value)) if not isinstance(value, bool) else int(value)
    except (TypeError, ValueError, OverflowError):
        return 0


def _merged(*all_values: Any) -> dict[str, Any]:
    """Merge as `merge` does: what comes first wins."""
    found: dict[str, Any] = {}
    for each in all_values:
        found = below(mapping(each), found, 0)
    return found


def below(lower: dict[str, Any], upper: dict[str, Any], depth: int) -> dict[str, Any]:
    """Return two layers of values as one: the upper one wins, mappings are merged key by key, null takes a key away."""
    found = dict(lower)
    for key, value in upper.items():
        if value is None and key in found:
            found.pop(key)
        elif isinstance(value, dict) and isinstance(found.get(key), dict) and depth < 60:
            found[key] = below(found[key], value, depth + 1)
        else:
            found[key] = value
    return found


def _kind(value: Any) -> str:
    for sort, name in (
        (bool, "bool"),
        (str, "string"),
        (int, "int"),
        (float, "float64"),
        (dict, "map"),
        (list, "slice"),
    ):
        if isinstance(value, sort):
            return name
    return "invalid"


def _dig(*arguments: Any) -> Any:
    *steps, default, value = arguments
    for step in steps:
        if not isinstance(value, dict) or step not in value:
            return default
        value = value[step]
    return value


def _index(value: Any, *steps: Any) -> Any:
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -1 < step < len(value):
            value = value[step]
        else:
            return None
    return value


def _dict(*pairs: Any) -> dict[str, Any]:
    return {shown(pairs[at]): pairs[at + 1] for at in range(0, len(pairs) - 1, 2)}


def _set(target: Any, key: Any, value: Any) -> Any:
    if isinstance(target, dict):
        target[shown(key)] = value
    return target


def _default(*arguments: Any) -> Any:
    return arguments[1] if len(arguments) > 1 and arguments[1] else arguments[0]


def _all(*values: Any) -> Any:
    return next((each for each in values if not each), values[-1] if values else None)


def _any(*values: Any) -> Any:
    return next((each for each in values if each), values[-1] if values else None)


def _compared(sign: str) -> Callable[[Any, Any], bool]:
    def compare(one: Any, other: Any) -> bool:
        try:
            return bool({"lt": one < other, "le": one <= other, "gt": one > other, "ge": one >= other}[sign])
        except TypeError:
            return False

    return compare


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "default": _default, "quote": lambda *v: " ".join(json.dumps(shown(each), ensure_ascii=False) for each in v if each is not None), "squote": lambda *v: " ".join(f"'{shown(each)}'" for each in v if each is not None),
    "upper": lambda v: shown(v).upper(), "lower": lambda v: shown(v).lower(), "title": lambda v: shown(v).title(), "trim": lambda v: shown(v).strip(), "nospace": lambda v: re.sub(r"\s", "", shown(v)),
    "trunc": lambda n, v: shown(v)[: int(n)] if n >= 0 else shown(v)[int(n) :], "trimSuffix": lambda s, v: shown(v).removesuffix(shown(s)), "trimPrefix": lambda s, v: shown(v).removeprefix(shown(s)),
    "trimAll": lambda s, v: shown(v).strip(shown(s)), "replace": lambda a, b, v: shown(v).replace(shown(a), shown(b)) if a else shown(v), "contains": lambda s, v: shown(s) in shown(v),
    "hasPrefix": lambda s, v: shown(v).startswith(shown(s)), "hasSuffix": lambda s, v: shown(v).endswith(shown(s)), "printf": _printf, "print": lambda *v: "".join(map(shown, v)), "println": lambda *v: " ".join(map(shown, v)),
    "cat": lambda *v: " ".join(map(shown, v)), "join": lambda s, v: shown(s).join(map(shown, v)) if isinstance(v, list) else shown(v), "splitList": lambda s, v: shown(v).split(shown(s) or None),
    "split": lambda s, v: {f"_{i}": part for i, part in enumerate(shown(v).split(shown(s) or None))}, "substr": lambda a, b, v: shown(v)[int(a) : int(b) if b >= 0 else None], "toString": shown, "toStrings": lambda v: list(map(shown, v or [])),
    "toYaml": dumped, "toJson": lambda v: json.dumps(v, default=str), "toRawJson": lambda v: json.dumps(v, default=str), "toPrettyJson": lambda v: json.dumps(v, default=str), "fromYaml": _loaded, "fromJson": _loaded, "fromYamlArray": _loaded,
    "indent": _indented, "nindent": lambda n, v: "\n" + _indented(n, v), "required": lambda _, v=None: v, "fail": lambda *_: "", "empty": lambda v=None: not v, "not": lambda v=None: not v, "and": _all, "or": _any,
    "eq": lambda a, *b: any(a == each and isinstance(a, bool) == isinstance(each, bool) for each in b), "ne": lambda a, b: a != b, "lt": _compared("lt"), "le": _compared("le"), "gt": _compared("gt"), "ge": _compared("ge"),
    "ternary": lambda a, b, c=None: a if c else b, "coalesce": lambda *v: next((each for each in v if each), None), "list": lambda *v: list(v), "tuple": lambda *v: list(v), "dict": _dict, "get": lambda d, k: mapping(d).get(shown(k), ""), "set": _set,
    "hasKey": lambda d, k: isinstance(d, dict) and k in d, "keys": lambda *d: [key for each in d for key in mapping(each)], "values": lambda *d: [value for each in d for value in mapping(each).values()], "pluck": lambda k, *d: [each[k] for each in d if isinstance(each, dict) and k in each],
    "pick": lambda d, *k: {key: each for key, each in mapping(d).items() if key in k}, "omit": lambda d, *k: {key: each for key, each in mapping(d).items() if key not in k}, "unset": lambda d, k: {key: each for key, each in mapping(d).items() if key != k},
    "merge": _merged, "mustMerge": _merged, "mergeOverwrite": lambda *v: _merged(*reversed(v)), "mustMergeOverwrite": lambda *v: _merged(*reversed(v)), "deepCopy": lambda v: json.loads(json.dumps(v, default=str)), "dig": _dig, "index": _index,
    "has": lambda x, v: x in v if isinstance(v, list) else False, "append": lambda v, x: [*(v or []), x], "prepend": lambda v, x: [x, *(v or [])], "concat": lambda *v: [each for one in v for each in (one or [])], "first": lambda v: v[0] if v else None, "last": lambda v: v[-1] if v else None,
    "rest": lambda v: list(v[1:]) if v else [], "initial": lambda v: list(v[:-1]) if v else [], "uniq": lambda v: [each for at, each in enumerate(v or []) if each not in v[:at]], "compact": lambda v: [each for each in (v or []) if each], "sortAlpha": lambda v: sorted(map(shown, v or [])), "len": lambda v: len(v) if isinstance(v, (str, list, dict)) else 0,
    "until": lambda n: list(range(min(max(_number(n), 0), 1_000))), "int": _number, "int64": _number, "float64": lambda v: float(_number(v)), "atoi": _number, "add": lambda *v: sum(map(_number, v)), "sub": lambda a, b: _number(a) - _number(b), "mul": lambda a, b: min(_number(a), 10**9) * min(_number(b), 10**9), "add1": lambda v: _number(v) + 1,
    "max": lambda *v: max(map(_number, v)), "min": lambda *v: min(map(_number, v)), "kindIs": lambda k, v=None: _kind(v) == k or (k in {"float64", "int64"} and _kind(v) in {"int", "float64"}), "kindOf": _kind, "typeOf": _kind, "typeIs": lambda k, v=None: _kind(v) == k or (k == "float64" and _kind(v) == "int"),
    "b64enc": lambda v: base64.b64encode(shown(v).encode()).decode(), "sha256sum": lambda v: hashlib.sha256(shown(v).encode()).hexdigest(), "lookup": lambda *_: {}, "randAlphaNum": lambda *_: "x", "randAlpha": lambda *_: "x", "uuidv4": lambda *_: "x", "now": lambda *_: "", "date": lambda *_: "", "semverCompare": lambda *_: True,
    "regexMatch": lambda *_: False, "regexReplaceAll": lambda _p, v, _r: shown(v), "camelcase": shown, "kebabcase": lambda v: re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_\s]", "-", shown(v)).lower(), "snakecase": lambda v: re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[-\s]", "_", shown(v)).lower(), "htpasswd": lambda *_: "x",
}  # fmt: skip
"""By name. What would ask a cluster, the clock or chance gives something empty; versions are held to be met."""
