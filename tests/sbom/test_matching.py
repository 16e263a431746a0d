"""OSV records, read offline and matched by the order of each ecosystem."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from seamark.analysis.software.matching import match, wanted
from seamark.core.component import Component
from seamark.core.errors import UnreadableReport
from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.core.severity import Severity
from seamark.intake.parsers.kit.source import from_bytes
from seamark.intake.sbom.osv import package_of, read_advisories
from seamark.intake.sbom.read import sbom_in

from .documents import cyclonedx, encoded, library


def record(ecosystem: str, name: str, *events: dict[str, str], sort: str = "ECOSYSTEM", **more: Any) -> dict[str, Any]:
    """Return a record about one package."""
    ranges = [{"type": sort, "events": list(events)}] if events else []
    affected = {
        "package": {"ecosystem": ecosystem, "name": name},
        "ranges": ranges,
        "versions": more.pop("versions", []),
    }
    return {"id": "OSV-1", "affected": [affected], **more}


def matched(tmp_path: Path, records: Any, *purls: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return which of the package URLs are hit, with the versions that fix it."""
    return [
        ((one.component or Component(name="")).purl, one.fixed_versions) for one in found(tmp_path, records, *purls)
    ]


def found(tmp_path: Path, records: Any, *purls: str) -> tuple[Finding, ...]:
    components = [Component(name=purl, purl=purl) for purl in purls]
    path = tmp_path / "osv.json"
    path.write_text(json.dumps(records))
    return match(components, read_advisories(path, wanted(components))).findings


BELOW_2 = ({"introduced": "0"}, {"fixed": "2.0.0"})


