"""Package URLs: one spelling for each package."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from seamark.core import component
from seamark.core.component import Component, canonical_purl, display_name, make_purl, package_key, parse_purl

NO_PURLS = ["", "django", "pkg:", "pkg:npm", "pkg:npm/", "npm/lodash@1", "http://example.com", "pkg:npm/@"]


@pytest.mark.parametrize(
    ("parts", "purl"),
    [
        (("npm", "lodash", "4.17.15"), "pkg:npm/lodash@4.17.15"),
        (("npm", "@babel/core", "7.0.0"), "pkg:npm/%40babel/core@7.0.0"),
        (
            ("maven", "org.apache.logging.log4j:log4j-core", "2.14.1"),
            "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
        ),
        (("maven", "org.example/part", ""), "pkg:maven/org.example/part"),
        (("maven", "part", "1", "org.example"), "pkg:maven/org.example/part@1"),
        (("pypi", "Django_Thing", "3.2"), "pkg:pypi/django-thing@3.2"),
        (("golang", "github.com/gin-gonic/gin", "v1.9.0"), "pkg:golang/github.com/gin-gonic/gin@v1.9.0"),
        (("deb", "openssl", "1.1.1", "debian", "arch=amd64"), "pkg:deb/debian/openssl@1.1.1?arch=amd64"),
        (("", "nothing", "1"), ""),
        (("npm", "", "1"), ""),
    ],
)
def test_make(parts: tuple[str, ...], purl: str) -> None:
    assert make_purl(*parts) == purl


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("pkg:NPM/lodash@1.0", "pkg:npm/lodash@1.0"),
        ("pkg://npm/lodash@1.0", "pkg:npm/lodash@1.0"),
        ("pkg:pypi/Foo_Bar@1", "pkg:pypi/foo-bar@1"),
        ("pkg:deb/debian/zlib@1?distro=12&arch=amd64", "pkg:deb/debian/zlib@1?arch=amd64&distro=12"),
    ],
)
def test_canonical(given: str, canonical: str) -> None:
    assert canonical_purl(given) == canonical
    assert canonical_purl(canonical) == canonical


@pytest.mark.parametrize("text", NO_PURLS)
def test_what_is_none(text: str) -> None:
    assert parse_purl(text) is None
    assert (canonical_purl(text), package_key(text), display_name(text)) == ("", "", "")


def test_key_and_name() -> None:
    purl = "pkg:maven/org.example/part@1.0?type=jar"
    assert (package_key(purl), display_name(purl)) == ("maven/org.example/part", "org.example/part")
    assert package_key("pkg:npm/lodash@1") == package_key("pkg:npm/lodash@2") == "npm/lodash"
    assert display_name("pkg:npm/%40babel/core@7") == "@babel/core"


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    for given_text in (text, f"pkg:npm/{text}", f"pkg:{text}/a@1", f"pkg:pypi/a@{text}"):
        canonical = canonical_purl(given_text)
        assert canonical == "" or canonical.startswith("pkg:")
        assert isinstance(package_key(given_text) + display_name(given_text), str)


@given(st.sampled_from(["npm", "pypi", "gem", "cargo"]), st.text(min_size=1, max_size=40), st.text(max_size=20))
def test_whatever_is_made_can_be_read_again(ecosystem: str, name: str, version: str) -> None:
    purl = make_purl(ecosystem, name, version)
    assert purl == "" or canonical_purl(purl) == purl


def test_components_are_values() -> None:
    one, other = Component(name="lodash", version="1"), Component(name="lodash", version="1")
    assert one == other
    assert len({one, other}) == 1
    with pytest.raises(AttributeError):
        one.version = "2"  # type: ignore[misc]


@given(st.from_regex(component._PLAIN, fullmatch=True).filter(str.isascii))
def test_a_plain_purl_is_canonical_as_the_library_writes_it(text: str) -> None:
    parsed = PackageURL.from_string(text)
    assert canonical_purl(text) == parsed.to_string()
    assert package_key(text) == "/".join(part for part in (parsed.type, parsed.namespace, parsed.name) if part)
