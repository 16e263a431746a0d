"""The order of versions."""

from itertools import pairwise

import pytest

from seamark.analysis.correlation.versions import least_that_clears, version_key


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


def test_the_highest_of_the_fixed_versions_clears_all() -> None:
    assert least_that_clears({"2.15.0", "2.9.1", "2.17.1", ""}) == "2.17.1"
    assert least_that_clears(set()) == ""
