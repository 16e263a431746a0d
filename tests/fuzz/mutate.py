"""Changes of a report that keep most of it a report: bytes alone rarely get past the door of a parser."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.parsers import spoiler

Mutate = Callable[[bytes, int], bytes]
"""A change of bytes, as the fuzzer itself makes them: the data, the most bytes."""


def mutated(data: bytes, most: int, seed: int, of_bytes: Mutate) -> bytes:
    """Return a changed report of at most `most` bytes: by its structure where it has one, else (and one time in four) by bytes."""
    dice = random.Random(seed)
    if data and dice.randrange(4):
        try:
            changed = data
            for _ in range(dice.choice((1, 1, 2, 4))):
                changed = structural(changed, dice)
        except (ValueError, SyntaxError, RecursionError, LookupError, AttributeError, TypeError, StopIteration):
            pass  # no (longer) a JSON document, an XML document or a table
        else:
            if len(changed) <= most:
                return changed
    return of_bytes(data, most)


def structural(data: bytes, dice: random.Random) -> bytes:
    """Return the report with one value, element, attribute or cell changed. Raises where it is none."""
    text = data.lstrip()
    if text[:1] in {b"{", b"["}:
        forms = spoiler._json(data, dice, 1)
    elif text[:1] == b"<":
        forms = spoiler._xml(data, dice, 1)
    else:
        forms = spoiler._table(data, dice, 1)
    return next(forms)[1]
