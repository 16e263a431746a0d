"""Reads the tables out of the archive that a project version's report is."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from seamark.intake.parsers.formats.black_duck import model
from seamark.intake.parsers.kit import Csv, Probe, UnreadableReport
from seamark.intake.parsers.kit.source import Source
from seamark.intake.parsers.kit.unpack import BLOCK, ZIP_FAILURES, Unpacked

_MOST_PATHS: Final = 200
T = TypeVar("T")


@dataclass
class Tables:
    """What the tables of a report hold."""

    security: list[model.Security]
    components: list[model.Part]
    _paths: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def add(self, file: model.File) -> None:
        """Keep a file of a component version, up to a bound."""
        known = self._paths.setdefault(file.key, [])
        if len(known) < _MOST_PATHS:
            known.append(f"{file.archive.rstrip('/')}/{file.path.lstrip('/')}" if file.archive else file.path)

    def paths_of(self, row: model.Security) -> tuple[str, ...]:
        """Return the files that the component of a row was found in."""
        return tuple(self._paths.get(row.key, ()))


def is_report(probe: Probe) -> bool:
    """Tell an archive of Black Duck's tables by the names of its members and the header of the first."""
    if probe.form != "zip":
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(probe.source.data)) as archive:
            name = _member(archive, "security")
            if not name:
                return False
            with archive.open(name) as member:
                header = member.read(2_000).split(b"\n", 1)[0]
    except ZIP_FAILURES:
        return False
    return b"Vulnerability id" in header and b"Security Risk" in header


def _member(archive: zipfile.ZipFile, table: str) -> str:
    """Return the member that holds a table: `security.csv`, `folder/security_2019-11-25_223942.csv`."""
    for name in archive.namelist():
        file = name.rpartition("/")[2]
        if file.endswith(".csv") and (file == f"{table}.csv" or file.startswith(f"{table}_")):
            return name
    return ""


def tables(source: Source) -> Tables:
    """Return the tables of a report. Raises `UnreadableReport` where one is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            found = Tables(
                security=list(_rows(archive, "security", model.Security, source)),
                components=list(_rows(archive, "components", model.Part, source)),
            )
            for file in _rows(archive, "files", model.File, source):
                found.add(file)
    except ZIP_FAILURES as error:
        raise UnreadableReport(f"The archive is damaged: {error}", hint="write the report again") from None
    return found


def _rows(archive: zipfile.ZipFile, table: str, row: type[T], source: Source) -> Iterator[T]:
    name = _member(archive, table)
    if not name:
        return
    with Unpacked(len(source)) as unpacked:
        with archive.open(name) as member:
            while block := member.read(BLOCK):
                unpacked.write(block)
        data = unpacked.finish()
    yield from Csv(Source(name=name, data=data, size=len(data)), row)
