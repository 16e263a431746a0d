"""The back-test: exact figures on a hand-made set, ties in proportion, and no peeking."""

from __future__ import annotations

from datetime import date
from xml.etree import ElementTree as ET

import pytest

from seamark.analysis.risk import Facts, default_profile
from seamark.analysis.risk.backtest import backtest, severity_of, wilson
from seamark.analysis.risk.curves import draw
from seamark.analysis.risk.known_then import known_then
from seamark.core.errors import UnreadableReport
from seamark.core.kind import Kind
from seamark.core.severity import Severity
from seamark.intake.connectors.feeds.statements import Feed, Known

DAY = date(2025, 8, 28)
PROFILE = default_profile()


def one(epss: float | None = None, cvss: int | None = None) -> Facts:
    return Facts(severity=severity_of(cvss), kind=Kind.DEPENDENCY, cvss=cvss, epss=epss)


TEN = {
    "CVE-2020-0001": one(0.9, 98), "CVE-2020-0002": one(0.8, 40), "CVE-2020-0003": one(0.5, 98), "CVE-2020-0004": one(0.2, 50),
    "CVE-2020-0005": one(0.1), "CVE-2020-0006": one(0.01, 98), "CVE-2020-0007": one(0.01, 75), "CVE-2020-0008": one(0.001, 75),
    "CVE-2020-0009": one(0.001, 75), "CVE-2020-0010": one(0.001, 20),
}  # fmt: skip
LATER = {"CVE-2020-0001", "CVE-2020-0003", "CVE-2020-0009", "CVE-1999-9999"}


def test_exact_figures_of_a_small_set() -> None:
    found = backtest(TEN, LATER, PROFILE, as_of="2025-08-28", efforts=(0.1, 0.2, 0.5, 1.0))
    assert (found.flaws, found.positives) == (10, 3)
    told = {(row.strategy, row.effort): (row.mended, pytest.approx(row.covered), row.tied) for row in found.measures}
    assert len(told) == 16
    # 0001 and 0003 come first: a high chance and a high score.
    assert [told["profile", effort] for effort in (0.1, 0.2, 0.5)] == [(1, 1.0, 1), (2, 2.0, 1), (5, 2.0, 1)]
    # By EPSS alone 0002 comes between them.
    assert [told["EPSS only", effort] for effort in (0.1, 0.2, 0.5)] == [(1, 1.0, 1), (2, 1.0, 1), (5, 2.0, 1)]
    # Three have 9.8: each place among them holds two thirds of a hit. Then three with 7.5, of which one is a hit.
    assert [told["CVSS only", effort] for effort in (0.1, 0.2, 0.5)] == [
        (1, 2 / 3, 3),
        (2, 4 / 3, 3),
        (5, 2 + 2 / 3, 3),
    ]
    # A catalogue that none of them is in yet tells nothing apart.
    assert [told["KEV only", effort] for effort in (0.1, 0.5)] == [(1, 0.3, 10), (5, 1.5, 10)]
    assert all(told[name, 1.0][:2] == (10, 3.0) for name in ("profile", "EPSS only", "CVSS only", "KEV only"))


def test_shares_follow_from_the_counts() -> None:
    (row,) = (
        row for row in backtest(TEN, LATER, PROFILE, as_of="", efforts=(0.5,)).measures if row.strategy == "profile"
    )
    assert row.coverage == pytest.approx(2 / 3)
    assert row.efficiency == pytest.approx(2 / 5)
    assert (row.low, row.high) == pytest.approx(wilson(2, 3))


