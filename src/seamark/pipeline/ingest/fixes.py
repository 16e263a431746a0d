"""Keeps the target of an upgrade up to date: the least version that clears everything it is for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from seamark.analysis.correlation.versions import least_that_clears
from seamark.pipeline.ingest.names import open_findings_of_fixes
from seamark.store import writer
from seamark.store.models import Fix


def retarget(fixes: Iterable[int]) -> None:
    """Compute the target of fixes anew from what their open findings say. Writes those that changed."""
    wanted = set(fixes)
    if not wanted:
        return
    fixed: dict[int, set[str]] = defaultdict(set)
    unfixed: set[int] = set()
    for number, _component, version in open_findings_of_fixes(wanted):
        if version:
            fixed[number].add(version)
        else:
            unfixed.add(number)
    changed = []
    for fix in Fix.objects.filter(pk__in=wanted):
        target = least_that_clears(fixed.get(fix.pk, set()))
        title = f"Upgrade {_name(fix)} to {target}" if target else f"Upgrade or replace {_name(fix)}"
        partial = fix.pk in unfixed and bool(target)
        if (target, title, partial) != (fix.target, fix.title, fix.details.get("partial", False)):
            changed.append((fix.pk, target, title, _json({"name": _name(fix), "partial": partial})))
    writer.update(Fix, ["target", "title", "details"], changed)


def _name(fix: Fix) -> str:
    name = fix.details.get("name")
    return str(name) if name else fix.title.removeprefix("Upgrade ")


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
