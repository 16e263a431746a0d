"""CSAF documents of our own making."""

from __future__ import annotations

import json
from typing import Any

NAME = "CVE-2024-1111"
PURL = "pkg:npm/left-pad@1.2.3"


def product(number: str, purl: str = "", name: str = "") -> dict[str, Any]:
    """Make a product of a tree."""
    helper = {"product_identification_helper": {"purl": purl}} if purl else {}
    return {"product_id": number, "name": name or number, **helper}


def vulnerability(name: str = NAME, **more: Any) -> dict[str, Any]:
    """Make a vulnerability whose product P1 is not affected and P2 fixed."""
    return {
        "cve": name,
        "product_status": {"known_not_affected": ["P1"], "fixed": ["P2"]},
        "flags": [{"label": "vulnerable_code_not_in_execute_path", "product_ids": ["P1"]}],
        "threats": [{"category": "impact", "details": "The function is never called.", "product_ids": ["P1"]}],
        "scores": [
            {"products": ["P2"], "cvss_v3": {"version": "3.1", "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:L/A:N", "baseScore": 5.3}}
        ],
        **more,
    }  # fmt: skip


def made(
    *vulnerabilities: dict[str, Any],
    number: str = "ACME-1",
    day: str = "2026-10-01",
    version: str = "1",
    tree: Any = None,
) -> bytes:
    """Make a document."""
    return json.dumps({
        "document": {
            "category": "csaf_vex", "csaf_version": "2.0", "title": "Left-pad in our products", "publisher": {"name": "Acme"},
            "tracking": {"id": number, "version": version, "current_release_date": f"{day}T08:00:00Z"},
        },
        "product_tree": tree or {"full_product_names": [product("P1", PURL), product("P2", "pkg:npm/left-pad@1.3.0")]},
        "vulnerabilities": list(vulnerabilities) or [vulnerability()],
    }).encode()  # fmt: skip
