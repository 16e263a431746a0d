"""What GitHub's three sorts of alert have in common."""

from __future__ import annotations

import re
from functools import lru_cache

from seamark.intake.parsers.kit import Suppression

_REPOSITORY = re.compile(r"^https?://[^/]+/(?:api/v3/)?(?:repos/)?([^/]+/[^/]+)/")


def text(given: str | None) -> str:
    """Return a text; scripts that save the alerts write `None` for what is null."""
    return "" if given is None or given == "None" else given


def dismissal(*reasons: str | None) -> Suppression:
    """Return the suppression for an alert that somebody set aside."""
    words = [text(reason).replace("_", " ") if number == 0 else text(reason) for number, reason in enumerate(reasons)]
    return Suppression(origin="tool", justification=": ".join(word for word in words if word))


@lru_cache(maxsize=4096)
def repository_of(url: str) -> str:
    """Return `owner/name` from the address of an alert, in the web or in the interface."""
    found = _REPOSITORY.match(url)
    return found[1] if found else ""
