"""Keeping one comment up to date, the same way on every forge. Pure but for the calls it is handed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from seamark.intake.connectors.caller import Answer
from seamark.response.forges.feedback import Feedback, is_ours, with_marker

FOREIGN = (403, 404)
"""Answers to changing a comment that somebody else wrote."""


def keep_comment(
    feedback: Feedback, there: Iterable[tuple[Any, str]], change: Callable[[Any, str], Answer], make: Callable[[str], Answer]
) -> Literal["made", "changed", "kept"]:  # fmt: skip
    """Bring the comment of a gate up to date, or make it. `there` are names and texts of the comments that are there."""
    text = with_marker(feedback)
    for name, body in there:
        if not is_ours(body, feedback.key):
            continue
        if _same(body, text):
            return "kept"
        # Anybody may write a comment that looks like ours: what is not ours to change is passed over.
        if change(name, text).status not in FOREIGN:
            return "changed"
    make(text)
    return "made"


def _same(one: str, other: str) -> bool:
    """Tell whether two texts are the same but for what forges do to ends of lines."""
    return [line.rstrip() for line in one.strip().splitlines()] == [
        line.rstrip() for line in other.strip().splitlines()
    ]
