"""The list of fixes, narrowed and paged, and the page of one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from seamark.core.severity import Severity
from seamark.insight.analytics import fixes as analytics
from seamark.interfaces.web import fixes as pages
from seamark.store.models import Application, Fix, Issue, User
from seamark.store.models.people import Role
from tests.factories import import_findings, make_person, package

KINDS = ("base_image", "code", "configuration", "rotate", "replace")
STEPS = {"configuration": 1, "rotate": 2, "upgrade": 2, "base_image": 3, "code": 4, "replace": 8}
WORDS = {"Upgrade", "Base image", "Code", "Configuration", "Rotate secret", "Replace package"}


@pytest.fixture
def fixes(world: dict[str, Application]) -> list[Fix]:
    """Beside the upgrades one fix of each other kind, each for one of the shop's issues."""
    Fix.objects.exclude(kind="upgrade").delete()
    free = list(Issue.objects.filter(application=world["shop"], open=True, fix=None).order_by("-risk", "-id"))
    assert len(free) >= len(KINDS)
    made = []
    for issue, kind in zip(free, KINDS, strict=False):
        fix = Fix(
            application=world["shop"], asset=issue.asset, kind=kind, key=f"key of {kind}", title=f"Title of {kind}"
        )
        fix.save()
        Issue.objects.filter(pk=issue.pk).update(fix=fix)
        made.append(fix)
    return made


def listed(page: str) -> list[str]:
    """Return the numbers of the fixes on a page, in its order."""
    return re.findall(r'<a class="name" href="/fixes/(\d+)/">', page)


def facet(page: str) -> dict[str, tuple[str, str]]:
    """Return number and address of each kind beside the list."""
    found = re.findall(r'<a href="([^"]+)"[^>]*><span>([\w ]+)</span><span>([\d,+]+)</span></a>', page)
    return {label: (number, address) for address, label, number in found if label in WORDS}


def ranked(*, per_effort: bool = True) -> list[str]:
    """Return the numbers of all fixes by the risk that they remove (for each step of effort), added up issue by issue."""
    removed: dict[int, Fraction] = {}
    for fix, kind, target, risk in (
        Issue.objects.filter(open=True).exclude(fix=None).values_list("fix", "fix__kind", "fix__target", "risk")
    ):
        steps = STEPS["replace" if kind == "upgrade" and not target else kind] if per_effort else 1
        removed[fix] = removed.get(fix, Fraction(0)) + Fraction(risk, steps)
    return [str(fix) for fix in sorted(removed, key=lambda fix: (-removed[fix], fix))]


def test_all_kinds_are_ranked_together(client: Client, fixes: list[Fix]) -> None:
    assert listed(client.get("/fixes/").content.decode()) == ranked()
    assert listed(client.get("/fixes/?by=risk").content.decode()) == ranked(per_effort=False)
    assert ranked() != ranked(per_effort=False)


def test_kinds_narrow_the_list_and_back(client: Client, fixes: list[Fix]) -> None:
    page = client.get("/fixes/").content.decode()
    choices = facet(page)
    assert set(choices) == WORDS
    assert sum(int(number) for number, _ in choices.values()) == len(listed(page))
    number, address = choices["Rotate secret"]
    narrowed = client.get(address).content.decode()
    assert number == "1"
    assert listed(narrowed) == [str(next(fix.pk for fix in fixes if fix.kind == "rotate"))]
    # the others stay in sight, and the one that is on leads back
    assert set(facet(narrowed)) == set(choices)
    assert facet(narrowed)["Rotate secret"][1] == "/fixes/"
    assert facet(narrowed)["Code"][0] == "1"


@pytest.mark.parametrize("kind", ["rotate", "nothing", "<script>", "\0"])
def test_a_kind_of_which_there_is_none(client: Client, kind: str) -> None:
    Fix.objects.filter(kind="rotate").delete()
    answer = client.get("/fixes/", {"kind": kind})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "No fix of this kind" in page
    assert "<script>" not in page
    assert listed(page) == []


def test_without_any_the_page_says_what_brings_them(db: None, logged_in: Callable[[User], Client]) -> None:
    page = logged_in(make_person("eve", Role.ANALYST)).get("/fixes/").content.decode()
    assert "No fixes yet" in page
    assert "Import report" in page


def walk(client: Client, address: str, rel: str) -> Iterator[list[str]]:
    """Yield what stands on each page, following its links."""
    while True:
        page = client.get(address).content.decode()
        yield listed(page)
        found = re.search(rf'rel="{rel}" href="([^"]+)"', page)
        if found is None:
            return
        address = f"/fixes/{found[1].removeprefix('/fixes/')}".replace("&amp;", "&")


