"""Findings of code, secrets and supply chain, as the API gives them page by page."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec.structs import replace

from seamark.intake.parsers.formats.semgrep_platform.model import Dependency, Entry, Page, Place, RuleTexts, Usage
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Finding,
    FlowStep,
    Item,
    Kind,
    Patch,
    Probe,
    Reach,
    Reading,
    Replacement,
    Rule,
    Run,
    Suppression,
    confidence,
    cwe_ids,
    first_line,
    json_object,
    make_purl,
    moment,
    parser,
    references,
    severity,
    vulnerability_ids,
)

PURL_TYPES = {"gomod": "golang", "go": "golang", "mix": "hex", "swiftpm": "swift"}
REACHES = {
    "always reachable": Reach.STATIC,
    "reachable": Reach.STATIC,
    "conditionally reachable": Reach.POTENTIAL,
    "needs review": Reach.POTENTIAL,
    "unreachable": Reach.UNREACHABLE,
}
GONE = {"fixed", "removed"}


def _is_page(probe: Probe) -> bool:
    row = probe.get("findings.0")
    if not row:
        # An empty page does not name its maker: only who names the format is believed.
        return probe.named and probe.keys == {"findings"} and probe.get("findings") == []
    known = {"rule_name", "match_based_id"}
    return isinstance(row, dict) and {"id", "repository", "severity"} <= row.keys() and bool(known & row.keys())


@parser(
    "semgrep-platform",
    title="Semgrep AppSec Platform",
    kind=Kind.CODE,
    looks=json_object("findings", where=_is_page),
    made_with="curl -H 'Authorization: Bearer …' https://semgrep.dev/api/v1/deployments/<slug>/findings",
    url="https://semgrep.dev/api/v1/docs/",
    lift=("findings",),
)
def read(page: Page, reading: Reading) -> Iterator[Item]:
    # The API gives pages, and filtered ones at that: what is missing here proves nothing.
    yield Run(tool="Semgrep AppSec Platform", complete=False)
    for entry in reading.rows(page.findings, Entry, where="$.findings"):
        if (entry.status or entry.state or "").lower() not in GONE:
            yield _finding(entry)


def _finding(entry: Entry) -> Finding:
    rule = entry.rule or RuleTexts()
    place = entry.location or Place()
    identifier = entry.rule_name or rule.name or str(entry.id)
    message = entry.rule_message or rule.message or ""
    title = first_line(" ".join(message.split())) or identifier
    guidance = entry.assistant.guidance if entry.assistant else None
    finding = Finding(
        rule=identifier,
        title=title,
        severity=severity(entry.severity),
        severity_given=entry.severity or "",
        kind=Kind.DEPENDENCY if entry.found_dependency is not None else None,
        location=CodeLocation(
            path=place.file_path,
            line=place.line,
            column=place.column,
            end_line=place.end_line,
            end_column=place.end_column,
        ),
        about=_about(
            identifier,
            tuple(rule.cwe_names or ()),
            (*(rule.owasp_names or ()), *(rule.vulnerability_classes or ()), *(rule.subcategories or ())),
            tuple(rule.references or ()),
        ),
        description="" if message.strip() == title else message,
        remedy=(guidance.instructions or guidance.summary or "") if guidance else "",
        confidence=confidence(entry.confidence or rule.confidence),
        cwes=cwe_ids(rule.cwe_names),
        fingerprints=tuple(
            (name, value)
            for name, value in (("matchBasedId/v1", entry.match_based_id), ("syntacticId", entry.syntactic_id))
            if value
        ),
        patches=_patches(entry, place),
        suppression=_suppression(entry),
        references=references(entry.line_of_code_url),
        tags=tuple(entry.categories or ()),
        seen_at=moment(entry.created_at),
    )
    return finding if entry.found_dependency is None else _dependency(finding, entry, entry.found_dependency)


@lru_cache(maxsize=4096)
def _about(rule: str, cwes: tuple[str, ...], tags: tuple[str, ...], links: tuple[str, ...]) -> Rule:
    return Rule(id=rule, name=rule.rpartition(".")[2], cwes=cwe_ids(cwes), tags=tags, references=references(links))


def _suppression(entry: Entry) -> Suppression | None:
    if "ignored" not in {(entry.status or "").lower(), (entry.triage_state or "").lower()}:
        return None
    reason = ": ".join(text for text in (entry.triage_reason, entry.triage_comment) if text)
    return Suppression(origin="tool", justification=reason)


def _patches(entry: Entry, place: Place) -> tuple[Patch, ...]:
    fix = entry.assistant.autofix if entry.assistant else None
    if fix is None or not fix.fix_code:
        return ()
    if place.line is None:
        return (Patch(description=fix.explanation or fix.fix_code),)
    edit = Replacement(
        path=place.file_path,
        line=place.line,
        column=place.column or 1,
        end_line=place.end_line,
        end_column=place.end_column,
        text=fix.fix_code,
    )
    return (Patch(description=fix.explanation or "", replacements=(edit,)),)


def _dependency(finding: Finding, entry: Entry, found: Dependency) -> Finding:
    ecosystem = (found.ecosystem or "").lower()
    return replace(
        finding,
        component=Component(
            name=found.package,
            version=found.version,
            purl=make_purl(PURL_TYPES.get(ecosystem, ecosystem), found.package, found.version),
            direct={"direct": True, "transitive": False}.get((found.transitivity or "").lower()),
        ),
        vulnerabilities=vulnerability_ids(entry.vulnerability_identifier),
        fixed_versions=tuple(fix.version for fix in entry.fix_recommendations or () if fix.version),
        reach=REACHES.get((entry.reachability or "").lower()),
        epss=entry.epss_score.score if entry.epss_score else None,
        flow=_used(entry.usage),
    )


def _used(usage: Usage | None) -> tuple[FlowStep, ...]:
    place = usage.location if usage else None
    if place is None or not place.file_path:
        return ()
    location = CodeLocation(
        path=place.file_path,
        line=place.line,
        column=place.column,
        end_line=place.end_line,
        end_column=place.end_column,
    )
    return (FlowStep(location=location, message="the vulnerable code is used here"),)