@pytest.mark.parametrize(
    ("given", "hit", "missed"),
    [
        (record("npm", "@babel/core", *BELOW_2, sort="SEMVER"), "pkg:npm/%40babel/core@2.0.0-rc.1", "pkg:npm/%40babel/core@2.0.0"),
        (record("npm", "a", {"introduced": "1.0.0"}, {"fixed": "1.2.0"}, {"introduced": "2.0.0"}, {"fixed": "2.1.0"}), "pkg:npm/a@2.0.5", "pkg:npm/a@1.9.0"),
        (record("npm", "a", {"fixed": "2.1.0"}, {"introduced": "2.0.0"}), "pkg:npm/a@2.0.5", "pkg:npm/a@2.1.0"),
        (record("PyPI", "Zope.Interface", {"introduced": "0"}, {"last_affected": "5.0"}), "pkg:pypi/zope-interface@5.0.0", "pkg:pypi/zope-interface@5.0.post1"),
        (record("PyPI", "django", *BELOW_2), "pkg:pypi/Django@2.0rc1", "pkg:pypi/Django@2.0"),
        (record("Maven", "org.x:y", *BELOW_2), "pkg:maven/org.x/y@2.0.0-M1", "pkg:maven/org.x/y@2.0.0.RELEASE"),
        (record("Go", "github.com/Acme/Lib", *BELOW_2, sort="SEMVER"), "pkg:golang/github.com/acme/lib@v1.9.0", "pkg:golang/github.com/acme/lib@v2.0.0+incompatible"),
        (record("Go", "stdlib", {"introduced": "1.20.0"}, {"fixed": "1.20.5"}, sort="SEMVER"), "pkg:golang/stdlib@go1.20.4", "pkg:golang/stdlib@1.20.5"),
        (record("RubyGems", "rails", *BELOW_2), "pkg:gem/rails@2.0.0.beta1", "pkg:gem/rails@2.0.0"),
        (record("NuGet", "Newtonsoft.Json", *BELOW_2), "pkg:nuget/newtonsoft.json@1.9.9.9", "pkg:nuget/newtonsoft.json@2.0"),
        (record("Packagist", "Acme/Lib", *BELOW_2), "pkg:composer/acme/lib@v2.0.0-RC1", "pkg:composer/acme/lib@v2.0.0"),
        (record("crates.io", "a_b", *BELOW_2, sort="SEMVER"), "pkg:cargo/a_b@1.99.0", "pkg:cargo/a_b@2.0.0"),
        (record("Hex", "plug", *BELOW_2), "pkg:hex/plug@2.0.0-dev", "pkg:hex/plug@2.0.0"),
        (record("Pub", "http", {"introduced": "0"}, {"fixed": "1.0.0+2"}), "pkg:pub/http@1.0.0+1", "pkg:pub/http@1.0.0+2"),
        (record("GitHub Actions", "Acme/Run", *BELOW_2), "pkg:githubactions/acme/run@v1", "pkg:githubactions/acme/run@v2"),
        (record("SwiftURL", "github.com/apple/nio", *BELOW_2), "pkg:swift/github.com/apple/nio@1.0.0", "pkg:swift/github.com/apple/nio@2.0.0"),
        (record("CRAN", "dplyr", {"introduced": "0"}, {"fixed": "1.0-10"}), "pkg:cran/dplyr@1.0-9", "pkg:cran/dplyr@1.0-10"),
        (record("Debian:12", "openssl", {"introduced": "0"}, {"fixed": "3.0.9-1"}), "pkg:deb/debian/libssl3@3.0.9-1~deb12u1?distro=debian-12&upstream=openssl", "pkg:deb/debian/libssl3@3.0.9-1?distro=debian-12&upstream=openssl"),
        (record("Debian:12", "openssl", {"introduced": "0"}), "pkg:deb/debian/openssl@1?distro=bookworm", "pkg:deb/debian/openssl@1?distro=debian-11"),
        (record("Debian", "openssl", {"introduced": "0"}), "pkg:deb/debian/openssl@1", "pkg:deb/ubuntu/openssl@1"),
        (record("Ubuntu:22.04:LTS", "curl", {"introduced": "0"}, {"fixed": "7.81.0-1ubuntu1.10"}), "pkg:deb/ubuntu/curl@7.81.0-1ubuntu1.9?distro=ubuntu-22.04", "pkg:deb/ubuntu/curl@7.81.0-1ubuntu1.9?distro=ubuntu-24.04"),
        (record("Alpine:v3.18", "busybox", {"introduced": "0"}, {"fixed": "1.36.1-r1"}), "pkg:apk/alpine/ssl_client@1.36.1-r0?distro=alpine-3.18.4&upstream=busybox", "pkg:apk/alpine/ssl_client@1.36.1-r10?distro=alpine-3.18.4&upstream=busybox"),
        (record("Rocky Linux:9", "openssl", {"introduced": "0"}, {"fixed": "1:3.0.7-16.el9"}), "pkg:rpm/rocky/openssl@3.0.7-15.el9?distro=rocky-9.1&epoch=1", "pkg:rpm/rocky/openssl@3.0.7-16.el9?distro=rocky-9.1&epoch=1"),
        (record("Red Hat:enterprise_linux:9::baseos", "bash", {"introduced": "0"}, {"fixed": "0:5.1-2.el9"}), "pkg:rpm/redhat/bash@5.1-1.el9?distro=rhel-9.4", "pkg:rpm/redhat/bash@5.1-1.el8?distro=rhel-8.4"),
        (record("SUSE:Linux Enterprise Server 15 SP5", "vim", {"introduced": "0"}), "pkg:rpm/suse/vim@9?distro=sles-15.5", "pkg:rpm/suse/vim@9?distro=sles-15.4"),
        (record("npm", "a", versions=["1.0.0"]), "pkg:npm/a@1.0.0", "pkg:npm/a@1.0.1"),
        (record("PyPI", "a", versions=["1.0"]), "pkg:pypi/a@1.0.0", "pkg:pypi/a@1.0.1"),
    ],
    ids=lambda value: str(value)[:50],
)  # fmt: skip
def test_each_ecosystem_in_its_own_order(tmp_path: Path, given: dict[str, Any], hit: str, missed: str) -> None:
    assert [purl for purl, _ in matched(tmp_path, given, hit, missed)] == [hit]


def test_fixed_versions_are_those_of_the_line_that_is_hit(tmp_path: Path) -> None:
    given = record("npm", "a", {"introduced": "1.0.0"}, {"fixed": "1.2.0"}, {"introduced": "2.0.0"}, {"fixed": "2.1.0"})
    purls = ("pkg:npm/a@1.1.0", "pkg:npm/a@2.0.0")
    assert matched(tmp_path, given, *purls) == [(purls[0], ("1.2.0",)), (purls[1], ("2.1.0",))]


