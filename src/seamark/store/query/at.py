"""Which issues are at an asset: its own, or those whose place lies in it where it is a part of a repository."""

from __future__ import annotations

from typing import Final

from django.db.models import Q

from seamark.core.assets import AssetKind
from seamark.store.models import Asset

_PARTS: Final = frozenset({AssetKind.SERVICE.value, AssetKind.MANIFEST.value})
_MOST_INNER: Final = 200


def at_asset(asset: Asset) -> Q:
    """Return the condition of issues at an asset. A service has those of its folder, without the services further in."""
    repository, mark, inside = asset.key.partition("//")
    own = Q(asset=asset.pk)
    if not mark or asset.kind not in _PARTS:
        return own
    whole = Asset.objects.filter(kind=AssetKind.REPOSITORY.value, key=repository).values_list("id", flat=True).first()
    if whole is None:
        return own
    if asset.kind == AssetKind.MANIFEST.value:
        return own | (Q(asset=whole) & (Q(place=inside) | Q(place__startswith=f"{inside}:")))
    folder = "" if inside == "." else f"{inside}/"
    within = Q(asset=whole, place__startswith=folder) if folder else Q(asset=whole)
    prefix = f"{repository}//{folder}"
    inner = Asset.objects.filter(kind=asset.kind, key__startswith=prefix, gone_at=None).exclude(pk=asset.pk)
    for key in inner.order_by("key").values_list("key", flat=True)[:_MOST_INNER]:
        if not key.endswith("//."):
            within &= ~Q(place__startswith=f"{key.removeprefix(f'{repository}//')}/")
    return own | within
