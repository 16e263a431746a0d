"""The articles: all that they need to have, and which one explains which weakness."""

from __future__ import annotations

import ast
import json
import tomllib
from collections import Counter
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from seamark.analysis.correlation.weakness import weaknesses
from seamark.insight.knowledge import library
from seamark.insight.knowledge.library import (
    Article,
    article_of,
    articles,
    explains,
    found,
    hours_line,
    lines_for,
    named_in,
)

TOP_25 = (
    79, 89, 352, 862, 787, 22, 416, 125, 78, 94, 120, 434, 476, 121, 502, 122, 863, 20, 284, 200, 306, 918, 77, 639, 770,
)  # fmt: skip
"""The CWE Top 25 of 2025."""
FREQUENT = (
    400, 327, 798, 601, 190, 295, 95, 1333, 119, 23, 611, 347, 287, 116, 134, 319, 532, 73, 330, 93, 614, 209, 359, 522, 328, 693, 276,
    916, 326, 732, 74, 269, 772, 36, 312, 776, 521, 59, 704, 88,
)  # fmt: skip
"""The forty that the most reports of the corpus name beside those; categories, which explain nothing, are left out."""
TOPICS = (
    "leaked-secrets",
    "public-cloud-resources",
    "unsafe-workflows",
    "container-as-root",
    "vulnerable-dependencies",
)
TEXTS = ("what", "looks", "find", "fix", "proof")


def each() -> list[Article]:
    return list(articles().values())


@pytest.mark.parametrize("number", TOP_25 + FREQUENT)
def test_each_has_an_article_of_its_own(number: int) -> None:
    one = article_of(number)
    assert one is not None
    assert one.cwes[0] == number


@pytest.mark.parametrize("name", TOPICS)
def test_topics(name: str) -> None:
    assert articles()[name].title


@pytest.mark.parametrize("one", each(), ids=lambda one: one.name)
class TestEach:
    def test_says_all(self, one: Article) -> None:
        for name in TEXTS:
            text = getattr(one, name)
            assert 40 <= len(text) <= 700, name
            assert text[-1] in ".!?", name
        assert 4 <= len(one.title) <= 60

    def test_has_two_languages_each_with_a_change(self, one: Article) -> None:
        assert len({example.language for example in one.examples}) >= 2
        for example in one.examples:
            assert example.title
            assert example.vulnerable.strip() != example.fixed.strip()
            assert max(map(len, (example.vulnerable + example.fixed).splitlines())) <= 130

    def test_examples_are_written_right(self, one: Article) -> None:
        for example in one.examples:
            for text in (example.vulnerable, example.fixed):
                _read(example.language, text)

    def test_names_weaknesses_that_there_are(self, one: Article) -> None:
        # Categories such as 937 are no entries of the list, and reports name them all the same.
        known = weaknesses()
        assert all(number in known for number in one.cwes[:1])
        assert len(set(one.cwes)) == len(one.cwes)

    def test_leads_to_sources(self, one: Article) -> None:
        assert one.sources
        assert all(urlsplit(address).scheme == "https" and urlsplit(address).hostname for address in one.sources)
        if one.cwes:
            assert one.sources[0] == f"https://cwe.mitre.org/data/definitions/{one.cwes[0]}.html"


def _read(language: str, text: str) -> None:
    """Read an example as its language does, where a reader is at hand."""
    match language:
        case "python":
            if not text.lstrip().startswith("except"):
                ast.parse(text if "return" not in text else _within(text))
        case "yaml":
            assert yaml.safe_load(text)
        case "json":
            assert json.loads(text)
        case "toml":
            assert tomllib.loads(text)
        case _:
            assert text.count("{") == text.count("}")
            assert text.count("(") == text.count(")")


def _within(text: str) -> str:
    return "def example():\n" + "".join(f"    {line}\n" for line in text.splitlines())


def test_texts_are_no_copies_of_each_other() -> None:
    said = Counter(getattr(one, name) for one in each() for name in TEXTS)
    assert [text for text, number in said.items() if number > 1] == []


def test_first_weaknesses_are_one_article_each() -> None:
    first = Counter(one.cwes[0] for one in each() if one.cwes)
    assert [number for number, times in first.items() if times > 1] == []


def test_the_nearest_above_explains_what_has_none() -> None:
    one = article_of(81)
    assert one is not None
    assert one.name == "cross-site-scripting"
    assert not explains(one, 81)
    assert explains(one, 79)
    assert article_of(None) is None
    assert article_of(999_999) is None


def test_search() -> None:
    assert [one.name for one in found("sql injection")] == ["nosql-injection", "sql-injection"]
    assert "sql-injection" in {one.name for one in found("CWE-89")}
    assert found("no such words") == []
    assert len(found("")) == len(articles())


def test_lines_for_tickets_and_messages() -> None:
    base = "https://seamark.example/"
    address = "https://seamark.example/knowledge/sql-injection/"
    assert lines_for([89], base) == [f"[How to fix CWE-89 (SQL injection)](<{address}>)"]
    assert lines_for([89], base, marked=False) == [f"How to fix CWE-89 (SQL injection): {address}"]
    assert lines_for([89], "") == ["How to fix CWE-89 (SQL injection)"]
    assert lines_for([], base) == []
    assert lines_for([99_999], base) == []
    several = lines_for([89, 89, 564, 79, 22, 352], "")
    assert [one.split(" (")[0] for one in several] == ["How to fix CWE-89", "How to fix CWE-79", "How to fix CWE-22"]


def test_the_way_to_the_office_hours() -> None:
    line = "[Questions? Ask in the office hours](<https://wiki.example/ask>)"
    assert hours_line("https://wiki.example/ask") == line
    assert hours_line("mailto:sec@example.org", marked=False).endswith("hours: mailto:sec@example.org")
    for none in ("", "javascript:alert(1)", "ask us", "https://e.example/> [x](y"):
        assert hours_line(none) == ""


def test_a_text_names_weaknesses() -> None:
    assert [one.name for one in named_in("see cwe-89, CWE-79 and CWE-89 again; CWE-99999 is none")] == [
        "sql-injection",
        "cross-site-scripting",
    ]


def test_what_is_not_well_formed_is_loud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "README.txt").write_text("not an article")
    (tmp_path / "articles" / "broken.yaml").write_text("title: 5\n")
    monkeypatch.setattr(resources, "files", lambda _: tmp_path)
    with pytest.raises(ValueError, match="broken is not well formed"):
        library.articles.__wrapped__()
