"""`seamark graph`: each question, and what is refused."""

from __future__ import annotations

import json

import pytest

from seamark.store.models import Issue
from tests.cli.conftest import Command
from tests.pipeline.estate import make_estate

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop() -> None:
    make_estate()


def test_blast(seamark: Command) -> None:
    out = seamark("graph", "blast", "flask").out
    assert out.startswith("7 assets, 1 of them in the internet")
    assert "data: PII" in out
    found = json.loads(seamark("graph", "blast", "pkg:pypi/flask@2.0.0", "--json").out)
    assert (found["total"], found["complete"], found["data_classes"]) == (7, True, ["PII"])
    assert "--limit shows more" in seamark("graph", "blast", "flask", "--limit", "2").out


def test_origins_and_line(seamark: Command) -> None:
    assert "python" in seamark("graph", "origins", "workload:git.example/acme/shop//prod/Deployment/orders").out
    lines = [json.loads(line) for line in seamark("graph", "line", "flask", "--json").out.splitlines()]
    assert [line["kind"] for line in lines][:3] == ["repository", "manifest", "service"]


def test_ways(seamark: Command) -> None:
    issue = Issue.objects.get(title="SQL injection")
    out = seamark("graph", "path", f"SM-{issue.pk}", "--to", "PII").out
    assert "→ data_class PII" in out
    assert "says test" in out
    assert "ingress.yaml:4" in seamark("graph", "exposure", "orders").out
    assert seamark("graph", "exposure", "backoffice").out.strip() == "no way from the internet is known"
    assert json.loads(seamark("graph", "path", "backoffice", "--to", "PII", "--json").out) == {"nodes": [], "hops": []}


def test_the_estate(seamark: Command) -> None:
    assert "SQL injection" in seamark("graph", "toxic").out
    assert json.loads(seamark("graph", "toxic", "--json").out)["asset"]["name"] == "orders"
    assert "never scanned" in seamark("graph", "coverage").out
    assert seamark("graph", "orphans").out.strip() == "none"
    assert "backoffice" not in seamark("graph", "order", "flask").out


def test_a_day_in_the_past(seamark: Command) -> None:
    before = seamark("graph", "blast", "orders", "--at", "2026-04-30", "--json")
    assert json.loads(before.out)["total"] == 0
    assert json.loads(seamark("graph", "blast", "orders", "--at", "2026-05-01", "--json").out)["total"] > 0


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["blast"], 2, "blast needs a thing"),
        (["toxic", "orders"], 2, "takes no thing"),
        (["path", "orders"], 2, "path needs where it leads to: `to`"),
        (["blast", "orders", "--to", "PII"], 2, "blast leads nowhere: leave out `to`"),
        (["coverage", "--at", "2026-01-01"], 2, "knows only today"),
        (["wonder"], 2, "'wonder' is not one of"),
        (["blast", "nobody"], 1, "Nothing in the inventory is called 'nobody'"),
        (["blast", "SM-99999"], 1, "There is no issue SM-99999"),
        (["blast", "orders", "--at", "yesterday"], 2, "does not match the format"),
    ],
)
def test_what_is_refused(seamark: Command, words: list[str], code: int, sentence: str) -> None:
    result = seamark("graph", *words)
    assert (result.code, sentence in result.err) == (code, True)
