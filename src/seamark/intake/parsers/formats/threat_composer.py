"""Threat Composer: the threats of a threat model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    ResourceLocation,
    Run,
    Severity,
    Suppression,
    cwe_ids,
    first_line,
    json_object,
    parser,
    severity,
)

SET_ASIDE = {"threatResolved": "Resolved", "threatResolvedNotUseful": "Resolved: not useful"}


class Note(Struct):
    key: str
    value: str | list[str] | None = None


class Threat(Struct):
    id: str
    number: int | None = field(name="numericId", default=None)
    statement: str | None = ""
    status: str | None = ""
    source: str | None = field(name="threatSource", default="")
    prerequisites: str | None = ""
    action: str | None = field(name="threatAction", default="")
    impact: str | None = field(name="threatImpact", default="")
    goals: list[str] | None = field(name="impactedGoal", default=None)
    assets: list[str] | None = field(name="impactedAssets", default=None)
    metadata: list[Note] | None = None
    tags: list[str] | None = None


class Mitigation(Struct):
    id: str
    content: str | None = ""
    status: str | None = ""


class Assumption(Struct):
    id: str
    content: str | None = ""


class MitigationLink(Struct):
    threat: str = field(name="linkedId", default="")
    mitigation: str = field(name="mitigationId", default="")


class AssumptionLink(Struct):
    threat: str = field(name="linkedId", default="")
    assumption: str = field(name="assumptionId", default="")


class Application(Struct):
    name: str | None = ""


class Model(Struct):
    threats: list[Threat] | None = None
    application: Application | None = field(name="applicationInfo", default=None)
    mitigations: list[Mitigation] | None = None
    mitigation_links: list[MitigationLink] | None = field(name="mitigationLinks", default=None)
    assumptions: list[Assumption] | None = None
    assumption_links: list[AssumptionLink] | None = field(name="assumptionLinks", default=None)


@parser(
    "threat-composer",
    title="Threat Composer",
    kind=Kind.PENTEST,
    looks=json_object("schema", "applicationInfo", "assumptions", "mitigations"),
    made_with="a workspace of Threat Composer, exported as JSON (.tc.json)",
    url="https://awslabs.github.io/threat-composer/",
    versions="schema 1",
)
def read(model: Model) -> Iterator[Item]:
    name = (model.application.name if model.application else "") or ""
    yield Run(tool="Threat Composer", configuration=name)
    mitigations = {one.id: one for one in model.mitigations or ()}
    assumptions = {one.id: one.content or "" for one in model.assumptions or ()}
    against: dict[str, list[str]] = defaultdict(list)
    for link in model.mitigation_links or ():
        if link.mitigation in mitigations:
            against[link.threat].append(_mitigation(mitigations[link.mitigation]))
    assumed: dict[str, list[str]] = defaultdict(list)
    for tie in model.assumption_links or ():
        if assumptions.get(tie.assumption):
            assumed[tie.threat].append(assumptions[tie.assumption])
    for threat in model.threats or ():
        yield _finding(threat, name, against[threat.id], assumed[threat.id])


def _mitigation(one: Mitigation) -> str:
    state = (one.status or "").removeprefix("mitigation")
    return f"{one.content or ''} ({state.lower()})" if state else one.content or ""


def _finding(threat: Threat, application: str, against: list[str], assumed: list[str]) -> Finding:
    notes = {note.key: note.value for note in threat.metadata or ()}
    priority = notes.get("Priority")
    word = priority if isinstance(priority, str) else ""
    stride = notes.get("STRIDE")
    tags = [f"STRIDE:{letter}" for letter in stride] if isinstance(stride, list) else []
    statement = threat.statement or ""
    title = first_line(threat.action or "") or first_line(statement) or f"Threat {threat.number}"
    status = threat.status or ""
    return Finding(
        rule=threat.id,
        title=title,
        severity=severity(word or None, Severity.MEDIUM),
        severity_given=word,
        location=ResourceLocation(resource=", ".join(threat.assets or ()) or application or "model", type="asset"),
        description=_description(threat, statement, notes, assumed),
        remedy="\n".join(f"- {text}" for text in against if text),
        cwes=cwe_ids([tag for tag in threat.tags or () if tag.upper().startswith("CWE")]),
        fingerprints=(("threat-composer", threat.id),),
        suppression=Suppression(origin="tool", justification=SET_ASIDE[status]) if status in SET_ASIDE else None,
        tags=(*tags, *(threat.tags or ())),
    )


def _description(
    threat: Threat, statement: str, notes: dict[str, str | list[str] | None], assumed: list[str]
) -> str:  # fmt: skip
    comments = notes.get("Comments")
    lines = (
        ("", statement),
        ("Source", threat.source),
        ("Prerequisites", threat.prerequisites),
        ("Impact", threat.impact),
        ("Goals", ", ".join(threat.goals or ())),
        ("Assets", ", ".join(threat.assets or ())),
        ("Assumptions", "; ".join(assumed)),
        ("Comments", comments if isinstance(comments, str) else ""),
    )
    return "\n".join(f"{name}: {text}" if name else text for name, text in lines if text)
