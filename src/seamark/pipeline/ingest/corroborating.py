"""Links issues that confirm each other: an attack and the code behind its route, an alert and the package that it names.

Only what an import touched is compared: its code and packages with all that witnesses in the application, and its witnesses with the
code behind their routes and with the packages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from seamark.analysis.correlation.corroboration import Corroboration, Routes, Witness, corroborate, witness
from seamark.core.checkout import Route
from seamark.core.finding import Finding as Read
from seamark.core.kind import KIND_CODES, Kind
from seamark.core.location import CodeLocation
from seamark.core.severity import Severity
from seamark.pipeline.ingest.rows import block_hash
from seamark.store import evidence, writer
from seamark.store.models import Application, Asset, Finding, Issue, PentestLink
from seamark.store.models import Corroboration as Row
from seamark.store.models.issues import WITNESS_KINDS

MOST = 5000
"""Witnesses, and packages beside a new alert, that are looked at: the riskiest."""
MOST_ROUTES = 5000
_CONFIRMED = (KIND_CODES[Kind.CODE], KIND_CODES[Kind.DEPENDENCY], KIND_CODES[Kind.CONTAINER])


def corroborate_issues(
    application: Application, touched: Sequence[int], routes: Mapping[int, Sequence[Route]], *, now: datetime
) -> set[int]:
    """Bring the links of touched issues up to date and return the issues whose confirmation changed.

    `routes` are those of repositories whose code is at hand; they are kept for later imports.
    """
    for asset, listed_routes in routes.items():
        _keep_routes(asset, listed_routes)
    open_ones = Issue.objects.filter(application=application, open=True)
    witnesses = list(
        open_ones.filter(kind__in=WITNESS_KINDS).order_by("-risk", "-id").values_list("id", flat=True)[:MOST]
    )
    if not witnesses:
        return set()
    kinds = dict(writer.select_in("SELECT id, kind FROM store_issue WHERE id {values}", sorted(set(touched))))
    code = [number for number, kind in kinds.items() if kind in _CONFIRMED]
    fresh = [number for number in witnesses if number in kinds]
    if not code and not fresh:
        return set()
    known = _routes_of(application)
    said = _witnesses_of(witnesses)
    candidates = set(code)
    if fresh:
        candidates |= _behind(application, [said[number] for number in fresh if number in said], known)
        if any(said[number].kind == Kind.RUNTIME for number in fresh if number in said):
            packages = open_ones.filter(kind__in=_CONFIRMED[1:]).order_by("-risk", "-id")
            candidates |= set(packages.values_list("id", flat=True)[:MOST])
    listed = [*said.values(), *_witnesses_of(sorted(candidates)).values()]
    every = [route for listed_routes in known.values() for route in listed_routes]
    concerned = set(code) | set(fresh)
    found = [one for one in corroborate(listed, every) if one.right in concerned or one.left in concerned]
    return _write(found, code, fresh, now)


def confirmed_by(issues: Iterable[int]) -> set[int]:
    """Return the issues that some issues confirm: their score depends on whether those are still open."""
    rows = writer.select_in("SELECT issue_id FROM store_corroboration WHERE witness_id {values}", sorted(set(issues)))
    return {issue for (issue,) in rows}


def _keep_routes(asset: int, routes: Sequence[Route]) -> None:
    row = Asset.objects.get(pk=asset)
    listed = msgspec.to_builtins(list(routes)[:MOST_ROUTES])
    if row.attributes.get("routes") != listed:
        row.attributes["routes"] = listed
        row.save(update_fields=["attributes"])


def _routes_of(application: Application) -> dict[int, list[Route]]:
    """Return the routes of the application's repositories."""
    assets = Asset.objects.filter(application=application, attributes__has_key="routes")
    return {asset.pk: msgspec.convert(asset.attributes["routes"], list[Route]) for asset in assets}


def _witnesses_of(issues: Sequence[int]) -> dict[int, Witness]:
    """Return issues as corroboration sees them, each by the open finding that says most about its place."""
    rows: list[Finding] = []
    for at in range(0, len(issues), MOST):
        piece = issues[at : at + MOST]
        rows += Finding.objects.filter(issue__in=piece, closed_in=None).select_related("stream__asset").order_by("id")
    full = evidence.read(rows)
    places: dict[int, set[str]] = defaultdict(set)
    chosen: dict[int, Finding] = {}
    for row in rows:
        if row.pk not in full:
            continue
        places[row.issue_id].add(row.stream.asset.key)
        best = chosen.get(row.issue_id)
        if best is None or _says(full[row.pk]) > _says(full[best.pk]):
            chosen[row.issue_id] = row
    return {
        issue: witness(full[row.pk], row.stream.tool, issue, asset=row.stream.asset_id, places=places[issue])
        for issue, row in chosen.items()
    }


def _says(finding: Read) -> tuple[bool, bool, int]:
    location = finding.location
    in_code = location if isinstance(location, CodeLocation) else None
    return bool(in_code and in_code.scope), bool(in_code and in_code.snippet), len(finding.flow)


def _behind(application: Application, witnesses: Iterable[Witness], known: Mapping[int, Sequence[Route]]) -> set[int]:
    """Return the open issues in the files whose routes these witnesses tested."""
    blocks: set[int] = set()
    for asset, routes in known.items():
        index = Routes(routes)
        files = {route.file for one in witnesses if one.url for route in index.find(one.url, one.method) if route.file}
        files |= {one.path for one in witnesses if one.kind == Kind.PENTEST and one.path}
        for path in files:
            place = Read(rule="", title="", severity=Severity.INFO, location=CodeLocation(path=path))
            blocks.add(block_hash(application.pk, asset, place, 0, ""))
    rows = writer.select_in(
        "SELECT DISTINCT issue_id FROM store_finding WHERE closed_in_id IS NULL AND block {values}", sorted(blocks)
    )
    return {issue for (issue,) in rows}


def _write(found: Iterable[Corroboration], code: Sequence[int], fresh: Sequence[int], now: datetime) -> set[int]:
    """Replace the links of what was compared; return the issues whose links changed."""
    wanted = {(one.right, one.left): one for one in found}
    rows: dict[tuple[int, int], Row] = {}
    for field, numbers in (("issue", code), ("witness", fresh)):
        for at in range(0, len(numbers), MOST):
            for row in Row.objects.filter(**{f"{field}__in": numbers[at : at + MOST]}):
                rows[row.issue_id, row.witness_id] = row
    gone = [row for pair, row in rows.items() if pair not in wanted]
    # What testers linked themselves stays until they take it back.
    said = set(
        PentestLink.objects.filter(issue__in=[row.issue_id for row in gone]).values_list("issue", "pentest__finding__issue")
    ) if gone else set()  # fmt: skip
    gone = [row for row in gone if (row.issue_id, row.witness_id) not in said]
    Row.objects.filter(pk__in=[row.pk for row in gone]).delete()
    new = [
        Row(
            issue_id=issue, witness_id=by, source=one.by, confidence=round(1000 * one.confidence),
            reasons=[list(reason) for reason in one.reasons], at=now,
        )
        for (issue, by), one in wanted.items()
        if (issue, by) not in rows
    ]  # fmt: skip
    Row.objects.bulk_create(new, batch_size=500)
    return {row.issue_id for row in (*gone, *new)}
