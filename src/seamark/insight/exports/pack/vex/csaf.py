"""CSAF 2.0, profile VEX."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any, Final

from seamark.core.kind import VexState
from seamark.insight.exports.pack.archive import as_json
from seamark.insight.exports.pack.vex.product import JUSTIFICATIONS, Product, Said, action, impact

TYPE: Final = "application/json"
_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_GROUPS: Final = {
    VexState.AFFECTED: "known_affected",
    VexState.NOT_AFFECTED: "known_not_affected",
    VexState.FALSE_POSITIVE: "known_not_affected",
    VexState.FIXED: "fixed",
    VexState.UNDER_INVESTIGATION: "under_investigation",
}
_WHOLE: Final = "product"
_SYSTEMS: Final = {"GHSA": "GitHub Advisory Database", "PYSEC": "PyPI Advisory Database", "RUSTSEC": "RustSec Advisory Database"}  # fmt: skip


def write(product: Product) -> bytes | None:
    """Return the document. CSAF knows no VEX document that speaks of no vulnerability: then there is none."""
    if not product.said:
        return None
    places: dict[str, str] = {}
    for said in product.said:
        places.setdefault(said.component.component.ref, f"component-{len(places) + 1}")
    return as_json(
        {
            "document": _document(product),
            "product_tree": _tree(product, places),
            "vulnerabilities": [
                _vulnerability(name, list(said), places)
                for name, said in groupby(product.said, lambda one: one.vulnerability)
            ],
        }
    )


def _document(product: Product) -> dict[str, Any]:
    number = product.id("csaf").removeprefix("urn:uuid:")
    return {
        "category": "csaf_vex",
        "csaf_version": "2.0",
        "lang": "en",
        "publisher": {"category": "vendor", "name": product.author.name, "namespace": product.author.namespace},
        "title": f"Vulnerabilities in components of {product.name}",
        "tracking": {
            "id": f"seamark-vex-{number}",
            "current_release_date": product.at,
            "initial_release_date": product.at,
            "generator": {"engine": {"name": "Seamark"}},
            "revision_history": [{"date": product.at, "number": "1", "summary": "As it stands at this time."}],
            "status": "final",
            "version": "1",
        },
    }


def _tree(product: Product, places: dict[str, str]) -> dict[str, Any]:
    parts = {one.component.component.ref: one.component.component for one in product.said}
    listed: list[dict[str, Any]] = [
        {"product_id": _WHOLE, "name": product.name, "product_identification_helper": {"purl": product.purl}}
    ]
    for ref, number in places.items():
        part = parts[ref]
        one: dict[str, Any] = {"product_id": number, "name": f"{part.name} {part.version}".strip()}
        if part.purl:
            one["product_identification_helper"] = {"purl": part.purl}
        listed.append(one)
    return {
        "full_product_names": listed,
        "relationships": [
            {
                "category": "default_component_of",
                "product_reference": number,
                "relates_to_product_reference": _WHOLE,
                "full_product_name": {
                    "product_id": _inside(number),
                    "name": f"{parts[ref].name} {parts[ref].version}".strip() + f" in {product.name}",
                },
            }
            for ref, number in places.items()
        ],
    }


def _inside(number: str) -> str:
    return f"{_WHOLE}:{number}"


def _vulnerability(name: str, said: list[Said], places: dict[str, str]) -> dict[str, Any]:
    names = list(dict.fromkeys((name, *(alias for one in said for alias in one.aliases))))
    cve = next((one for one in names if _CVE.fullmatch(one)), "")
    found: dict[str, Any] = {"cve": cve} if cve else {}
    if others := [one for one in names if one != cve]:
        found["ids"] = [{"system_name": _system(one), "text": one} for one in others]
    found["notes"] = [{"category": "summary", "text": f"What is known of {cve or name} in this product's components."}]
    status: dict[str, list[str]] = {}
    for one in said:
        status.setdefault(_GROUPS[one.vex.state], []).append(_inside(places[one.component.component.ref]))
    found["product_status"] = {group: status[group] for group in sorted(status)}
    more = {"flags": _flags(said, places), "threats": _threats(said, places), "remediations": _remedies(said, places)}
    return found | {field: rows for field, rows in more.items() if rows}


def _system(name: str) -> str:
    start = name.partition("-")[0]
    return _SYSTEMS.get(start, start)


def _flags(said: list[Said], places: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"label": label, "product_ids": ids}
        for label, ids in _grouped(said, places, lambda one: one.vex.justification if _justified(one) else "")
    ]


def _threats(said: list[Said], places: dict[str, str]) -> list[dict[str, Any]]:
    def words(one: Said) -> str:
        return impact(one.vex) if _GROUPS[one.vex.state] == "known_not_affected" and not _justified(one) else ""

    return [{"category": "impact", "details": text, "product_ids": ids} for text, ids in _grouped(said, places, words)]


def _remedies(said: list[Said], places: dict[str, str]) -> list[dict[str, Any]]:
    def words(one: Said) -> str:
        return action(one.vex) if one.vex.state is VexState.AFFECTED else ""

    return [
        {"category": "none_available", "details": text, "product_ids": ids}
        for text, ids in _grouped(said, places, words)
    ]


def _justified(said: Said) -> bool:
    return said.vex.state is VexState.NOT_AFFECTED and said.vex.justification in JUSTIFICATIONS


def _grouped(said: list[Said], places: dict[str, str], words: Any) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for one in said:
        if text := words(one):
            found.setdefault(text, []).append(_inside(places[one.component.component.ref]))
    return sorted(found.items())