def test_the_order_of_what_comes_in_changes_nothing() -> None:
    backwards = dict(reversed(TEN.items()))
    assert backtest(TEN, LATER, PROFILE, as_of="") == backtest(backwards, LATER, PROFILE, as_of="")


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (18, 40, 0.3071, 0.6017), (0, 0, 0.0, 1.0)],
)
def test_wilson(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == pytest.approx((low, high), abs=5e-5)


def test_no_flaws_and_no_positives() -> None:
    empty = backtest({}, set(), PROFILE, as_of="2025-08-28")
    assert (empty.flaws, {row.covered for row in empty.measures}) == (0, {0.0})
    none = backtest(TEN, set(), PROFILE, as_of="2025-08-28")
    assert {(row.coverage, row.low, row.high) for row in none.measures} == {(0.0, 0.0, 1.0)}
    assert set(none.curves.values()) == {()}


def test_curves_rise_to_all() -> None:
    for points in backtest(TEN, LATER, PROFILE, as_of="").curves.values():
        heights = [coverage for _, coverage in points]
        assert heights == sorted(heights)
        assert points[-1] == (pytest.approx(1.0), pytest.approx(1.0))


def test_what_is_not_scored_is_taken_for_high() -> None:
    assert severity_of(None) is Severity.HIGH
    assert [severity_of(score) for score in (0, 20, 50, 75, 98)] == list(Severity)


def test_the_picture_is_well_formed_and_escapes_names() -> None:
    content = PROFILE.__class__(
        **{name: getattr(PROFILE, name) for name in PROFILE.__struct_fields__} | {"name": "<b>&"}
    )
    root = ET.fromstring(draw(backtest(TEN, LATER, content, as_of="2025-08-28")))
    words = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert f"<b>& v{PROFILE.version} (profile)" in words
    assert len(list(root.iter("{http://www.w3.org/2000/svg}polyline"))) == 8


def epss(day: str = "2025-08-28") -> Feed:
    names = ("CVE-1", "CVE-2", "CVE-3", "CVE-4")
    return Feed("EPSS", day, f"EPSS {day}", tuple(Known(name=name, epss=0.1, epss_date=day) for name in names))


def kev(day: str, **added: str) -> Feed:
    return Feed(
        "KEV",
        day,
        f"KEV {day}",
        tuple(Known(name=name.replace("_", "-"), kev_added=when) for name, when in added.items()),
    )


def test_what_came_later_is_the_answer_and_never_a_fact() -> None:
    records = Feed("NVD", "2025-12-01", "NVD", (
        Known(name="CVE-1", cvss=98, published="2024-01-01", modified="2025-08-28"),
        Known(name="CVE-2", cvss=98, published="2024-01-01", modified="2025-08-29"),
        Known(name="CVE-3", cvss=98, published="2025-09-01"),
        Known(name="CVE-4", cvss=50, ssvc="poc/yes/total", ssvc_date="2025-08-01"),
        Known(name="CVE-9", cvss=70, published="2025-08-27"),
    ))  # fmt: skip
    then = known_then(
        DAY, epss(), kev("2025-08-25", CVE_3="2025-08-28"), kev("2026-01-29", CVE_2="2025-08-29", CVE_3="2025-08-28", CVE_8="2025-09-09", CVE_9="2025-09-10"),
        [records],
    )  # fmt: skip
    assert set(then.facts) == {"CVE-1", "CVE-2", "CVE-4"}
    assert then.later == {"CVE-2"}
    assert (then.listed, then.unscored, then.unscored_known, then.late, then.rated) == (1, 2, 1, 2, 2)
    assert then.facts["CVE-2"].cvss is None
    assert not any(fact.kev_added or fact.ransomware for fact in then.facts.values())
    assert (then.facts["CVE-4"].exploit, then.facts["CVE-4"].severity) == ("poc", Severity.MEDIUM)
    assert (then.facts["CVE-4"].automatable, then.facts["CVE-4"].impact) == ("yes", "total")
    assert (then.facts["CVE-1"].automatable, then.facts["CVE-1"].impact) == ("", "")
    assert then.until == "2026-01-29"
    assert then.notes == ()


def test_one_catalogue_is_split_at_the_day() -> None:
    then = known_then(DAY, epss(), kev("2026-01-29", CVE_1="2025-08-28", CVE_2="2025-08-29"))
    assert (set(then.facts), then.later) == ({"CVE-2", "CVE-3", "CVE-4"}, {"CVE-2"})


def test_what_limits_the_answer_is_told() -> None:
    assert "older than the day" in " ".join(known_then(DAY, epss("2025-08-01"), kev("2026-01-29")).notes)
    assert "nothing can be listed" in " ".join(known_then(DAY, epss(), kev("2025-08-25")).notes)
    assert "names no day" in " ".join(known_then(DAY, epss(""), kev("2026-01-29")).notes)


def test_a_table_of_a_later_day_is_refused() -> None:
    with pytest.raises(UnreadableReport, match="knows too much"):
        known_then(DAY, epss("2025-08-29"), kev("2026-01-29"))
    with pytest.raises(UnreadableReport, match="one of KEV is asked for"):
        known_then(DAY, epss(), epss())
