"""Feeds are fetched, loaded, and their state is kept; one that fails leaves what was loaded and is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from seamark.analysis.risk import Facts
from seamark.core.errors import NotFound
from seamark.core.kind import Kind
from seamark.core.severity import Severity
from seamark.intake.connectors.feeds.catalogue import ORIGINS
from seamark.pipeline.feeds import import_feed, standing, update
from seamark.pipeline.ingest.weighing import with_intelligence
from seamark.pipeline.intelligence import load_file
from seamark.store.models import EpssPoint, Exploitation, FeedState, Vulnerability, VulnerabilityName

from . import files
from .conftest import Publisher

pytestmark = pytest.mark.django_db
Load = Callable[[bytes], object]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def run(data: bytes) -> object:
        path = tmp_path / "file"
        path.write_bytes(data)
        return load_file(path)

    return run


def the(name: str = "CVE-2020-0001") -> Exploitation:
    return Exploitation.objects.get(name=name)


def test_the_usual_feeds_come_from_a_mirror_and_again_only_when_they_changed(
    publisher: Publisher, tmp_path: Path
) -> None:
    by_name = {one.name: one.files[0] for one in ORIGINS if one.usual}
    publisher.files = {file: files.ALL[name] for name, file in by_name.items()}
    first = list(update((), tmp_path / "feeds", publisher.url))
    assert {one.name: one.failure for one in first} == dict.fromkeys(by_name, "")
    assert all(one.loaded and one.loaded.rows for one in first)
    assert {path.name: path.read_bytes() for path in (tmp_path / "feeds").iterdir()} == publisher.files
    row = the()
    assert (row.epss, str(row.kev_added), row.ransomware, row.cvss) == (0.93, "2025-04-01", True, 75)
    assert (row.catalogues, row.exploits) == ("EUVD,KEV,VulnCheck", "Exploit-DB,Metasploit,Nuclei,VulnCheck")
    assert "EPSS 2026-11-02 (v2025.03.14)" in row.snapshot
    publisher.files[by_name["epss"]] = files.EPSS.replace(b"0.93", b"0.95")
    again = list(update((), tmp_path / "feeds", publisher.url))
    assert [one.name for one in again if one.loaded] == ["epss"]
    assert the().epss == 0.95


def test_a_failure_keeps_what_was_loaded_and_is_told(publisher: Publisher, tmp_path: Path) -> None:
    file = "epss_scores-current.csv.gz"
    publisher.files[file] = files.EPSS
    list(update(["epss"], tmp_path, publisher.url))
    for wrong, words in (
        (files.KEV, "gives a file of KEV"),
        (b"<html>sorry</html>", "no feed"),
        (files.EPSS[:-9], "cannot be read"),
    ):
        publisher.files[file] = wrong
        (told,) = update(["EPSS"], tmp_path, publisher.url)
        assert words in told.failure
        (state,) = standing(timezone.now())
        assert words in state["failure"]
        assert (state["snapshot"], state["entries"]) == ("EPSS 2026-11-02 (v2025.03.14)", 2)
    assert (tmp_path / file).read_bytes() == files.EPSS
    assert the().epss == 0.93
    assert not the().kev_added
    publisher.files[file] = files.EPSS
    (told,) = update(["epss"], tmp_path, publisher.url)
    assert told.loaded is not None
    assert not FeedState.objects.get(name="epss").failure


def test_what_nobody_offers(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        list(update(["kev", "weather"], tmp_path))
    (told,) = update(["vulncheck"], tmp_path)
    assert "wants a token" in told.failure
    assert [row["feed"] for row in standing(timezone.now())] == ["vulncheck"]


def test_a_feed_of_several_files_has_a_state_for_each(publisher: Publisher, tmp_path: Path) -> None:
    publisher.files["osv-npm.zip"] = files.OSV_ZIP
    told = {one.name: bool(one.loaded) for one in update(["osv"], tmp_path, publisher.url)}
    assert told == {
        "osv/osv-PyPI.zip": False,
        "osv/osv-npm.zip": True,
        "osv/osv-Maven.zip": False,
        "osv/osv-Go.zip": False,
    }
    assert Exploitation.objects.get(name="GHSA-aaaa-bbbb-cccc").cvss == 98


def test_age_and_being_old(tmp_path: Path) -> None:
    path = tmp_path / "epss.csv"
    path.write_bytes(files.EPSS)
    assert import_feed(path, "epss.csv").rows == 2
    state = FeedState.objects.get(name="epss")
    assert state.day is not None
    now = timezone.now()
    for days, old in ((0, False), (3, False), (4, True)):
        FeedState.objects.update(day=now.date() - timedelta(days=days))
        (row,) = standing(now)
        assert (row["age"], row["old"]) == (days, old)
    path.write_bytes(files.NUCLEI)
    import_feed(path, "nuclei")
    assert [row["feed"] for row in standing(now)] == ["epss", "nuclei"]
    assert {row["feed"]: row["old"] for row in standing(now + timedelta(days=30))} == {"epss": True, "nuclei": True}


@pytest.mark.usefixtures("db")
class TestCatalogues:
    def test_what_one_lists_no_longer_another_still_does(self, load: Load) -> None:
        load(files.KEV)
        load(files.EUVD)
        assert (the().catalogues, str(the().kev_added), the().ransomware) == ("EUVD,KEV", "2025-05-13", True)
        load(files.KEV.replace(b"CVE-2020-0001", b"CVE-2020-0007"))
        assert (the().catalogues, str(the().kev_added)) == ("EUVD", "2025-05-13")
        load(files.EUVD.replace(b"CVE-2020-0001", b"CVE-2020-0008"))
        assert (the().catalogues, the().kev_added, the().ransomware) == ("", None, False)

    def test_rows_of_before_are_the_catalogues_own(self, load: Load) -> None:
        Exploitation.objects.create(name="CVE-2019-0001", kev_added="2020-01-01", ransomware=True)
        load(files.EXPLOIT_DB)
        assert the("CVE-2019-0001").kev_added
        load(files.KEV)
        assert the("CVE-2019-0001").kev_added is None

    def test_exploits_are_taken_back(self, load: Load) -> None:
        load(files.METASPLOIT)
        load(files.EXPLOIT_DB)
        assert the().exploits == "Exploit-DB,Metasploit"
        load(files.METASPLOIT.replace(b"CVE-2020-0001", b"CVE-2020-0007"))
        assert the().exploits == "Exploit-DB"

    def test_nothing_is_written_that_did_not_change(self, load: Load) -> None:
        load(files.NVD)
        before = Exploitation.objects.values_list().get(name="CVE-2020-0001")
        load(files.NVD.replace(b"2026-11-01", b"2026-11-02"))
        assert Exploitation.objects.values_list().get(name="CVE-2020-0001") == before


def test_large_feeds_are_compared_with_all_that_is_known(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    Exploitation.objects.create(name="CVE-2001-0001", epss=0.4, kev_added="2020-01-01")
    VulnerabilityName.objects.create(name="CVE-2020-0001", group=Vulnerability.objects.create())
    load(files.KEV)
    monkeypatch.setattr("seamark.pipeline.intelligence._MANY", 0)
    load(files.EPSS)
    assert (the().epss, str(the().kev_added), the().catalogues) == (0.93, "2026-10-30", "KEV")
    assert the("CVE-2001-0001").epss == 0.4
    assert EpssPoint.objects.count() == 1
    assert Exploitation.objects.count() == 3


def test_the_history_of_flaws_that_concern_us_is_kept(load: Load) -> None:
    VulnerabilityName.objects.create(name="CVE-2020-0001", group=Vulnerability.objects.create())
    load(files.EPSS)
    load(files.EPSS)
    load(files.EPSS.replace(b"2026-11-02", b"2026-11-03").replace(b"0.93", b"0.61"))
    points = list(EpssPoint.objects.order_by("day").values_list("name", "epss"))
    assert points == [("CVE-2020-0001", 0.93), ("CVE-2020-0001", 0.61)]


@pytest.mark.parametrize(
    ("row", "exploit"),
    [
        ({}, ""), ({"ssvc": "none/no/partial"}, "none"), ({"ssvc": "poc/no/partial"}, "poc"), ({"ssvc": "active/no/total"}, "weaponised"),
        ({"exploits": "Exploit-DB", "ssvc": "none/no/partial"}, "poc"), ({"exploits": "Exploit-DB,Nuclei"}, "template"),
        ({"exploits": "Metasploit,Nuclei"}, "weaponised"), ({"exploits": "VulnCheck"}, "poc"),
    ],
)  # fmt: skip
def test_what_is_public_becomes_a_fact(row: dict[str, str], exploit: str) -> None:
    facts = Facts(severity=Severity.HIGH, kind=Kind.DEPENDENCY)
    assert with_intelligence(facts, Exploitation(name="CVE-1", **row)).exploit == exploit


def test_a_feeds_score_counts_only_where_no_tool_gives_one() -> None:
    facts, flaw = Facts(severity=Severity.HIGH, kind=Kind.DEPENDENCY), Exploitation(name="CVE-1", cvss=75)
    assert with_intelligence(facts, flaw).cvss == 75
    assert with_intelligence(Facts(severity=Severity.HIGH, kind=Kind.DEPENDENCY, cvss=50), flaw).cvss == 50
