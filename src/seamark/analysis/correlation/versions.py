"""An order of version texts that fits what advisories name as fixed. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise

_TOKEN = re.compile(r"\d+|[a-z]+|~|\^", re.IGNORECASE)
_EPOCH = re.compile(r"^(\d+):")
_BUILD = re.compile(r"\+(?!deb|dfsg|ds\b|esm|git|nmu|really|ubuntu).*", re.IGNORECASE | re.DOTALL)
"""Build metadata, which orders nothing; unlike the marks by which distributions count their own releases."""
MOST = 200
"""Characters of a version that are looked at."""

Key = tuple[tuple[int, int, str], ...]
_BEYOND = (2, 0, "")
"""Sorts behind whatever may follow in a key."""
_BEFORE = {
    "dev": -5,
    "a": -4,
    "alpha": -4,
    "b": -3,
    "beta": -3,
    "m": -3,
    "milestone": -3,
    "c": -2,
    "rc": -2,
    "cr": -2,
    "pre": -2,
    "preview": -2,
    "snapshot": -2,
    "~": -6,
}
_AFTER = {"final": 0, "ga": 0, "release": 0, "v": 0}


@lru_cache(maxsize=65536)
def version_key(text: str) -> Key:
    """Return a key that sorts versions: numbers by value, pre-releases before their release, epochs first.

    A general order for the grouping of fixes; whether a version is affected is decided by each ecosystem's own.
    """
    text = text.strip()[:MOST].removeprefix("v")
    found = _EPOCH.match(text)
    epoch = int(found[1]) if found else 0
    body = text[found.end() :] if found else text
    body = _BUILD.sub("", body)
    parts: list[tuple[int, int, str]] = [(0, epoch, "")]
    for token in _TOKEN.findall(body):
        if token.isdigit():
            parts.append((1, int(token), ""))
        elif token.lower() in _AFTER:
            continue
        elif token.lower() in _BEFORE:
            _drop_zeros(parts)
            parts.append((-1, _BEFORE[token.lower()], ""))
        else:
            parts.append((1, 0, token.lower()))
    _drop_zeros(parts)
    return (*parts, (0, 0, ""))


def _drop_zeros(parts: list[tuple[int, int, str]]) -> None:
    """Make `1.0` and `1` one version, also in front of a pre-release."""
    while len(parts) > 1 and parts[-1] == (1, 0, ""):
        parts.pop()


def least_clearing(fixed: Collection[Sequence[str]], current: Iterable[str] = ()) -> str:
    """Return the least of the named versions that clears every problem, empty where none is named.

    `fixed` has for each problem the versions that fix it, at least one: those of several lines of releases. What is below a
    version in use (`current`) is taken only where nothing above is named.
    """
    texts: dict[Key, str] = {}
    for text in sorted({one for versions in fixed for one in versions}, reverse=True):
        texts[version_key(text)] = text
    keys = sorted(texts)
    if not keys:
        return ""
    spans = [span for versions in fixed for span in _clearing(sorted({version_key(one) for one in versions}), keys)]
    steps = [0] * (len(keys) + 1)
    for start, end in spans:
        steps[start] += 1
        steps[end] -= 1
    clears = [number == len(fixed) for number in accumulate(steps)]
    floor = bisect_left(keys, max((version_key(one) for one in current if one), default=keys[0]))
    # The highest of all clears all: where it is no downgrade, something is found.
    at = next((at for at in range(floor, len(keys)) if clears[at]), len(keys) - 1)
    return texts[keys[at]]


def _clearing(fixed: list[Key], keys: list[Key]) -> Iterable[tuple[int, int]]:
    """Yield the ranges of `keys` in which a problem is fixed: from each fixed version to the end of its line, from the last on all.

    Lines of releases are as wide as they can be: 4.1.3 and 4.2.1 are of the lines 4.1 and 4.2, 1.9.5 and 2.0.3 of 1 and 2.
    """
    for lower, upper in pairwise(fixed):
        at = next(at for at, (left, right) in enumerate(zip(lower, upper, strict=False)) if left != right)
        # What ends here goes on with noughts: 2.0 is of the line of 2.0.5.
        end = (*lower[:at], max(lower[at], (1, 0, "")), _BEYOND)
        yield bisect_left(keys, lower), bisect_left(keys, min(end, upper))
    yield bisect_left(keys, fixed[-1]), len(keys)


def clears(version: str, fixed: Sequence[str]) -> bool:
    """Tell whether a version is without a problem that was fixed in these versions, one for each line of releases."""
    at, keys = version_key(version), sorted({version_key(one) for one in fixed})
    return any(start <= 0 < end for start, end in _clearing(keys, [at])) if keys else False
