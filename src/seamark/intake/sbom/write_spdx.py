"""Writes an inventory as SPDX 2.3 in JSON: the same inventory, the same bytes."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from seamark.core.sbom import Entry, Sbom, Statement
from seamark.intake.sbom.licences import is_expression
from seamark.intake.sbom.write_cyclonedx import HASHES, known_hashes

DOCUMENT: Final = "SPDXRef-DOCUMENT"
NOBODY_SAYS: Final = "NOASSERTION"
_SLUG = re.compile(r"[^A-Za-z0-9.]+")
_CPE_23: Final = "cpe:2.3:"
_PURPOSES: Final = {
    "application": "APPLICATION", "framework": "FRAMEWORK", "library": "LIBRARY", "container": "CONTAINER", "operating-system": "OPERATING-SYSTEM",
    "device": "DEVICE", "firmware": "FIRMWARE", "file": "FILE",
}  # fmt: skip
_EPOCH: Final = "1970-01-01T00:00:00Z"
"""Where no document says when it was made: the format asks for a time, and today's would not be the same tomorrow."""
_PLAIN_NAMES: Final = frozenset({"MD5", "SHA1", "SHA256", "SHA384", "SHA512"})
_CPE_22 = re.compile(r"cpe:/[AHOaho]?(?::[A-Za-z0-9._~%-]*){0,6}")
_CPE_PART = re.compile(r"[*-]|[?*]?(?:[A-Za-z0-9._-]|\\[^A-Za-z0-9\s])+[?*]?")
_COLON = re.compile(r"(?<!\\):")
_OWN_LICENCE = re.compile(r"LicenseRef-[A-Za-z0-9.-]+", re.IGNORECASE)
_FRACTION = re.compile(r"\.\d+")


def write(sbom: Sbom) -> bytes:
    """Return the document, ending with a line feed. VEX statements stand in annotations of their packages, as JSON."""
    created = _FRACTION.sub("", sbom.created) or _EPOCH
    listed = ([sbom.subject] if sbom.subject is not None else []) + list(sbom.entries)
    refs = {one.component.ref: f"SPDXRef-{number}-{_slug(one.component.name)}" for number, one in enumerate(listed)}
    extracted: dict[str, str] = {}
    said: dict[str, list[Statement]] = {}
    for statement in sbom.statements:
        for ref in statement.refs:
            said.setdefault(ref, []).append(statement)
    packages = [_package(one, refs[one.component.ref], extracted) for one in listed]
    for one, package in zip(listed, packages, strict=True):
        if one.component.ref in said:
            package["annotations"] = [_annotation(statement, created) for statement in said[one.component.ref]]
    relationships = [
        {"spdxElementId": DOCUMENT, "relationshipType": "DESCRIBES", "relatedSpdxElement": refs[root]}
        for root in sbom.roots
        if root in refs
    ]
    relationships += [
        {"spdxElementId": refs[edge.ref], "relationshipType": "DEPENDS_ON", "relatedSpdxElement": refs[target]}
        for edge in sbom.edges
        if edge.ref in refs
        for target in edge.targets
        if target in refs
    ]
    name = sbom.name or "merged"
    document: dict[str, Any] = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": DOCUMENT,
        "name": name,
        "documentNamespace": f"https://spdx.org/spdxdocs/{_slug(name)}-{sbom.serial.removeprefix('urn:uuid:')}",
        "creationInfo": {"created": created, "creators": _creators(sbom)},
        "packages": packages,
        "relationships": relationships,
    }
    if extracted:
        document["hasExtractedLicensingInfos"] = [
            {"licenseId": key, "extractedText": text, "name": text} for text, key in sorted(extracted.items())
        ]
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _creators(sbom: Sbom) -> list[str]:
    tools = [f"Tool: {one.replace(' ', '-')}" for one in sbom.tools]
    return [*tools, *(f"Organization: {one}" for one in sbom.authors)] or ["Tool: seamark"]


def _slug(text: str) -> str:
    return _SLUG.sub("-", text).strip("-.")[:100] or "unnamed"


def _package(one: Entry, ref: str, extracted: dict[str, str]) -> dict[str, Any]:
    component = one.component
    found: dict[str, Any] = {"SPDXID": ref, "name": component.name or "unnamed"}
    if component.version:
        found["versionInfo"] = component.version
    found["supplier"] = f"Organization: {component.supplier}" if component.supplier else NOBODY_SAYS
    found["downloadLocation"] = NOBODY_SAYS
    found["filesAnalyzed"] = False
    if hashes := known_hashes(component.hashes):
        found["checksums"] = [{"algorithm": _algorithm(name), "checksumValue": digest} for name, digest in hashes]
    found["licenseConcluded"] = NOBODY_SAYS
    found["licenseDeclared"] = _licence(component.licences, extracted)
    found["copyrightText"] = NOBODY_SAYS
    refs = [
        {
            "referenceCategory": "SECURITY",
            "referenceType": "cpe23Type" if cpe.startswith(_CPE_23) else "cpe22Type",
            "referenceLocator": cpe,
        }
        for cpe in one.cpes
        if _is_cpe(cpe)
    ]
    if component.purl:
        refs.insert(
            0,
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": component.purl},
        )
    if refs:
        found["externalRefs"] = refs
    if one.type in _PURPOSES:
        found["primaryPackagePurpose"] = _PURPOSES[one.type]
    return found


def _is_cpe(text: str) -> bool:
    """Tell whether a CPE is whole: many tools write some that are not, and the format allows none of these."""
    if not text.startswith(_CPE_23):
        return bool(_CPE_22.fullmatch(text))
    parts = _COLON.split(text)[2:]
    return (
        len(parts) == 11
        and parts[0] in {"a", "h", "o", "*", "-"}
        and all(_CPE_PART.fullmatch(one) for one in parts[1:])
    )


def _algorithm(name: str) -> str:
    """Return an algorithm as SPDX writes it: `SHA256`, but `SHA3-256` and `BLAKE2b-256`."""
    return name if name in _PLAIN_NAMES else HASHES[name][0]


def _licence(given: tuple[str, ...], extracted: dict[str, str]) -> str:
    """Return the licences as one expression; what is none of SPDX's is quoted in the document and referred to."""
    parts = []
    for text in given:
        if is_expression(text) and "documentref-" not in text.lower():
            for own in _OWN_LICENCE.findall(text):
                extracted.setdefault(f"The text of {own} is not in the documents that were merged", own)
            parts.append(f"({text})" if len(given) > 1 and " " in text else text)
            continue
        key = extracted.get(text)
        if key is None:
            key = extracted[text] = f"LicenseRef-{len(extracted)}-{_slug(text)[:60]}"
        parts.append(key)
    return " AND ".join(parts) or NOBODY_SAYS


def _annotation(one: Statement, created: str) -> dict[str, Any]:
    told = {
        "vex": one.vex.state.value,
        "vulnerability": one.vulnerability,
        "aliases": list(one.aliases),
        "justification": one.vex.justification,
        "detail": one.vex.detail,
    }
    comment = msgspec.json.encode({key: value for key, value in told.items() if value}).decode()
    return {"annotationDate": created, "annotationType": "OTHER", "annotator": "Tool: seamark", "comment": comment}
