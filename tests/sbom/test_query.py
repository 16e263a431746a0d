"""Finding packages by a line of words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.analysis.software.query import Answer, parse_query, search
from seamark.core.component import Component
from seamark.core.errors import InvalidQuery


def package(purl: str, name: str, version: str, *licences: str) -> Component:
    return Component(name=name, version=version, purl=purl, licences=licences)


LOG4J = package(
    "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
    "org.apache.logging.log4j/log4j-core",
    "2.14.1",
    "Apache-2.0",
)
LODASH = package("pkg:npm/lodash@4.17.20", "lodash", "4.17.20", "MIT")
BABEL = package("pkg:npm/%40babel/core@7.10.0", "@babel/core", "7.10.0", "MIT")
OPENSSL = package("pkg:deb/debian/openssl@1:3.0.2-1", "openssl", "1:3.0.2-1", "(GPL-2.0-only OR MIT)", "BSD License")
ODD = package("", "odd", "main")
BARE = package("pkg:npm/bare", "bare", "")
ALL = {"log4j": LOG4J, "lodash": LODASH, "babel": BABEL, "openssl": OPENSSL, "odd": ODD, "bare": BARE}  # fmt: skip


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("log4j-core < 2.17", "log4j"), ("log4j-core<2.17", "log4j"), ("LOG4J-core >= 2.0, < 2.15", "log4j"), ("log4j-core > 2.14.1", ""),
        ("log4j-core >= 2.0 < 2.15", "log4j"), ("org.apache.logging.log4j:log4j-core", "log4j"), ("log4j/log4j-core", ""), ("log4j-core = 2.14.1.0", "log4j"),
        ("pkg:npm/lodash@<4.17.21", "lodash"), ("pkg:npm/lodash@4.17.20", "lodash"), ("pkg:npm/lodash@>=4,<4.17.20", ""), ("pkg:npm/lodash < 5", "lodash"),
        ("pkg:npm/lodash<5", "lodash"), ("pkg:pypi/lodash", ""), ("pkg:npm/lodash@4.17.20?x=y#z", "lodash"), ("lodash@4.17.20", "lodash"),
        ("lodash != 4.17.20", ""), ("lodash == 4.17.20", "lodash"), ("lodash<=4.17.20", "lodash"),
        ("@babel/core", "babel"), ("core", "babel"), ("@babel/core@7.10.0", "babel"), ("pkg:npm/%40babel/core@<7.11", "babel"), ("@babel/core < 7.9", ""),
        ("openssl", "openssl"), ("openssl = 3.0.2", "openssl"), ("openssl < 3.0.7", "openssl"), ("openssl > 3.0.2", ""), ("openssl = 1:3.0.2-1", "openssl"),
        ("openssl < 1:3.0.2-2", "openssl"), ("openssl < 0:9", ""),
        ("licence:GPL*", "openssl"), ("license:mit", "lodash babel openssl"), ('licence:"BSD License"', "openssl"), ('licence:"bsd lic*"', "openssl"),
        ("log* licence:MIT", ""), ("ecosystem:npm", "lodash babel bare"), ("type:maven name:log4j*", "log4j"), ("lo?ash", "lodash"), ('"lodash"', "lodash"),
        ("ecosystem:npm licence:MIT", "lodash babel"),
    ],
)  # fmt: skip
def test_queries(query: str, found: str) -> None:
    asked = parse_query(query)
    assert " ".join(name for name, one in ALL.items() if asked.answer(one) is Answer.YES) == found


@pytest.mark.parametrize("query", ["odd < 1", "odd = 1", "bare >= 1"])
def test_versions_that_cannot_be_compared_are_not_known(query: str) -> None:
    asked = parse_query(query)
    assert [name for name, one in ALL.items() if asked.answer(one) is Answer.UNKNOWN] == [query.partition(" ")[0]]


def test_a_bound_that_is_broken_outweighs_one_that_is_not_known() -> None:
    assert parse_query("lodash < main, > 5").answer(LODASH) is Answer.NO


@pytest.mark.parametrize(
    ("query", "sentence", "position"),
    [
        ("", "The query says nothing about a name, a licence or an ecosystem", 0),
        ("< 2", "The query says nothing about a name, a licence or an ecosystem", 0),
        ("a <", "There is no version behind <", 3),
        ("a < , > 2", "There is no version behind <", 6),
        ("a << 2", "There is no version behind <", 2),
        ('a "b', "A quote is not closed", 1),
        ("two words", "'words' is a second name; put quotes around a name with blanks", 4),
        ("licence:", "There is nothing behind licence:", 0),
        ("x" * 501, "A query has at most 500 characters", 500),
    ],
)
def test_wrong_queries_say_where(query: str, sentence: str, position: int) -> None:
    with pytest.raises(InvalidQuery) as wrong:
        parse_query(query)
    assert (str(wrong.value), wrong.value.position) == (sentence, position)


@given(st.text('abc<>=!,.:@*?[]" 0123456789/', max_size=40))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        asked = parse_query(text)
    except InvalidQuery:
        return
    for one in ALL.values():
        assert asked.answer(one) in Answer


def test_rows_can_be_narrowed_before_they_are_asked() -> None:
    told = {query: parse_query(query).like for query in ("log4j* < 2", "@babel/core", "licence:MIT", "a?bcd")}
    assert told == {"log4j* < 2": "log4j", "@babel/core": "core", "licence:MIT": "", "a?bcd": "bcd"}


def test_rows_of_a_table_are_searched() -> None:
    rows = [
        ("pkg:npm/%40babel/core@7.1.0", "npm/@babel/core", "7.1.0"),
        ("pkg:npm/core@9", "npm/core", "main"),
        ("", "core", "1"),
        ("", "x", "1"),
    ]
    assert list(search(parse_query("core < 8"), rows)) == [
        (rows[0], Answer.YES),
        (rows[1], Answer.UNKNOWN),
        (rows[2], Answer.YES),
    ]
    assert list(search(parse_query("core licence:MIT"), rows)) == []
