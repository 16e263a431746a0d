"""The parts of the issue page that are fetched after it: options, similar issues, the conversation; and what is shown side by side."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from urllib.parse import unquote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from seamark.core.finding import Exchange, Finding, Patch, Replacement
from seamark.core.kind import Kind
from seamark.core.location import WebLocation
from seamark.core.severity import Severity
from seamark.governance.triage import comments
from seamark.store.models import Application, Issue, User
from seamark.store.models.people import Role
from tests.factories import code, import_findings, make_person, package
from tests.support.counted import statements
from tests.web.test_hostile import EVIL
from tests.web.test_hostile import check as check_hostile

LogIn = Callable[[User], Client]
STATEMENTS = {"options": 7, "similar": 9, "comments": 8}
"""Database statements of the parts, those of the session included. May only fall.

`similar` rose by one: each of its lists has an index of its own, and both in one statement took 1.6 seconds of a million issues.
"""


def part(client: Client, issue: Issue, name: str, target: str = "") -> str:
    target = target or {"comments": "conversation"}.get(name, name)
    answer = client.get(f"/issues/{issue.reference}/{name}/", headers={"HX-Request": "true", "HX-Target": target})
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "<html" not in page
    return page


def titled(start: str) -> Issue:
    return Issue.objects.get(title__startswith=start)


def listed(client: Client, address: str) -> int:
    page = client.get(html.unescape(address)).content.decode()
    return page.count("data-row")


def flaws(*rows: tuple[str, str]) -> None:
    import_findings(
        "Storefront", "Grype",
        [package(cve, "npm/left-pad", "1.2.0", fixed, Severity.HIGH, 7.0, f"Flaw {cve}") for cve, fixed in rows],
    )  # fmt: skip


def test_options_say_what_each_version_clears_and_leaves(client: Client) -> None:
    flaws(("CVE-2025-1", "1.2.5"), ("CVE-2025-2", "1.3.0"), ("CVE-2025-3", "2.0.0"), ("CVE-2025-4", ""))
    page = part(client, titled("Flaw CVE-2025-1"), "options")
    rows = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)) for row in page.split("<tr>")[2:]]
    assert [row.split()[0] for row in rows] == ["1.2.5", "1.3.0", "2.0.0"]
    for row, clears, leaves, step in zip(rows, (1, 2, 3), (2, 1, 0), ("patch", "minor", "major"), strict=True):
        assert f" {clears} issue" in row
        assert step in row
        assert f" {leaves} issue" in row if leaves else "nothing that is known to be fixed" in row
    assert "least for this one" in rows[0]
    assert "clears most" in rows[2]
    assert "may break what uses it" in rows[2]
    assert "1 issue" in page[page.index("of this package: nobody names a fix") - 200 :]
    for address, number in re.findall(r'<a class="linked" href="(/issues/\?q=[^"]+)">(\d+) issue', page):
        assert listed(client, address) == int(number)


def test_no_fix_is_said_to_be_none(client: Client) -> None:
    flaws(("CVE-2025-9", ""))
    page = part(client, titled("Flaw CVE-2025-9"), "options")
    assert "No fix known: no report and no advisory in a report names a version of left-pad" in page
    assert "a waiver for some time" in page
    import_findings("Storefront", "Other", [code("r", "Plain", "z.py", 3)])
    assert "No fix known: no tool proposes one." in part(client, titled("Plain"), "options")


def test_a_patch_of_a_tool_is_an_option(client: Client) -> None:
    patch = Patch(description="Use a parameter", replacements=(Replacement(path="z.py", line=3, text="<b>safe()</b>"),))
    import_findings("Storefront", "Other", [code("r", "Patched", "z.py", 3, patches=(patch,))])
    page = part(client, titled("Patched"), "options")
    assert "Use a parameter" in page
    assert "&lt;b&gt;safe()&lt;/b&gt;" in page


def test_similar_issues_lead_to_exactly_their_lists(client: Client) -> None:
    import_findings(
        "Storefront",
        "Semgrep two",
        [code("tainted-sql-string", f"Like it {at}", f"other/{at}.py", 3, cwe=89) for at in range(8)],
    )
    page = part(client, titled("SQL injection"), "similar")
    assert "Same rule" in page
    assert "Same weakness" in page
    links = re.findall(r'<a class="linked" href="(/issues/\?q=[^"]+)">(\d+)</a>', page)
    assert links
    for address, number in links:
        assert listed(client, address) == int(number), unquote(address)
    shown = re.findall(r'<a class="name" href="(/issues/SM-\d+/)"', page)
    assert len(shown) == len(set(shown))
    assert f"/issues/{titled('SQL injection').reference}/" not in shown


def test_what_one_may_not_see_is_not_similar(client: Client, world: dict[str, Application], logged_in: LogIn) -> None:
    import_findings(
        "Payroll",
        "Semgrep",
        [code("tainted-sql-string", "Hidden one", "h.py", 3, cwe=89)],
        repository="git.example/harbour/payroll",
    )
    issue = titled("SQL injection")
    assert "Hidden one" in part(client, issue, "similar")
    dev = logged_in(make_person("dev", Role.DEVELOPER, application=world["shop"]))
    assert "Hidden one" not in part(dev, issue, "similar")
    assert dev.get(f"/issues/{titled('Hidden one').reference}/similar/").status_code == 404


@pytest.mark.parametrize(("name", "most"), STATEMENTS.items())
def test_statements_of_the_parts_do_not_grow(client: Client, analyst: User, name: str, most: int) -> None:
    flaws(("CVE-2025-1", "1.2.5"), ("CVE-2025-2", "1.3.0"))
    issue = titled("Flaw CVE-2025-1")
    comments.add(analyst, issue, "One @ada")
    part(client, issue, name)
    with CaptureQueriesContext(connection) as before:
        part(client, issue, name)
    flaws(*((f"CVE-2025-{at}", f"1.{at}.0") for at in range(1, 25)))
    for at in range(12):
        comments.add(analyst, issue, f"More {at} @ada")
    with CaptureQueriesContext(connection) as after:
        part(client, issue, name)
    assert statements(before) == statements(after) == most


def test_parts_are_pages_without_scripts(client: Client) -> None:
    issue = titled("Log4Shell")
    for name in ("options", "similar", "comments"):
        page = client.get(f"/issues/{issue.reference}/{name}/").content.decode()
        assert "<html" in page
        assert f'href="/issues/{issue.reference}/"' in page
        assert f'href="/issues/{issue.reference}/{name}/"' in client.get(f"/issues/{issue.reference}/").content.decode()


def test_tools_stand_side_by_side(client: Client) -> None:
    page = client.get(f"/issues/{titled('SQL injection').reference}/").content.decode()
    beside = page[page.index('class="beside"') : page.index("How data gets there")]
    assert re.findall(r"<h3>(\w+)", beside) == ["Semgrep", "CodeQL", "Bandit"]
    assert "Possible SQL injection through string-based" in beside
    assert "1.99.0" in beside


def test_steps_are_on_the_code(client: Client) -> None:
    page = client.get(f"/issues/{titled('SQL injection').reference}/").content.decode()
    flow = page[page.index("How data gets there") :]
    steps = re.findall(
        r'<tr class="step[^"]*" id="flow-1-(\d)"><td class="no"><b><span class="sr">step </span>(\d)</b></td><td class="ln">(\d+)</td>',
        flow,
    )
    assert steps == [("1", "1", "116"), ("2", "2", "118")]
    assert '<td class="ln">117</td><td>    with database() as cursor:</td>' in flow
    assert flow.index(">source<") < flow.index(">sink<")


def test_hostile_words_in_every_part(client: Client) -> None:
    exchange = Exchange(
        f"GET /{EVIL} HTTP/1.1\nX-Header: {EVIL}\nCookie: a={EVIL}\n\n{EVIL}", f"HTTP/1.1 200 {EVIL}\n\n{EVIL}"
    )
    for tool in ("ZAP", "Burp"):
        import_findings(
            "Storefront", f"{tool} {EVIL}"[:100],
            [Finding(rule="r", title=EVIL, description=EVIL, severity=Severity.LOW, kind=Kind.WEB, location=WebLocation(url="https://a.example/"),
                     exchange=exchange, patches=(Patch(description=EVIL, replacements=(Replacement(path=EVIL, line=1, text=EVIL),)),))],
        )  # fmt: skip
    issue = Issue.objects.order_by("-id")[0]
    check_hostile(client.get(f"/issues/{issue.reference}/").content.decode())
    check_hostile(part(client, issue, "options"))
    import_findings("Storefront", "More", [code("r", f"{EVIL} again", "e.py", 3)])
    check_hostile(part(client, issue, "similar"))
    client.post(f"/issues/{issue.reference}/comment/", {"comment": f"{EVIL} [x](javascript:alert(1)) @ada"})
    check_hostile(part(client, issue, "comments"))
    check_hostile(client.get("/today/mentions/").content.decode())


def test_requests_show_no_session(client: Client) -> None:
    exchange = Exchange(
        "GET /a HTTP/1.1\nCookie: sessionid=0123456789abcdef0123\n\n",
        'HTTP/1.1 200 OK\n\n{"token": "0123456789abcdef0123"}',
    )
    import_findings("Storefront", "ZAP", [Finding(rule="r", title="Web", severity=Severity.LOW, kind=Kind.WEB, location=WebLocation(url="https://a.example/a"), exchange=exchange)])  # fmt: skip
    page = client.get(f"/issues/{titled('Web').reference}/").content.decode()
    assert "0123456789abcdef0123" not in page
    assert "1 value is masked." in page


def test_a_conversation(client: Client, world: dict[str, Application], logged_in: LogIn) -> None:
    issue = titled("SQL injection")
    bob = make_person("bob", Role.DEVELOPER, application=world["shop"])
    client.post(f"/issues/{issue.reference}/comment/", {"comment": "Is **this** yours, @bob?"})
    page = part(client, issue, "comments")
    assert "<strong>this</strong>" in page
    assert '<span class="mention">@bob</span>' in page
    [number] = re.findall(r'<li id="comment-(\d+)"', page)
    theirs = logged_in(bob)
    assert f'<li id="comment-{number}" class="yours">' in part(theirs, issue, "comments")
    assert f"/comment/{number}/" not in part(theirs, issue, "comments")
    mentions = theirs.get("/today/mentions/").content.decode()
    assert f'href="/issues/{issue.reference}/#comment-{number}"' in mentions
    small = theirs.get("/today/mentions/", headers={"HX-Request": "true", "HX-Target": "mentions"}).content.decode()
    assert "<html" not in small
    assert issue.reference in small
    assert (
        "may change it"
        in theirs.post(f"/issues/{issue.reference}/comment/{number}/", {"comment": "No"}, follow=True).content.decode()
    )
    client.post(f"/issues/{issue.reference}/comment/{number}/", {"comment": "Is it?"})
    assert "Is it?" in part(client, issue, "comments")
    assert "Nobody has named you yet" in theirs.get("/today/mentions/").content.decode()
    client.post(f"/issues/{issue.reference}/comment/{number}/", {"delete": "1"})
    page = part(client, issue, "comments")
    assert "This comment was deleted." in page
    assert "Is it?" not in page
    whole = client.get(f"/issues/{issue.reference}/").content.decode()
    assert "Comment deleted" in whole
    assert "Is **this** yours" not in whole


def test_a_viewer_reads_and_watches_but_says_nothing(client: Client, logged_in: LogIn) -> None:
    issue = titled("SQL injection")
    client.post(f"/issues/{issue.reference}/comment/", {"comment": "Said"})
    vera = logged_in(make_person("vera", Role.VIEWER))
    page = part(vera, issue, "comments")
    assert "Said" in page
    assert "Add comment" not in page
    assert vera.get(f"/issues/{issue.reference}/names.json?q=a").json() == {"people": []}
    vera.post(f"/issues/{issue.reference}/watch/", {"watch": "1"})
    assert "1 person watches" in part(vera, issue, "comments")
    assert 'aria-pressed="true"' in part(vera, issue, "comments")
    assert 'aria-pressed="false"' in part(client, issue, "comments")
    vera.post(f"/issues/{issue.reference}/watch/", {"watch": "0"})
    assert "person watches" not in part(vera, issue, "comments")


def test_names_are_offered(client: Client, world: dict[str, Application]) -> None:
    make_person("abe", Role.VIEWER)
    make_person("abel", Role.ADMIN, application=world["payroll"])
    issue = titled("SQL injection")
    assert client.get(f"/issues/{issue.reference}/names.json?q=ab").json() == {
        "people": [{"name": "abe", "called": ""}]
    }
    assert client.get(f"/issues/{issue.reference}/names.json?q=%00").json()["people"] != []


def test_what_is_hidden_is_missing_everywhere(world: dict[str, Application], logged_in: LogIn) -> None:
    hidden = Issue.objects.filter(application=world["payroll"])[0]
    dev = logged_in(make_person("dev", Role.DEVELOPER, application=world["shop"]))
    for name in ("options/", "similar/", "comments/", "names.json"):
        assert dev.get(f"/issues/{hidden.reference}/{name}").status_code == 404
    for name in ("watch/", "comment/", "comment/1/"):
        assert dev.post(f"/issues/{hidden.reference}/{name}", {"watch": "1", "comment": "x"}).status_code == 404
    assert dev.post(f"/issues/{titled('SQL').reference}/comment/999/", {"comment": "x"}).status_code == 404


def test_long_conversations_have_pages(client: Client, analyst: User) -> None:
    issue = titled("SQL injection")
    for at in range(35):
        comments.add(analyst, issue, f"Word {at:02}")
    page = part(client, issue, "comments")
    assert page.index("Word 05") < page.index("Word 34")
    assert "Word 04" not in page
    [address] = re.findall(r'href="([^"]+)">Earlier comments', page)
    earlier = client.get(html.unescape(address)).content.decode()
    assert "Word 04" in earlier
    assert "Word 05" not in earlier
    assert client.get(f"/issues/{issue.reference}/comments/?after=zzz").status_code == 404
