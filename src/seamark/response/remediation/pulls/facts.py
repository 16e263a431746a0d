"""What a pull request changes, in the terms in which people read it and merging by itself is decided."""

from __future__ import annotations

from msgspec import Struct


class Facts(Struct, frozen=True, kw_only=True):
    """What is known of a change."""

    made_by: str = "plan"
    """`plan` (versions), `patch` (one of our own), `proposed` (by the tool that reported it), `model` (by a language model)."""
    moves: tuple[tuple[str, str, str, str], ...] = ()
    """What is moved: name, from, to, and how far (`patch`, `minor`, `major`, `unknown`)."""
    titles: tuple[str, ...] = ()
    """What patches do."""
    files: tuple[str, ...] = ()
    clears: tuple[str, ...] = ()
    """Names of flaws that no longer match."""
    still: tuple[str, ...] = ()
    """Names of flaws of the same fix that it leaves."""
    introduced: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    """What hints at a break, and what to know before it is merged."""
    verified: str = ""
    """How it was verified, in a sentence; empty where it was not."""
    proven: bool = False
    """Whether all that was claimed is proven."""
    tests: bool = False
    """Whether the repository has tests."""
    known_since: str = ""
    """Since when the new version is known to be there, ISO 8601; empty where that is not known."""
    pushed_at: str = ""
    """When it was pushed last, ISO 8601."""
