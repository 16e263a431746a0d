"""Texts of reports show as they are at every far side, and do nothing there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from markdown_it import MarkdownIt

from seamark.insight.exports.gate.markdown import plain
from seamark.response.actions.contract import MARKER
from seamark.response.actions.marking import hidden, is_marked, is_ours, label, mark, uuid_of
from seamark.response.actions.rendering.adf import adf, words_of
from seamark.response.actions.rendering.document import LARGEST, NOTHING, Writer, clean, line, link
from seamark.response.actions.rendering.runs import pieces
from seamark.response.actions.rendering.writers import Html, Journal, Mail, Markdown, Wiki

WRITERS: list[Writer] = [Markdown(), Wiki(), Html(), Mail(), Journal()]
FORGE = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
NASTY = st.text(
    alphabet=st.sampled_from("ab 1\n@#!~%&<>[](){}*_`|\\-+=:./$^?\"'h.wseamrk:") | st.characters(codec="utf-8"),
    max_size=120,
)


def spoken(text: str) -> str:
    return " ".join(clean(text).replace(NOTHING, "").split())


@given(NASTY)
def test_words_are_only_words_in_markdown(words: str) -> None:
    written = Markdown().write(plain(words), 10_000)
    kinds = {token.type for token in FORGE.parse(written)} | {
        one.type for token in FORGE.parse(written) for one in token.children or []
    }
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "text_special"}
    said = "".join(one.content for token in FORGE.parse(written) for one in token.children or [])
    assert spoken(said) == spoken(plain_of(words))
    assert not re.search(r"(?<!\w)@\w", said)
    assert not re.search(r"(?<!\w)[#!~]\w", said)
    assert not re.search(r"(?m)^\s*/", written)


@given(NASTY)
def test_words_are_only_words_in_html_and_documents(words: str) -> None:
    written = Html().write(plain(words), 10_000)
    if written:
        tree = html.fragment_fromstring(f"<div>{written}</div>")
        assert {one.tag for one in tree.iter()} <= {"div", "p"}
        assert spoken(tree.text_content()) == spoken(plain_of(words))
    assert spoken(words_of(adf(plain(words)))) == spoken(plain_of(words))
    assert spoken("".join(run.words for piece in pieces(plain(words), 10_000) for run in piece.runs)) == spoken(
        plain_of(words)
    )


def plain_of(words: str) -> str:
    """Return what `plain` lets through, shown."""
    import html as entities

    return entities.unescape(plain(words))


@given(st.text(max_size=300))
def test_any_text_is_written_within_its_limit(text: str) -> None:
    for writer in WRITERS:
        assert len(writer.write(text, 120)) <= 120
        assert MARKER not in writer.write(text + MARKER, 10_000)


@pytest.mark.parametrize("writer", WRITERS, ids=lambda one: type(one).__name__)
def test_long_texts_are_cut_between_blocks(writer: Writer) -> None:
    found = writer.write(
        "\n\n".join(f"paragraph {number}" for number in range(1000)), 2000, "More at https://seamark.example"
    )
    assert len(found) <= 2000
    assert "paragraph 0" in found
    assert "paragraph 999" not in found
    assert "seamark.example" in found
    assert len(writer.write("x" * (LARGEST * 2), 5000)) <= 5000
    assert len(writer.write("<" * 5000, 5000)) <= 5000


def test_forges_see_no_mentions_references_commands_or_images() -> None:
    found = Markdown().write(
        "@anna #12 !3 GH-12 acme/pay#4 ~bug\n/close\n\n![x](https://evil.example/p.png) https://evil.example www.evil.example",
        5000,
    )
    assert not re.search(r"@anna|#12|!3|GH-12|#4|^/close|!\[|https:|www\.", found, re.MULTILINE)
    assert Markdown().write("a\\\n/close", 500).splitlines()[1] == f"{NOTHING}/close"
    assert "``` " not in Markdown().write("````\n```\n/close\n````", 500).splitlines()[0]
    fence = Markdown().write("````\n```\n@x\n````", 500).splitlines()
    assert fence[0] == fence[-1] == "````"


def test_links_lead_to_the_web_only() -> None:
    for wrong in (
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "https://",
        "https://a b",
        "//x",
        "JaVaScRiPt:x",
        "https://a|b",
        "http://[x",
    ):
        assert link(wrong) == ""
    assert link("https://a.example/b?c=d&e#f") == "https://a.example/b?c=d&e#f"
    assert Markdown().write("[a](https://a.example/(b))", 500) == "[a](<https://a.example/(b)>)"
    for writer in WRITERS:
        found = writer.write("[a](javascript:alert(1)) [b](vbscript:x) ![c](https://evil.example/x.png)", 500)
        assert not re.search(r"\]\(<|href=|<img|\[\w\|", found)


def test_jiras_wiki_markup_is_not_begun_by_words() -> None:
    found = Wiki().write("{code} [~anna] !x.png! h1. x *b* {color:red} [a|http://x] \\\\ :) (x) ||a|| bq. z", 5000)
    for sign in ("{", "}", "[", "]", "*", "|", "!", "~"):
        assert not re.search(rf"(?<!\\){re.escape(sign)}", found), sign
    assert (
        Wiki().write("```\n{noformat} {code}\n```", 500) == "{noformat}\n{" + NOTHING + "noformat} {code}\n{noformat}"
    )
    assert Wiki().write("h1. not a heading", 500) == f"h1{NOTHING}. not a heading"
    assert (
        Wiki().write("# heading\n\n- a\n  - b\n\n1. c\n\n[w](https://a.example)", 500)
        == "h1. heading\n\n* a\n** b\n\n# c\n\n[w|https://a.example]"
    )


def test_journals_begin_no_html() -> None:
    found = Journal().write("[code]<script>x</script>[/code] <!channel> <@U1> @here\n\n```\n[code]<b>\n```", 500)
    assert "[code]" not in found
    assert "[/code]" not in found
    assert "<script" not in found
    assert "<!" not in found
    assert "@here" not in found


def test_what_is_written_reads_well() -> None:
    text = "# Fix\n\nIt is **bold**, *stressed* and `code`.\n\n1. a\n2. b\n\n> said\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n---\n"
    assert (
        Mail().write(text, 5000)
        == "Fix\n===\n\nIt is bold, stressed and code.\n\n1. a\n2. b\n\n> said\n\na  b\n1  2\n\n----"
    )
    assert Html().write("a\\\nb\n\n- c", 5000) == "<p>a<br>b</p>\n<ul><li><p>c</p></li></ul>"
    assert Markdown().write("| a | b |\n|---|---|\n| 1 | 2 |", 500) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    assert "~~" in Markdown().write("~~gone~~", 500)


def test_lines_are_lines() -> None:
    assert line(" a\r\nb\x00\u202ec ", 100) == "a bc"
    assert line("x" * 300, 10) == "x" * 9 + "…"


def test_marks() -> None:
    assert is_marked(f"words\n\n{hidden('fix:7')}", "fix:7")
    assert not is_marked(f"words\n\n{hidden('fix:71')}", "fix:7")
    assert is_marked(f"{hidden('fix:71')} {hidden('fix:7')}", "fix:7")
    assert is_ours(mark("ü b"))
    assert is_marked(mark("ü b"), "ü b")
    assert "ü" not in mark("ü b")
    assert "-->" not in mark("a-->b")
    assert mark("a--b") != mark("a-b")
    assert label("x") == label("x") != label("y")
    assert len(label("x")) == 40
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", uuid_of("x"))
