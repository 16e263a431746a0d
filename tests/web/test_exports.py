"""Lists as files: the same rows as on the page, harmless in a spreadsheet, bounded."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from seamark.insight.exports import table
from seamark.intake.parsers.kit.read import open_report
from seamark.interfaces.web import exports
from seamark.store.models import Application, Issue, User
from seamark.store.models.people import Role
from tests.factories import make_person
from tests.web.test_imports import report, work

LogIn = Callable[[User], Client]
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def body(answer: Any) -> bytes:
    assert answer.streaming
    return b"".join(answer.streaming_content)


def lines(client: Client, address: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body(client.get(address)).decode())))


def cells(content: bytes) -> list[list[str]]:
    """Return the texts of the one sheet of a workbook, whose every part has to be sound XML."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        parts = {name: ET.fromstring(archive.read(name)) for name in archive.namelist()}
    return [["".join(cell.itertext()) for cell in row] for row in parts["xl/worksheets/sheet1.xml"].iter(f"{SHEET}row")]


@pytest.mark.parametrize("query", ["", "kind:code", "state:any sort:age", "app:payroll", "kind:secret app:payroll"])
def test_a_file_has_what_the_page_shows(client: Client, query: str) -> None:
    page = client.get("/issues/", {"q": query}).content.decode()
    shown = re.findall(r'<a href="/issues/(SM-\d+)/">', page)
    assert [one["id"] for one in lines(client, f"/issues/export.csv?q={query}")] == shown
    assert [one["id"] for one in json.loads(body(client.get(f"/issues/export.json?q={query}")))["issues"]] == shown
    assert [row[0] for row in cells(body(client.get(f"/issues/export.xlsx?q={query}")))[1:]] == shown
    run = json.loads(body(client.get(f"/issues/export.sarif?q={query}")))["runs"][0]
    assert [one["properties"]["id"] for one in run["results"]] == shown
    assert {one["ruleId"] for one in run["results"]} == {one["id"] for one in run["tool"]["driver"]["rules"]}


def test_what_is_in_a_row(client: Client) -> None:
    issue = Issue.objects.filter(application__slug="storefront").order_by("pk")[0]
    client.post(f"/issues/{issue.reference}/assign/", {"assignee": "ada"})
    [one] = lines(client, f"/issues/export.csv?q=id:{issue.reference}")
    assert tuple(one) == exports.ISSUES
    assert one["assignee"] == "ada"
    assert one["application"] == "Storefront"
    assert one["address"] == f"http://testserver/issues/{issue.reference}/"
    answer = client.get("/issues/export.csv")
    assert re.fullmatch(r'attachment; filename="seamark-issues-\d{4}-\d\d-\d\d\.csv"', answer["Content-Disposition"])
    assert "no-store" in answer["Cache-Control"]


def test_nothing_of_others_leaves(world: dict[str, Application], logged_in: LogIn) -> None:
    dev = logged_in(make_person("dev", Role.DEVELOPER, application=world["shop"]))
    for form in exports.FORMS:
        content = body(dev.get(f"/issues/export.{form}?q=state:any"))
        assert b"Payroll" not in content
    assert not [row for row in cells(body(dev.get("/issues/export.xlsx"))) if "Payroll" in row]
    assert not [one for one in lines(dev, "/fixes/export.csv") if one["application"] == "Payroll"]
    assert lines(logged_in(make_person("nobody")), "/issues/export.csv") == []


@pytest.mark.parametrize(
    "text", ['=HYPERLINK("http://evil")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1", "\n=1", "\0=1"]
)
def test_no_text_becomes_a_formula(client: Client, text: str) -> None:
    [head, line] = list(csv.reader(io.StringIO(b"".join(table.as_csv(["a"], [{"a": text}])).decode(), newline="")))
    assert head == ["a"]
    assert line[0].startswith("'")
    with zipfile.ZipFile(io.BytesIO(b"".join(table.as_xlsx(["a"], [{"a": text}])))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert b'r="A2"' in sheet


def test_numbers_stay_numbers() -> None:
    row = {"a": -1.5, "b": True, "c": None, "d": "x" * 40_000}
    [line] = list(csv.reader(io.StringIO(b"".join(table.as_csv(list(row), [row])).decode())))[1:]
    assert line == ["-1.5", "yes", "", "x" * table.LONGEST]
    # Nothing is written where there is nothing.
    assert cells(b"".join(table.as_xlsx(list(row), [row])))[1] == ["-1.5", "yes", "x" * table.LONGEST]


def test_hostile_text_leaves_sound_files(client: Client) -> None:
    nasty = "\x01\x0b<b>&\"'\ud800]]>".encode("utf-8", "replace").decode() + "\x01<x>&"
    issue = Issue.objects.order_by("pk")[0]
    Issue.objects.filter(pk=issue.pk).update(title=nasty, place="//evil.example/a b:3")
    assert any(
        "<x>&" in cell for row in cells(body(client.get(f"/issues/export.xlsx?q=id:{issue.reference}"))) for cell in row
    )
    result = json.loads(body(client.get(f"/issues/export.sarif?q=id:{issue.reference}")))["runs"][0]["results"][0]
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "evil.example/a%20b"}, "region": {"startLine": 3}}


