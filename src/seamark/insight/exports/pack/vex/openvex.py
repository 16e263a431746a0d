"""OpenVEX 0.2.0."""

from __future__ import annotations

from typing import Any, Final

from seamark.core.kind import VexState
from seamark.insight.exports.pack.archive import as_json
from seamark.insight.exports.pack.vex.product import JUSTIFICATIONS, Product, Said, action, impact

TYPE: Final = "application/json"
_STATUS: Final = {VexState.FALSE_POSITIVE: "not_affected"}


def write(product: Product) -> bytes | None:
    """Return the document. OpenVEX knows none without a statement: then there is none."""
    if not product.said:
        return None
    return as_json(
        {
            "@context": "https://openvex.dev/ns/v0.2.0",
            "@id": product.id("openvex"),
            "author": product.author.name,
            "timestamp": product.at,
            "version": 1,
            "tooling": "Seamark",
            "statements": [_statement(product, one) for one in product.said],
        }
    )


def _statement(product: Product, said: Said) -> dict[str, Any]:
    component, vex = said.component.component, said.vex
    part: dict[str, Any] = {"@id": component.purl or f"urn:component:{component.ref}"}
    if component.purl:
        part["identifiers"] = {"purl": component.purl}
    status = _STATUS.get(vex.state, vex.state.value)
    found: dict[str, Any] = {
        "vulnerability": {"name": said.vulnerability, **({"aliases": list(said.aliases)} if said.aliases else {})},
        "products": [{"@id": product.purl, "identifiers": {"purl": product.purl}, "subcomponents": [part]}],
        "status": status,
    }
    if status == "not_affected" and vex.justification in JUSTIFICATIONS:
        found["justification"] = vex.justification
    elif status == "not_affected":
        found["impact_statement"] = impact(vex)
    elif status == "affected":
        found["action_statement"] = action(vex)
    elif vex.detail:
        found["status_notes"] = vex.detail
    return found
