"""Whether an issue of a container's package is of a base image's layer or of an own one, as a value of the database's.

Where the fix of such an issue belongs is decided when it is imported (analysis/correlation/roots.py), by layers and by what images are
based on: an issue that stands at an image which others are based on is of the base image.
"""

from __future__ import annotations

from typing import Final

from django.db.models import Case, CharField, Exists, OuterRef, Q, Subquery, Value, When

from seamark.core.assets import AssetKind, RelationKind
from seamark.core.errors import InvalidQuery
from seamark.core.kind import KIND_CODES, Kind
from seamark.store.models import Asset, Finding, Issue, Relation

SURE: Final = 0.8
"""Confidence from which a relation moves an issue, as where roots are found."""
LAYERS: Final = ("base", "own")
_PACKAGES: Final = tuple(KIND_CODES[kind] for kind in (Kind.DEPENDENCY, Kind.CONTAINER, Kind.LICENCE))
_BASED = Relation.objects.filter(kind=RelationKind.BASED_ON.value, until=None, confidence__gte=SURE)


def _base() -> Q:
    return Q(kind__in=_PACKAGES) & ~Q(component="") & Q(Exists(_BASED.filter(target=OuterRef("asset_id"))))


def _own() -> Q:
    """Return the condition: seen in an image whose base is known, and not the base's."""
    seen = Finding.objects.filter(issue=OuterRef("pk"), closed_in=None, stream__asset__kind=AssetKind.IMAGE.value)
    known = seen.filter(Exists(_BASED.filter(source=OuterRef("stream__asset_id"))))
    return Q(kind__in=_PACKAGES) & ~Q(component="") & ~_base() & Q(Exists(known))


def in_layer(value: str) -> Q:
    """Return the condition of `layer:base` and `layer:own`. Raises `InvalidQuery`."""
    word = value.lower()
    if word not in LAYERS:
        raise InvalidQuery(f"layer is one of {', '.join(LAYERS)}, not {value!r}")
    return _base() if word == "base" else _own()


def layer_of() -> Case:
    """Return the value for `issues.annotate(layer=…)`: `base`, `own`, or empty where it is not known or does not arise."""
    return Case(
        When(_base(), then=Value("base")), When(_own(), then=Value("own")), default=Value(""), output_field=CharField()
    )


def base_image_of() -> Case:
    """Return the value for `issues.annotate(base_image=…)`: the key of the base image that has the package, else empty."""
    key = Subquery(Asset.objects.filter(pk=OuterRef("asset_id")).values("key")[:1])
    return Case(When(_base(), then=key), default=Value(""), output_field=CharField())


def layer_at(issue: int) -> tuple[str, str]:
    """Return the layer of one issue, by number, and the key of its base image; empty where they are not known. Nothing is checked of who asks."""
    row = Issue.objects.filter(pk=issue).values_list(layer_of(), base_image_of()).first()
    return (str(row[0]), str(row[1])) if row else ("", "")
