"""A second, forgiving reading of JSON that strict decoders refuse: NaN, lone surrogates, control characters."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from seamark.intake.parsers.kit.source import Buffer

T = TypeVar("T")
_LARGEST = 64 * 1024**2


def tolerant(data: Buffer) -> bytes | None:
    """Return the JSON rewritten so that a strict decoder takes it, or None where it is no JSON at all.

    NaN and infinities become null, lone surrogates the replacement character. Only for files of up to 64 MB.
    """
    if len(data) > _LARGEST:
        return None
    try:
        value = json.loads(bytes(data).decode("utf-8", "replace"), strict=False)
        return json.dumps(_clean(value), ensure_ascii=True, allow_nan=False).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        return None


def forgiving(decode: Callable[[Any], T], data: Any) -> T:
    """Return the decoded data, repaired where it is JSON that only a strict decoder refuses."""
    try:
        return decode(data)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        repaired = tolerant(data)
        if repaired is None:
            raise
        return decode(repaired)


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {_clean(key): _clean(content) for key, content in value.items()}
    if isinstance(value, list):
        return [_clean(content) for content in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return value
