"""What a report says is shown as text, whatever it is."""

from __future__ import annotations

import re

from django.test import Client

from seamark.core.finding import Exchange, Finding, FlowStep, Rule
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation, WebLocation
from seamark.core.severity import Severity
from seamark.store.models import Issue
from tests.factories import import_findings

EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>\"'`{{7*7}}{% now %}"


def spoken(**more: object) -> Finding:
    step = FlowStep(CodeLocation(path=EVIL, line=1, snippet=EVIL), EVIL)
    about = Rule(
        id=EVIL,
        title=EVIL,
        description=EVIL,
        remedy=EVIL,
        references=("javascript:alert(1)", 'https://ok.example/"onclick=x', "data:text/html,x", "//evil.example"),
    )
    return Finding(
        rule=EVIL,
        title=EVIL,
        severity=Severity.HIGH,
        kind=Kind.CODE,
        location=CodeLocation(path=EVIL, line=3, snippet=EVIL, scope=EVIL),
        about=about,
        description=EVIL,
        remedy=EVIL,
        flow=(step,),
        **more,
    )  # type: ignore[arg-type]


def check(page: str) -> None:
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "alert(1)" in page or "alert(&#x27;x&#x27;)" in page
    assert "49" not in re.findall(r"`(\d+)", page)
    addresses = re.findall(r'href="([^"]*)"', page)
    assert not [one for one in addresses if one.startswith(("javascript:", "data:", "//"))]


def test_everywhere_a_finding_is_shown(client: Client) -> None:
    import_findings(
        "<b>Shop</b>",
        f"Tool{EVIL}"[:100],
        [spoken()],
        repository=f"git.example/{EVIL[:8]}",
        ref=EVIL[:30],
        run={"version": EVIL[:20]},
    )
    issue = Issue.objects.get(application__name="<b>Shop</b>")
    for address in (
        f"/issues/?q=app:{issue.application.slug}",
        f"/issues/{issue.reference}/",
        "/applications/",
        f"/applications/{issue.application.slug}/",
    ):
        page = client.get(address).content.decode()
        assert "<b>Shop</b>" not in page
        assert "&lt;b&gt;Shop" in page
    check(client.get(f"/issues/{issue.reference}/").content.decode())
    check(client.get(f"/issues/?q=app:{issue.application.slug}").content.decode())


def test_requests_and_answers(client: Client) -> None:
    finding = Finding(
        rule="r",
        title="t",
        severity=Severity.LOW,
        kind=Kind.WEB,
        location=WebLocation(url="https://a.example/" + EVIL),
        exchange=Exchange(EVIL, EVIL),
    )
    import_findings("Storefront", "ZAP two", [finding])
    check(client.get(f"/issues/{Issue.objects.order_by('-id')[0].reference}/").content.decode())


def test_only_web_addresses_become_links(client: Client) -> None:
    import_findings("Storefront", "Other", [spoken()])
    page = client.get(f"/issues/{Issue.objects.order_by('-id')[0].reference}/").content.decode()
    links = re.findall(r'<a class="linked" href="([^"]*)" rel="noopener noreferrer"', page)
    assert links == ["https://ok.example/&quot;onclick=x"]


def test_a_hostile_query_comes_back_as_text(client: Client) -> None:
    page = client.get("/issues/", {"q": EVIL}).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_a_forged_way_back_is_ignored(client: Client) -> None:
    for place in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        assert client.post("/account/theme/", {"theme": "dark", "next": place})["Location"] == "/account/"


def test_no_page_has_inline_script_or_style(client: Client) -> None:
    for address in (
        "/issues/",
        "/fixes/",
        "/applications/storefront/",
        "/imports/",
        "/account/",
        f"/issues/{Issue.objects.all()[0].reference}/",
        "/issues/SM-999999/",
    ):
        answer = client.get(address)
        page = answer.content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)", page)
        assert not re.search(r"<style|\sstyle=|\son\w+=", page)
        policy = answer["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
