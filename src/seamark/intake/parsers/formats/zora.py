"""Zora: the table of vulnerabilities that its console exports."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Csv,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Run,
    csv_header,
    first_line,
    parser,
    severity,
)
from seamark.intake.parsers.kit.packages import identifiers


class Row(Struct):
    source: str
    id: str
    severity: str
    image: str = ""
    title: str = ""
    status: str = ""
    description: str = ""
    fixed: str = field(default="", name="fixVersion")


@parser(
    "zora",
    title="Zora",
    kind=Kind.CONTAINER,
    looks=csv_header("source", "image", "id", "title", "severity", "status", "fixVersion"),
    made_with="Zora Dashboard: Vulnerabilities, export as CSV",
    url="https://zora-docs.undistro.io/",
    versions="0.7 to 0.10",
)
def read(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="Zora")
    for row in rows:
        yield Finding(
            rule=row.id,
            title=row.title or first_line(row.description) or row.id,
            severity=severity(row.severity or None),
            severity_given=row.severity,
            location=ImageLocation(image=row.image) if row.image else None,
            description=row.description,
            vulnerabilities=identifiers(row.id),
            fixed_versions=tuple(part for text in row.fixed.split(",") if (part := text.strip())),
            tags=tuple(text for text in (row.source, f"status:{row.status}" if row.status else "") if text),
        )
