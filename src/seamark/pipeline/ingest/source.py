"""What the source code at hand adds to an import; nothing where there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from seamark.core.checkout import Checkout, Route
from seamark.core.finding import Finding
from seamark.intake.discovery.checkout import WorkingTree, enrich
from seamark.intake.discovery.lines import line_map


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
