"""The files of a pack and the ZIP around them: the same files, the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from seamark.governance.ledger.canonical import canonical

MANIFEST: Final = "manifest.json"
SEAL: Final = "seal.json"
FORMAT: Final = "seamark-compliance-pack/1"
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
_READ_ALL: Final = 0o100644 << 16
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


class File(NamedTuple):
    """One file of a pack: its path with forward slashes, and what it holds."""

    path: str
    content: bytes


def manifest(files: Iterable[File], about: dict[str, object]) -> File:
    """Return the list of all files with their hashes, as canonical JSON. Raises `ValueError` for a path that is none."""
    listed: dict[str, object] = {}
    for one in files:
        if not _NAME.fullmatch(one.path) or one.path in listed or one.path in {MANIFEST, SEAL}:
            raise ValueError(f"{one.path!r} cannot be a file of a pack")
        listed[one.path] = {"sha256": sha256(one.content).hexdigest(), "size": len(one.content)}
    return File(MANIFEST, canonical({"format": FORMAT, **about, "files": listed}).encode() + b"\n")


def zipped(files: Iterable[File]) -> bytes:
    """Return a ZIP file: in the order of paths, without times, owners or other traces of where it was made."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in sorted(files):
            entry = zipfile.ZipInfo(one.path, _LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = _READ_ALL
            archive.writestr(entry, one.content, compresslevel=6)
    return target.getvalue()


def as_json(value: object) -> bytes:
    """Return a value as JSON for people and tools, ending with a line feed."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
