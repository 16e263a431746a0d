from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.response.remediation.ranges import is_prerelease, satisfies


@pytest.mark.parametrize(
    ("ecosystem", "wanted", "fitting", "others"),
    [
        ("npm", "^1.2.3", ["1.2.3", "1.9.0"], ["1.2.2", "2.0.0", "2.0.0-rc.1", "1.3.0-beta"]),
        ("npm", "^0.2.3", ["0.2.9"], ["0.3.0"]),
        ("npm", "^0.0.3", ["0.0.3"], ["0.0.4"]),
        ("npm", "~1.2", ["1.2.9"], ["1.3.0"]),
        ("npm", "1.x || >=2.5.0 <3", ["1.0.0", "2.6.0"], ["2.4.0", "3.0.0"]),
        ("npm", "1.2.3 - 2", ["1.2.3", "2.9.9"], ["3.0.0"]),
        ("npm", ">=1.2.3-beta.1", ["1.2.3-beta.2", "1.2.3"], ["1.2.3-alpha", "1.2.4-beta.1"]),
        ("npm", "", ["9.9.9"], []),
        ("npm", ">1", ["2.0.0"], ["1.5.0"]),
        ("npm", "<=1.2", ["1.2.9"], ["1.3.0"]),
        ("cargo", "1.2", ["1.2.0", "1.9.0"], ["2.0.0", "1.1.9"]),
        ("cargo", "=1.2.3", ["1.2.3"], ["1.2.4"]),
        ("cargo", ">=1, <2", ["1.5.0"], ["2.0.0"]),
        ("pypi", ">=1.2,<2", ["1.9"], ["2.0", "2.0rc1"]),
        ("pypi", "~=1.4.2", ["1.4.9"], ["1.5", "1.4.1"]),
        ("pypi", "==1.4.*", ["1.4", "1.4.7"], ["1.5"]),
        ("pypi", "!=1.5.*,>=1", ["1.4", "1.6"], ["1.5.2"]),
        ("gem", "~> 1.2", ["1.9"], ["2.0"]),
        ("gem", "~> 1.2.3", ["1.2.9"], ["1.3.0"]),
        ("gem", ">= 1, < 3", ["2.0"], ["3.0"]),
        ("composer", "~1.2", ["1.9.0"], ["2.0.0"]),
        ("composer", "~1.2.3", ["1.2.9"], ["1.3.0"]),
        ("composer", "^1.2 || ^2", ["1.3.0", "2.1.0"], ["3.0.0", "1.1.0"]),
        ("composer", "1.2.*", ["1.2.7"], ["1.3.0"]),
        ("maven", "[1.0,2.0)", ["1.5"], ["2.0"]),
        ("maven", "(,1.0],[1.2,)", ["1.0", "1.3"], ["1.1"]),
        ("maven", "1.0", ["9"], []),
        ("nuget", "1.0", ["1.0", "2.0"], ["0.9"]),
        ("nuget", "[1.0, 2.0)", ["1.5"], ["2.0"]),
        ("nuget", "1.*", ["1.7.0"], ["2.0.0"]),
        ("golang", "v1.2.0", ["v1.2.0", "v1.9.0"], ["v1.1.0"]),
    ],
)
def test_range(ecosystem: str, wanted: str, fitting: list[str], others: list[str]) -> None:
    assert [satisfies(ecosystem, wanted, one) for one in fitting] == [True] * len(fitting)
    assert [satisfies(ecosystem, wanted, one) for one in others] == [False] * len(others)


@pytest.mark.parametrize(
    ("ecosystem", "wanted"),
    [("npm", "latest"), ("npm", "git+https://acme.example/x.git"), ("pypi", "@ https://acme.example/x.whl"), ("pypi", ">=1.*"), ("pypi", "~=1"), ("gem", "newest"), ("maven", "[1.0"), ("swift", "1.0"), ("npm", "1" * 1001)],
)  # fmt: skip
def test_what_is_no_range_is_not_understood(ecosystem: str, wanted: str) -> None:
    assert satisfies(ecosystem, wanted, "1.0.0") is None


def test_a_version_that_is_none_is_not_understood() -> None:
    assert satisfies("npm", "*", "workspace") is None


@pytest.mark.parametrize(("ecosystem", "version", "is_one"), [
    ("npm", "1.0.0-rc.1", True), ("npm", "1.0.0+build-1", False), ("pypi", "2.0b1", True), ("pypi", "2.0.dev3", True), ("pypi", "2.0.post1", False),
    ("maven", "2.0-M1", True), ("maven", "31.1-jre", False), ("gem", "1.0.pre", True), ("composer", "dev-main", True), ("composer", "1.0.0", False),
    ("golang", "v0.0.0-20210101000000-abcdefabcdef", False), ("golang", "v1.2.0-rc.1", True),
])  # fmt: skip
def test_prerelease(ecosystem: str, version: str, is_one: bool) -> None:
    assert is_prerelease(ecosystem, version) is is_one


@given(
    st.sampled_from(["npm", "cargo", "pypi", "gem", "composer", "maven", "nuget", "golang"]),
    st.text(max_size=40),
    st.text(max_size=20),
)
def test_any_text_is_answered(ecosystem: str, wanted: str, version: str) -> None:
    assert satisfies(ecosystem, wanted, version) in {True, False, None}
