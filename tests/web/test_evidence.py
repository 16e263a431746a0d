"""Code with its lines, receipts whose bars add up, links that are safe."""

from __future__ import annotations

import pytest
from django.test import Client

from seamark.core.location import CodeLocation
from seamark.interfaces.web.evidence import code_lines
from seamark.interfaces.web.issue import bars
from seamark.interfaces.web.templatetags.web import lead, points, signed, span, web_address
from seamark.pipeline.scoring import receipt_of
from seamark.store.models import Issue
from tests.factories import days_ago


def shown(snippet: str, line: int | None, end_line: int | None = None) -> list[tuple[int | None, str, bool]]:
    return [
        (one.number, one.text, one.hit)
        for one in code_lines(CodeLocation(path="a", line=line, end_line=end_line, snippet=snippet))
    ]


def test_a_snippet_starts_at_its_line() -> None:
    assert shown("a\n  b\nc\n", 10, 11) == [(10, "a", True), (11, "  b", True), (12, "c", False)]


def test_lines_around_the_place_have_their_own_numbers() -> None:
    location = CodeLocation(path="a", line=41, snippet="a\nb\nc", snippet_line=40)
    assert [(one.number, one.hit) for one in code_lines(location)] == [(40, False), (41, True), (42, False)]


@pytest.mark.parametrize("snippet", ["9 a\n10   b\n11 c", "  9 | a\n 10 |   b\n 11 | c", "9: a\n10:   b\n11: c"])
def test_printed_numbers_are_taken(snippet: str) -> None:
    assert shown(snippet, 10) == [(9, "a", False), (10, "  b", True), (11, "c", False)]


def test_numbers_that_are_code_stay_code() -> None:
    assert shown("1 + 1\n5 + 5", 40) == [(40, "1 + 1", True), (41, "5 + 5", False)]
    assert shown("1\n2", None) == [(None, "1", False), (None, "2", False)]


def test_the_bars_add_up_to_the_score(client: Client) -> None:
    for issue in Issue.objects.all():
        receipt = receipt_of(issue)
        drawn = bars(receipt)
        assert sum(bar.part.points for bar in drawn) == receipt.score == issue.risk
        at = 0
        for bar in drawn:
            assert bar.start == min(at, at + bar.part.points)
            at += bar.part.points


def test_the_page_says_why_tools_mean_the_same(client: Client) -> None:
    issue = Issue.objects.get(title__startswith="SQL injection")
    page = client.get(f"/issues/{issue.reference}/").content.decode()
    assert "Evidence · 3 tools, 3 findings" in page
    assert page.count('data-label="Why the same" class="wrap">same line, rules of one family') == 2
    assert "CWE-89" in page
    assert "the request&#x27;s parameter" in page
    assert '<tr class="hit"><td class="ln">118</td>' in page
    assert "Pass the value as a parameter" in page


def test_packages_show_version_fix_and_path(client: Client) -> None:
    issue = Issue.objects.get(title__startswith="Log4Shell")
    page = client.get(f"/issues/{issue.reference}/").content.decode()
    assert "fixed in 2.15.0" in page
    assert "shop-search@1.4.0 → log4j-core@2.14.1" in page
    assert "CVE-2021-44228" in page
    assert "clears 1 more" in page


def test_a_secret_is_never_shown(client: Client) -> None:
    issue = Issue.objects.get(title__startswith="AWS")
    assert "AKIAQ7XEXAMPLEW3Q4ZD" not in client.get(f"/issues/{issue.reference}/").content.decode()


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://a.example/x", True), ("http://a.example", True), (" https://a.example ", True), ("javascript:alert(1)", False),
        ("JAVASCRIPT://a.example/%0aalert(1)", False), ("data:text/html,x", False), ("//a.example", False), ("https://", False),
        ("https://[", False), ("ftp://a.example", False), ("CVE-2020-1", False), ("", False),
    ],
)  # fmt: skip
def test_only_web_addresses_are_links(text: str, link: bool) -> None:
    assert bool(web_address(text)) is link


def test_words_for_numbers() -> None:
    assert lead("Known exploited, near <you>; soon") == "<em>Known exploited</em>, near &lt;you&gt;; soon"
    assert (points(884), points(885), points(1000)) == ("88", "89", "100")
    assert (signed(-31), signed(340)) == ("\N{MINUS SIGN}3.1", "+34.0")
    assert [span(days_ago(days), ago=True) for days in (0, 0.5, 3, 60, 800)] == [
        "just now",
        "12 h ago",
        "3 d ago",
        "2 mo ago",
        "2.2 y ago",
    ]