def test_it_is_written_while_it_is_read() -> None:
    taken: list[int] = []

    def rows() -> Any:
        for number in range(20_000):
            taken.append(number)
            yield {"a": f"Some text that is number {number * 7919 % 20_011}", "b": number}

    assert next(iter(table.as_csv(["a", "b"], rows())))
    assert len(taken) < 20_000


def test_it_ends_at_a_bound_and_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_ROWS", 2)
    answer = client.get("/issues/export.json")
    assert "-first-2.json" in answer["Content-Disposition"]
    found = json.loads(body(answer))
    assert (found["complete"], len(found["issues"])) == (False, 2)
    run = json.loads(body(client.get("/issues/export.sarif")))["runs"][0]
    assert (run["properties"]["complete"], len(run["results"])) == (False, 2)


def test_our_own_sarif_can_be_read(client: Client, tmp_path: Any) -> None:
    file = tmp_path / "issues.sarif"
    file.write_bytes(body(client.get("/issues/export.sarif")))
    assert open_report(file).parser.name == "sarif"


def test_a_dismissal_is_a_suppression(client: Client) -> None:
    client.post(
        "/issues/triage/",
        {
            "issue": Issue.objects.order_by("pk")[0].pk,
            "state": "dismissed",
            "resolution": "not_affected",
            "comment": "not built in",
        },
    )
    run = json.loads(body(client.get("/issues/export.sarif?q=state:dismissed")))["runs"][0]
    assert run["results"][0]["suppressions"][0]["justification"] == "not_affected"


def test_a_dismissal_that_nobody_confirmed_is_no_accepted_suppression(
    world: dict[str, Application], logged_in: LogIn
) -> None:
    ann = logged_in(make_person("ann", Role.ANALYST))
    told = {"state": "dismissed", "resolution": "false_positive", "comment": "a test double"}
    ann.post("/issues/triage/", {"issue": Issue.objects.order_by("pk")[0].pk, **told})
    run = json.loads(body(ann.get("/issues/export.sarif?q=state:dismissed")))["runs"][0]
    assert run["results"][0]["suppressions"][0]["status"] == "underReview"


def test_other_lists(client: Client) -> None:
    assert len(lines(client, "/fixes/export.csv")) == 4
    kinds = {one["kind"] for one in lines(client, "/fixes/export.csv?kind=upgrade")}
    assert kinds == {"upgrade"}
    client.post("/imports/", {"reports": report("=cmd.sarif"), "application": "Storefront"})
    work()
    [one] = lines(client, "/imports/export.csv")
    assert (one["report"], one["state"], one["findings"]) == ("'=cmd.sarif", "done", "2")
    assert len(json.loads(body(client.get("/imports/export.json")))["imports"]) == 1


@pytest.mark.parametrize("address", ["/issues/export.pdf", "/fixes/export.sarif", "/imports/export.doc"])
def test_there_is_no_such_form(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


def test_a_wrong_query_is_refused(client: Client) -> None:
    answer = client.get("/issues/export.csv?q=sevrity:x")
    assert answer.status_code == 400
    assert "There is no field" in answer.content.decode()


def test_statements_do_not_grow(client: Client) -> None:
    with CaptureQueriesContext(connection) as few:
        body(client.get("/issues/export.csv?q=kind:secret"))
    with CaptureQueriesContext(connection) as all_of_them:
        body(client.get("/issues/export.csv"))
    assert len(few) == len(all_of_them)
