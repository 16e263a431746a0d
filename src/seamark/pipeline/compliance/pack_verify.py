"""Whether the rows behind a pack still say what it says."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from seamark.core.errors import NotFound, StoreUnavailable
from seamark.governance.ledger.live import verify_database
from seamark.governance.ledger.note import read_verifier
from seamark.insight.exports.pack.period import ends
from seamark.insight.exports.pack.shapes import Pack, Period
from seamark.pipeline.compliance.evidence import content_for
from seamark.pipeline.compliance.pack_offline import Told, UnusablePack, offline
from seamark.pipeline.compliance.pack_produced import produced
from seamark.pipeline.compliance.pack_reading import read
from seamark.pipeline.compliance.scope import WHOLE, Scope, scope_of
from seamark.store.access import Visible

_LARGEST: Final = 500_000_000
_LISTS: Final = ("controls", "checks", "evidence", "gaps")


def beside(visible: Visible, path: Path, key: str) -> Told:
    """Verify a pack, this installation's ledger, and that the rows behind the pack still say what it says.

    Controls, checks, evidence and gaps are read again as they stood at the pack's moment; what history must not change is a fault.
    So are decisions, inventories and VEX of a period that is over. In one that runs they go on, as the rules do: where they differ by
    now that is told, and no fault. Raises `UnusablePack`.
    """
    told = offline(path, key)
    live = verify_database(read_verifier(key))
    faults = [*told.faults, *(one.words for one in live.faults)]
    if live.more:
        faults.append(f"… and {live.more:,} more in the ledger")
    pack = _pack(path)
    at = datetime.fromisoformat(pack.as_of)
    past = at == ends(pack.period)
    try:
        scope = _scope(visible, pack)
        now = read(visible, pack.framework.slug, scope, pack.period, at, past=past)
    except NotFound as error:
        faults.append(f"The rows behind the pack are gone: {error}")
        return Told(ok=False, files=told.files, entries=told.entries, rows=live.rows, faults=tuple(faults))
    since, skipped = _moved_on(pack, now)
    faults += _differences(pack, now, skipped)
    # Which applications a scope has is known as of today only: with others, other documents are no fault.
    (faults if past and pack.scope == now.scope else since).extend(
        _otherwise(visible, path, scope, pack.period, at if past else None)
    )
    for one in pack.evidence:
        if one.file and (sentence := _content(visible, one.id, one.sha256)):
            (since if "kept until" in sentence else faults).append(sentence)
    rows = (live.rows or 0) + sum(len(getattr(now, name)) for name in _LISTS)
    return Told(
        ok=not faults, files=told.files, entries=told.entries, rows=rows, faults=tuple(faults), since=tuple(since)
    )


def _pack(path: Path) -> Pack:
    try:
        return msgspec.json.decode(_file(path, "report.json"), type=Pack)
    except (msgspec.MsgspecError, KeyError, OSError, ValueError) as error:
        raise UnusablePack(f"report.json of {path.name} cannot be read: {error}") from None


def _file(path: Path, name: str) -> bytes:
    if path.is_dir():
        with (path / name).open("rb") as file:
            return file.read(_LARGEST)
    with zipfile.ZipFile(path) as archive, archive.open(name) as member:
        return member.read(_LARGEST)


def _scope(visible: Visible, pack: Pack) -> Scope:
    if pack.scope.kind == "application":
        # Its short name stays when it is renamed. One that came after the period is in no list.
        return scope_of(visible, application=next(iter(pack.scope.applications), pack.scope.name))
    return scope_of(visible, unit=pack.scope.name) if pack.scope.kind == "unit" else WHOLE


def _differences(pack: Pack, now: Pack, skipped: Collection[str]) -> Iterator[str]:
    """Yield what the rows say otherwise. `skipped` are lists and checks that another version of the rules speaks of by now."""
    for name in _LISTS:
        if name in skipped:
            continue
        there, here = _by_id(getattr(pack, name)), _by_id(getattr(now, name))
        yield from (f"{name}: {one} is no longer in the database" for one in there if one not in here)
        yield from (f"{name}: {one} is in the database, not in the pack" for one in here if one not in there)
        for one in there.keys() & here.keys() - set(skipped):
            if fields := [field for field in there[one] if there[one][field] != here[one][field]]:
                yield f"{name}: {one} says something else in the database ({', '.join(sorted(fields))})"


def _moved_on(pack: Pack, now: Pack) -> tuple[list[str], set[str]]:
    """Return, in sentences, which rules and applications are others by now, and what cannot be compared for that."""
    told: list[str] = []
    skipped: set[str] = set()
    if pack.scope != now.scope:
        other = set(pack.scope.applications) ^ set(now.scope.applications)
        told.append(f"The scope has other applications by now: {', '.join(sorted(other)) or 'it was renamed'}")
    versions = {one.id: one.digest for one in now.checks}
    changed = {one.id for one in pack.checks if versions.get(one.id) != one.digest}
    if pack.framework.digest != now.framework.digest or changed:
        told.append("The framework or its checks are of another version by now: controls are not compared")
        skipped |= {"controls", *changed}
    if pack.framework.digest != now.framework.digest:
        skipped.add("checks")
    return told, skipped


def _by_id(items: Any) -> dict[str, dict[str, Any]]:
    found = {}
    for one in items:
        told = msgspec.to_builtins(one)
        # Whether the content is at hand is looked at by itself.
        told.pop("file", None)
        found[told.get("id") or told["number"]] = told
    return found


def _content(visible: Visible, reference: str, digest: str) -> str:
    """Return what is wrong with the content of evidence, as a sentence; empty where nothing is."""
    try:
        row, _ = content_for(visible, None, int(reference.removeprefix("E-")))
    except (NotFound, StoreUnavailable, ValueError) as error:
        return f"{reference}: {error}"
    return "" if row.digest == digest else f"{reference}: the database has another hash than the pack"


def _otherwise(visible: Visible, path: Path, scope: Scope, period: Period, at: datetime | None) -> Iterator[str]:
    """Yield which decisions, inventories and VEX would be written otherwise from the rows, as they were at a time or are now."""
    for file in produced(visible, scope, period, at)[0]:
        try:
            same = _file(path, file.path) == file.content
        except (KeyError, OSError):
            same = False
        if not same:
            yield f"{file.path} would be written otherwise now"
