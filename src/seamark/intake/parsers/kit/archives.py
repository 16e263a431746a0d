"""Reads single files out of zip archives that hold several, within the kit's bounds."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit.probe import Probe
from seamark.intake.parsers.kit.source import Source, from_bytes
from seamark.intake.parsers.kit.unpack import BLOCK, ZIP_FAILURES, Unpacked


def names(probe: Probe) -> tuple[str, ...]:
    """Return the names of the files in an archive; none where the report is no archive."""
    if probe.form != "zip":
        return ()
    try:
        return tuple(entry.filename for entry in _open(probe.source).infolist() if _is_file(entry))
    except ZIP_FAILURES:
        return ()


def members(source: Source, *endings: str) -> Iterator[tuple[str, Source]]:
    """Yield name and content of the files whose names end so, in the archive's order. Raises `UnreadableReport`."""
    try:
        archive = _open(source)
        wanted = [entry for entry in archive.infolist() if _is_file(entry) and entry.filename.endswith(endings)]
    except ZIP_FAILURES as error:
        raise _damaged(error) from None
    for entry in wanted:
        yield entry.filename, _unpacked(archive, entry, len(source))


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, packed: int) -> Source:
    try:
        with Unpacked(packed) as unpacked:
            with archive.open(entry) as member:
                while block := member.read(BLOCK):
                    unpacked.write(block)
            return from_bytes(bytes(unpacked.finish()), entry.filename)
    except UnreadableReport:
        raise
    except ZIP_FAILURES as error:
        raise _damaged(error) from None


def _open(source: Source) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(source.data))


def _is_file(entry: zipfile.ZipInfo) -> bool:
    return not entry.is_dir() and not entry.filename.startswith("__MACOSX/")


def _damaged(error: Exception) -> UnreadableReport:
    return UnreadableReport(f"The zip file is damaged: {error}", hint="write the report again")
