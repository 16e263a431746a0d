"""Findings of one dependency: a file, and the other files that are the same component."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec.structs import replace

from seamark.intake.parsers.formats.dependency_check import model
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Confidence,
    Cvss,
    Finding,
    Rule,
    Suppression,
    confidence,
    cwe_ids,
    first_line,
    references,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package, purl_kind, purl_type, rating, shown_name
from seamark.intake.parsers.kit.recent import Recent

_SURE = {"HIGHEST": Confidence.HIGH, "HIGH": Confidence.HIGH}
_RANKS = {"HIGHEST": 0, "HIGH": 1, "MEDIUM": 2, "LOW": 3}
_TWO = {
    "NETWORK": "N", "ADJACENT_NETWORK": "A", "ADJACENT": "A", "LOCAL": "L", "PHYSICAL": "P", "HIGH": "H", "MEDIUM": "M", "LOW": "L",
    "NONE": "N", "SINGLE": "S", "SINGLE_INSTANCE": "S", "MULTIPLE": "M", "MULTIPLE_INSTANCES": "M", "PARTIAL": "P",
    "COMPLETE": "C", "REQUIRED": "R", "UNCHANGED": "U", "CHANGED": "C",
}  # fmt: skip


class Findings:
    """Turns dependencies into findings, one for each file and vulnerability."""

    def __init__(self) -> None:
        self._rules: Recent[str, Rule] = Recent()

    def of(self, row: model.Dependency) -> Iterator[Finding]:
        """Yield the findings of a dependency and of related files.

        A related file that is a package of its own has findings of its own; one without an identity is a further
        copy, which the description names.
        """
        if not row.vulnerabilities and not row.suppressed_vulnerabilities:
            return
        places = [(_component(row.packages, row), row.file_path or row.file_name)]
        for related in row.related_dependencies or ():
            if related.package_ids:
                component = _component(related.package_ids, model.Dependency(file_name=related.file_name))
                places.append((component, related.file_path or related.file_name))
        sure = _confidence(row)
        for vulnerability in row.vulnerabilities or ():
            yield from self._everywhere(vulnerability, places, row, sure)
        for vulnerability in row.suppressed_vulnerabilities or ():
            suppression = Suppression(origin="tool", justification=(vulnerability.notes or "").strip())
            for finding in self._everywhere(vulnerability, places, row, sure):
                yield replace(finding, suppression=suppression)

    def _everywhere(
        self,
        row: model.Vulnerability,
        places: list[tuple[Component, str]],
        owner: model.Dependency,
        sure: Confidence | None,
    ) -> Iterator[Finding]:
        ratings = _ratings(row)
        rule = self._rule(row)
        chosen = [one.software for one in row.vulnerable_software or () if _is_matched(one.software)]
        about = [f"Matched as {one.id}" for one in chosen[:1] if one]
        if owner.project_references:
            about.append(f"Used by {', '.join(owner.project_references)}")
        if owner.related_dependencies:
            copies = [one.file_path or one.file_name for one in owner.related_dependencies if not one.package_ids]
            if copies:
                about.append(f"Also in {', '.join(copies[:20])}")
        fixed = dict.fromkeys(one.version_end_excluding for one in chosen if one and one.version_end_excluding)
        cwes = row.cwes or []
        if row.name.startswith("CWE-"):
            cwes = [*cwes, row.name]
        for component, path in places if len(places) == 1 else dict.fromkeys(places):
            yield Finding(
                rule=row.name,
                title=rule.title or f"{row.name} in {component.name}",
                severity=graded(row.severity, ratings),
                severity_given=row.severity or "",
                location=CodeLocation(path=path) if path else None,
                component=component,
                about=rule,
                description="\n\n".join(about),
                confidence=sure,
                cwes=cwe_ids(*cwes),
                vulnerabilities=identifiers(row.name),
                cvss=ratings,
                fixed_versions=tuple(fixed),
                tags=("known-exploited",) if row.known_exploited_vulnerability else (),
            )

    def _rule(self, row: model.Vulnerability) -> Rule:
        rule = self._rules.get(row.name)
        if rule is None:
            rule = Rule(
                id=row.name,
                description=(row.description or "").strip(),
                references=references([one.url or "" for one in row.references or ()]),
                tags=(row.source,) if row.source else (),
            )
            self._rules.keep(row.name, rule)
        return rule


def _is_matched(software: model.Software | None) -> bool:
    """Tell whether a product is the one that the dependency was taken for."""
    return software is not None and str(software.vulnerability_id_matched).lower() == "true"


def component_of(identifier: str, fallback: str) -> Component:
    """Return the component for an identifier: a package URL, or `maven:group:artifact:version` of older reports."""
    if identifier.startswith("pkg:"):
        name = shown_name(identifier)
        version = identifier.partition("@")[2].partition("?")[0] if "@" in identifier[5:] else ""
        return package(purl_kind(identifier), name or fallback, _version(identifier, version), identifier)
    kind, _, rest = identifier.partition(":")
    if purl_type(kind) and rest:
        name, _, version = rest.rpartition(":")
        return package(kind, name or rest, version if name else "")
    return Component(name=fallback)


def _version(purl: str, default: str) -> str:
    """Return the version behind the last `@`: an npm scope has one, too (`pkg:npm/@a/b@1.0`)."""
    tail = purl.partition("?")[0].rpartition("@")[2]
    return default if "/" in tail else tail


def _component(given: list[model.Identifier] | None, row: model.Dependency) -> Component:
    """Return the component, named by the surest of the package identifiers, else by the file."""
    ranked = sorted(given or (), key=lambda one: (not one.id.startswith("pkg:"), _RANKS.get(one.confidence.upper(), 9)))
    best = next((one.id for one in ranked if one.id), "")
    found = component_of(best, row.file_name) if best else _of_evidence(row)
    hashes = tuple(
        (name, value) for name, value in (("md5", row.md5), ("sha1", row.sha1), ("sha256", row.sha256)) if value
    )
    licences = (first_line(row.license),) if row.license else ()
    return replace(found, hashes=hashes, licences=licences) if hashes or licences else found


def _of_evidence(row: model.Dependency) -> Component:
    """Return the product for a file of no package manager: as the vulnerability database knows it, or by the evidence."""
    for one in row.vulnerability_ids or ():
        parts = one.id.split(":")
        if one.id.startswith("cpe:2.3:") and len(parts) > 5:
            return Component(name=parts[4], version="" if parts[5] in {"*", "-"} else parts[5])
        if one.id.startswith("cpe:/") and len(parts) > 3:
            return Component(name=parts[3], version=parts[4] if len(parts) > 4 else "")
    clues = row.evidence_collected or model.Evidence()
    name, version = _surest(clues.product_evidence), _surest(clues.version_evidence)
    return Component(name=name, version=version) if name and version else Component(name=row.file_name)


def _surest(clues: list[model.Clue] | None) -> str:
    return min(clues or (), key=lambda one: _RANKS.get(one.confidence.upper(), 9), default=model.Clue()).value


def _confidence(row: model.Dependency) -> Confidence | None:
    """Return how sure the match with the vulnerability database is: that of the CPE, else of the package."""
    for identifiers_ in (row.vulnerability_ids, row.packages):
        for one in identifiers_ or ():
            if one.confidence:
                return _SURE.get(one.confidence.upper()) or confidence(one.confidence)
    return None


def _ratings(row: model.Vulnerability) -> tuple[Cvss, ...]:
    found: list[Cvss | None] = []
    if row.cvss4 is not None:
        found.append(rating(row.cvss4.vector_string, row.cvss4.base_score, "4.0", row.source))
    if row.cvss3 is not None:
        found.append(rating(_vector_3(row.cvss3), row.cvss3.base_score, row.cvss3.version or "3.1", row.source))
    if row.cvss2 is not None:
        found.append(rating(_vector_2(row.cvss2), row.cvss2.score, "2.0", row.source))
    return tuple(one for one in found if one)


@lru_cache(maxsize=4096)
def _joined(parts: tuple[tuple[str, str], ...]) -> str:
    """Return a vector from the words of its metrics, or nothing where one is missing."""
    if not all(word for _, word in parts):
        return ""
    return "/".join(f"{metric}:{_TWO.get(word.upper(), word[:1].upper())}" for metric, word in parts)


def _vector_2(score: model.CvssTwo) -> str:
    return _joined((
        ("AV", score.access_vector), ("AC", score.access_complexity), ("Au", score.authentication or score.authentication_2),
        ("C", score.confidentiality or score.confidentiality_2), ("I", score.integrity_impact), ("A", score.availability_impact),
    ))  # fmt: skip


def _vector_3(score: model.CvssThree) -> str:
    return _joined((
        ("AV", score.attack_vector), ("AC", score.attack_complexity), ("PR", score.privileges_required),
        ("UI", score.user_interaction), ("S", score.scope), ("C", score.confidentiality_impact),
        ("I", score.integrity_impact), ("A", score.availability_impact),
    ))  # fmt: skip
