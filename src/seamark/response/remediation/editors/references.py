"""Image references, moved to another tag or digest in the form in which they are written."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from seamark.core.assets import image_name
from seamark.response.remediation.change import Change
from seamark.response.remediation.editors.notation.source import UnsafeEdit

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


class Wanted(NamedTuple):
    """What an image shall be: tag and digest, each empty where it is not said."""

    tag: str
    digest: str


def wanted(change: Change) -> Wanted:
    """Return tag and digest of a change's new version. Raises `UnsafeEdit` where it is neither."""
    tag, _, digest = change.to_version.rpartition("@") if "@" in change.to_version else (change.to_version, "", "")
    if not digest and tag.startswith("sha256:"):
        tag, digest = "", tag
    digest = digest or dict(change.integrity).get("digest", "")
    if (tag and not _TAG.fullmatch(tag)) or (digest and not _DIGEST.fullmatch(digest)) or not (tag or digest):
        raise UnsafeEdit(f"{change.to_version!r} is neither a tag nor a digest.")
    return Wanted(tag, digest)


def split(reference: str) -> tuple[str, str, str]:
    """Return name, tag and digest of a reference as they are written."""
    whole, _, digest = reference.partition("@")
    head, colon, tail = whole.rpartition(":")
    return (head, tail, digest) if colon and "/" not in tail else (whole, "", digest)


def same_image(name: str, change: Change) -> bool:
    """Tell whether two names, short or long, are of one image."""
    return bool(name) and "$" not in name and image_name(name) == image_name(change.name)


def matches(tag: str, digest: str, change: Change) -> bool:
    """Tell whether tag and digest of a reference are what the change starts from."""
    if not change.from_version:
        return True
    old_tag, _, old_digest = (
        change.from_version.rpartition("@") if "@" in change.from_version else (change.from_version, "", "")
    )
    if not old_digest and old_tag.startswith("sha256:"):
        old_tag, old_digest = "", old_tag
    if old_digest and digest and old_digest != digest:
        return False
    return (tag or "latest") == (old_tag or tag or "latest")


def moved(reference: str, change: Change, where: str) -> str | None:
    """Return a reference at the new tag or digest; None where it is of another image or version, or there already.

    A reference with a digest keeps one: raises `UnsafeEdit` where that of the new version is not known.
    """
    name, tag, digest = split(reference)
    if not same_image(name, change) or not matches(tag, digest, change):
        return None
    new = put(tag, digest, change, where)
    written = name + (f":{new.tag}" if new.tag else "") + (f"@{new.digest}" if new.digest else "")
    return None if written == reference else written


def put(tag: str, digest: str, change: Change, where: str) -> Wanted:
    """Return the new tag and digest of a reference that has these now."""
    new = wanted(change)
    if digest and not new.digest:
        raise UnsafeEdit(f"{where} pins {change.name} by digest, and that of {change.to_version} is not known.")
    # Who writes tags only goes on doing so, unless the change is to a digest.
    keeps_digest = bool(digest) or "sha256:" in change.to_version
    return Wanted(
        new.tag or ("" if "@" in change.to_version else tag if digest and tag == "latest" else ""),
        new.digest if keeps_digest else "",
    )
