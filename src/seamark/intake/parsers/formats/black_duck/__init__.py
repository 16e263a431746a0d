"""Black Duck: vulnerable components by its API, by the tables of a project version's report, and by Binary Analysis.

A report of a project version is an archive of tables. `security` lists the vulnerabilities, `files` where the components were
found, `components` which of them violate a policy.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Raw, Struct

from seamark.intake.parsers.formats.black_duck import model
from seamark.intake.parsers.formats.black_duck.archive import is_report, tables
from seamark.intake.parsers.formats.black_duck.findings import answered, in_binary, listed, policy_violation
from seamark.intake.parsers.kit import (
    Csv,
    Item,
    Kind,
    Probe,
    Reading,
    Run,
    csv_header,
    json_object,
    json_rows,
    parser,
    variant,
)
from seamark.intake.parsers.kit.source import Source

_TITLE = "Black Duck"


def _is_rows(probe: Probe) -> bool:
    return bool(probe.first & {"vulnerabilityWithRemediation", "vulnerability"})


@parser(
    "black-duck",
    title=_TITLE,
    kind=Kind.DEPENDENCY,
    looks=json_rows("componentName", "componentVersionName", where=_is_rows),
    made_with="GET /api/projects/PROJECT/versions/VERSION/vulnerable-bom-components, or the project version's report as CSV",
    url="https://documentation.blackduck.com",
    versions="Hub 4 to 2024.10",
    lift=("[]",),
)
def read(rows: list[model.Answer]) -> Iterator[Item]:
    yield Run(tool=_TITLE)
    for row in rows:
        yield answered(row)


class Page(Struct, rename="camel"):
    items: Raw
    total_count: int = 0


def _is_page(probe: Probe) -> bool:
    return probe.has("items.0.componentVersionName") and (
        probe.has("items.0.vulnerabilityWithRemediation") or probe.has("items.0.vulnerability")
    )


@variant("black-duck", looks=json_object("totalCount", "items", where=_is_page), lift=("items",))
def read_page(page: Page, reading: Reading) -> Iterator[Item]:
    rows = list(reading.rows(page.items, model.Answer, where="$.items"))
    missing = page.total_count - len(rows)
    yield Run(
        tool=_TITLE,
        complete=False if missing > 0 else None,
        problems=(f"{missing} of {page.total_count} rows are on other pages",) if missing > 0 else (),
    )
    for row in rows:
        yield answered(row)


@variant("black-duck", looks=csv_header("Vulnerability id", "Remediation status", "Security Risk", "Base score"))
def read_csv(rows: Csv[model.Security]) -> Iterator[Item]:
    yield Run(tool=_TITLE)
    for row in rows:
        yield listed(row, ())


@variant("black-duck", looks=is_report)
def read_archive(source: Source) -> Iterator[Item]:
    found = tables(source)
    yield Run(tool=_TITLE)
    for row in found.security:
        yield listed(row, found.paths_of(row))
    for part in found.components:
        if part.violates:
            yield policy_violation(part)


@variant("black-duck", looks=csv_header("Component", "CVE", "Matching type", "Object full path", "Object SHA1"))
def read_binary(rows: Csv[model.InBinary]) -> Iterator[Item]:
    yield Run(tool="Black Duck Binary Analysis")
    for row in rows:
        if row.cve or row.bdsa:
            yield in_binary(row)
