"""Resolves where a run belongs: application, asset and stream."""

from __future__ import annotations

import re

from django.db.models import QuerySet, Value
from django.db.models.functions import Lower
from django.utils.text import slugify

from seamark.core.assets import AssetKind, image_name
from seamark.core.errors import ImportRefused
from seamark.core.report import Run
from seamark.pipeline.target import Target, image_key, repository_key, short_ref
from seamark.store.models import Application, Asset, Stream

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MAIN = ("main", "master", "trunk", "develop")


def application_of(target: Target) -> Application:
    """Return the application of that name, in any case; made where there is none."""
    name = target.application.strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise ImportRefused("An application's name has 1 to 200 printable characters")
    found = named(Application.objects.all(), name).first()
    if found is not None:
        return found
    base = slugify(name)[:180] or "application"
    slug, number = base, 1
    while Application.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    return Application.objects.create(name=name, slug=slug)


def named(applications: QuerySet[Application], name: str) -> QuerySet[Application]:
    """Return the application of a name, in any case, as the database's own unique index understands that."""
    return applications.annotate(lower=Lower("name")).filter(lower=Lower(Value(name.strip())))


def asset_of(application: Application, target: Target, run: Run) -> Asset:
    """Return the asset that a run looked at: what the caller names, else what the report proves, else the application."""
    if target.repository or (run.repository and not target.image):
        key = repository_key(target.repository or run.repository)
        return _asset(application, AssetKind.REPOSITORY, key, key.rsplit("/", 1)[-1])
    if target.image or run.image:
        name = image_name(image_key(target.image)[0] if target.image else run.image)
        return _asset(application, AssetKind.IMAGE, name, name.rsplit("/", 1)[-1])
    return _asset(application, AssetKind.APPLICATION, application.slug, application.name)


def _asset(application: Application, kind: AssetKind, key: str, name: str) -> Asset:
    asset, created = Asset.objects.get_or_create(
        kind=kind.value, key=key, defaults={"name": name, "application": application}
    )
    if not created and asset.application_id is None:
        asset.application = application
        asset.save(update_fields=["application"])
    return asset


def digest_of(target: Target, run: Run) -> str:
    """Return the digest of the image that a run looked at: what the caller names, else what the report says; empty where nobody does."""
    given = image_key(target.image)[2] if target.image else ""
    told = run.image_digest or run.image.partition("@")[2]
    return given or (told if _DIGEST.fullmatch(told) else "")


def stream_of(application: Application, asset: Asset, target: Target, run: Run) -> Stream:
    """Return the line of scans that a run belongs to.

    The first ref that is seen of an asset is its default branch, until a branch with a usual name for one appears.
    """
    ref = short_ref(target.ref or run.ref)
    if target.pull_request:
        ref = f"pull/{target.pull_request}"
    elif (
        ref
        and asset.default_ref != ref
        and (not asset.default_ref or (ref in _MAIN and asset.default_ref not in _MAIN))
    ):
        asset.default_ref = ref
        asset.save(update_fields=["default_ref"])
    configuration = target.configuration or run.configuration
    stream, _ = Stream.objects.get_or_create(
        asset=asset,
        tool=run.tool[:200],
        configuration=configuration[:500],
        ref=ref,
        defaults={
            "application": application,
            "is_default": not target.pull_request and (not ref or ref == asset.default_ref),
        },
    )
    return stream
