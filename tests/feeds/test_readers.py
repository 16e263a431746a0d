"""Every feed is told from the others and read; what is none is refused with a sentence."""

from __future__ import annotations

import contextlib
import gzip
import random
from pathlib import Path

import pytest

from seamark.core.errors import NotFound, UnreadableReport
from seamark.intake.connectors.feeds import content as content_module
from seamark.intake.connectors.feeds.catalogue import ORIGINS, origin, read_feed
from seamark.intake.connectors.feeds.statements import Feed, Known

from . import files

VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
EXPECTED: dict[str, tuple[str, str, list[Known]]] = {
    "epss": ("EPSS", "2026-11-02", [
        Known(name="CVE-2020-0001", epss=0.93, percentile=0.99, epss_date="2026-11-02"),
        Known(name="CVE-1999-0001", epss=0.1, percentile=0.2, epss_date="2026-11-02"),
    ]),
    "kev": ("KEV", "2026-11-01", [Known(name="CVE-2020-0001", kev_added="2026-10-30", kev_due="2026-11-20", ransomware=True)]),
    "kev csv": ("KEV", "2026-10-31", [
        Known(name="CVE-2020-0001", kev_added="2026-10-30", kev_due="2026-11-20", ransomware=True),
        Known(name="CVE-2020-0002", kev_added="2026-10-31"),
    ]),
    "euvd": ("EUVD", "2025-05-13", [Known(name="CVE-2020-0001", kev_added="2025-05-13", cvss=98)]),
    "euvd csv": ("EUVD", "2025-05-13", [Known(name="CVE-2020-0001", kev_added="2025-05-13")]),
    "vulncheck": ("VulnCheck", "2025-04-01", [
        Known(name="CVE-2020-0001", kev_added="2025-04-01", exploit=True), Known(name="CVE-2020-0003", kev_added="2025-04-01", exploit=True),
    ]),
    "nvd": ("NVD", "2026-11-01", [Known(name="CVE-2020-0001", cvss=75, vector="y", published="2020-01-01", modified="2026-10-01")]),
    "nvd csv": ("NVD", "2025-08-06", [
        Known(name="CVE-2020-0001", cvss=65, published="2025-07-31", modified="2025-08-06"),
        Known(name="CVE-2020-0002", published="2025-08-01", modified="2025-08-02"),
    ]),
    "cve zip": ("Vulnrichment", "2025-02-03", [
        Known(name="CVE-2020-0001", cvss=98, vector=VECTOR, ssvc="poc/yes/total", ssvc_date="2025-02-01", published="2025-01-01", modified="2025-02-03"),
        Known(name="CVE-2020-0003", cvss=40, vector=VECTOR, ssvc="active/yes/total", ssvc_date="2025-02-01", published="2025-01-01", modified="2025-02-03"),
    ]),
    "cve": ("Vulnrichment", "2025-02-03", [
        Known(name="CVE-2020-0001", cvss=98, vector=VECTOR, ssvc="poc/yes/total", ssvc_date="2025-02-01", published="2025-01-01", modified="2025-02-03"),
    ]),
    "vulnrichment csv": ("Vulnrichment", "2025-01-01", [
        Known(name="CVE-2020-0001", cvss=98, vector="CVSS:3.1/AV:N", ssvc="poc/yes/total", ssvc_date="2024-08-01", published="2025-01-01"),
    ]),
    "osv zip": ("OSV", "2026-01-02", [
        Known(name="GHSA-aaaa-bbbb-cccc", cvss=98, vector=VECTOR, modified="2026-01-02"), Known(name="PYSEC-2020-2", modified="2026-01-01"),
    ]),
    "github": ("GitHub", "2026-01-03", [
        Known(name="GHSA-aaaa-bbbb-cccc", cvss=81, vector="CVSS:3.1/x", modified="2026-01-02"), Known(name="GHSA-dddd-eeee-ffff", modified="2026-01-03"),
    ]),
    "exploit-db": ("Exploit-DB", "2024-03-01", [
        Known(name="CVE-2020-0001", exploit=True, published="2023-01-01"), Known(name="CVE-2020-0002", exploit=True, published="2023-01-01"),
    ]),
    "metasploit": ("Metasploit", "2026-01-05", [Known(name="CVE-2020-0001", exploit=True)]),
    "nuclei": ("Nuclei", "", [Known(name="CVE-2020-0001", exploit=True)]),
    "csaf": ("CSAF", "2026-10-01", [
        Known(name="CVE-2024-1111", cvss=53, vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:L/A:N"),
    ]),
    "facts": ("facts", "2026-11-03", [Known(name="CVE-2020-0001", epss=0.5, percentile=0.6, epss_date="2026-11-03")]),
}  # fmt: skip


def read(folder: Path, data: bytes) -> Feed:
    path = folder / "file"
    path.write_bytes(data)
    return read_feed(path)


def test_every_file_is_expected() -> None:
    assert set(EXPECTED) == set(files.ALL)
    assert {kind for kind, _, _ in EXPECTED.values()} - {"facts", "GitHub"} == {one.kind for one in ORIGINS}


@pytest.mark.parametrize("name", EXPECTED)
def test_feed_is_read(name: str, tmp_path: Path) -> None:
    found = read(tmp_path, files.ALL[name])
    kind, day, entries = EXPECTED[name]
    assert (found.kind, found.date, list(found.entries)) == (kind, day, entries)
    assert found.snapshot


@pytest.mark.parametrize("name", ["epss", "nvd", "metasploit", "exploit-db"])
def test_packed_is_the_same(name: str, tmp_path: Path) -> None:
    assert read(tmp_path, gzip.compress(files.ALL[name])) == read(tmp_path, files.ALL[name])


@pytest.mark.parametrize("name", EXPECTED)
def test_broken_files_are_refused_or_read_but_never_worse(name: str, tmp_path: Path) -> None:
    dice = random.Random(name)
    whole = files.ALL[name]
    for _ in range(40):
        cut = whole[: dice.randrange(len(whole))]
        data = bytearray(cut if dice.random() < 0.5 else whole)
        for _ in range(dice.randrange(4)):
            if data:
                data[dice.randrange(len(data))] = dice.randrange(256)
        with contextlib.suppress(UnreadableReport):
            assert isinstance(read(tmp_path, bytes(data)), Feed)


def test_archives_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_module, "LARGEST_DOCUMENT", 100)
    with pytest.raises(UnreadableReport, match="grows beyond"):
        read(tmp_path, files.CVE_ZIP)
    monkeypatch.setattr(content_module, "MOST_DOCUMENTS", 2)
    with pytest.raises(UnreadableReport, match="more than 2 documents"):
        read(tmp_path, files.CVE_ZIP)


def test_origins_are_named_once_and_found() -> None:
    names = [one.name for one in ORIGINS]
    assert len(set(names)) == len(names)
    assert origin("EPSS").files == ("epss_scores-current.csv.gz",)
    assert all(url.startswith("https://") for one in ORIGINS for url in one.urls)
    assert all(len(one.urls) in {0, len(one.files)} for one in ORIGINS)
    with pytest.raises(NotFound, match="there are epss, kev"):
        origin("weather")
