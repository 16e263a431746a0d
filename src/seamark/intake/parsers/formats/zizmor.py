"""zizmor: weaknesses of GitHub Actions workflows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    FlowStep,
    Item,
    Kind,
    Rule,
    Run,
    Suppression,
    confidence,
    json_rows,
    parser,
    references,
    severity,
)


class Point(Struct):
    row: int
    """Counted from 0, as the column is."""
    column: int = 0


class Span(Struct):
    start_point: Point
    end_point: Point | None = None


class Concrete(Struct):
    location: Span
    feature: str | None = ""


class Symbolic(Struct):
    key: dict[str, Any] | str | None = None
    """`Local` or `Remote`, with the path in one of several fields."""
    annotation: str | None = ""
    kind: str | None = ""


class Place(Struct):
    symbolic: Symbolic
    concrete: Concrete | None = None


class Grades(Struct):
    severity: str | None = ""
    confidence: str | None = ""
    persona: str | None = ""


class Report(Struct):
    ident: str
    desc: str
    determinations: Grades
    locations: list[Place]
    url: str | None = ""
    ignored: bool | None = False


@parser(
    "zizmor",
    title="zizmor",
    kind=Kind.MISCONFIGURATION,
    looks=json_rows("ident", "desc", "determinations", "locations"),
    made_with="zizmor --format json . > zizmor.json",
    url="https://docs.zizmor.sh/usage/#json",
    versions="JSON v1 (0.1 to 1.25)",
)
def read(reports: list[Report]) -> Iterator[Item]:
    yield Run(tool="zizmor")
    for report in reports:
        yield _finding(report)


def _finding(report: Report) -> Finding:
    places = [(place, _place(place)) for place in report.locations]
    main = next((at for place, at in places if at and place.symbolic.kind == "Primary"), None)
    main = main or next((at for _, at in places if at), None)
    notes = [
        FlowStep(at, place.symbolic.annotation or "") for place, at in places if at and place.symbolic.kind != "Hidden"
    ]
    said = next(
        (place.symbolic.annotation for place, at in places if at is main and at and place.symbolic.annotation), ""
    )
    grades = report.determinations
    return Finding(
        rule=report.ident,
        title=report.desc or report.ident,
        severity=severity(grades.severity or None),
        severity_given=grades.severity or "",
        location=main,
        about=Rule(
            id=report.ident,
            name=report.ident,
            title=report.desc,
            references=references(report.url),
            tags=(grades.persona.lower(),) if grades.persona else (),
        ),
        description=said or "",
        confidence=confidence(grades.confidence),
        flow=tuple(notes) if len(notes) > 1 else (),
        suppression=Suppression(origin="source") if report.ignored else None,
    )


def _place(place: Place) -> CodeLocation | None:
    path = _path(place.symbolic.key)
    if not path or place.concrete is None:
        return CodeLocation(path=path) if path else None
    start, end = place.concrete.location.start_point, place.concrete.location.end_point
    return CodeLocation(
        path=path,
        line=start.row + 1,
        column=start.column + 1,
        end_line=end.row + 1 if end else None,
        end_column=end.column + 1 if end else None,
        snippet=place.concrete.feature or "",
    )


def _path(key: Any) -> str:
    """Return the file of a location: each version and each source of files names it in another field."""
    if isinstance(key, str):
        return key
    for origin in (key or {}).values():
        for name in ("verbatim_path", "given_path", "path"):
            if isinstance(origin, dict) and isinstance(found := origin.get(name), str) and found:
                return found
    return ""
