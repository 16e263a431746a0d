"""Vulnerabilities of a document: one finding for each component that is affected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import itemgetter

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
        links = [row.source.url or ""] if row.source else []
        links += [one.url or "" for one in row.advisories or ()]
        links += [one.source.url or "" for one in row.references or () if one.source]
        rule = Rule(
            id=name,
            description=f"{row.description}\n\n{row.detail}"
            if row.description and row.detail
            else row.description or row.detail or "",
            remedy=row.workaround or "",
            references=references(links),
        )
        aliases = identifiers(row.id, [one.id for one in row.references or () if one.id])
        fixed = _fixed(row.recommendation) if row.recommendation else ()
        severity = graded(word, ratings)
        cwes = cwe_ids(*row.cwes) if row.cwes else ()
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
                cwes=cwes,
                vulnerabilities=aliases,
                cvss=ratings,
                epss=epss,
                fixed_versions=fixed,
                dependency_paths=self._inventory.ways(component.ref) if component else (),
                vex=_vex(row.analysis, versions) if row.analysis or versions else None,
            )

    def _affected(self, row: model.Vulnerability) -> Iterator[tuple[Known | None, str]]:
        if not row.affects:
            yield None, ""
        for target in row.affects or ():
            known = self._inventory.find(target.ref)
            said = _said(target.versions) if target.versions else ""
            exact: list[str] = []
            if not known.component.version:
                exact = [one.version for one in target.versions or () if one.version and one.status == "affected"]
            for version in exact:
                yield at_version(known, version), said
            if not exact:
                yield known, said


def _said(versions: list[model.Version]) -> str:
    """Say which versions are affected and which are not."""
    said: dict[str, list[str]] = {}
    for one in versions:
        said.setdefault(one.status or "affected", []).append(one.version or one.range or "")
    return "\n".join(
        f"{status.capitalize()} versions: {', '.join(filter(None, said[status]))}"
        for status in ("affected", "unaffected", "unknown")
        if status in said
    )


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
        method = one.method.lower() if one.method else ""
        if "epss" in method or "epss" in source.lower():
            epss = probability(one.score)
            continue
        by_cvss = method in _METHODS or not method or (one.vector or "").startswith("CVSS:")
        if (
            by_cvss
            and (one.vector or one.score is not None)
            and (found := rating(one.vector, one.score, _METHODS.get(method, ""), source))
        ):
            ratings[found] = None
        if one.severity and one.severity.lower() != "unknown":
            words.append((source != own, not by_cvss, one.severity))
    word = min(words, key=_nearness)[2] if words else ""
    return tuple(ratings), word, epss


_nearness = itemgetter(0, 1)


def _fixed(recommendation: str) -> tuple[str, ...]:
    """Return the versions in `Upgrade log4j-core to version 2.17.1, 2.12.4`."""
    found = _UPGRADE.search(recommendation)
    return tuple(part.strip().rstrip(".") for part in found[1].split(",")) if found else ()
