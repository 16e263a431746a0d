"""What Xygeni's reports have in common: who scanned what, and places in files."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from seamark.intake.parsers.kit import CodeLocation, Probe, Run, json_object, moment
from seamark.intake.parsers.kit.probe import Looks


class Scm(Struct, rename="camel"):
    url: str | None = ""
    full_name: str | None = ""


class Properties(Struct):
    name: str | None = field(name="tool.name", default="")
    version: str | None = field(name="tool.version", default="")


class Metadata(Struct, rename="camel"):
    format: str
    timestamp: str | None = ""
    project_name: str | None = ""
    scan_type: str | None = ""
    scm: Scm | None = None
    report_properties: Properties | None = None
    diff_mode: bool | None = False
    incremental_mode: bool | None = False


class Failure(Struct):
    description: str | None = ""
    file: str | None = ""
    fatal: bool | None = False


class Place(Struct, rename="camel"):
    filepath: str | None = ""
    begin_line: int | None = None
    end_line: int | None = None
    begin_column: int | None = None
    end_column: int | None = None
    code: str | None = ""


def is_report(format: str, *keys: str) -> Looks:
    """Claim a report of Xygeni's in one of its formats (`sast-xygeni`)."""

    def _says_so(probe: Probe) -> bool:
        return bool(probe.get("metadata.format") == format)

    return json_object("metadata", *keys, where=_says_so)


def run(metadata: Metadata, errors: Iterable[Failure], branch: str = "") -> Run:
    """Return the run that a report tells of."""
    given = list(errors)
    said = metadata.report_properties or Properties()
    return Run(
        tool="Xygeni",
        version=said.version or "",
        configuration=metadata.scan_type or "",
        successful=False if any(each.fatal for each in given) else None,
        complete=False if metadata.diff_mode or metadata.incremental_mode else None,
        problems=tuple(": ".join(part for part in (each.file, each.description) if part) for each in given),
        repository=(metadata.scm.full_name or "") if metadata.scm else "",
        ref=branch.removeprefix("origin/"),
        finished=moment(metadata.timestamp),
    )


def location(place: Place | None, snippet: bool = True) -> CodeLocation | None:
    """Return a place in a file; lines count from 1, and 0 stands for none."""
    if place is None or not place.filepath:
        return None
    return CodeLocation(
        path=place.filepath,
        line=place.begin_line or None,
        column=place.begin_column or None,
        end_line=place.end_line or None,
        end_column=place.end_column or None,
        snippet=(place.code or "") if snippet else "",
    )
