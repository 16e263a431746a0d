"""The prioritised list, and one issue in full."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import msgspec
import pytest
from django.utils import timezone

from seamark.core.severity import Severity
from seamark.insight.exports.issues import as_json
from seamark.pipeline.scoring import receipt_of
from seamark.store.models import Application, Issue, User, VulnerabilityName
from tests.api.conftest import Caller
from tests.factories import code, import_findings


def test_the_list_says_what_every_export_says(call: Caller, analyst: User) -> None:
    Issue.objects.filter(kev=True).update(assignee=analyst, due=timezone.now().date(), owner="team-search")
    Issue.objects.filter(kind=1).update(state=5, resolution="accepted", resolved_at=timezone.now(), open=False)
    told = call("GET", "/issues?limit=500&q=state:any").json()
    rows = Issue.objects.select_related("application", "assignee").order_by("-risk", "-id")
    assert told["items"] == [
        {**as_json(one), "assignee": one.assignee.username if one.assignee else None, "layer": None, "base_image": None}
        for one in rows
    ]
    assert any(one["assignee"] and one["due"] for one in told["items"])
    assert any(one["resolved_at"] for one in told["items"])
    assert told["count"] == {"number": len(rows), "more": False}
    assert told["next"] is told["previous"] is None


def test_open_issues_are_listed_riskiest_first(call: Caller) -> None:
    risks = [one["risk"] for one in call("GET", "/issues").json()["items"]]
    assert risks == sorted(risks, reverse=True)
    assert len(set(risks)) > 3


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("severity:critical", lambda one: one["severity"] == "critical"),
        ("app:payroll", lambda one: one["application"] == "Payroll"),
        ("kev:true fixable:true", lambda one: one["kev"] and one["fixable"]),
        ('"SQL injection"', lambda one: "SQL injection" in one["title"]),
        ("-app:payroll kind:code", lambda one: one["application"] == "Storefront" and one["kind"] == "code"),
        ("tool:gitleaks", lambda one: one["kind"] == "secret"),
        ("path:orders/*.py", lambda one: one["place"].startswith("orders/") and ".py" in one["place"]),
        ("path:*/storage.tf", lambda one: "/storage.tf" in one["place"]),
    ],
)
def test_queries_narrow_the_list(call: Caller, query: str, holds: Callable[[dict], bool]) -> None:
    found = call("GET", f"/issues?q={quote(query)}").json()
    everything = call("GET", "/issues").json()["items"]
    assert found["items"] == [one for one in everything if holds(one)]
    assert 0 < len(found["items"]) < len(everything)


@pytest.mark.parametrize("query", ["path:orders/%", "path:*_rders*", "path:\\*"])
def test_the_databases_own_wildcards_mean_themselves(call: Caller, query: str) -> None:
    assert call("GET", f"/issues?q={quote(query)}").json()["items"] == []


def test_two_names_of_one_vulnerability_find_its_issue_once(call: Caller) -> None:
    one = Issue.objects.exclude(vulnerability=None)[0]
    VulnerabilityName.objects.create(name="GHSA-aaaa-bbbb-cccc", group=one.vulnerability)
    names = ",".join(one.vulnerability.names.values_list("name", flat=True))
    assert [row["id"] for row in call("GET", f"/issues?q=vuln:{names}").json()["items"]] == [one.reference]


def test_only_the_chosen_fields_are_read_and_sent(call: Caller, django_assert_max_num_queries: Callable) -> None:
    call("GET", "/issues")
    with django_assert_max_num_queries(8) as done:
        found = call("GET", "/issues?fields=id,risk,%20title&limit=3").json()
    assert [list(one) for one in found["items"]] == [["id", "risk", "title"]] * 3
    page = next(one["sql"] for one in done.captured_queries if "LIMIT 4" in one["sql"])
    assert "facts" not in page
    assert "JOIN" not in page
    refused = call("GET", "/issues?fields=id,password")
    assert refused.status_code == 422
    assert "password" in refused.json()["detail"]


def test_a_hundred_issues_take_few_statements(
    world: dict[str, Application], call: Caller, django_assert_max_num_queries: Callable
) -> None:
    import_findings(
        "Storefront", "Wide", [code(f"r{at}", f"Problem {at}", f"f{at}.py", 3, Severity.LOW) for at in range(120)]
    )
    call("GET", "/formats")
    # Token, grants, page, count; and once a minute the note that the token was used.
    with django_assert_max_num_queries(8):
        assert len(call("GET", "/issues?limit=100").json()["items"]) == 100
    # What a name of a flaw stands for is looked up first.
    with django_assert_max_num_queries(9):
        call("GET", "/issues?limit=500&q=severity:low%20tool:wide%20-vuln:CVE-2021-44228")


@pytest.mark.parametrize("sort", ["-risk", "risk", "age", "-age", "id", "-id"])
def test_pages_follow_each_other_in_every_order_both_ways(call: Caller, sort: str) -> None:
    whole = [one["id"] for one in call("GET", f"/issues?limit=500&q=sort:{sort}").json()["items"]]
    walked, pages, address = [], [], f"/issues?limit=3&q=sort:{sort}"
    page = call("GET", address).json()
    while True:
        pages.append(page)
        walked += [one["id"] for one in page["items"]]
        if not page["next"]:
            break
        page = call("GET", f"{address}&after={page['next']}").json()
    assert walked == whole
    assert len(pages) > 2
    for earlier, later in itertools.pairwise(pages):
        back = call("GET", f"{address}&before={later['previous']}").json()
        assert back["items"] == earlier["items"]


def test_a_walk_sees_every_issue_once_while_others_come_and_go(world: dict[str, Application], call: Caller) -> None:
    before = {one["id"] for one in call("GET", "/issues?limit=500").json()["items"]}
    walked: list[str] = []
    page = call("GET", "/issues?limit=2").json()
    for step in range(100):
        walked += [one["id"] for one in page["items"]]
        if not page["next"]:
            break
        severity = [Severity.CRITICAL, Severity.LOW][step % 2]
        import_findings(
            "Storefront",
            f"Tool {step}",
            [code(f"new{step}", "New", f"new{step}.py", step + 1, severity)],
            complete=False,
        )
        page = call("GET", f"/issues?limit=2&after={page['next']}").json()
    assert len(walked) == len(set(walked))
    assert before <= set(walked)


def test_the_row_under_a_cursor_may_vanish(call: Caller) -> None:
    whole = [one["id"] for one in call("GET", "/issues").json()["items"]]
    first = call("GET", "/issues?limit=3").json()
    Issue.objects.filter(pk=int(whole[2][3:])).update(open=False, state=4)
    assert [one["id"] for one in call("GET", f"/issues?limit=3&after={first['next']}").json()["items"]] == whole[3:6]


def _cursor(*parts: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(parts)).decode().rstrip("=")


@pytest.mark.parametrize("sort", ["-risk", "age", "id"])
@pytest.mark.parametrize("side", ["after", "before"])
@pytest.mark.parametrize(
    "cursor",
    [
        "x", "%00", "é", "AAAA", "x" * 501, "=" * 40, _cursor(), _cursor(1), _cursor("x", 1), _cursor(None, 1), _cursor([1], 1), _cursor(1, "x"), _cursor(1.5, 1),
        _cursor("2026-01-01", 1), _cursor("2026-01-01T00:00:00", 1), _cursor("0001-01-01T00:00:00+14:00", 1), _cursor("9999-12-31T23:59:59-14:00", 1), _cursor(1, 1, 1),
    ],
)  # fmt: skip
def test_damaged_cursors_are_refused(lone: Caller, sort: str, side: str, cursor: str) -> None:
    answer = lone("GET", f"/issues?q=sort:{sort}&{side}={quote(cursor, safe='%')}")
    assert answer.status_code == 422, answer.content


@pytest.mark.parametrize("number", [10**17, -(10**17), 2**63, 10**30, -(10**30), 0])
@pytest.mark.parametrize("sort", ["risk", "id"])
def test_cursors_of_any_size_are_only_numbers(lone: Caller, sort: str, number: int) -> None:
    for cursor in (_cursor(number, 1), _cursor(1, number)):
        assert lone("GET", f"/issues?q=sort:{sort}&after={cursor}").status_code in {200, 422}


@pytest.mark.parametrize(
    "asked",
    [
        "limit=0",
        "limit=501",
        "limit=-1",
        "limit=1e9",
        "limit=999999999999999999999999",
        "limit=",
        "limit=x",
        "limit=50&limit=x",
        "after=a&before=b",
        "fields=" + "x" * 501,
        "fields=%00",
    ],
)
def test_impossible_pages_are_refused(lone: Caller, asked: str) -> None:
    refused = lone("GET", f"/issues?{asked}")
    assert refused.status_code == 422
    assert refused.json()["fields"]


HOSTILE = [
    "a\0b", "\0", "severity:\0", "title:x", "severity:dire", "sort:title", "-sort:risk", '"open', 'a"b', "cwe:²", "fix:²", "id:²", "id:SM-", "id:SM-1;drop", "cwe:x", "age:30d", "age:>99999y",
    "due:<99999y", "risk:nan", "risk:inf", "risk:1e400", "risk:x", "tools:1e30", "priority:P9", "priority:>=", "kev:perhaps", "kind:\u202e", "a," * 499, "vuln:a " * 140, "tool:a " * 160, "x" * 1001,
    "severity:" + ",".join(["high"] * 190), "path:" + "*" * 990 + "\0",
]  # fmt: skip


@pytest.mark.parametrize("query", HOSTILE)
def test_queries_that_make_no_sense_are_refused_with_their_place(lone: Caller, query: str) -> None:
    refused = lone("GET", f"/issues?q={quote(query)}")
    assert refused.status_code == 422
    assert refused.json()["type"] in {"urn:seamark:problem:invalid-query", "urn:seamark:problem:invalid-request"}


ODD = [
    "(((", "()" * 400, "((severity:high) or (app:x))", "-" * 900, "-state:any", "'; drop table store_issue; --", "%", "_", "\\", '"\\""', "path:" + "*a" * 400, "path:" + "*" * 990, "vuln:a " * 99, "-vuln:a " * 90,
    "-kev:true " * 90, "tool:a " * 99, "a," * 99, "id:999999999999999999", "fix:999999999999999999", "cwe:999999999999999999", "risk:>=0 risk:<-5", "age:<99999h", "due:9y", "https://shop.example/search", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "\u202e\u0300" * 100,
    "age:>1h", "severity:>=low", "kind:>code", "-a,b,c", "::::", ":a", "a:", "-:",
]  # fmt: skip


@pytest.mark.parametrize("query", ODD)
def test_odd_queries_do_no_harm(lone: Caller, query: str) -> None:
    assert lone("GET", f"/issues?q={quote(query)}").status_code in {200, 422}


def test_patterns_without_end_take_no_time(call: Caller) -> None:
    Issue.objects.update(place="a" * 4000)
    started = timezone.now()
    assert call("GET", f"/issues?q=path:{'*a' * 200}*b").status_code == 200
    assert timezone.now() - started < timedelta(seconds=5)


def test_one_issue_in_full(call: Caller, issue: Issue) -> None:
    told = call("GET", f"/issues/{issue.reference}").json()
    row = next(one for one in call("GET", "/issues").json()["items"] if one["id"] == issue.reference)
    assert row.items() <= told.items()
    assert len(told["findings"]) == issue.findings.count() > 0
    assert (
        told["receipt"]
        == call("GET", f"/issues/{issue.reference}/receipt").json()
        == msgspec.json.decode(msgspec.json.encode(receipt_of(issue)))
    )
    assert sum(part["points"] for part in told["receipt"]["parts"]) == issue.risk
    assert told["history"][-1]["kind"] == "opened"
    assert call("GET", f"/issues/{issue.reference.lower()}").json() == told


def test_an_issue_that_did_not_change_is_not_sent_again(call: Caller, issue: Issue) -> None:
    for path in (f"/issues/{issue.reference}", f"/issues/{issue.reference}/receipt"):
        tag = call("GET", path)["ETag"]
        assert call("GET", path, headers={"If-None-Match": tag}).status_code == 304
        assert call("GET", path, headers={"If-None-Match": '"other"'}).status_code == 200
    call("PATCH", f"/issues/{issue.reference}", {"comment": "I look at it"})
    assert call("GET", f"/issues/{issue.reference}", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    "reference",
    ["SM-0", "SM-999999999999999999", "SM-9999999999999999999", "SM--1", "SM-²", "SM-1%00", "1", "%2e%2e", "SM-1.json"],
)
def test_references_of_nothing(lone: Caller, reference: str) -> None:
    assert lone("GET", f"/issues/{reference}").status_code == 404
    assert lone("GET", f"/issues/{reference}/receipt").status_code == 404
