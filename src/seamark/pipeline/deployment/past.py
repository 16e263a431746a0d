"""Decisions that were made, read back from the ledger by the number of their entry."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from seamark.core.errors import NotFound
from seamark.governance.ledger.entry import Entry, read_entry
from seamark.governance.policy.evaluate import Verdict
from seamark.governance.policy.model import Effect
from seamark.pipeline.deployment.decide import Decided
from seamark.pipeline.deployment.keeping import Kept
from seamark.store import models
from seamark.store.access import Visible
from seamark.store.models import LedgerEntry, User

_KIND: Final = "verdict"


def decided(visible: Visible, number: int, person: User) -> Decided:
    """Return a decision by its entry in the ledger. Raises `NotFound` for what is none, or may not be seen.

    One that belongs to no application is shown to who asked for it, and to who sees everything.
    """
    row = LedgerEntry.objects.filter(pk=number, kind=_KIND).first()
    entry = read_entry(row.content) if row is not None else None
    if not _seen(visible, entry, person) or entry is None:
        raise NotFound("There is no such decision that you may see")
    kept = models.Verdict.objects.filter(pk=entry.inputs.get("verdict") or 0).select_related("application").first()
    listed = [one.content for one in kept.violations.order_by("number")] if kept is not None else _named(entry)
    content = {**entry.body, "violations": listed}
    content.pop("content", None)
    slug = kept.application.slug if kept is not None and kept.application is not None else ""
    about = str(entry.inputs.get("about") or (kept.ref if kept is not None else ""))
    return Decided(
        msgspec.convert(content, Verdict), about, slug, (), Kept(kept.pk if kept is not None else None, number)
    )


def _seen(visible: Visible, entry: Entry | None, person: User) -> bool:
    number = entry.inputs.get("verdict") if entry is not None else 0
    # Asked in any case: what is not there takes as long as what may not be seen.
    found = models.Verdict.objects.filter(pk=number or 0, application__in=visible.applications()).exists()
    if entry is None or number is not None:
        return found
    return visible.everything or entry.actor == person.get_username()


def _named(entry: Entry) -> list[dict[str, Any]]:
    """Return the violations as far as the ledger names them."""
    return [
        {"policy": policy, "subject": "", "ref": ref, "effect": Effect(effect).value, "severity": "", "decided": sure}
        for policy, ref, effect, sure in entry.body.get("violations", ())
    ]
