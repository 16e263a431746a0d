"""What the source code at hand adds to an import; nothing where there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from msgspec.structs import replace

from seamark.core.checkout import Checkout, Route
from seamark.core.finding import Finding
from seamark.core.location import CodeLocation
from seamark.intake.discovery.checkout import WorkingTree, enrich
from seamark.intake.discovery.lines import line_map
from seamark.intake.parsers.kit.tidy import clean_path


class Root:
    """The folder of the repository on the machine that scanned. Tools that write absolute paths meet the others only without it."""

    def __init__(self, folder: str) -> None:
        cleaned = clean_path(folder).rstrip("/") if folder else ""
        self._before = f"{cleaned}/" if cleaned.startswith("/") else ""

    def path(self, path: str) -> str:
        """Return a path as seen from the folder; those outside of it stay as they are."""
        return path[len(self._before) :] if self._before and path.startswith(self._before) else path

    def finding(self, finding: Finding) -> Finding:
        """Return a finding with its own path and those of its flow as seen from the folder."""
        if not self._before:
            return finding
        place = finding.location
        changed: dict[str, object] = {}
        if isinstance(place, CodeLocation) and place.path.startswith(self._before):
            changed["location"] = replace(place, path=self.path(place.path))
        if any(step.location.path.startswith(self._before) for step in finding.flow):
            changed["flow"] = tuple(
                replace(step, location=replace(step.location, path=self.path(step.location.path)))
                for step in finding.flow
            )
        return replace(finding, **changed) if changed else finding


class Source:
    """A checkout, and the folder that it is in where that is on this machine."""

    def __init__(self, checkout: Checkout | None = None, folder: Path | None = None) -> None:
        self._checkout, self._folder = checkout, folder

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Return the source in a folder."""
        return cls(WorkingTree(folder), folder)

    def enriched(self, finding: Finding) -> Finding:
        """Return a finding with the scope and the code that its report leaves out."""
        return finding if self._checkout is None else enrich(finding, self._checkout)

    def routes(self) -> Sequence[Route]:
        """Return the routes that the code answers at."""
        return () if self._checkout is None else self._checkout.routes()

    def moved(self, before: str, after: str) -> Callable[[str, int], tuple[str, int] | None] | None:
        """Return what tells where lines of one commit are in another; None where the history is not at hand."""
        if self._folder is None or not before or not after or before == after:
            return None
        lines = line_map(self._folder, before, after)
        return lines.now if lines is not None else None
