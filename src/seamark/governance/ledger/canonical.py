"""Canonical JSON (RFC 8785): one value has one text, so that its hash can be computed anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from json.encoder import encode_basestring
from math import isfinite

LARGEST = 2**53 - 1
"""Whole numbers beyond are not exact in every reader of JSON: they are written as texts."""
_DEEPEST = 64


def canonical(value: object) -> str:
    """Return a value of mappings, lists, texts, numbers, booleans and None as canonical JSON.

    Raises `ValueError` for what has no canonical form: other types, keys that are not text, numbers that are not finite or not
    exact, text that is not Unicode, and more than 64 levels.
    """
    parts: list[str] = []
    _write(value, parts, 0)
    text = "".join(parts)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("A text with half of a surrogate pair has no canonical form") from None
    return text


def digest(value: object) -> str | None:
    """Return the SHA-256 of a value's canonical JSON in hexadecimal, None of None. Raises `ValueError` as `canonical`."""
    return None if value is None else sha256(canonical(value).encode()).hexdigest()


def _write(value: object, parts: list[str], depth: int) -> None:
    if depth > _DEEPEST:
        raise ValueError(f"More than {_DEEPEST} levels have no canonical form here")
    if isinstance(value, str):
        parts.append(encode_basestring(value))
    elif value is None or isinstance(value, bool):
        parts.append({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, int):
        # A large number that was read back is fine where it is how a double is written.
        if not -LARGEST <= value <= LARGEST and _as_double(value) != str(int(value)):
            raise ValueError(f"{value} is not exact in every reader of JSON; write it as a text")
        parts.append(str(int(value)))
    elif isinstance(value, float):
        parts.append(_number(value))
    elif isinstance(value, Mapping):
        _write_object(value, parts, depth)
    elif isinstance(value, list | tuple):
        for at, one in enumerate(value):
            parts.append("," if at else "[")
            _write(one, parts, depth + 1)
        parts.append("]" if value else "[]")
    else:
        raise ValueError(f"A {type(value).__name__} has no canonical form")


def _write_object(value: Mapping[object, object], parts: list[str], depth: int) -> None:
    names: list[str] = []
    for name in value:
        if not isinstance(name, str):
            raise ValueError(f"A key that is a {type(name).__name__} has no canonical form")  # noqa: TRY004 - one failure for all
        names.append(name)
    # The order of UTF-16 code units: another one than Python's where a key has characters beyond U+FFFF.
    names.sort(key=lambda name: name.encode("utf-16-be", "surrogatepass"))
    for at, name in enumerate(names):
        parts.extend(("," if at else "{", encode_basestring(name), ":"))
        _write(value[name], parts, depth + 1)
    parts.append("}" if names else "{}")


def _as_double(value: int) -> str:
    try:
        return _number(float(value))
    except OverflowError:
        return ""


def _number(value: float) -> str:
    """Return a number as ECMAScript writes it: the shortest digits that read back as the same number."""
    if not isfinite(value):
        raise ValueError(f"{value} has no canonical form")
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    shown = "".join(map(str, digits)).rstrip("0")
    point = len(digits) + int(exponent)
    minus = "-" if sign else ""
    if len(shown) <= point <= 21:
        return f"{minus}{shown}{'0' * (point - len(shown))}"
    if 0 < point <= 21:
        return f"{minus}{shown[:point]}.{shown[point:]}"
    if -6 < point <= 0:
        return f"{minus}0.{'0' * -point}{shown}"
    fraction = f".{shown[1:]}" if len(shown) > 1 else ""
    return f"{minus}{shown[0]}{fraction}e{'+' if point > 0 else '-'}{abs(point - 1)}"
