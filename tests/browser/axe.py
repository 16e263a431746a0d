"""axe with what WCAG 2.2 AA asks beyond its defaults: how large targets are."""

from __future__ import annotations

from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_OPTIONS: Final = {"rules": {"target-size": {"enabled": True}}}


class _Axe:
    """Looks at pages."""

    def __init__(self) -> None:
        self._axe = Axe()

    def run(self, page: Page) -> Any:
        """Return what axe says of a page as it is now."""
        return self._axe.run(page, options=_OPTIONS)


AXE: Final = _Axe()
