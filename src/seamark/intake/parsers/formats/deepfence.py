"""Deepfence ThreatMapper: vulnerabilities, secrets, malware and checks of compliance, as the workbooks it exports."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from seamark.intake.parsers.formats._hosts import said
from seamark.intake.parsers.formats._workbook import Row, Workbook, header
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Finding,
    HostLocation,
    ImageLocation,
    Item,
    Kind,
    Location,
    Probe,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    Suppression,
    cvss,
    moment,
    parser,
    references,
    severity,
)
from seamark.intake.parsers.kit.packages import identifiers, package
from seamark.intake.parsers.kit.source import Source
from seamark.intake.parsers.kit.texts import described

_FLAWS = {"CVE ID", "Caused By Package", "Attack Vector", "Masked"}
_OLD_FLAWS = {"cve_id", "cve_caused_by_package", "cve_attack_vector", "masked"}
_SECRETS = {"Filename", "Content", "Rule", "Content Starting Index", "Masked"}
_MALWARE = {"Rule Name", "File Name", "Summary", "Masked"}
_COMPLIANCE = {"Compliance Standard", "Status", "Control ID", "Masked"}
_FAILED = {"warn": Severity.MEDIUM, "alarm": Severity.MEDIUM, "note": Severity.INFO, "info": Severity.INFO}
"""The states of a check that are no pass; ThreatMapper gives checks no other grade."""
_LOWER = {
    "cve_id": "CVE ID", "cve_severity": "Severity", "cve_attack_vector": "Attack Vector", "cve_type": "Type",
    "cve_caused_by_package": "Caused By Package", "cve_caused_by_package_path": "Caused By Package Path",
    "cve_cvss_score": "CVSS Score", "cve_description": "Description", "cve_fixed_in": "Fixed In", "cve_link": "Link",
    "cve_overall_score": "Overall Score", "cve_container_image": "Node Name", "masked": "Masked",
}  # fmt: skip
"""The columns of version 1 by the names that they have since version 2."""


def _is_export(probe: Probe) -> bool:
    columns = set(header(probe))
    return bool(columns) and any(known <= columns for known in (_FLAWS, _OLD_FLAWS, _SECRETS, _MALWARE, _COMPLIANCE))


@parser(
    "deepfence",
    title="Deepfence ThreatMapper",
    kind=Kind.CONTAINER,
    looks=_is_export,
    made_with="ThreatMapper: Reports > Create report > XLSX",
    url="https://community.deepfence.io/threatmapper/docs/",
    versions="1 and 2",
)
def read(source: Source) -> Iterator[Item]:
    workbook = Workbook(source)
    for sheet in workbook.sheets:
        columns = set(workbook.columns(sheet))
        for known, sort, make in _SORTS:
            if known <= columns:
                yield Run(tool="Deepfence ThreatMapper", configuration=sort)
                for row in workbook.rows(sheet):
                    if (finding := make({_LOWER.get(name, name): text for name, text in row.items()})) is not None:
                        yield finding


def _flaw(row: Row) -> Finding | None:
    name = row.get("CVE ID", "")
    if not name:
        return None
    vector = row.get("Attack Vector", "").upper()
    rating = cvss(vector, row.get("CVSS Score") or row.get("Overall Score") or None)
    component = _component(row)
    return Finding(
        rule=name,
        title=f"{name} in {component.name}" if component else name,
        severity=severity(row.get("Severity") or (rating.score if rating else None)),
        severity_given=row.get("Severity", ""),
        kind=_kind(row),
        location=_node(row),
        component=component,
        about=Rule(id=name, description=row.get("Description", ""), references=references(row.get("Link"))),
        description=described(
            ("Path", said(row.get("Caused By Package Path"))), ("Cluster", said(row.get("Kubernetes Cluster Name")))
        ),
        vulnerabilities=identifiers(name),
        cvss=(rating,) if rating else (),
        fixed_versions=(fixed,) if (fixed := said(row.get("Fixed In"))) else (),
        suppression=_masked(row),
        seen_at=moment(row.get("@timestamp", "").removesuffix(" UTC").replace(" +0000", "+00:00")),
    )


def _component(row: Row) -> Component | None:
    """Return the package of `openssl:1.1.1w-0+deb11u1`: names of Java's packages hold a colon, versions of systems' may."""
    given, sort = row.get("Caused By Package", ""), row.get("Type", "").strip().lower()
    name, _, version = given.rpartition(":") if sort == "java" else given.partition(":")
    return package("" if sort == "base" else sort, name or version, version if name else "") if given else None


def _secret(row: Row) -> Finding | None:
    rule = row.get("Rule", "")
    return Finding(
        rule=rule,
        title=rule or "Secret",
        severity=severity(row.get("Severity") or None),
        severity_given=row.get("Severity", ""),
        kind=Kind.SECRET,
        location=_file(row, row.get("Filename", "")),
        about=Rule(id=rule, cwes=(798,)),
        description=described(
            ("Node", row.get("Node Name", "")), ("Begins at byte", row.get("Content Starting Index", ""))
        ),
        cwes=(798,),
        secret=row.get("Content", ""),
        suppression=_masked(row),
    )


def _malware(row: Row) -> Finding | None:
    rule = row.get("Rule Name", "")
    return Finding(
        rule=rule,
        title=rule or "Malware",
        severity=severity(row.get("Severity") or None),
        severity_given=row.get("Severity", ""),
        kind=_kind(row),
        location=_file(row, row.get("File Name", "")),
        description=described(("", row.get("Summary", "")), ("Node", row.get("Node Name", ""))),
        suppression=_masked(row),
    )


def _check(row: Row) -> Finding | None:
    state, rule = row.get("Status", "").strip().lower(), row.get("Control ID", "")
    if state not in _FAILED:
        return None
    title = said(row.get("Info")) or said(row.get("Description")) or rule
    return Finding(
        rule=rule,
        title=title,
        severity=_FAILED[state],
        severity_given=state,
        kind=Kind.MISCONFIGURATION,
        location=_node(row),
        about=Rule(
            id=rule,
            title=title,
            remedy=said(row.get("Remediation")),
            tags=tuple(text for text in (row.get("Compliance Standard", ""), row.get("Category", "")) if text),
        ),
        description=said(row.get("Description")),
        suppression=_masked(row),
    )


_SORTS: tuple[tuple[set[str], str, Callable[[Row], Finding | None]], ...] = (
    (_FLAWS, "vulnerabilities", _flaw),
    (_OLD_FLAWS, "vulnerabilities", _flaw),
    (_SECRETS, "secrets", _secret),
    (_MALWARE, "malware", _malware),
    (_COMPLIANCE, "compliance", _check),
)


def _masked(row: Row) -> Suppression | None:
    hidden = row.get("Masked", "").strip().lower() in {"1", "true"}
    return Suppression(origin="tool", justification="masked") if hidden else None


def _kind(row: Row) -> Kind | None:
    return Kind.HOST if row.get("Node Type") == "host" else None


def _node(row: Row) -> Location | None:
    name, sort = row.get("Node Name", ""), row.get("Node Type", "")
    if not name:
        return None
    if sort == "host":
        return HostLocation(host=name)
    # A container is named after its image, then its host.
    return (
        ImageLocation(image=name.split(" / ")[0])
        if sort == "container_image"
        else ResourceLocation(resource=name, type=sort)
    )


def _file(row: Row, path: str) -> Location | None:
    node = row.get("Node Name", "")
    if row.get("Node Type") == "container_image" and node:
        return ImageLocation(image=node, path=path)
    return CodeLocation(path=path, scope=node) if path else _node(row)
