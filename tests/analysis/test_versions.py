"""The order of versions."""

from itertools import pairwise

import pytest

from seamark.analysis.correlation.versions import least_clearing, version_key


@pytest.mark.parametrize(
    "rising",
    [
        ["1.0.dev1", "1.0a1", "1.0b2", "1.0rc1", "1.0", "1.0.1", "1.0.10", "1.1", "2.0"],
        ["1.2.3-alpha.1", "1.2.3-beta", "1.2.3", "1.10.0"],
        ["2.0.0-M1", "2.0.0.RC2", "2.0.1"],
        ["9.9", "1:0.1"],
        ["1.2~rc1-1", "1.2-1", "1.2-2"],
    ],
)
def test_versions_rise(rising: list[str]) -> None:
    assert all(version_key(lower) < version_key(higher) for lower, higher in pairwise(rising))


@pytest.mark.parametrize(
    ("left", "right"), [("1.0", "v1.0"), ("1.0.0", "1.0.0+build5"), ("2.1.0.Final", "2.1.0"), ("1.0", "1.0.0")]
)
def test_some_texts_mean_one_version(left: str, right: str) -> None:
    assert version_key(left) == version_key(right)


def test_distributions_count_their_own_releases_behind_a_plus() -> None:
    rising = ["5.10.0-1", "5.10.0-1+deb11u1", "5.10.0-1+deb11u2", "5.10.0-1+deb11u10", "5.10.0-2"]
    assert all(version_key(lower) < version_key(higher) for lower, higher in pairwise(rising))
    assert version_key("1.0.0+incompatible") == version_key("1.0.0+20130313144700") == version_key("1.0.0")


def test_a_version_of_any_length_is_read() -> None:
    assert version_key("1." + "9" * 100_000) > version_key("1.8")


def test_the_least_version_that_clears_is_of_the_line_in_use() -> None:
    fixed = [["1.2.5", "2.0.3"], ["1.2.7", "2.0.1"]]
    assert least_clearing(fixed) == least_clearing(fixed, ["1.2.0"]) == "1.2.7"
    assert least_clearing(fixed, ["2.0.0"]) == least_clearing(fixed, ["1.2.0", "2.0.0"]) == "2.0.3"
    assert least_clearing([]) == ""