def test_a_finding_says_what_the_record_says(tmp_path: Path) -> None:
    given = record(
        "npm", "a", *BELOW_2, id="GHSA-1111-2222-3333", aliases=["CVE-2026-1"], summary="Bad things",
        severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        references=[{"type": "WEB", "url": "https://acme.example/1"}], database_specific={"severity": "LOW", "cwe_ids": ["CWE-79"]},
    )  # fmt: skip
    (one,) = found(tmp_path, given, "pkg:npm/a@1.0.0")
    assert (one.rule, one.title, one.vulnerabilities) == (
        "GHSA-1111-2222-3333",
        "Bad things",
        ("CVE-2026-1", "GHSA-1111-2222-3333"),
    )
    assert (one.severity, one.severity_given, one.kind, one.cwes) == (Severity.LOW, "LOW", Kind.DEPENDENCY, (79,))
    assert [rating.score for rating in one.cvss] == [9.8]
    assert one.about is not None
    assert one.about.references == ("https://acme.example/1",)


def test_severity_by_score_where_no_word_is_given(tmp_path: Path) -> None:
    scored = record("Alpine:v3.18", "a", {"introduced": "0"})
    scored["affected"][0]["severity"] = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]
    scored["affected"][0]["database_specific"] = 7
    (one,) = found(tmp_path, scored, "pkg:apk/alpine/a@1?distro=alpine-3.18.0")
    assert (one.severity, one.kind) == (Severity.CRITICAL, Kind.CONTAINER)


def test_a_record_hits_a_package_once(tmp_path: Path) -> None:
    given = record("Debian:12", "util", {"introduced": "0"})
    given["affected"] *= 2
    assert len(matched(tmp_path, given, "pkg:deb/debian/util@1?distro=debian-12&upstream=util")) == 1


def test_withdrawn_and_repository_ranges_hit_nothing(tmp_path: Path) -> None:
    purl = "pkg:npm/a@1.0.0"
    assert matched(tmp_path, record("npm", "a", *BELOW_2, withdrawn="2026-01-01T00:00:00Z"), purl) == []
    assert matched(tmp_path, record("npm", "a", {"introduced": "0"}, sort="GIT"), purl) == []
    assert matched(tmp_path, record("Linux", "Kernel", {"introduced": "0"}), purl) == []


def test_what_cannot_be_said_is_said(tmp_path: Path) -> None:
    components = [
        Component(name="bare"),
        Component(name="a", purl="pkg:npm/a"),
        Component(name="a", version="main", purl="pkg:npm/a@main"),
        Component(name="d", purl="pkg:deb/debian/d@1"),
        Component(name="fine", purl="pkg:npm/fine@1.0.0"),
    ]
    path = tmp_path / "osv.json"
    path.write_text(json.dumps([record("npm", "a", *BELOW_2), record("Debian:12", "d", *BELOW_2)]))
    matching = match(components, read_advisories(path))
    assert matching.findings == ()
    assert [one.why for one in matching.unplaced] == [
        "it has no package URL",
        "it has no version",
        "its version 'main' cannot be placed in its ecosystem's order",
        "it does not say which release of its distribution it is of",
    ]


