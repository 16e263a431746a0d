"""Vulnerabilities of a document: one finding for each component that is affected."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seamark.intake.parsers.formats.cyclonedx import model
from seamark.intake.parsers.formats.cyclonedx.inventory import Inventory, Known, at_version
from seamark.intake.parsers.kit import Cvss, Finding, Kind, Rule, Vex, VexState, cwe_ids, references
from seamark.intake.parsers.kit.packages import graded, identifiers, of_system, probability, purl_kind, rating

_STATES = {
    "resolved": VexState.FIXED,
    "resolved_with_pedigree": VexState.FIXED,
    "exploitable": VexState.AFFECTED,
    "in_triage": VexState.UNDER_INVESTIGATION,
    "false_positive": VexState.FALSE_POSITIVE,
    "not_affected": VexState.NOT_AFFECTED,
}
_METHODS = {"cvssv2": "2.0", "cvssv3": "3.0", "cvssv31": "3.1", "cvssv4": "4.0"}
_UPGRADE = re.compile(r"\bto versions? (\d[^\s,;]*(?:, ?\d[^\s,;]*)*)")


class Findings:
    """Turns vulnerabilities into findings; the advisory's texts are shared by all components that it affects."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def of(self, row: model.Vulnerability) -> Iterator[Finding]:
        """Yield a finding for each affected component and version, or one without a component where none is named."""
        name = row.id or next((one.id for one in row.references or () if one.id), "") or row.bom_ref or "unidentified"
        ratings, word, epss = _graded(row)
        advisories = [one.url or "" for one in row.advisories or ()]
        links = [one.source.url or "" for one in row.references or () if one.source]
        rule = Rule(
            id=name,
            description="\n\n".join(text for text in (row.description, row.detail) if text),
            remedy=row.workaround or "",
            references=references(row.source.url if row.source else "", advisories, links),
        )
        aliases = identifiers(row.id, [one.id for one in row.references or () if one.id])
        fixed = _fixed(row.recommendation or "")
        severity = graded(word, ratings)
        for known, versions in self._affected(row):
            component = known.component if known else None
            kind = Kind.CONTAINER if component and of_system(purl_kind(component.purl)) else Kind.DEPENDENCY
            yield Finding(
                rule=name,
                title=f"{name} in {component.name}" if component else name,
                severity=severity,
                severity_given=word,
                kind=kind,
                location=self._inventory.place(known) if known else None,
                component=component,
                about=rule,
                description=versions,
                remedy=row.recommendation or "",
                cwes=cwe_ids(*(row.cwes or ())),
                vulnerabilities=aliases,
                cvss=ratings,
                epss=epss,
                fixed_versions=fixed,
                dependency_paths=self._inventory.ways(component.ref) if component else (),
                vex=_vex(row.analysis, versions),
            )

    def _affected(self, row: model.Vulnerability) -> Iterator[tuple[Known | None, str]]:
        if not row.affects:
            yield None, ""
        for target in row.affects or ():
            known = self._inventory.find(target.ref)
            exact = [one.version for one in target.versions or () if one.version and one.status == "affected"]
            said = _said(target.versions)
            if exact and not known.component.version:
                for version in exact:
                    yield at_version(known, version), said
            else:
                yield known, said


def _said(versions: list[model.Version] | None) -> str:
    """Say which versions are affected and which are not."""
    parts = []
    for status in ("affected", "unaffected", "unknown"):
        rows = [one.version or one.range for one in versions or () if (one.status or "affected") == status]
        if rows:
            parts.append(f"{status.capitalize()} versions: {', '.join(text for text in rows if text)}")
    return "\n".join(parts)


def _vex(analysis: model.Analysis | None, versions: str) -> Vex | None:
    """Return the statement; versions that are all unaffected are one, too."""
    state = _STATES.get((analysis.state or "") if analysis else "")
    if state is None:
        state = VexState.NOT_AFFECTED if versions.startswith("Unaffected") and "\n" not in versions else None
    if state is None:
        return None
    said = analysis or model.Analysis()
    return Vex(
        state=state,
        justification=said.justification or "",
        detail=said.detail or "",
        response=tuple(said.response or ()),
    )


def _graded(row: model.Vulnerability) -> tuple[tuple[Cvss, ...], str, float | None]:
    """Return the CVSS ratings, the severity's word and the EPSS probability.

    Of several ratings that of the vulnerability's own source counts, then one by CVSS, then the first.
    """
    ratings: dict[Cvss, None] = {}
    words: list[tuple[bool, bool, str]] = []
    epss = None
    own = (row.source.name if row.source else "") or ""
    for one in row.ratings or ():
        source = (one.source.name if one.source else "") or ""
        method = (one.method or "").lower()
        if "epss" in source.lower() or "epss" in method:
            epss = probability(one.score)
            continue
        by_cvss = method in _METHODS or (one.vector or "").startswith("CVSS:") or not method
        if by_cvss and (found := rating(one.vector, one.score, _METHODS.get(method, ""), source)):
            ratings[found] = None
        if (one.severity or "").lower() not in {"", "unknown"}:
            words.append((source != own, not by_cvss, one.severity or ""))
    word = min(words, key=lambda entry: entry[:2])[2] if words else ""
    return tuple(ratings), word, epss


def _fixed(recommendation: str) -> tuple[str, ...]:
    """Return the versions in `Upgrade log4j-core to version 2.17.1, 2.12.4`."""
    found = _UPGRADE.search(recommendation)
    return tuple(part.strip().rstrip(".") for part in found[1].split(",")) if found else ()
