"""What verdicts of people say of findings that nobody has looked at yet: suggestions with their evidence, and how good they are. Plain values only."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from msgspec import Struct

BOUND: Final = 0.7
"""The least share of false positives that the verdicts leave open, from which on it is suggested that the next is one: it takes nine."""
_Z: Final = 1.96
_CLASSES: Final[tuple[tuple[str, str], ...]] = (
    ("test", r"(^|/)(tests?|__tests__|spec|testing|fixtures|testdata|mocks?)(/|$)|(_test|\.test|\.spec|_spec)\.[a-z]+$|(^|/)test_[^/]*$"),
    ("vendored", r"(^|/)(vendor|node_modules|third_party|third-party|external)(/|$)"),
    ("generated", r"(^|/)(generated|gen|dist|build)(/|$)|\.min\.[a-z]+$|\.pb\.[a-z]+$"),
    ("example", r"(^|/)(examples?|samples?|demos?|docs?)(/|$)"),
    ("migration", r"(^|/)migrations?(/|$)"),
    ("script", r"(^|/)(scripts?|tools|hack|bin)(/|$)"),
)  # fmt: skip
_PATTERNS: Final = tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _CLASSES)
PRODUCT: Final = "product"
"""The class of paths that are none of the others."""


@lru_cache(maxsize=65_536)
def path_class(path: str) -> str:
    """Return what sort of code a path is: `test`, `vendored`, `generated`, `example`, `migration`, `script` or `product`."""
    text = path[:1000].replace("\\", "/")
    return next((name for name, pattern in _PATTERNS if pattern.search(text)), PRODUCT)


class Key(NamedTuple):
    """Findings that are taken to be alike."""

    tool: str
    rule: str
    paths: str
    """Class of the path."""


class Verdict(NamedTuple):
    """What a person said of an issue, under each tool's rule that reports it."""

    issue: int
    key: Key
    wrong: bool
    """It was no real issue: dismissed as a false positive. Else it was confirmed, taken up or fixed."""


class Group(NamedTuple):
    """Verdicts on findings alike."""

    wrong: int
    right: int

    @property
    def bound(self) -> float:
        """Return the least share of false positives that the verdicts leave open, with 95 % confidence (Wilson)."""
        return wilson(self.wrong, self.wrong + self.right)

    @property
    def suggests(self) -> bool:
        """Tell whether the verdicts are enough to suggest that the next finding is a false positive."""
        return self.bound >= BOUND


def wilson(hits: int, number: int) -> float:
    """Return the lower end of Wilson's interval (95 %) of a share; 0.0 where nothing was seen."""
    if not number:
        return 0.0
    share, square = hits / number, _Z * _Z
    middle = share + square / (2 * number)
    spread = _Z * math.sqrt(share * (1 - share) / number + square / (4 * number * number))
    return max((middle - spread) / (1 + square / number), 0.0)


def grouped(verdicts: Iterable[Verdict]) -> dict[Key, Group]:
    """Return how many verdicts of each sort there are, by what they are about."""
    counts: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
    for one in verdicts:
        counts[one.key][0 if one.wrong else 1] += 1
    return {key: Group(wrong, right) for key, (wrong, right) in counts.items()}


class Quality(Struct, frozen=True, kw_only=True):
    """How good the suggestions would have been: each verdict guessed from all the others (leave one out)."""

    true_positive: int
    """Suggested, and dismissed."""
    false_positive: int
    """Suggested, and real."""
    true_negative: int
    false_negative: int
    """Not suggested, and dismissed."""

    @property
    def precision(self) -> float | None:
        """Return what share of the suggestions was right; None without any."""
        suggested = self.true_positive + self.false_positive
        return self.true_positive / suggested if suggested else None

    @property
    def recall(self) -> float | None:
        """Return what share of the false positives was suggested; None without any."""
        wrong = self.true_positive + self.false_negative
        return self.true_positive / wrong if wrong else None

    @property
    def mcc(self) -> float | None:
        """Return Matthews' correlation, -1.0 to 1.0; None where one side is empty."""
        tp, fp, tn, fn = self.true_positive, self.false_positive, self.true_negative, self.false_negative
        below = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
        return (tp * tn - fp * fn) / math.sqrt(below) if below else None


def quality(groups: Mapping[Key, Group]) -> Quality:
    """Return how good suggestions are, each verdict guessed without itself."""
    tp = fp = tn = fn = 0
    for one in groups.values():
        # All dismissed ones of a group are guessed from the same others, and so are all real ones.
        if one.wrong:
            tp, fn = (tp + one.wrong, fn) if Group(one.wrong - 1, one.right).suggests else (tp, fn + one.wrong)
        if one.right:
            fp, tn = (fp + one.right, tn) if Group(one.wrong, one.right - 1).suggests else (fp, tn + one.right)
    return Quality(true_positive=tp, false_positive=fp, true_negative=tn, false_negative=fn)
