"""A feed's file: one document, or an archive of many. Bounded, and nothing is unpacked to disk."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit.source import Source, open_source
from seamark.intake.parsers.kit.unpack import ZIP_FAILURES

MOST_DOCUMENTS = 2_000_000
LARGEST_DOCUMENT = 32 * 1024**2
MOST_BYTES = 32 * 1024**3
_HEAD = 16 * 1024


class Content:
    """What a feed's file holds. Raises `UnreadableReport` where it cannot be opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._members = _documents(path)

    @property
    def archive(self) -> bool:
        """Tell whether it is an archive of documents."""
        return self._members is not None

    @cached_property
    def _source(self) -> Source:
        return open_source(self._path)

    @cached_property
    def head(self) -> bytes:
        """The first bytes, of an archive those of its first document."""
        if self._members is None:
            return self._source.head(_HEAD).lstrip()
        return next(self.documents(), b"")[:_HEAD].lstrip()

    @cached_property
    def data(self) -> bytes:
        """The one document, as UTF-8."""
        if self._members is not None:
            raise UnreadableReport("That is an archive of many files, and no such feed comes as one")
        return bytes(self._source.data)

    def text(self) -> io.TextIOWrapper:
        """Return the document as lines, line ends as they are."""
        return io.TextIOWrapper(io.BytesIO(self.data), "utf-8", newline="")

    def documents(self) -> Iterator[bytes]:
        """Yield the documents one by one."""
        if self._members is None:
            yield self.data
            return
        total = 0
        try:
            with zipfile.ZipFile(self._path) as archive:
                for name in self._members:
                    with archive.open(name) as file:
                        data = file.read(LARGEST_DOCUMENT + 1)
                    total += len(data)
                    if len(data) > LARGEST_DOCUMENT or total > MOST_BYTES:
                        raise UnreadableReport("The archive grows beyond what a feed holds when unpacked", where=name)
                    yield data
        except ZIP_FAILURES as error:
            raise UnreadableReport(f"The archive cannot be read: {error}") from None


def _documents(path: Path) -> list[str] | None:
    """Return the names of the JSON files in an archive of several; None for anything else."""
    try:
        if not path.is_file() or not zipfile.is_zipfile(path):
            return None
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".json")]
            single = len(archive.namelist()) == 1
    except ZIP_FAILURES:
        return None
    if len(names) > MOST_DOCUMENTS:
        raise UnreadableReport(f"The archive holds more than {MOST_DOCUMENTS:,} documents")
    return None if single or not names else names
