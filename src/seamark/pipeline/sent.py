"""Takes over surveys that people send in: under a name of their own, and only what is theirs to tell of."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone
from msgspec.structs import replace

from seamark.core.assets import AssetKind, AssetRef, Discovery, Trouble, image_name
from seamark.pipeline.assets import natural, stored
from seamark.pipeline.ingest.place import application_of
from seamark.pipeline.surveys import record
from seamark.pipeline.target import Target
from seamark.store.access import IMPORTS, Visible
from seamark.store.models import Survey

LONGEST_SOURCE: Final = 200


@transaction.atomic
def take_survey(
    seen: Visible,
    found: Discovery,
    application: str,
    source: str,
    *,
    commit: str = "",
    complete: bool = True,
    now: datetime | None = None,
) -> Survey:
    """Keep a discovery that somebody sent for an application, made where there is none, and return its row.

    The source's name begins with the application's: no survey of one application ends what another one's says. What belongs to an
    application into which the person may not import is left out, and told as a trouble. Raises `ImportRefused`.
    """
    target = application_of(Target(application=application))
    allowed = None if seen.may(IMPORTS) else {target.pk, *seen.applications(IMPORTS).values_list("id", flat=True)}
    own = found if allowed is None else _own(found, allowed)
    name = f"sent for {target.slug}: {source.strip() or found.repository or 'a survey'}"
    return record(own, name[:300], now=now or timezone.now(), application=target, complete=complete, commit=commit[:64])


def _own(found: Discovery, allowed: Collection[int]) -> Discovery:
    """Leave out what is another application's: its assets, relations that start there, and inventories of its manifests."""
    refs = [one.ref for one in found.assets] + [one.manifest for one in found.listings]
    refs += [end for one in found.relations for end in (one.source, one.target)]
    theirs = _theirs(refs, allowed)
    if not theirs:
        return found
    assets = tuple(one for one in found.assets if one.ref not in theirs)
    # A service may call another application's; nobody else says what that one does.
    relations = tuple(
        one for one in found.relations
        if one.source not in theirs and (one.target not in theirs or one.source.kind not in _EVERYBODYS)
    )  # fmt: skip
    troubles = tuple(Trouble("", f"{ref.kind} {ref.key} belongs to another application: left out") for ref in theirs)
    return replace(
        found, assets=assets, relations=relations, listings=tuple(one for one in found.listings if one.manifest not in theirs),
        troubles=(*found.troubles, *troubles),
    )  # fmt: skip


_EVERYBODYS: Final = frozenset({AssetKind.DOMAIN, AssetKind.IMAGE, AssetKind.TEAM, AssetKind.PERSON, AssetKind.CLUSTER})
"""Kinds whose assets may belong to nobody: their relations to somebody else's assets are not the sender's to tell."""


def _theirs(refs: Iterable[AssetRef], allowed: Collection[int]) -> list[AssetRef]:
    keys: dict[AssetRef, tuple[AssetRef, ...]] = {}
    for ref in dict.fromkeys(refs):
        known = natural(ref, addressed=False) if ref.kind is not AssetKind.PACKAGE else None
        if known is not None:
            short = (AssetRef(known.kind, image_name(known.key)),) if known.kind is AssetKind.IMAGE else ()
            keys[ref] = (known, *short)
    rows = stored({one for several in keys.values() for one in several})
    foreign = {ref for ref, row in rows.items() if row.application_id is not None and row.application_id not in allowed}
    return [ref for ref, several in keys.items() if any(one in foreign for one in several)]
