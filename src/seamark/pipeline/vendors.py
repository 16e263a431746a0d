"""Keeping what vendors say in their documents."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db.models import Min

from seamark.intake.connectors.feeds.statements import Known
from seamark.intake.connectors.feeds.vendors import Advisory
from seamark.store.models import VendorDocument, VendorFlaw, VendorStatement

IMPORTED: Final = "imported"
"""The provider of files that somebody brought."""


def keep(provider: str, advisories: Iterable[Advisory]) -> int:
    """Store documents, each in the place of its former version, and return how many were. One older than what is kept is passed over.

    Call it inside a transaction.
    """
    kept = 0
    for one in advisories:
        key = {"provider": provider, "publisher": one.publisher, "document": one.id}
        released = datetime.fromisoformat(one.released)
        row = VendorDocument.objects.filter(**key).first()
        if row is not None and row.released_at > released:
            continue
        row = row or VendorDocument(**key)
        row.version, row.title, row.released_at = one.version, one.title, released
        row.save()
        row.flaws.all().delete()
        _fill(row, one)
        kept += 1
    return kept


def _fill(row: VendorDocument, one: Advisory) -> None:
    flaws = VendorFlaw.objects.bulk_create([
        VendorFlaw(
            document=row, name=flaw.name, cvss=flaw.cvss, vector=flaw.vector, exploitation=flaw.exploitation, exploited=flaw.exploited or None
        )
        for flaw in one.flaws
    ], batch_size=1000)  # fmt: skip
    statements = (
        VendorStatement(
            flaw=stored, purl=said.purl, package=said.package, version=said.version, range=said.range, within=said.within,
            status=said.status.value, justification=said.justification, detail=said.detail,
        )
        for stored, flaw in zip(flaws, one.flaws, strict=True) for said in flaw.products
    )  # fmt: skip
    while some := list(itertools.islice(statements, 1000)):
        VendorStatement.objects.bulk_create(some)


def exploited() -> dict[str, Known]:
    """Return all flaws that some vendor knows to be exploited, with the first day that one names."""
    rows = VendorFlaw.objects.exclude(exploited=None).order_by().values_list("name").annotate(first=Min("exploited"))
    return {name: Known(name=name, kev_added=first.isoformat()) for name, first in rows}
