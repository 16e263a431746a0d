"""Finds and makes the rows of assets by their natural keys."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from seamark.core.assets import AssetKind, AssetRef, image_name
from seamark.core.errors import ImportRefused
from seamark.pipeline.target import image_key, repository_key
from seamark.store.models import Asset

_LONGEST_KEY: Final = 500
_REPOSITORY: Final = re.compile(r"(?:localhost|[\w-]+(?:\.[\w-]+)+)(?:/[\w.~+-]+)+")


def natural(ref: AssetRef, *, addressed: bool = True) -> AssetRef | None:
    """Return a reference with its natural key, None where the text is none.

    `addressed` wants repositories by their address; without it a folder's name will do, as working trees without a remote have it.
    """
    text = ref.key.strip()
    if not text or len(text) > _LONGEST_KEY or not text.isprintable():
        return None
    try:
        if ref.kind is AssetKind.IMAGE:
            text = image_key(text.partition("@")[0])[0]
        elif ref.kind is AssetKind.REPOSITORY:
            text = repository_key(text)
            if addressed and not _REPOSITORY.fullmatch(text):
                return None
    except (ImportRefused, ValueError):
        return None
    return AssetRef(ref.kind, text)


def assets_of(refs: Iterable[AssetRef]) -> tuple[dict[AssetRef, Asset], set[int]]:
    """Return the assets of references, and which of them were made because there were none.

    An image that is known by its short name is that image.
    """
    wanted = {ref: (ref.key, image_name(ref.key)) if ref.kind is AssetKind.IMAGE else (ref.key,) for ref in refs}
    known = stored(wanted.keys() | {AssetRef(ref.kind, key) for ref, keys in wanted.items() for key in keys})
    missing = {
        AssetRef(ref.kind, keys[-1]): None
        for ref, keys in wanted.items()
        if not any(AssetRef(ref.kind, key) in known for key in keys)
    }
    if missing:
        made = [Asset(kind=ref.kind.value, key=ref.key, name=ref.key.rsplit("/", 1)[-1]) for ref in missing]
        # Another import may name the same asset in the same moment.
        Asset.objects.bulk_create(made, ignore_conflicts=True)
        known |= stored(missing)
    found = {
        ref: next(known[one] for key in keys if (one := AssetRef(ref.kind, key)) in known)
        for ref, keys in wanted.items()
    }
    return found, {known[ref].pk for ref in missing}


def stored(refs: Iterable[AssetRef]) -> dict[AssetRef, Asset]:
    """Return the assets that there are, by their references."""
    by_kind: dict[AssetKind, list[str]] = {}
    for ref in refs:
        by_kind.setdefault(ref.kind, []).append(ref.key)
    found: dict[AssetRef, Asset] = {}
    for kind, keys in by_kind.items():
        for at in range(0, len(keys), 5000):
            for asset in Asset.objects.filter(kind=kind.value, key__in=keys[at : at + 5000]):
                found[AssetRef(kind, asset.key)] = asset
    return found
