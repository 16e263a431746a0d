"""What an image's labels say of where it is from: the repository it was built from and the image it stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from seamark.core.assets import AssetKind, AssetRef, Relation, RelationKind

LABELLED: Final = 0.9
"""Confidence in a label: builds that set none of their own keep the one of their base image."""

SOURCE: Final = "org.opencontainers.image.source"
_SOURCES: Final = (SOURCE, "org.label-schema.vcs-url")
_REVISIONS: Final = ("org.opencontainers.image.revision", "org.label-schema.vcs-ref")
_BASE: Final = "org.opencontainers.image.base.name"
_PAGE: Final = re.compile(r"^((?:/[^/]+){2,}?)/(?:-|tree|blob|commit)/.*$")
_MOST_LAYERS: Final = 500


def origins(image: str, labels: Mapping[str, str]) -> Iterator[Relation]:
    """Yield what the labels of an image say of its repository and its base image; nothing where the image has no name."""
    if not image:
        return
    this = AssetRef(AssetKind.IMAGE, image)
    for label in _SOURCES:
        if address := repository_address(labels.get(label, "")):
            target = AssetRef(AssetKind.REPOSITORY, address)
            yield Relation(kind=RelationKind.BUILT_FROM, source=this, target=target, origin=label, confidence=LABELLED)
            break
    if base := labels.get(_BASE, "").strip():
        target = AssetRef(AssetKind.IMAGE, base)
        yield Relation(kind=RelationKind.BASED_ON, source=this, target=target, origin=_BASE, confidence=LABELLED)


def revision(labels: Mapping[str, str]) -> str:
    """Return the commit that an image was built from, empty where its labels do not say."""
    return next((labels[label] for label in _REVISIONS if labels.get(label)), "")


def repository_address(text: str) -> str:
    """Return a repository's address as `host/owner/name`: no user, no password, no page or branch in it; empty where it is none."""
    text = text.strip().removeprefix("git+").partition("#")[0]
    if "://" in text:
        try:
            parts = urlsplit(text)
            host, path = parts.hostname or "", parts.path
        except ValueError:
            return ""
    else:
        host, _, path = text.rpartition("@")[2].replace(":", "/", 1).partition("/")
    path = _PAGE.sub(r"\1", f"/{path.strip('/')}").strip("/").removesuffix(".git")
    return f"{host}/{path}" if "." in host and path and " " not in text else ""


def layers(given: list[str] | None) -> tuple[str, ...]:
    """Return the digests of an image's layers, lowest first, as `Run.layers` has them."""
    return tuple(text for text in given or () if text)[:_MOST_LAYERS]
