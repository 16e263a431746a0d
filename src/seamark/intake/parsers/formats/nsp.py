"""Node Security Platform: known vulnerabilities of npm packages. The tool ended in 2018; its reports are read for the record."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.formats._sca import first_versions
from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    json_rows,
    parser,
    references,
)
from seamark.intake.parsers.kit.packages import graded, package, rating


class Advisory(Struct):
    id: int | str
    module: str
    title: str
    version: str = ""
    overview: str | None = ""
    recommendation: str | None = ""
    cvss_vector: str | None = ""
    cvss_score: float | None = None
    vulnerable_versions: str | None = ""
    patched_versions: str | None = ""
    path: list[str] | None = None
    advisory: str | None = ""


@parser(
    "nsp",
    title="Node Security Platform",
    kind=Kind.DEPENDENCY,
    looks=json_rows("module", "vulnerable_versions", "patched_versions", "advisory", "overview"),
    made_with="nsp check --reporter json > nsp.json",
    url="https://github.com/nodesecurity/nsp",
    versions="2 and 3",
)
def read(advisories: list[Advisory]) -> Iterator[Item]:
    yield Run(tool="Node Security Platform")
    for row in advisories:
        found = rating(row.cvss_vector, row.cvss_score)
        ratings = (found,) if found else ()
        rule = f"NSP-{row.id}"
        yield Finding(
            rule=rule,
            title=row.title,
            severity=graded(None, ratings),
            severity_given="" if row.cvss_score is None else str(row.cvss_score),
            location=CodeLocation(path="package.json"),
            component=package("npm", row.module, row.version),
            about=Rule(
                id=rule,
                title=row.title,
                description=row.overview or "",
                remedy=row.recommendation or "",
                references=references(row.advisory),
            ),
            description=f"Affected versions: {row.vulnerable_versions}" if row.vulnerable_versions else "",
            cvss=ratings,
            fixed_versions=first_versions(*(row.patched_versions or "").split("||")),
            # The first step is the project itself.
            dependency_paths=(tuple(row.path[1:]),) if row.path and len(row.path) > 1 else (),
        )
