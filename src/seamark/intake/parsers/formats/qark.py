"""QARK: weaknesses in Android applications."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    json_rows,
    parser,
)

SEVERITIES = {
    "VULNERABILITY": Severity.HIGH,
    "ERROR": Severity.MEDIUM,
    "WARNING": Severity.MEDIUM,
    "INFO": Severity.INFO,
}
API_KEY = "Potential API Key found"


class Issue(Struct):
    category: str
    severity: str
    name: str
    description: str = ""
    line_number: list[int] | int | None = None
    file_object: str | None = ""


@parser(
    "qark",
    title="QARK",
    kind=Kind.CODE,
    looks=json_rows("category", "severity", "name", "description", "file_object", "apk_exploit_dict"),
    made_with="qark --apk app.apk --report-type json",
    url="https://github.com/linkedin/qark",
    versions="4",
    lift=("[]",),
)
def read(issues: list[Issue]) -> Iterator[Item]:
    yield Run(tool="QARK")
    for issue in issues:
        found = issue.line_number
        place = [found] if isinstance(found, int) else found or []
        path = issue.file_object or ""
        yield Finding(
            rule=issue.name,
            title=issue.name,
            severity=SEVERITIES.get(issue.severity.upper(), Severity.MEDIUM),
            severity_given=issue.severity,
            kind=Kind.SECRET if issue.name == API_KEY else None,
            location=CodeLocation(
                path=_below_build(path),
                line=place[0] if place else None,
                column=place[1] if len(place) > 1 and place[1] > 0 else None,
            )
            if path
            else None,
            about=_about(issue.name, issue.category, issue.description),
        )


@lru_cache(maxsize=4096)
def _below_build(path: str) -> str:
    """Return a path without the folder that QARK takes the application apart in, which differs between runs."""
    return path.replace("\\", "/").rpartition("/qark/")[2]


@lru_cache(maxsize=1024)
def _about(name: str, category: str, description: str) -> Rule:
    return Rule(id=name, description=description, tags=(category,) if category else ())
