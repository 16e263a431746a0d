"""IriusRisk: the threats of a threat model."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Csv,
    Finding,
    Item,
    Kind,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    csv_header,
    cwe_ids,
    first_line,
    parser,
)

RISKS = {
    "critical": Severity.CRITICAL,
    "very high": Severity.CRITICAL,
    "high": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "very low": Severity.INFO,
}


class Row(Struct):
    component: str = field(name="Component")
    threat: str = field(name="Threat")
    current: str = field(name="Current Risk")
    use_case: str = field(name="Use case", default="")
    source: str = field(name="Source", default="")
    response: str = field(name="Risk Response", default="")
    inherent: str = field(name="Inherent Risk", default="")
    progress: str = field(name="Countermeasure progress", default="")
    weakness_tests: str = field(name="Weakness tests", default="")
    countermeasure_tests: str = field(name="Countermeasure tests", default="")
    projected: str = field(name="Projected Risk", default="")
    owner: str = field(name="Owner", default="")
    reference: str = field(name="MITRE reference", default="")
    stride: str = field(name="STRIDE-LM", default="")


@parser(
    "iriusrisk",
    title="IriusRisk",
    kind=Kind.PENTEST,
    looks=csv_header("Component", "Use case", "Threat", "Inherent Risk", "Current Risk", "Countermeasure progress"),
    made_with="the threats of a project in IriusRisk, exported as CSV",
    url="https://enterprise-support.iriusrisk.com/",
    versions="4",
)
def read(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="IriusRisk")
    for row in rows:
        cwes = cwe_ids(row.reference)
        title = first_line(row.threat)
        yield Finding(
            rule=row.threat,
            title=title,
            severity=RISKS.get(row.current.strip().lower(), Severity.MEDIUM),
            severity_given=row.current,
            location=ResourceLocation(resource=row.component, type="component"),
            about=Rule(id=row.threat, cwes=cwes, tags=_tags(row)),
            description=_description(row, title),
            cwes=cwes,
        )


def _tags(row: Row) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag for tag in (row.use_case, row.stride, row.reference) if tag.strip()))


def _description(row: Row, title: str) -> str:
    lines = (
        ("Threat", "" if row.threat == title else row.threat),
        ("Source", row.source),
        ("Risk response", row.response),
        ("Inherent risk", row.inherent),
        ("Projected risk", row.projected),
        ("Countermeasure progress", row.progress),
        ("Weakness tests", row.weakness_tests),
        ("Countermeasure tests", row.countermeasure_tests),
        ("Owner", row.owner),
    )
    return "\n".join(f"{name}: {text}" for name, text in lines if text.strip())
