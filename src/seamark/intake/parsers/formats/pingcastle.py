"""PingCastle: risks of an Active Directory; the XML of its health check."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Reading,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    Xml,
    moment,
    parser,
    xml_root,
)
from seamark.intake.parsers.kit.texts import described

_FACT = re.compile(rb"<(DomainFQDN|GenerationDate|EngineVersion|Level)>\s*([^<]{0,300}?)\s*</")


class Details(Struct):
    string: list[str] | str | None = None


class Risk(Struct):
    id: str = field(name="RiskId")
    points: int = field(name="Points", default=0)
    category: str = field(name="Category", default="")
    model: str = field(name="Model", default="")
    rationale: str = field(name="Rationale", default="")
    details: Details | str | None = field(name="Details", default=None)


@parser(
    "pingcastle",
    title="PingCastle",
    kind=Kind.MISCONFIGURATION,
    looks=xml_root("HealthcheckData"),
    made_with="PingCastle.exe --healthcheck --server shop.example --level Full",
    url="https://www.pingcastle.com/documentation/",
    versions="2.9 to 3.3",
)
def read(document: Xml, reading: Reading) -> Iterator[Item]:
    facts: dict[str, str] = {}
    for name, text in _FACT.findall(reading.source.data):
        facts.setdefault(name.decode(), text.decode("utf-8", "replace"))
    yield Run(
        tool="PingCastle",
        version=facts.get("EngineVersion", "").split(" ")[0],
        configuration=facts.get("DomainFQDN", ""),
        successful=True if facts.get("DomainFQDN") else None,
        finished=moment(facts.get("GenerationDate", "")),
    )
    domain = facts.get("DomainFQDN", "")
    for risk in document.each("HealthcheckRiskRule", row=Risk):
        given = risk.details.string if isinstance(risk.details, Details) else risk.details
        texts = given if isinstance(given, list) else [given] if given else []
        yield Finding(
            rule=risk.id,
            title=risk.rationale.strip() or risk.id,
            severity=_grade(risk.points),
            severity_given=str(risk.points),
            location=ResourceLocation(resource=domain, type="domain") if domain else None,
            about=Rule(id=risk.id, tags=tuple(tag for tag in (risk.category, risk.model) if tag)),
            description=described(("Points", risk.points), *(("", text) for text in texts[:100])),
        )


def _grade(points: int) -> Severity:
    """Return the severity for the points that a risk costs, of a hundred."""
    if points >= 20:
        return Severity.CRITICAL
    if points >= 15:
        return Severity.HIGH
    if points >= 10:
        return Severity.MEDIUM
    return Severity.LOW if points else Severity.INFO
