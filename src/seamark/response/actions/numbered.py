"""Issues that have numbers below the address of a repository or project: what GitHub and GitLab are asked for alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.caller import Answer
from seamark.response.actions.asking import Service, rows_at

NUMBER: Final = re.compile(r"[0-9]{1,15}")
_PAGES: Final = 20


def numbered(reference: str, what: str = "an issue") -> str:
    """Return a reference that is a number, and so fits into an address. Raises `RemoteFailure` for any other."""
    if not NUMBER.fullmatch(reference):
        raise RemoteFailure(f"{reference[:40]!r} is no number of {what}", permanent=True)
    return reference


class Numbered:
    """The issues below an address."""

    def __init__(self, service: Service, home: str) -> None:
        self.service, self.home = service, home

    def pages(self, path: str, params: Mapping[str, str | int]) -> list[dict[str, Any]]:
        """Return the rows of a list, at most two thousand."""
        found: list[dict[str, Any]] = []
        for page in range(1, _PAGES + 1):
            rows = rows_at(self.service.ask("GET", path, params={**params, "per_page": 100, "page": page}).body)
            found += rows
            if len(rows) < 100:
                break
        return found

    def _at(self, reference: str, path: str = "") -> str:
        """Return the address of an issue, or of what is below it."""
        return f"{self.home}/issues/{numbered(reference)}{path}"

    def _ask(self, method: str, reference: str, path: str = "", body: Any = None) -> Answer:
        """Ask for an issue, or for what is below it. Raises `Gone` where it is not there any more."""
        return self.service.ask(method, self._at(reference, path), body, gone=f"#{reference}", home=self.home)
