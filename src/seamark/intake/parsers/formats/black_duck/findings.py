"""Makes findings of Black Duck's rows."""

from __future__ import annotations

from seamark.intake.parsers.formats._sca import ecosystem, shared_rule
from seamark.intake.parsers.formats.black_duck import model
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Cvss,
    Finding,
    Kind,
    Rule,
    Severity,
    Suppression,
    cwe_ids,
    references,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, of_system, package, purl_kind, rating

_ORIGINS = {
    "npmjs": "npm", "maven": "maven", "nuget": "nuget", "pypi": "pypi", "rubygems": "gem", "golang": "golang", "packagist": "composer",
    "crates": "cargo", "cocoapods": "cocoapods", "hex": "hex", "cpan": "cpan", "cran": "cran", "conan": "conan", "dart": "pub",
    "alpine": "alpine", "debian": "debian", "ubuntu": "ubuntu", "centos": "centos", "redhat": "redhat", "fedora": "fedora",
    "opensuse": "opensuse", "oracle_linux": "oracle", "rockylinux": "rocky", "almalinux": "almalinux", "amazon_linux": "amazon",
}  # fmt: skip
_SET_ASIDE = frozenset({"IGNORED", "DUPLICATE", "MITIGATED", "PATCHED", "REMEDIATION_COMPLETE", "NOT_AFFECTED"})
"""Remediation statuses after which nothing is left to be done."""


def answered(row: model.Answer) -> Finding:
    """Return the finding for a row of the API."""
    flaw = row.flaw or row.flaw_2 or model.Remediated()
    name = flaw.vulnerability_name or flaw.vulnerability_id
    known = component_of(
        row.component_name, row.component_version_name or "", row.origin_name or "", row.origin_id or ""
    )
    licence = (row.license.license_display if row.license else "") or ""
    found = rating("", flaw.base_score if flaw.base_score is not None else flaw.overall_score, source=flaw.source or "")
    return _made(
        name,
        known
        if not licence
        else Component(name=known.name, version=known.version, purl=known.purl, licences=(licence,)),
        flaw.severity or "",
        (found,) if found else (),
        shared_rule(
            id=name or "unknown",
            description=flaw.description or "",
            cwes=cwe_ids(flaw.cwe_id, flaw.cwe_ids),
            references=references(flaw.related_vulnerability),
        ),
        vulnerability_ids(name, (flaw.related_vulnerability or "").rpartition("/")[2]),
        status="IGNORED" if row.ignored else flaw.remediation_status or "",
        comment=flaw.remediation_comment or "",
    )


def listed(row: model.Security, paths: tuple[str, ...]) -> Finding:
    """Return the finding for a row of the table of vulnerabilities, found in these files."""
    # `BDSA-2019-2725 (CVE-2019-12402)` names the flaw by two databases.
    name = row.identifier.split(" ")[0]
    component = component_of(
        row.name or row.name_2,
        row.version or row.version_2,
        row.origin or row.origin_2,
        row.origin_id or row.origin_id_2,
    )
    found = rating("", row.base_score, source=row.source)
    return _made(
        name,
        component,
        row.risk,
        (found,) if found else (),
        shared_rule(id=name, description=row.description, cwes=cwe_ids(row.cwes), references=references(row.url)),
        vulnerability_ids(row.identifier),
        status=row.status,
        comment=row.comment,
        paths=paths,
    )


def _made(
    name: str,
    component: Component,
    given: str,
    ratings: tuple[Cvss, ...],
    about: Rule,
    ids: tuple[str, ...],
    *,
    status: str,
    comment: str,
    paths: tuple[str, ...] = (),
) -> Finding:
    # The kit's words know no OK, which Black Duck writes for a risk of nothing.
    grade = Severity.INFO if given.upper() == "OK" else graded(given, ratings)
    return Finding(
        rule=name,
        title=f"{name} in {component.name}",
        severity=grade,
        severity_given=given,
        kind=Kind.CONTAINER if of_system(purl_kind(component.purl)) else Kind.DEPENDENCY,
        location=CodeLocation(path=paths[0]) if paths else None,
        component=component,
        about=about,
        description="Found in:\n" + "\n".join(paths) if len(paths) > 1 else "",
        vulnerabilities=ids,
        cvss=ratings,
        suppression=Suppression(origin="tool", justification=": ".join(text for text in (status, comment) if text))
        if status.upper() in _SET_ASIDE
        else None,
        tags=(status,) if status and status.upper() not in _SET_ASIDE and status.upper() != "NEW" else (),
    )


def component_of(name: str, version: str, origin: str, origin_id: str) -> Component:
    """Return the component; its origin (`maven` and `group:artifact:1.0`, `npmjs` and `name/1.0`) makes the package URL."""
    word = _ORIGINS.get(origin.lower(), "")
    kind = ecosystem(word) if word else ""
    if not kind or not origin_id:
        return Component(name=name, version=version)
    if kind == "maven":
        inner, _, number = origin_id.rpartition(":")
    elif of_system(kind):
        # Name, version and architecture.
        inner, _, rest = origin_id.partition("/")
        number = rest.partition("/")[0]
    else:
        inner, _, number = origin_id.rpartition("/")
    if not inner:
        return Component(name=name, version=version)
    return package(word if of_system(kind) else kind, inner, number)


def policy_violation(row: model.Part) -> Finding:
    """Return the finding for a component that violates a policy of the Black Duck server."""
    known = component_of(row.name, row.version, row.origin, row.origin_id)
    overridden = row.overridden_by or "overridden" in row.status.lower()
    licence = row.licences.strip("()")
    return Finding(
        rule="component-policy",
        title=f"{row.name} {row.version} violates a policy",
        severity=Severity.MEDIUM,
        severity_given=row.status,
        kind=Kind.LICENCE,
        component=Component(
            name=known.name, version=known.version, purl=known.purl, licences=(licence,) if licence else ()
        ),
        suppression=Suppression(
            origin="tool", justification=f"overridden by {row.overridden_by}" if row.overridden_by else row.status
        )
        if overridden
        else None,
    )


def in_binary(row: model.InBinary) -> Finding:
    """Return the finding for a row of Binary Analysis: one library in one file of the object that was scanned."""
    name = row.cve or row.bdsa
    ratings = tuple(
        found
        for vector, score, version in (
            (row.vector_4, row.score_4, "4.0"),
            (row.vector_3, row.score_3, "3.1"),
            (row.vector_2, row.score_2, "2"),
        )
        # A score of 0 beside no vector stands for none.
        if (vector or score not in {"", "0", "0.0"}) and (found := rating(vector, score, version))
    )
    best = ratings[0] if ratings else None
    return Finding(
        rule=name,
        title=f"{name} in {row.component}",
        severity=graded(None, ratings),
        severity_given="" if best is None or best.score is None else str(best.score),
        location=CodeLocation(path=row.path or row.object_name) if row.path or row.object_name else None,
        component=Component(name=row.component, version=row.version),
        about=shared_rule(id=name, description=row.summary, references=references(row.url)),
        description=f"Missing exploit mitigations: {row.mitigations}" if row.mitigations else "",
        remedy=f"The latest version is {row.latest}" if row.latest else "",
        vulnerabilities=identifiers(row.cve, row.bdsa),
        cvss=ratings,
        fingerprints=(("object-sha1", row.sha1),) if row.sha1 else (),
        suppression=Suppression(origin="tool", justification=f"{row.note}: {row.reason}" if row.reason else row.note)
        if row.note
        else None,
        tags=(row.matching,) if row.matching else (),
    )
