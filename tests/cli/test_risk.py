"""seamark risk backtest, and seamark intel against a publisher on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.feeds import files
from tests.feeds.conftest import Publisher, publisher

from .conftest import Command

__all__ = ["publisher"]

EPSS = b"#model_version:v1,score_date:2025-08-28T00:00:00Z\ncve,epss,percentile\n" + b"".join(
    b"CVE-2020-%04d,%.3f,0.5\n" % (number, number / 100) for number in range(1, 101)
)
LATER = {
    "CVE-2020-0100": "2025-09-01",
    "CVE-2020-0050": "2025-10-01",
    "CVE-2020-0099": "2025-08-28",
    "CVE-2025-0001": "2025-09-09",
}


def kev(**added: str) -> bytes:
    rows = [{"cveID": name.replace("_", "-"), "dateAdded": day} for name, day in added.items()]
    return files.as_json({"catalogVersion": "2026.01.29", "dateReleased": "2026-01-29", "vulnerabilities": rows})


@pytest.fixture
def asked(report: Callable[..., Path]) -> list[object]:
    return [
        "risk", "backtest", "--as-of", "2025-08-28", "--epss", report(EPSS, "epss.csv"), "--kev", report(kev(**LATER), "kev.json"),
    ]  # fmt: skip


class TestBackTest:
    def test_table_for_people(self, asked: list[object], seamark: Command) -> None:
        result = seamark(*asked)
        assert (result.code, result.err) == (0, "")
        assert result.out.startswith("99 flaws known on 2025-08-28, 2 of them exploited later (until 2026-01-29)")
        assert "1 listed already, 1 exploited later without an EPSS score on the day" in result.out
        (line,) = (line for line in result.out.splitlines() if line.split()[:3] == ["5", "%", "profile"])
        assert line.split()[3:6] == ["4", "1.0", "50.0"]

    def test_json_and_curves(self, asked: list[object], seamark: Command, tmp_path: Path) -> None:
        result = seamark(*asked, "--json", "--plot", tmp_path / "curves.svg")
        told = json.loads(result.out)
        assert (told["flaws"], told["positives"], told["listed"], told["unscored"]) == (99, 2, 1, 1)
        assert {row["strategy"] for row in told["measures"]} == set(told["curves"])
        assert (tmp_path / "curves.svg").read_text("utf-8").startswith("<svg ")

    def test_scores_and_profiles_of_ones_own(
        self, asked: list[object], seamark: Command, report: Callable[..., Path]
    ) -> None:
        nvd = b"ID,Published,Modified,Score\nCVE-2020-0050,2020-01-01,2020-01-01,9.8\nCVE-2020-0051,2020-01-01,2026-01-01,9.8\n"
        profile = report(
            b"name: mine\nversion: 7\nintercept: -1\nweights: {cvss: 2}\nbands: {P0: 85, P1: 60, P2: 40, P3: 15}\n",
            "p.yaml",
        )
        result = seamark(*asked, "--nvd", report(nvd, "nvd.csv"), "--profile", profile, "--json")
        told = json.loads(result.out)
        assert (told["rated"], told["late"], told["profile"]) == (1, 1, "mine v7")
        assert [row["covered"] for row in told["measures"] if row["strategy"] == "profile"][1] > 1
        told = json.loads(seamark(*asked, "--nvd", report(nvd, "nvd.csv"), "--rated-only", "--json").out)
        assert (told["flaws"], told["positives"]) == (1, 1)

    def test_nothing_to_foresee(self, asked: list[object], seamark: Command, report: Callable[..., Path]) -> None:
        asked[-1] = report(kev(CVE_2020_0001="2025-01-01"), "then.json")
        assert "There is nothing to foresee" in seamark(*asked).out

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            (["--as-of", "2025-08-27"], 2), (["--epss", "gone"], 2), (["--kev-later", "gone"], 2), (["--plot", "curves.png"], 2),
            (["--plot", "gone/curves.svg"], 1), (["--profile", "gone"], 1), (["--as-of", "soon"], 2),
        ],
    )  # fmt: skip
    def test_wrong_words(self, words: list[str], code: int, asked: list[object], seamark: Command) -> None:
        result = seamark(*asked, *words)
        assert (result.code, result.out) == (code, "")
        assert "Traceback" not in result.err


@pytest.mark.django_db
class TestIntel:
    def test_update_and_status(self, publisher: Publisher, seamark: Command, settings: object, tmp_path: Path) -> None:
        settings.SEAMARK_FEED_MIRROR, settings.SEAMARK_HOME = publisher.url, tmp_path  # type: ignore[attr-defined]
        publisher.files["epss_scores-current.csv.gz"] = files.EPSS
        result = seamark("intel", "update", "epss", "kev")
        assert (result.code, result.out) == (1, "epss: EPSS 2026-11-02 (v2025.03.14), 2 rows; 0 issues scored anew\n")
        assert result.err.startswith("kev: ")
        assert seamark("intel", "update", "epss").out == "epss: unchanged\n"
        epss, failed = seamark("intel", "status").out.splitlines()
        assert epss.startswith("EPSS 2026-11-02 (v2025.03.14): 2 entries")
        assert failed.startswith("kev: nothing loaded, FAILED: ")
        assert [json.loads(line)["feed"] for line in seamark("intel", "status", "--json").out.splitlines()] == [
            "epss",
            "kev",
        ]

    def test_wrong_names(self, seamark: Command) -> None:
        result = seamark("intel", "update", "weather")
        assert result.code == 1
        assert "There is no feed weather" in result.err

    def test_what_is_old_is_told(self, seamark: Command, report: Callable[..., Path]) -> None:
        seamark("intel", "import", report(EPSS, "old.csv"))
        assert "OLD" in seamark("intel", "status").out


def test_cvss_where_the_asset_stands(seamark: Command) -> None:
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    told = seamark("risk", "cvss", vector, "--exposure", "internal").out.splitlines()
    assert told == ["base 9.8, with threat 9.8, where it stands 8.8 (CVSS 3.1)", "added: MAV:A"]
    assert json.loads(seamark("risk", "cvss", vector, "--exploit", "poc", "--json").out)["threat"] == 9.3
    assert seamark("risk", "cvss", "nonsense").code == 2
