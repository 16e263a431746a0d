"""Whether a pack is as it was sealed: from the pack and the ledger's key alone, without a database."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from seamark.core.errors import SeamarkError
from seamark.insight.exports.pack import verifier


class UnusablePack(SeamarkError):
    """A file that is no evidence pack."""


class Told(Struct, frozen=True, kw_only=True):
    """What a verification came to."""

    ok: bool
    files: int
    """Files that are as the manifest lists them."""
    entries: int
    """Entries of the ledger that were proven."""
    rows: int | None
    """Live rows that were compared; None where there is no database at hand."""
    faults: tuple[str, ...]
    since: tuple[str, ...] = ()
    """What may be otherwise by now, and is."""


def offline(path: Path, key: str) -> Told:
    """Verify a pack, a ZIP file or the folder that it was unpacked to, with the ledger's key. Raises `UnusablePack`."""
    try:
        told = verifier.verify(path, key)
    except verifier.Unusable as error:
        raise UnusablePack(str(error)) from None
    return Told(ok=not told.faults, files=told.files, entries=told.entries, rows=None, faults=tuple(told.faults))