def test_files_lists_lines_folders_and_zips(tmp_path: Path) -> None:
    rows = [record("npm", name, *BELOW_2, id=f"OSV-{name}") for name in "abcd"]
    (tmp_path / "deep").mkdir()
    (tmp_path / "one.json").write_text(json.dumps(rows[0], indent=1))
    (tmp_path / "deep" / "list.json").write_text(json.dumps([rows[1]]))
    (tmp_path / "lines.jsonl").write_text(
        "\n".join(json.dumps(row) for row in rows[2:3]) + "\n\n" + json.dumps(rows[0]) + "\n"
    )
    (tmp_path / "readme.txt").write_text("no record")
    with zipfile.ZipFile(tmp_path / "npm.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("folder")
        archive.writestr("folder/d.json", json.dumps(rows[3]))
        archive.writestr(zipfile.ZipInfo("stored.json"), json.dumps(rows[0]))
        archive.writestr("notes.txt", "no record")
    assert sorted(one.id for one in read_advisories(tmp_path)) == ["OSV-a", "OSV-a", "OSV-a", "OSV-b", "OSV-c", "OSV-d"]
    assert [one.id for one in read_advisories(tmp_path, {"npm/d"})] == ["OSV-d"]


def test_archives_of_more_than_65535_files(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for number in range(65_540):
            archive.writestr(zipfile.ZipInfo(f"{number}.txt"), "")
        archive.writestr("last.json", json.dumps(record("npm", "a", *BELOW_2)))
    assert [one.id for one in read_advisories(tmp_path / "all.zip")] == ["OSV-1"]


@pytest.mark.parametrize("spoil", ["cut", "garbage", "longer", "method", "encrypted", "empty"])
def test_spoiled_archives_are_refused(tmp_path: Path, spoil: str) -> None:
    path = tmp_path / "npm.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", json.dumps(record("npm", "a", *BELOW_2)))
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02")
    if spoil == "cut":
        data = data[:-30]
    elif spoil == "garbage":
        data[40:60] = b"\xff" * 20
    elif spoil == "longer":
        data[entry + 24 : entry + 28] = struct.pack("<L", 10)
    elif spoil == "method":
        data[entry + 10 : entry + 12] = struct.pack("<H", 12)
    elif spoil == "encrypted":
        data[entry + 8] |= 1
    else:
        data = bytearray()
    path.write_bytes(bytes(data))
    with pytest.raises(UnreadableReport):
        list(read_advisories(path))


@pytest.mark.parametrize("text", ["[1]", "{", "", '{"id": 7}', "hello", "[" * 5000, '{"affected": 3}'])
def test_what_are_no_records_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(UnreadableReport):
        list(read_advisories(path))
    with pytest.raises(UnreadableReport):
        list(read_advisories(tmp_path / "missing.json"))


def test_records_of_installed_packages_do_not_hit_their_sisters(tmp_path: Path) -> None:
    given = record("Rocky Linux:9", "openssl", {"introduced": "0"})
    sister = "pkg:rpm/rocky/openssl-libs@3.0.7-1.el9?distro=rocky-9.1&upstream=openssl-3.0.7-1.el9.src.rpm"
    assert matched(tmp_path, given, sister) == []
    given = record("SUSE:Linux Enterprise Server 15 SP5", "openssl", {"introduced": "0"}, {"fixed": "3.0.7-2"})
    sister = "pkg:rpm/suse/openssl-libs@9-1?distro=sles-15.5&upstream=openssl-3.0.7-1.src.rpm"
    assert [purl for purl, _ in matched(tmp_path, given, sister)] == [sister]


def test_the_source_package_may_stand_beside_the_package_url(tmp_path: Path) -> None:
    row = {**library("libssl3", "3.0.9-1"), "purl": "pkg:deb/debian/libssl3@3.0.9-1?distro=debian-12.1"}
    names = {"SrcName": "openssl", "SrcVersion": "3.0.9", "SrcRelease": "1", "SrcEpoch": "1"}
    row["properties"] = [{"name": f"aquasecurity:trivy:{name}", "value": value} for name, value in names.items()]
    (entry,) = sbom_in(from_bytes(encoded(cyclonedx(components=[row])), "x")).entries
    assert entry.source == "openssl@1:3.0.9-1"
    path = tmp_path / "osv.json"
    for fixed, hits in (("1:3.0.9-2", 1), ("3.0.9-2", 0)):
        path.write_text(json.dumps(record("Debian:12", "openssl", {"introduced": "0"}, {"fixed": fixed})))
        assert len(match([entry], read_advisories(path, wanted([entry]))).findings) == hits


def test_names_of_packages() -> None:
    assert package_of("Ubuntu:Pro:18.04:LTS", "Curl") == ("deb/ubuntu/curl", "18.04", True)
    assert package_of("AlmaLinux:8", "bash") == ("rpm/almalinux/bash", "8", False)
    assert package_of("GIT", "x") == ("", "", False)