def test_pages_have_every_fix_once_there_and_back(
    client: Client, fixes: list[Fix], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE", 3)
    there = list(walk(client, "/fixes/", "next"))
    assert [number for page in there for number in page] == ranked()
    assert max(map(len, there)) == 3
    part = analytics.ranking(Issue.objects.all(), per_effort=True).page(3, before=f"0.{2**40}")
    back = list(walk(client, f"/fixes/?before={part.places[0].cursor}", "prev"))
    assert [number for page in reversed(back) for number in page] == ranked()[:-3]


@pytest.mark.parametrize("cursor", ["x", "1", "-1.1", "1.1.1", "9" * 13 + ".1", "1.", "\0", "SELECT"])
def test_cursors_of_somebodys_making(client: Client, cursor: str) -> None:
    assert client.get("/fixes/", {"after": cursor}).status_code == 404
    assert client.get("/fixes/", {"before": cursor}).status_code == 404


def test_of_very_many_issues_the_riskiest_decide(
    client: Client, fixes: list[Fix], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analytics, "COUNT_BOUND", 4)
    page = client.get("/fixes/").content.decode()
    riskiest = Issue.objects.filter(open=True).exclude(fix=None).order_by("-risk", "-id")[:5]
    assert set(listed(page)) == {str(issue.fix_id) for issue in riskiest}
    assert "the 10,000 riskiest decide" in page
    # the numbers are exact all the same, and a rare kind is there in full
    for address, number in re.findall(r'<td data-label="Issues" class="num"><a href="([^"]+)">(\d+)</a>', page):
        assert Issue.objects.filter(open=True, fix=address.rpartition("%3A")[2]).count() == int(number)
    for fix in fixes:
        assert listed(client.get("/fixes/", {"kind": fix.kind}).content.decode()) == [str(fix.pk)]
    common = listed(client.get("/fixes/", {"kind": "upgrade"}).content.decode())
    assert common == [number for number in ranked() if Fix.objects.get(pk=number).kind == "upgrade"][: len(common)]
    assert common


def test_one_fix_with_what_it_clears(client: Client, world: dict[str, Application]) -> None:
    fix = Fix.objects.get(title__contains="log4j")
    issues = Issue.objects.filter(fix=fix, open=True)
    page = client.get(f"/fixes/{fix.pk}/").content.decode()
    numbers = dict(re.findall(r"<dt>([^<]+)</dt><dd>(?:<a [^>]+>)?([^<]+)", page))
    assert numbers["Issues"] == str(issues.count()) == "2"
    assert "2 findings say so." in page
    assert numbers["Effort"] == "medium"
    assert numbers["Assets"] == "1"
    assert numbers["Known exploited"] == str(issues.filter(kev=True).count()) == "1"
    assert numbers["Worst severity"] == "critical"
    assert int(numbers["Risk removed"]) == round(sum(issues.values_list("risk", flat=True)) / 10)
    assert page.count("data-row") == 2
    for issue in issues:
        assert f'href="/issues/{issue.reference}/"' in page
    assert "Trivy" in page


def test_its_issues_are_paged(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGE", 1)
    fix = Fix.objects.get(title__contains="log4j")
    first = client.get(f"/fixes/{fix.pk}/").content.decode()
    found = re.search(r'rel="next" href="([^"]+)"', first)
    assert found
    second = client.get(f"/fixes/{fix.pk}/{found[1]}").content.decode()
    shown = [re.findall(r'href="/issues/(SM-\d+)/"', page) for page in (first, second)]
    riskiest = Issue.objects.filter(fix=fix, open=True).order_by("-risk", "-id")
    assert [one for page in shown for one in page] == [issue.reference for issue in riskiest]
    assert 'rel="prev"' in second
    assert client.get(f"/fixes/{fix.pk}/?after=nonsense").status_code == 404


def test_what_it_does_not_clear_is_said(client: Client, world: dict[str, Application]) -> None:
    import_findings("Storefront", "Trivy", [
        package("CVE-2026-1", "npm/left", "1.0.0", "1.1.0", Severity.HIGH, 8.0, "Left is wrong"),
        package("CVE-2026-2", "npm/left", "1.0.0", "", Severity.HIGH, 8.0, "Left is wrong for ever"),
    ], complete=False)  # fmt: skip
    fix = Fix.objects.get(key="npm/left")
    for address in ("/fixes/", f"/fixes/{fix.pk}/"):
        assert "does not clear all of them" in client.get(address).content.decode()


def test_a_fix_with_nothing_left(client: Client) -> None:
    fix = Fix.objects.get(title__contains="log4j")
    Issue.objects.filter(fix=fix).update(open=False)
    assert "Nothing is left" in client.get(f"/fixes/{fix.pk}/").content.decode()
    assert str(fix.pk) not in listed(client.get("/fixes/").content.decode())


def test_others_see_nothing_of_it(world: dict[str, Application], logged_in: Callable[[User], Client]) -> None:
    fix = Fix.objects.get(title__contains="log4j")
    other = logged_in(make_person("mel", Role.VIEWER, application=world["payroll"]))
    assert other.get(f"/fixes/{fix.pk}/").status_code == 404
    assert fix.title not in other.get("/fixes/").content.decode()
    assert (
        logged_in(make_person("dev", Role.VIEWER, application=world["shop"])).get(f"/fixes/{fix.pk}/").status_code
        == 200
    )


@pytest.mark.parametrize("number", ["0", "999999", "9" * 30])
def test_fixes_that_are_not_there(client: Client, number: str) -> None:
    assert client.get(f"/fixes/{number}/").status_code == 404


def test_what_a_report_wrote_comes_as_text(client: Client, fixes: list[Fix]) -> None:
    Fix.objects.filter(pk=fixes[0].pk).update(title="<script>alert(1)</script>", kind="<b>odd</b>")
    for address in ("/fixes/", f"/fixes/{fixes[0].pk}/"):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page
        assert "<b>odd" not in page
        assert not re.search(r"<style|\sstyle=|\son\w+=", page)


def test_statements_of_a_page_do_not_grow(client: Client, fixes: list[Fix]) -> None:
    fix = Fix.objects.get(title__contains="log4j")
    counts = []
    for _ in range(2):
        found = []
        for address in (f"/fixes/{fix.pk}/", "/fixes/?kind=upgrade"):
            client.get(address)
            with CaptureQueriesContext(connection) as captured:
                client.get(address)
            found.append(len(captured))
        counts.append(found)
        Issue.objects.filter(open=True, application=fix.application).update(fix=fix)
    assert counts[0] == counts[1] == [23, 10]
