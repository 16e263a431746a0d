"""Writes an inventory as CycloneDX 1.6 in JSON: the same inventory, the same bytes."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from seamark.core.component import parse_purl
from seamark.core.finding import Vex
from seamark.core.kind import VexState
from seamark.core.sbom import Entry, Sbom, Statement
from seamark.intake.sbom.licences import identifier, is_expression

TYPES: Final = frozenset({
    "application", "framework", "library", "container", "platform", "operating-system", "device", "device-driver", "firmware", "file",
    "machine-learning-model", "data", "cryptographic-asset",
})  # fmt: skip
HASHES: Final = {
    "MD5": ("MD5", 32), "SHA1": ("SHA-1", 40), "SHA256": ("SHA-256", 64), "SHA384": ("SHA-384", 96), "SHA512": ("SHA-512", 128),
    "SHA3256": ("SHA3-256", 64), "SHA3384": ("SHA3-384", 96), "SHA3512": ("SHA3-512", 128), "BLAKE2B256": ("BLAKE2b-256", 64),
    "BLAKE2B384": ("BLAKE2b-384", 96), "BLAKE2B512": ("BLAKE2b-512", 128), "BLAKE3": ("BLAKE3", 64),
}  # fmt: skip
"""Algorithms, without hyphens, as CycloneDX writes them, and the length of their digests."""
_HEX = re.compile(r"[0-9a-fA-F]+")
_SCOPES: Final = {"runtime": "required", "optional": "optional", "development": "excluded", "test": "excluded"}
_STATES: Final = {
    VexState.AFFECTED: "exploitable",
    VexState.NOT_AFFECTED: "not_affected",
    VexState.FIXED: "resolved",
    VexState.UNDER_INVESTIGATION: "in_triage",
    VexState.FALSE_POSITIVE: "false_positive",
}
_JUSTIFICATIONS: Final = frozenset({
    "code_not_present", "code_not_reachable", "requires_configuration", "requires_dependency", "requires_environment", "protected_by_compiler",
    "protected_at_runtime", "protected_at_perimeter", "protected_by_mitigating_control",
})  # fmt: skip
_OF_OPENVEX: Final = {
    "component_not_present": "code_not_present",
    "vulnerable_code_not_present": "code_not_present",
    "vulnerable_code_not_in_execute_path": "code_not_reachable",
    "vulnerable_code_cannot_be_controlled_by_adversary": "code_not_reachable",
    "inline_mitigations_already_exist": "protected_by_mitigating_control",
}
_RESPONSES: Final = frozenset({"can_not_fix", "will_not_fix", "update", "rollback", "workaround_available"})


def write(sbom: Sbom) -> bytes:
    """Return the document, ending with a line feed."""
    metadata: dict[str, Any] = {}
    if sbom.created:
        metadata["timestamp"] = sbom.created
    metadata["tools"] = {"components": [_tool(one) for one in sbom.tools]}
    if sbom.authors:
        metadata["authors"] = [{"name": one} for one in sbom.authors]
    if sbom.subject is not None:
        metadata["component"] = _component(sbom.subject)
    services = [one for one in sbom.entries if one.type == "service"]
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": sbom.serial,
        "version": 1,
        "metadata": metadata,
        "components": [_component(one) for one in sbom.entries if one.type != "service"],
    }
    if services:
        document["services"] = [_service(one) for one in services]
    document["dependencies"] = [{"ref": one.ref, "dependsOn": list(one.targets)} for one in sbom.edges]
    if sbom.statements:
        document["vulnerabilities"] = [_vulnerability(one) for one in sbom.statements]
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _tool(text: str) -> dict[str, Any]:
    name, _, version = text.rpartition(" ")
    return {"type": "application", "name": name, "version": version} if name else {"type": "application", "name": text}


def split_name(one: Entry) -> tuple[str, str]:
    """Return group and name of a component: what stands in front of the name in its package URL is its group."""
    parsed = parse_purl(one.component.purl) if one.component.purl else None
    name = one.component.name
    if parsed is not None and parsed.namespace and name.startswith(f"{parsed.namespace}/"):
        return parsed.namespace, name.removeprefix(f"{parsed.namespace}/")
    return "", name


def _component(one: Entry) -> dict[str, Any]:
    component = one.component
    group, name = split_name(one)
    found: dict[str, Any] = {"type": one.type if one.type in TYPES else "library", "bom-ref": component.ref}
    if component.supplier:
        found["supplier"] = {"name": component.supplier}
    if group:
        found["group"] = group
    found["name"] = name
    if component.version:
        found["version"] = component.version
    if component.scope in _SCOPES:
        found["scope"] = _SCOPES[component.scope]
    if hashes := known_hashes(component.hashes):
        found["hashes"] = [{"alg": HASHES[algorithm][0], "content": digest} for algorithm, digest in hashes]
    if component.licences:
        found["licenses"] = _licences(component.licences)
    if one.cpes:
        found["cpe"] = one.cpes[0]
    if component.purl:
        found["purl"] = component.purl
    return found


def known_hashes(given: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """Return those digests that are what they say, by the algorithm's name without hyphens."""
    found: dict[tuple[str, str], None] = {}
    for name, digest in given:
        algorithm = name.upper().replace("-", "").replace("_", "")
        if algorithm in HASHES and len(digest) == HASHES[algorithm][1] and _HEX.fullmatch(digest):
            found[algorithm, digest.lower()] = None
    return list(found)


def _licences(given: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return licences by the list's identifiers; an expression stands alone, everything else is a name."""
    if len(given) == 1 and not identifier(given[0]) and is_expression(given[0]):
        return [{"expression": given[0]}]
    return [{"license": {"id": known} if (known := identifier(text)) else {"name": text}} for text in given]


def _service(one: Entry) -> dict[str, Any]:
    found: dict[str, Any] = {"bom-ref": one.component.ref}
    if one.component.supplier:
        found["provider"] = {"name": one.component.supplier}
    found["name"] = one.component.name
    if one.component.version:
        found["version"] = one.component.version
    return found


def _vulnerability(one: Statement) -> dict[str, Any]:
    found: dict[str, Any] = {"id": one.vulnerability}
    if one.aliases:
        found["references"] = [{"id": alias, "source": {"name": alias.partition("-")[0]}} for alias in one.aliases]
    found["analysis"] = _analysis(one.vex)
    found["affects"] = [{"ref": ref} for ref in one.refs]
    return found


def _analysis(vex: Vex) -> dict[str, Any]:
    found: dict[str, Any] = {"state": _STATES[vex.state]}
    justification = _OF_OPENVEX.get(vex.justification, vex.justification)
    if justification in _JUSTIFICATIONS:
        found["justification"] = justification
    if responses := [text for text in dict.fromkeys(vex.response) if text in _RESPONSES]:
        found["response"] = responses
    if vex.detail:
        found["detail"] = vex.detail
    return found
