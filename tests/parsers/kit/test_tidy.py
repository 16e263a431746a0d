"""What leaves a parser: bounded, with clean paths, and never with a secret in the clear."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.core.finding import Exchange, Finding, FlowStep, Patch, Replacement
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation, ImageLocation, WebLocation
from seamark.core.severity import Severity
from seamark.intake.parsers.kit.tidy import clean_path, digest, mask, tidy

KEY = b"a key"


def finding(**fields: object) -> Finding:
    return Finding(**{"rule": "R1", "title": "A title", "severity": Severity.LOW, "kind": Kind.CODE, **fields})  # type: ignore[arg-type]


def tidied(**fields: object) -> Finding:
    return tidy(finding(**fields), Kind.SECRET, KEY)


def test_clean_finding_is_handed_on_as_it_is() -> None:
    clean = finding(
        location=CodeLocation(path="a/b.c", line=1, snippet="x"), description="Long\ntext", fingerprints=(("a", "b"),)
    )
    assert tidy(clean, Kind.SECRET, KEY) is clean


def test_kind_is_the_parsers() -> None:
    assert tidied(kind=None).kind is Kind.SECRET


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("a/b.c", "a/b.c"), ("./a//b/../c", "a/c"), ("a\\b\\c.cs", "a/b/c.cs"), ("C:\\x\\y", "/x/y"), ("/c:/x", "/x"),
        ("file:///C:/My%20App/a.cs", "/My App/a.cs"), ("file:///a/b", "/a/b"), ("file:a/b", "a/b"), ("file://host/a", "/a"),
        ("//a", "/a"), (".", ""), ("./", ""), ("", ""), ("  a ", "a"), ("../a", "../a"), ("a/", "a"), ("a/.", "a"),
        ("https://x/y/../z", "https://x/y/../z"), ("a b/ü.py", "a b/ü.py"), (".github/x.yml", ".github/x.yml"), ("a:b", "a:b"),
    ],
)  # fmt: skip
def test_clean_path(path: str, clean: str) -> None:
    assert clean_path(path) == clean
    assert tidied(location=CodeLocation(path=path)).location == CodeLocation(path=clean)
    assert tidied(location=ImageLocation(image="i", path=path)).location == ImageLocation(image="i", path=clean)
    step = tidied(flow=(FlowStep(CodeLocation(path=path), "m"),)).flow[0]
    assert step == FlowStep(CodeLocation(path=clean), "m")
    patch = Patch(replacements=(Replacement(path=path, line=1),))
    assert tidied(patches=(patch,)).patches[0].replacements[0].path == clean


@given(st.text(alphabet=st.sampled_from("ab./\\:~ -é")))
def test_clean_path_stays_clean(path: str) -> None:
    once = clean_path(path)
    assert clean_path(once) == once
    assert "\\" not in once


@pytest.mark.parametrize("line", [0, -3, 2**31, 10**30])
def test_impossible_lines_go(line: int) -> None:
    assert tidied(location=CodeLocation(path="a", line=line)).location == CodeLocation(path="a")


def test_bounds() -> None:
    long = "x" * 50_000
    found = tidied(
        title=long, rule=long, description=long, remedy=long, location=CodeLocation(path="a", snippet=long),
        exchange=Exchange(long, long), flow=tuple(FlowStep(CodeLocation(path="a")) for _ in range(200)),
        dependency_paths=tuple((str(number),) for number in range(30)),
    )  # fmt: skip
    assert (len(found.title), len(found.rule), len(found.description), len(found.remedy)) == (500, 500, 16_000, 16_000)
    assert isinstance(found.location, CodeLocation)
    assert len(found.location.snippet) == 4_000
    assert found.exchange is not None
    assert (len(found.exchange.request), len(found.exchange.response)) == (16_000, 16_000)
    assert (len(found.flow), len(found.dependency_paths)) == (100, 20)


def test_titles_are_one_line_of_text_that_can_be_shown() -> None:
    assert tidied(title="two\n lines\x00\x1b[31m").title == "two lines[31m"
    assert tidied(title=" \n").title == "R1"
    assert tidied(title="", rule="").title == "Untitled finding"
    assert tidied(description="a\x00b").description == "ab"
    assert tidied(rule="a\nb").rule == "a b"


SECRET = "AKIAINVENTEDKEY12345"


def test_secrets_are_masked_everywhere() -> None:
    found = tidied(
        secret=SECRET, title=f"Found {SECRET}", description=f"x {SECRET}", remedy=SECRET, tags=(SECRET,),
        fingerprints=(("hash", f"{SECRET}:1"),), references=(f"https://x/{SECRET}",),
        location=CodeLocation(path="a", snippet=f"key = '{SECRET}'"), severity_given="HIGH",
        flow=(FlowStep(CodeLocation(path="a", snippet=SECRET), SECRET),), patches=(Patch(description=SECRET),),
    )  # fmt: skip
    assert SECRET.encode() not in msgspec.json.encode(found)
    assert found.secret == "AKIA…(20 characters)"
    assert found.secret_digest == digest(SECRET, KEY)
    assert found.severity_given == "HIGH"


@pytest.mark.parametrize("place", ["exchange", "about", "scope", "path", "url", "rule"])
def test_secrets_are_masked_in_rare_places_too(place: str) -> None:
    from seamark.core.finding import Rule

    fields: dict[str, object] = {
        "exchange": {"exchange": Exchange(f"GET /?k={SECRET}", SECRET)},
        "about": {"about": Rule(id="R1", description=f"like {SECRET}", title=SECRET)},
        "scope": {"location": CodeLocation(path="a", scope=SECRET)},
        "path": {"location": CodeLocation(path=f"a/{SECRET}")},
        "url": {"location": WebLocation(url=f"https://x/?k={SECRET}")},
        "rule": {"rule": f"R-{SECRET}"},
    }[place]  # type: ignore[assignment]
    assert SECRET.encode() not in msgspec.json.encode(tidied(secret=SECRET, **fields))


def test_masks() -> None:
    assert mask("abcd") == "…(4 characters)"
    assert mask("abcdefghij") == "ab…(10 characters)"
    assert digest(" a ", KEY) == digest("a", KEY) != digest("a", b"other")
    assert len(digest("a", KEY)) == 32


@pytest.mark.parametrize("secret", ["****", "***abc", "AKIA****", "xxxx", "REDACTED", "[redacted]"])
def test_redacted_secrets_have_no_digest(secret: str) -> None:
    found = tidied(secret=secret)
    assert found.secret_digest == ""
    assert found.secret == secret


def test_digest_of_the_tool_is_kept() -> None:
    assert tidied(secret="****", secret_digest="abc").secret_digest == "abc"


def test_short_secrets_leave_names_alone() -> None:
    found = tidied(
        secret="test", title="test", location=CodeLocation(path="tests/a", snippet="pw=test"), rule="test-rule"
    )
    assert (found.rule, found.title) == ("test-rule", "…(4 characters)")
    assert found.location == CodeLocation(path="tests/a", snippet="pw=…(4 characters)")


def test_lines_of_a_long_secret_are_masked_too() -> None:
    key = "-----BEGIN KEY-----\nMIIEinventedinvented\n-----END KEY-----"
    found = tidied(
        secret=key, description="it is MIIEinventedinvented", location=CodeLocation(path="a", snippet=key[:40])
    )
    assert b"MIIEinventedinvented" not in msgspec.json.encode(found)


def test_secret_is_masked_before_texts_are_cut() -> None:
    found = tidied(secret=SECRET, description="x" * 15_990 + SECRET)
    assert "AKIAINVENTED" not in found.description
