"""Risk profiles as YAML: what is written reads back the same, and what is wrong is told with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from seamark.analysis.risk import default_profile
from seamark.analysis.risk.factors import FACTORS
from seamark.analysis.risk.profile import MOST_WEIGHT
from seamark.core.errors import InvalidSetting
from seamark.pipeline.profile_yaml import LONGEST, check, dump, parse

TEXT = dump(default_profile())


def test_what_is_written_reads_back_the_same() -> None:
    profile = parse(TEXT)
    assert profile == default_profile()
    assert dump(profile) == TEXT


@given(
    weights=some.dictionaries(
        some.sampled_from([factor.name for factor in FACTORS]), some.floats(0, MOST_WEIGHT, allow_nan=False)
    ),
    intercept=some.floats(-MOST_WEIGHT, MOST_WEIGHT, allow_nan=False),
    name=some.from_regex(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}", fullmatch=True),
)
def test_every_profile_survives_its_text(weights: dict[str, float], intercept: float, name: str) -> None:
    profile = replace(default_profile(), weights=weights, intercept=intercept, name=name)
    text = dump(profile)
    assert parse(text) == profile
    assert dump(parse(text)) == text


@pytest.mark.parametrize(
    ("changed", "to", "said"),
    [
        ("  severity:", "  severty:", "line 5, column 3: there is no factor 'severty'; do you mean severity?"),
        ("  severity:", "  zzz:", "line 5, column 3: there is no factor 'zzz'; there are severity"),
        ("severity: 1.8", "severity: [1", "line 6, column"),
        ("severity: 1.8", "severity: yes", "line 5, column 3: the weight of severity is no number"),
        ("severity: 1.8", "severity: -1", "line 5, column 3: the weight of severity must lie between 0 and 20"),
        ("severity: 1.8", "severity: .inf", "line 5, column 3: weights.severity is no usable number"),
        ("intercept: ", "intercept: x", "Expected `float`, got `str` (intercept)"),
        ("bands:", "bandages:", "unknown field `bandages`"),
        ("P0: 85", "P0: 1", "column 3: The bands of the risk profile must fall from P0 to P3"),
        ("exploited: 80", "exploited: 800", "the floor exploited must lie between 0 and 100"),
        ("name: default", "name: ''", "line 1, column 1: a profile's name has 1 to 100"),
        ("version: ", "version: 0\nversion: ", "version stands there twice"),
        ("name: default", "name: &a default", ""),
        ("intercept: ", "intercept: 99 #", "line 3, column 1: The risk profile sets intercept to"),
        ("most: ", "most: 9", "column 3: The ceiling unreachable of the risk profile is wrong"),
        ("intercept: ", "1: ", "1 is no name; put it in quotes"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(changed: str, to: str, said: str) -> None:
    assert changed in TEXT
    text = TEXT.replace(changed, to, 1)
    if not said:
        assert parse(text) == default_profile()
        return
    with pytest.raises(InvalidSetting) as refused:
        parse(text)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no YAML mapping"),
        ("- 1", "no YAML mapping"),
        ("a: 1\n---\nb: 2", "line 2, column 1"),
        ("a: &x {b: 1}\nc: *x", "no references"),
        ("a: !!python/object:os.system 1", "line 1, column 4"),
        ("a: \x00", "special characters are not allowed"),
        ("[" * 5000, "no YAML"),
        ("? [1, 2]\n: 3", "line 1"),
        ("x" * (LONGEST + 1), "100,000 characters"),
    ],
)
def test_what_is_no_profile_is_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidSetting) as refused:
        parse(text)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "content", [None, [], {"name": "x"}, {"weights": {"epss": 10**400}}, {"a": float("nan")}, {"a": [[[[[[[1]]]]]]]}]
)
def test_plain_values_are_checked_alike(content: object) -> None:
    with pytest.raises(InvalidSetting):
        check(content)


def test_lines_of_lists_are_known() -> None:
    with pytest.raises(InvalidSetting) as refused:
        parse("name: x\nbands:\n  - 1\n  - .nan\n")
    assert str(refused.value) == "line 4, column 5: bands.1 is no usable number"
