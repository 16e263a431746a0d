"""CVSS in all versions: known scores, metrics from the asset, and nothing that overrules the vector."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.analysis.risk.cvss import rate
from seamark.core.errors import InvalidQuery

THREE = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
FOUR = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
TWO = "AV:N/AC:L/Au:N/C:P/I:P/A:P"


@pytest.mark.parametrize(
    ("vector", "version", "base"),
    [
        (THREE, "3.1", 9.8), (THREE.replace("3.1", "3.0"), "3.0", 9.8), (FOUR, "4.0", 9.3), (TWO, "2.0", 7.5), (f"({TWO})", "2.0", 7.5),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", "3.1", 6.1), (f"{FOUR}/E:U/MAV:L", "4.0", 9.3),
    ],
)  # fmt: skip
def test_base_scores(vector: str, version: str, base: float) -> None:
    found = rate(vector)
    assert (found.version, found.base, found.added) == (version, base, ())


@pytest.mark.parametrize(
    ("vector", "asset", "threat", "environmental", "added"),
    [
        # 8.8 and 8.4 are the base scores of the same flaw with AV:A and AV:L.
        (THREE, {"exploit": "poc"}, 9.3, 9.3, ("E:P",)),
        (THREE, {"exposure": "internal"}, 9.8, 8.8, ("MAV:A",)),
        (THREE, {"exposure": "none"}, 9.8, 8.4, ("MAV:L",)),
        (THREE, {"exposure": "internet", "exploited": True}, 9.8, 9.8, ("E:H",)),
        (FOUR, {"exploit": "poc"}, 8.9, 8.9, ("E:P",)),
        (FOUR, {"exploit": "none"}, 8.1, 8.1, ("E:U",)),
        (TWO, {"exploit": "poc"}, 6.8, 6.8, ("E:POC",)),
        (TWO, {"exposure": "internal"}, 7.5, 7.5, ()),
    ],
)
def test_threat_and_environment(
    vector: str, asset: dict[str, object], threat: float, environmental: float, added: tuple[str, ...]
) -> None:
    found = rate(vector, **asset)  # type: ignore[arg-type]
    assert (found.threat, found.environmental, found.added) == (threat, environmental, added)


def test_requirements_come_from_data_and_tier() -> None:
    assert rate(THREE, data_classes=("pii",), criticality=1).added == ("CR:H", "IR:H", "AR:H")
    assert rate(THREE, data_classes=("PUBLIC",), criticality=4).added == ("CR:L", "IR:L", "AR:L")
    assert rate(THREE, criticality=4).environmental < rate(THREE, criticality=2).environmental == 9.8


def test_what_the_vector_states_stays() -> None:
    found = rate(f"{THREE}/E:U/CR:X/MAV:P", exploit="weaponised", exposure="internal", data_classes=("PII",))
    assert found.added == ("CR:H",)
    assert found.threat == rate(f"{THREE}/E:U").threat == 9.0


def test_threat_of_version_4_leaves_the_environment_out() -> None:
    found = rate(f"{FOUR}/MAV:P/CR:L", exploit="poc")
    assert found.threat == 8.9
    assert found.environmental < 8.9


@pytest.mark.parametrize(
    "vector",
    [
        "",
        "nonsense",
        "CVSS:5.0/AV:N",
        "CVSS:3.1/AV:Q",
        "CVSS:4.0/AV:N",
        f"{THREE}/ZZ:1",
        "CVSS:3.1/" + "A" * 10_000,
        "/",
        "::",
        THREE + "/AV:L",
    ],
)
def test_what_is_no_vector_is_refused(vector: str) -> None:
    with pytest.raises(InvalidQuery, match="is no CVSS vector"):
        rate(vector)


@given(st.text(max_size=60) | st.text("CVSS:3.14/AVNLPRUIHX", max_size=60))
def test_any_text_is_rated_or_refused(text: str) -> None:
    try:
        assert 0 <= rate(text).base <= 10
    except InvalidQuery as error:
        assert "is no CVSS vector" in str(error)  # noqa: PT017 - either is fine
