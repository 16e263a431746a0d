"""How plug-ins are found: modules of a package of our own, and entry points of other packages. A broken one is loud, never skipped."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from typing import Any, TypeVar

from seamark.core.errors import BrokenPlugin

T = TypeVar("T")


def load(what: str, *, package: str, group: str) -> None:
    """Import the modules of a package and what the entry points of a group name, so that they declare themselves.

    `what` is what people call such a plug-in (`editor`). Raises `BrokenPlugin`.
    """
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
        try:
            importlib.import_module(module.name)
        except BrokenPlugin:
            raise
        except Exception as error:
            raise BrokenPlugin(f"The {what} {module.name} cannot be loaded: {error}") from error
    for _ in brought(what, group, lambda told: told):
        pass


def brought(what: str, group: str, use: Callable[[Any], T]) -> Iterator[tuple[str, T]]:
    """Yield what `use` makes of each object that other packages name in a group, behind where it comes from (`module:name`).

    Raises `BrokenPlugin` for whatever goes wrong, in loading or in `use`.
    """
    for point in entry_points(group=group):
        try:
            found = use(point.load())
        except Exception as error:
            raise BrokenPlugin(f"The {what} {point.name!r} of {point.value} cannot be loaded: {error}") from error
        yield point.value, found
