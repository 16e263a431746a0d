"""The default profile against what was exploited later, on the feeds of 28 August 2025."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from seamark.analysis.risk import default_profile
from seamark.analysis.risk.backtest import BackTest, backtest
from seamark.analysis.risk.known_then import known_then
from seamark.intake.connectors.feeds.catalogue import read_feed

pytestmark = pytest.mark.corpus
DAY = date(2025, 8, 28)


@pytest.fixture(scope="module", params=[True, False], ids=["all feeds", "EPSS and KEV only"])
def found(corpus: Path, request: pytest.FixtureRequest) -> BackTest:
    intel = corpus / "intel"
    records = ("vulnrichment-2025-01-24.csv.gz", "nvd-cves_2025-07-30_a_2025-08-29.csv") if request.param else ()
    then = known_then(
        DAY, read_feed(intel / "epss-2025-08-28.csv.gz"), read_feed(intel / "kev-2025-08-25.json"),
        read_feed(intel / "kev-2026-01-29.json"), [read_feed(intel / name) for name in records],
    )  # fmt: skip
    assert (then.listed, then.unscored) == (1405, 56)
    return backtest(then.facts, set(then.later), default_profile(), as_of=DAY.isoformat())


def test_the_profile_covers_what_epss_covers_and_thrice_what_cvss_does(found: BackTest) -> None:
    assert (found.flaws, found.positives) == (290_014, 40)
    covered = {(row.strategy, row.effort): row.covered for row in found.measures}
    for effort in (0.01, 0.05, 0.1):
        assert covered["profile", effort] >= covered["EPSS only", effort]
    assert covered["profile", 0.05] >= 3 * covered["CVSS only", 0.05]
    assert covered["EPSS only", 0.05] == 18
