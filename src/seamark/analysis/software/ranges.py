"""Whether a version is affected, by the events and lists of an advisory."""

from __future__ import annotations

from typing import Any, Final

from seamark.analysis.software.order import order_key
from seamark.core.advisory import Affected, Span

_RANKS: Final = {"introduced": 0, "last_affected": 1, "fixed": 2}


def is_affected(kind: str, version: str, affected: Affected) -> bool | None:
    """Tell whether a version of a package (of a package URL type) is affected; None where the version cannot be placed.

    OSV's rules: it is in one of the ranges, or named in the list.
    """
    if version in affected.versions:
        return True
    answers = [_in_span(_order(kind, span), version, span) for span in affected.spans]
    if True in answers:
        return True
    if affected.versions:
        key = order_key(kind, version)
        if key is not None and any(order_key(kind, one) == key for one in affected.versions):
            return True
    return None if None in answers else False


def fixed_versions(kind: str, version: str, affected: Affected) -> tuple[str, ...]:
    """Return the versions above this one in which the problem is fixed, by the spans that hold it."""
    found: dict[str, None] = {}
    for span in affected.spans:
        order = _order(kind, span)
        mine = order_key(order, version)
        if mine is None or not _in_span(order, version, span):
            continue
        above = [(key, text) for name, text in span.events if name == "fixed" and (key := order_key(order, text)) is not None and key > mine]  # fmt: skip
        if above:
            found[min(above, key=lambda one: one[0])[1]] = None
    return tuple(found)


def _order(kind: str, span: Span) -> str:
    """Return by whose order a span is read: Go's is SemVer, with the toolchain's own writing besides."""
    return "semver" if span.semantic and kind != "golang" else kind


def _in_span(order: str, version: str, span: Span) -> bool | None:
    mine = order_key(order, version)
    if mine is None:
        return None
    events: list[tuple[Any, int]] = []
    inside = False
    for name, text in span.events:
        if name == "introduced" and text == "0":
            inside = True
        elif name in _RANKS and (key := order_key(order, text)) is not None:
            events.append((key, _RANKS[name]))
    events.sort(key=lambda one: (one[0], one[1]))
    for key, rank in events:
        if rank == 0 and mine >= key:
            inside = True
        elif (rank == 1 and mine > key) or (rank == 2 and mine >= key):
            inside = False
    return inside
