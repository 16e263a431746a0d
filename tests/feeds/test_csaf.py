"""What is read from a vendor's CSAF document."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from seamark.core.errors import UnreadableReport
from seamark.core.kind import VexState
from seamark.intake.connectors.feeds.catalogue import read_feed
from seamark.intake.connectors.feeds.csaf import advisory, feed_of

from .advisories import NAME, PURL, made, product, vulnerability


def test_a_document_says_of_flaws_and_of_packages() -> None:
    found = advisory(made())
    assert (found.publisher, found.id, found.version, found.released) == ("Acme", "ACME-1", "1", "2026-10-01T08:00:00Z")
    (flaw,) = found.flaws
    assert (flaw.name, flaw.cvss, flaw.exploited) == (NAME, 53, "")
    kept, fixed = flaw.products
    assert (kept.purl, kept.package, kept.version, kept.status) == (
        PURL,
        "npm/left-pad",
        "1.2.3",
        VexState.NOT_AFFECTED,
    )
    assert (kept.justification, kept.detail) == ("vulnerable_code_not_in_execute_path", "The function is never called.")
    assert (fixed.version, fixed.status, fixed.justification) == ("1.3.0", VexState.FIXED, "")


def test_ranges_parts_and_products_without_a_package() -> None:
    tree = {
        "branches": [
            {"category": "vendor", "name": "Acme", "branches": [
                {"category": "product_version_range", "name": "vers:npm/<1.2.0", "product": product("R", "pkg:npm/left-pad")},
                {"category": "product_version", "name": "7", "product": product("S", name="Acme Suite 7")},
            ]},
        ],
        "full_product_names": [product("P", PURL)],
        "relationships": [
            {"category": "default_component_of", "product_reference": "P", "relates_to_product_reference": "S",
             "full_product_name": product("P-in-S", name="left-pad in Acme Suite 7")},
        ],
    }  # fmt: skip
    status = {"known_affected": ["R"], "known_not_affected": ["P-in-S", "S", "nobody"], "last_affected": ["P"]}
    (flaw,) = advisory(made(vulnerability(product_status=status, flags=[]), tree=tree)).flaws
    told = {(one.status, one.version, one.range, one.within) for one in flaw.products}
    assert told == {
        (VexState.AFFECTED, "", "vers:npm/<1.2.0", ""),
        (VexState.AFFECTED, "", "<=1.2.3", ""),
        (VexState.NOT_AFFECTED, "1.2.3", "", "left-pad in Acme Suite 7"),
    }


def test_only_plain_statements_of_exploitation_count() -> None:
    def exploited(**more: Any) -> tuple[str, str]:
        (flaw,) = advisory(made(vulnerability(**more))).flaws
        return flaw.exploited, flaw.exploitation

    words = "Exploitation is more likely; nobody is exploited"
    assert exploited(threats=[{"category": "exploit_status", "details": words}]) == ("", words)
    microsoft = "Publicly Disclosed:No;Exploited:Yes;Latest Software Release:Exploitation Detected"
    assert exploited(threats=[{"category": "exploit_status", "details": microsoft}]) == ("2026-10-01", microsoft)
    dates = [{"date": "2026-09-09T00:00:00Z", "exploitation_date": "2026-08-08T00:00:00Z"}]
    assert exploited(threats=[], first_known_exploitation_dates=dates) == ("2026-08-08", "")


def test_cvss_of_the_newest_version_and_2_1_metrics() -> None:
    metrics = [
        {"content": {"cvss_v3": {"version": "3.1", "vectorString": "", "baseScore": 9.8}}},
        {"content": {"cvss_v4": {"version": "4.0", "vectorString": "CVSS:4.0/AV:N", "baseScore": 6.9}}},
    ]
    (flaw,) = advisory(made(vulnerability(scores=None, metrics=metrics))).flaws
    assert (flaw.cvss, flaw.vector) == (69, "CVSS:4.0/AV:N")


def test_zero_bytes_are_left_out() -> None:
    (flaw,) = advisory(
        made(vulnerability("CVE-2024-1\0", threats=[{"category": "exploit_status", "details": "a\0b"}]))
    ).flaws
    assert (flaw.name, flaw.exploitation) == ("CVE-2024-1", "ab")


@pytest.mark.parametrize("data", [
    b"{", b"[]", b"null", b'{"document": {"csaf_version": "2.0"}}', b'{"document": 3}', b"\xff\xfe",
    made().replace(b"ACME-1", b""), made().replace(b"2026-10-01T08:00:00Z", b"soon"), b"[" * 100_000,
])  # fmt: skip
def test_what_is_no_document_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableReport):
        advisory(data)


def test_a_deep_tree_ends() -> None:
    branch: dict[str, Any] = {"category": "vendor", "name": "x", "product": product("deep", PURL)}
    for _ in range(200):
        branch = {"category": "vendor", "name": "x", "branches": [branch]}
    (flaw,) = advisory(made(vulnerability(product_status={"fixed": ["deep"]}), tree={"branches": [branch]})).flaws
    assert flaw.products == ()


def test_an_archive_is_read_in_its_newest_versions(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a/new.json", made(day="2026-11-02", version="2"))
        archive.writestr("a/old.json", made())
        archive.writestr("provider-metadata.json", json.dumps({"distributions": []}))
        archive.writestr("a/other.json", made(number="ACME-2"))
    path = tmp_path / "acme.zip"
    path.write_bytes(packed.getvalue())
    found = read_feed(path)
    assert [(one.id, one.version) for one in found.advisories] == [("ACME-1", "2"), ("ACME-2", "1")]
    assert (found.kind, found.date, found.snapshot) == ("CSAF", "2026-11-02", "CSAF 2026-11-02")
    assert feed_of([], "acme").snapshot == "CSAF acme undated"
