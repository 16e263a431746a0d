"""Dockle: how an image was built, against the CIS benchmark and Dockerfile practice."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    ImageLocation,
    Item,
    Kind,
    Run,
    Severity,
    json_object,
    parser,
)
from seamark.intake.parsers.kit.packages import stable_name

_LEVELS = {"FATAL": Severity.CRITICAL, "WARN": Severity.MEDIUM, "INFO": Severity.LOW}


class Detail(Struct):
    code: str
    level: str
    title: str = ""
    alerts: list[str] | None = None


class Report(Struct):
    details: list[Detail] | None = None
    image: str = ""


@parser(
    "dockle",
    title="Dockle",
    kind=Kind.MISCONFIGURATION,
    looks=json_object("summary.fatal", "summary.skip", "summary.pass"),
    made_with="dockle -f json IMAGE",
    url="https://github.com/goodwithtech/dockle",
    versions="0.1 to 0.4",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(
        tool="Dockle", configuration=f"image {stable_name(report.image)}" if report.image else "", image=report.image
    )
    for detail in report.details or ():
        # What was skipped or passed is listed too.
        if detail.level in _LEVELS:
            yield Finding(
                rule=detail.code,
                title=detail.title or detail.code,
                severity=_LEVELS[detail.level],
                severity_given=detail.level,
                location=ImageLocation(image=report.image) if report.image else None,
                description="\n".join(detail.alerts or ()),
            )
