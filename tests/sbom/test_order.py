"""The order of versions, ecosystem by ecosystem; each row is in rising order, and `=` joins what is one version."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from seamark.analysis.software.order import ORDERS, compare, in_order, order_key

RISING = {
    "npm": "0.0.1 1.0.0-0 1.0.0-1 1.0.0-10 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0=1.0.0+build=v1.0.0 1.0.1 1.2.0 1.10.0 2.0.0",
    "cargo": "0.9.9 1.0.0-alpha 1.0.0=1.0.0+meta 1.0.1",
    "golang": "v0.0.0-20190101000000-aaaaaaaaaaaa v0.0.0-20200101000000-000000000000 v1.2.2 v1.2.3-0.20200101000000-abcdefabcdef v1.2.3=1.2.3=v1.2.3+incompatible 1.20 go1.21rc2 go1.21.0=go1.21 1.21.1",
    "nuget": "1.0.0-Alpha=1.0.0-alpha 1.0.0-beta 1.0=1.0.0=1.0.0.0 1.0.0.1 1.0.0.2 1.0.1",
    "pub": "1.0.0-dev 1.0.0 1.0.0+1 1.0.0+2 1.0.1",
    "pypi": "1.0.dev1 1.0a1.dev1 1.0a1=1.0alpha1=1.0-a.1 1.0b2 1.0rc1=1.0c1 1.0=1.0.0=v1.0 1.0+abc 1.0+1 1.0.post1.dev2 1.0.post1=1.0-1 1.1.dev1 1.1 1!0.5",
    "maven": "1-alpha-1=1-a1 1-alpha-2 1-beta-1 1-milestone-1=1-m1 1-rc-1=1-cr-1 1-SNAPSHOT=1-snapshot 1=1.0=1.0.0=1-ga=1.0.final=1.0.RELEASE 1-sp 1-foo 1-foo-1 1-1 1-2 1.0.1 1.1 1.10 2.0.0-M1 2.0.0",
    "gem": "1.0.0.a 1.0.0.beta1 1.0.0.beta10 1.0.0.rc1 1.0=1.0.0 1.0.0.1 1.0.1 1.10",
    "composer": "dev-main 1.0.0-dev 1.0.0-alpha1=1.0.0a1 1.0.0-alpha2 1.0.0-beta1 1.0.0-RC1=1.0.0-rc1 1.0=v1.0.0=1.0.0.0=1.0.0-stable 1.0.0-p1=1.0.0-patch1 1.0.1 1.10.0",
    "deb": "1.0~rc1-1 1.0~rc1-1+b1 1.0-1~bpo12+1 1.0-1 1.0-1+deb12u1 1.0-1+deb12u2 1.0-1.1 1.0-2 1.0a-1 1.0+dfsg-1 1.0.1-1 1.10-1 1:0.5-1",
    "rpm": "1.0~rc1-1 1.0-1.el8 1.0-1.el9 1.0-2.el8 1.0^git1-1 1.0a-1 1.0.1-1 1.10-1 1:0.1-1",
    "apk": "1.0_alpha1 1.0_beta 1.0_pre1 1.0_rc1 1.0-r0=1.0 1.0-r1 1.0-r10 1.0_git20200101 1.0_p1 1.0a 1.0b 1.0.05 1.0.1 1.1 1.10",
    "alpm": "1.0-1 1.0-2 1.0.1-1 1:0.1-1",
    "ebuild": "1.0_alpha 1.0_rc2 1.0 1.0-r1 1.0_p1 1.1",
    "hackage": "1.0 1.0.0 1.0.1 1.10",
    "cran": "1.0-1 1.0-2 1.0-10 1.1",
    "hex": "1.0.0-dev 1.0.0 1.1.0",
    "swift": "0.9.0 1.0.0",
    "githubactions": "v1=v1.0.0 v1.1 v2",
    "opam": "1.0~beta1 1.0 1.0.1",
    "semver": "1.0.0-rc.1 1.0.0 1.0.1",
    "generic": "1.0-rc1 1.0 1.0.1 1.1",
}  # fmt: skip


def test_every_order_is_tried() -> None:
    assert set(RISING) - {"generic"} == set(ORDERS)


@pytest.mark.parametrize("ecosystem", RISING)
def test_versions_rise(ecosystem: str) -> None:
    groups = [group.split("=") for group in RISING[ecosystem].split()]
    wrong = [
        (left, right)
        for (at, lower), (to, upper) in combinations(enumerate(groups), 2)
        for left in lower
        for right in upper
        if compare(ecosystem, left, right) != -1 or compare(ecosystem, right, left) != 1
    ]
    wrong += [pair for group in groups for pair in combinations(group, 2) if compare(ecosystem, *pair) != 0]
    assert not wrong


@pytest.mark.parametrize(
    ("ecosystem", "text"),
    [
        ("npm", "latest"), ("npm", ""), ("npm", "1." + "0" * 400), ("npm", "9" * 50), ("pypi", "2.x"), ("gem", "1..2"), ("apk", "1.0-x"), ("cran", "1.0a"),
        ("composer", "main"), ("generic", "main"), ("maven", "..."[:0]), ("golang", "(devel)"),
    ],
)  # fmt: skip
def test_what_is_no_version_has_no_place(ecosystem: str, text: str) -> None:
    assert order_key(ecosystem, text) is None
    assert compare(ecosystem, text, "1.0") is None
    assert compare(ecosystem, text, text) == 0


def test_what_is_no_version_comes_first() -> None:
    assert in_order("npm", ["1.10.0", "main", "1.9.0"]) == ["main", "1.9.0", "1.10.0"]


@given(
    st.sampled_from(sorted(ORDERS)),
    st.lists(st.text("0123456789.-_~^+:abrcpdevvx", max_size=14), min_size=3, max_size=3),
)
def test_orders_are_orders(ecosystem: str, texts: list[str]) -> None:
    known = [text for text in texts if order_key(ecosystem, text) is not None]
    for left in known:
        for right in known:
            there, back = compare(ecosystem, left, right), compare(ecosystem, right, left)
            assert there is not None
            assert back == -there
    if len(known) == 3:
        one, two, three = in_order(ecosystem, known)
        assert compare(ecosystem, one, three) in {-1, 0}
        assert compare(ecosystem, one, two) in {-1, 0}
        assert compare(ecosystem, two, three) in {-1, 0}


@given(st.sampled_from(sorted(ORDERS)), st.text(max_size=40))
def test_any_text_has_a_key_or_none(ecosystem: str, text: str) -> None:
    order_key(ecosystem, text)


PYTHONS = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "1!", "v"]),
    st.lists(st.sampled_from(["0", "1", "2", "10"]), min_size=1, max_size=3).map(".".join),
    st.sampled_from(["", "a1", ".b2", "-rc", "c1", "_pre.3", "alpha"]),
    st.sampled_from(["", ".post1", "-1", "r2", "post"]),
    st.sampled_from(["", ".dev1", "dev", "+abc", "+1.abc", ".dev2+ubuntu-1"]),
)


@given(PYTHONS, PYTHONS)
def test_python_versions_are_ordered_as_pip_does(left: str, right: str) -> None:
    mine, theirs = Version(left), Version(right)
    assert compare("pypi", left, right) == (mine > theirs) - (mine < theirs)
