"""Where a report belongs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from seamark.core.errors import ImportRefused

if TYPE_CHECKING:
    from seamark.intake.parsers.kit.registry import Parser


class Target(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The application, and as far as known the repository or image, that a report speaks of."""

    application: str
    repository: str = ""
    """URL or `host/owner/name`."""
    ref: str = ""
    """Branch or tag, with or without `refs/heads/`."""
    commit: str = ""
    pull_request: str = ""
    image: str = ""
    """`registry/name:tag@sha256:…`."""
    configuration: str = ""
    """Tells scans of one tool over one asset apart where the report does not."""
    scanned_at: str = ""
    """When the scan ran (RFC 3339 or a date), for reports that do not say."""
    root: str = ""
    """Folder of the repository on the machine that scanned: absolute paths of the report are told from there."""
    complete: bool = False
    """The caller vouches that the scan ran to its end over everything, so that it may close findings."""
    format: str = "auto"
    mapping: str = ""
    """Text of the mapping file to read the report by, in place of a format."""


def format_of(target: Target) -> str | Parser:
    """Return what the report is to be read as: the mapping that came with it, or its format. Raises `UnreadableReport`."""
    if not target.mapping:
        return target.format
    from seamark.intake.parsers.kit.mapped import as_parser
    from seamark.intake.parsers.kit.mapping import load

    return as_parser(load(target.mapping))


_SSH = re.compile(r"^(?:ssh://)?[\w.-]+@([\w.-]+)[:/](?!\d+/)(.+)$")


def repository_key(text: str) -> str:
    """Return a repository's natural key, `host/owner/name` in lower case for the host, without user, port and `.git`."""
    cleaned = text.strip().rstrip("/")
    if found := _SSH.match(cleaned):
        host, path = found[1], found[2]
    elif "://" in cleaned:
        parts = urlsplit(cleaned)
        host, path = parts.hostname or "", parts.path
        if parts.scheme == "file":
            host = "file"
    else:
        host, _, path = cleaned.partition("/")
        if "." not in host and host != "localhost":
            host, path = "", cleaned
    path = path.strip("/").removesuffix(".git")
    if not path or (not host and "://" in cleaned):
        raise ImportRefused(f"{text!r} is not the address of a repository")
    return f"{host.lower()}/{path}" if host else path


_IMAGE = re.compile(r"^(?P<name>[^\s@]+?)(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?$")


def image_key(text: str) -> tuple[str, str, str]:
    """Return an image's name without tag (its natural key), the tag and the digest; both may be empty."""
    found = _IMAGE.match(text.strip())
    if found is None:
        raise ImportRefused(f"{text!r} is not an image; write registry/name:tag@sha256:…")
    return found["name"], found["tag"] or "", found["digest"] or ""


def short_ref(ref: str) -> str:
    """Return a branch's or tag's short name."""
    for prefix in ("refs/heads/", "refs/tags/", "refs/remotes/origin/"):
        ref = ref.removeprefix(prefix)
    return ref
