"""Who answers for an asset, by a person's decision: it wins over what files and histories say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from seamark.core.assets import AssetKind, AssetRef
from seamark.core.errors import NotAllowed
from seamark.store.access import visible_to
from seamark.store.models import Asset, Event, Ownership, User
from seamark.store.permissions import Permission, needed

MOST_OWNERS: Final = 10
OWNER_KINDS: Final = frozenset({AssetKind.TEAM, AssetKind.PERSON})


def owner_ref(text: str) -> AssetRef:
    """Return who a text means: an address of mail or `@login` is a person, `acme/orders` or `team:platform` a team.

    Raises `NotAllowed` for what is no name.
    """
    text = text.strip()
    kind, colon, name = text.partition(":")
    if colon and kind in OWNER_KINDS:
        found = AssetRef(AssetKind(kind), name.strip())
    elif text.startswith("@") and "/" in text:
        found = AssetRef(AssetKind.TEAM, text[1:])
    elif "@" in text:
        found = AssetRef(AssetKind.PERSON, text.lower())
    else:
        found = AssetRef(AssetKind.TEAM, text)
    if not found.key or len(found.key) > 300 or not found.key.isprintable():
        raise NotAllowed("An owner is a team's name or a person's address, of at most 300 characters")
    return found


@transaction.atomic
def decide(actor: User, asset: Asset, owners: Sequence[AssetRef], reason: str = "") -> bool:
    """Set who answers for an asset, the first one first; none takes a decision back. Return whether anything changed.

    Raises `NotAllowed`.
    """
    if not visible_to(actor).may(Permission.ASSET_EDIT, asset.application):
        where = asset.application or "all applications"
        raise NotAllowed(needed(Permission.ASSET_EDIT, where))
    wanted = list(dict.fromkeys(owners))
    if len(wanted) > MOST_OWNERS:
        raise NotAllowed(f"At most {MOST_OWNERS} owners")
    rows = Ownership.objects.filter(asset=asset, said_in="").order_by("rank", "id").select_related("owner")
    before = [AssetRef(AssetKind(row.owner.kind), row.owner.key) for row in rows]
    if before == wanted:
        return False
    people = [_row(ref) for ref in wanted]
    rows.delete()
    # What a file says of the same owner comes back with its next survey.
    Ownership.objects.filter(asset=asset, owner__in=people).delete()
    Ownership.objects.filter(asset=asset).update(rank=F("rank") + len(people))
    why = reason.strip() or f"{actor.get_username()} decided so"
    Ownership.objects.bulk_create(
        Ownership(
            asset=asset, owner=owner, rank=rank, confidence=1.0, reason=why, evidence={"by": actor.get_username()}
        )
        for rank, owner in enumerate(people, start=1)
    )
    details = {
        "asset": asset.pk,
        "before": [ref.key for ref in before],
        "after": [ref.key for ref in wanted],
        "reason": reason.strip(),
    }
    Event.objects.create(application=asset.application, kind="owners", details=details, actor=actor, at=timezone.now())
    return True


def _row(ref: AssetRef) -> Asset:
    name = ref.key.rsplit("/", 1)[-1] if ref.kind is AssetKind.TEAM else ref.key
    found, _ = Asset.objects.get_or_create(kind=ref.kind.value, key=ref.key, defaults={"name": name})
    return found
