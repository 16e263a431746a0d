"""Keeps the target of an upgrade up to date: the least version that clears everything it is for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from seamark.analysis.correlation.versions import least_that_clears
from seamark.store import writer
from seamark.store.models import Fix


def retarget(fixes: Iterable[int]) -> None:
    """Compute the target of fixes anew from what their open findings say. Writes those that changed."""
    wanted = sorted(set(fixes))
    fixed: dict[int, set[str]] = defaultdict(set)
    for number, version in writer.select_in(
        "SELECT DISTINCT i.fix_id, f.fixed_version FROM store_issue i JOIN store_finding f ON f.issue_id = i.id "
        "WHERE f.closed_in_id IS NULL AND i.fix_id {values}",
        wanted,
    ):
        fixed[number].add(version)
    changed = []
    for number, title, target, details in writer.select_in(
        "SELECT id, title, target, details FROM store_fix WHERE id {values}", wanted
    ):
        known = msgspec.json.decode(details) if isinstance(details, str) else details
        name = str(known.get("name") or title.removeprefix("Upgrade "))
        versions = fixed.get(number, set())
        now = least_that_clears(versions)
        partial = "" in versions and bool(now)
        words = f"Upgrade {name} to {now}" if now else f"Upgrade or replace {name}"
        if (now, words, partial) != (target, title, known.get("partial", False)):
            changed.append((number, now, words, msgspec.json.encode({"name": name, "partial": partial}).decode()))
    writer.update(Fix, ["target", "title", "details"], changed)
