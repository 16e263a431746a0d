"""Which controls of different frameworks ask for the same: by topics, so that the relation is symmetric by its making."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from seamark.governance.compliance.framework import Framework
from seamark.governance.compliance.texts import content_of


class Topic(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that several frameworks ask for."""

    topic: str
    """In words."""
    controls: tuple[str, ...]
    """As `framework/control`."""


@cache
def topics() -> tuple[Topic, ...]:
    """Return the topics that come with the product."""
    text = files("seamark.governance.compliance").joinpath("crosswalk.yaml").read_text("utf-8")
    return msgspec.convert(content_of(text), tuple[Topic, ...], strict=False)


@lru_cache(maxsize=8)
def matches(frameworks: tuple[Framework, ...]) -> Mapping[str, tuple[str, ...]]:
    """Return for each control with a counterpart, as `framework/control`, all of its counterparts in other frameworks, sorted."""
    found: dict[str, set[str]] = {}
    there = {f"{one.name}/{number}" for one in frameworks for number in one.controls}

    def join(left: str, right: str) -> None:
        if left.partition("/")[0] != right.partition("/")[0] and {left, right} <= there:
            found.setdefault(left, set()).add(right)
            found.setdefault(right, set()).add(left)

    for topic in topics():
        for left in topic.controls:
            for right in topic.controls:
                join(left, right)
    for one in frameworks:
        for control in one.controls.values():
            for other in control.like:
                join(f"{one.name}/{control.id}", other)
    return {name: tuple(sorted(several)) for name, several in sorted(found.items())}
