"""Decisions over an SBOM that was sent along: advisories, scanners and catalogues."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from seamark.core.errors import SeamarkError
from seamark.governance.policy.model import Stage
from seamark.pipeline.deployment import advisories
from seamark.pipeline.deployment import decide as gate
from seamark.pipeline.deployment.decide import judge, policies
from seamark.pipeline.deployment.gather import asking
from seamark.pipeline.deployment.software import entries_of, gather_software
from seamark.pipeline.deployment.subject import Subject
from seamark.store.access import everything
from seamark.store.models import Exploitation
from tests.pipeline.test_deployment import NO_CRITICAL, OLD, flaw, in_force, scan

pytestmark = pytest.mark.django_db


def _software(entries: list[Any], **more: Any) -> gate.Decided:
    now = timezone.now()
    wanted = asking(policies(now), Stage.DEPLOY, now)
    return judge(
        gather_software(everything(), entries, Subject(**more), wanted, now, about="bill"),
        Stage.DEPLOY,
        person=None,
        now=now,
    )


def _osv(folder: Path, name: str, ecosystem: str, *records: tuple[str, str, str]) -> None:
    """Write an archive as OSV publishes them: id, package and the version that fixes it."""
    (folder / "feeds").mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / "feeds" / name, "w") as archive:
        for number, package, fixed in records:
            told = {
                "schema_version": "1.6.0", "id": number, "modified": "2026-01-01T00:00:00Z", "aliases": [number.replace("GHSA", "CVE-2024")], "summary": f"Flaw in {package}",
                "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
                "affected": [{"package": {"ecosystem": ecosystem, "name": package}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": fixed}]}]}],
            }  # fmt: skip
            archive.writestr(f"{number}.json", json.dumps(told))


def test_an_sbom_is_matched_with_advisories_and_catalogues(tmp_path: Path, settings: Any) -> None:
    settings.SEAMARK_HOME = tmp_path
    _osv(tmp_path, "osv-npm.zip", "npm", ("GHSA-1111", "lodash", "4.17.21"), ("GHSA-9999", "other", "2.0.0"))
    Exploitation.objects.create(name="CVE-2024-1111", kev_added=timezone.now().date(), epss=0.7)
    in_force(
        tmp_path / "p",
        exploited="match: issue.kev && !issue.waived",
        no_critical=NO_CRITICAL,
        licences='match: component.licence_class == "network_copyleft"',
    )
    bad = _software(entries_of(["pkg:npm/lodash@4.17.20", "pkg:npm/left-pad@1.3.0"]))
    assert {one.policy: one.ref for one in bad.verdict.violations if one.decided} == dict.fromkeys(
        ("exploited", "no-critical"), "CVE-2024-1111 in pkg:npm/lodash@4.17.20"
    )
    fixed = _software(entries_of(["pkg:npm/lodash@4.17.21"]))
    assert [one for one in fixed.verdict.violations if one.policy != "licences"] == []
    unknown = _software(entries_of(["pkg:cargo/serde@1.0.0"]))
    assert (unknown.allowed, unknown.notes) == (
        False,
        ("Nothing can be told of pkg:cargo/serde@1.0.0: advisories are loaded of npm",),
    )
    with pytest.raises(SeamarkError, match="no package URL"):
        entries_of(["lodash"])


def test_advisories_are_read_again_where_their_archive_changed(tmp_path: Path) -> None:
    (tmp_path / "feeds").mkdir()
    folder = tmp_path / "feeds"
    assert advisories.advisories_about(["npm/lodash"], folder) == ([], frozenset())
    _osv(tmp_path, "osv-npm.zip", "npm", ("GHSA-1", "lodash", "4.17.21"))
    assert [one.id for one in advisories.advisories_about(["npm/lodash"], folder).advisories] == ["GHSA-1"]
    _osv(tmp_path, "osv-npm.zip", "npm", ("GHSA-1", "lodash", "4.17.21"), ("GHSA-2", "lodash", "5.0.0"))
    assert [one.id for one in advisories.advisories_about(["npm/lodash"], folder).advisories] == ["GHSA-1", "GHSA-2"]
    assert sorted(path.name for path in folder.iterdir()) == ["advisories.sqlite3", "osv-npm.zip"]


def test_what_scanners_reported_of_the_same_package_counts(tmp_path: Path, settings: Any) -> None:
    settings.SEAMARK_HOME = tmp_path
    in_force(tmp_path / "p", no_critical=NO_CRITICAL)
    scan(OLD, flaw())
    found = _software(entries_of(["pkg:deb/debian/openssl@3.0.1"]), application="shop")
    assert [one.ref for one in found.verdict.violations if one.decided] == [
        "CVE-2024-1 in pkg:deb/debian/openssl@3.0.1"
    ]
    same_name = _software(entries_of(["pkg:npm/openssl@3.0.1"]))
    assert [one for one in same_name.verdict.violations if one.decided] == []
