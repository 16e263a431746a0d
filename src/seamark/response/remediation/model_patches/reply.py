"""What of a model's answer is taken: one unified diff, and nothing else that it says."""

from __future__ import annotations

import re
from typing import Final

from seamark.response.remediation.editors.notation.source import UnsafeEdit

LARGEST: Final = 60_000
"""Characters of an answer that is looked at."""
NONE: Final = "NO CHANGE"
"""What a model is asked to answer where it has no patch."""
_FENCE: Final = re.compile(
    r"^[ \t]*(```+|~~~+)[ \t]*([A-Za-z-]*)[^\n]*\n(.*?)^[ \t]*\1[ \t]*$", re.MULTILINE | re.DOTALL
)
_BEGINS: Final = re.compile(r"\A(?:diff --git |--- )")


def diff_in(reply: str) -> str:
    """Return the diff of an answer: the answer itself, or its only fenced block of a diff. Prose around that is dropped, never kept.

    Raises `UnsafeEdit` for an answer without a diff, with several, or that is too large.
    """
    if len(reply) > LARGEST:
        raise UnsafeEdit("The model answered more than a diff can be.")
    if "\0" in reply:
        raise UnsafeEdit("The model's answer is no text.")
    text = reply.strip("\r\n")
    if NONE in text.strip()[:40]:
        raise UnsafeEdit("The model knows no change that clears it.")
    if _BEGINS.match(text):
        return text + "\n"
    blocks = [found[3] for found in _FENCE.finditer(text) if _BEGINS.match(found[3])]
    if len(blocks) != 1:
        raise UnsafeEdit("The model answered several diffs." if blocks else "The model answered no diff.")
    return blocks[0]
