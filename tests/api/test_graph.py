"""Questions to the graph through the API."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from seamark.core.assets import Discovery, Found, Relation
from seamark.core.assets import RelationKind as R
from seamark.pipeline.surveys import record
from seamark.store.models import Application, Issue, User
from seamark.store.models.people import Role
from tests.api.conftest import Caller
from tests.api.test_assets import OTHER
from tests.factories import make_person
from tests.pipeline.estate import DOMAIN, IMAGE, MAY, ORDERS, PII, STORE, WORKLOAD, make_estate

QUESTIONS = ("blast", "origins", "path", "exposure", "line", "order", "toxic", "coverage", "orphans")


@pytest.fixture
def estate(db: None) -> dict[str, Application]:
    shop = make_estate()
    payroll = Application.objects.create(name="Payroll", slug="payroll")
    record(
        Discovery(assets=(Found(ref=OTHER, name="wages", origin="services"),)), "payroll", now=MAY, application=payroll
    )
    # A flaw of the shop's orders is felt in wages, and wages reads the shop's database.
    both = (
        Relation(kind=R.CALLS, source=ORDERS, target=OTHER, origin="code", at="app.py:9"),
        Relation(kind=R.READS, source=OTHER, target=STORE, origin="code", at="wages.py:1"),
    )
    record(Discovery(relations=both), "calls", now=MAY, application=shop)
    return {"shop": shop, "payroll": payroll}


@pytest.fixture
def everybody(estate: dict[str, Application], analyst: User, caller: Callable[..., Caller]) -> Caller:
    return caller(analyst)


def keys(found: list[dict[str, str]]) -> list[str]:
    return [one["key"].rpartition("//")[2] for one in found]


def test_blast_counts_and_lists_what_is_reached(everybody: Caller) -> None:
    told = everybody("GET", "/graph/blast?thing=service:orders").json()
    assert keys(told["start"]) == ["services/orders"]
    assert (told["data_classes"], told["exposed"], told["complete"]) == (["PII"], 1, True)
    assert told["total"] == len(told["nodes"]) == sum(told["kinds"].values())
    assert [one["depth"] for one in told["nodes"]] == sorted(one["depth"] for one in told["nodes"])
    assert set(told["applications"]) == {"Payroll", "Storefront"}


def test_pages_of_what_is_reached(everybody: Caller) -> None:
    whole = everybody("GET", "/graph/blast?thing=service:orders").json()["nodes"]
    got, after = [], 0
    while after is not None:
        page = everybody("GET", f"/graph/blast?thing=service:orders&limit=3&after={after}").json()
        got += page["nodes"]
        after = page["next"]
    assert got == whole
    assert whole


def test_ways_come_with_their_proof(everybody: Caller) -> None:
    issue = Issue.objects.get(title="SQL injection")
    for told in (
        everybody("GET", f"/graph/path?thing={issue.reference}&to=data_class:PII").json(),
        everybody("GET", "/graph/path?thing=pkg:pypi/jinja2&to=data_class:PII").json(),
    ):
        assert keys(told["nodes"])[-3:] == ["services/orders", "terraform#aws_db_instance.orders", "PII"]
        assert len(told["hops"]) == len(told["nodes"]) - 1
        assert {one["origin"] for one in told["hops"]} == {"test"}
    told = everybody("GET", "/graph/exposure?thing=service:orders").json()
    assert keys(told["nodes"]) == [DOMAIN.key, "prod/Deployment/orders", IMAGE.key, "services/orders"]
    assert [one["at"] for one in told["hops"]] == ["ingress.yaml:4", "k8s.yaml:9", "services/orders/Dockerfile:1"]


def test_line_order_and_the_whole_estate(everybody: Caller) -> None:
    line = everybody("GET", "/graph/line?thing=service:orders").json()["nodes"]
    assert [one["kind"] for one in line] == [
        "repository",
        "service",
        "image",
        "workload",
        "domain",
        "data_store",
        "data_class",
    ]
    steps = everybody("GET", "/graph/order?thing=service:orders").json()["steps"]
    turns = {one["asset"]["kind"]: one["turn"] for one in steps}
    assert turns["image"] < turns["workload"]
    assert steps[0]["waits_for"] == []
    (toxic,) = everybody("GET", "/graph/toxic").json()["combinations"]
    assert (toxic["title"], keys([toxic["asset"]])) == ("SQL injection", ["services/orders"])
    assert toxic["exposure"]["nodes"][0]["key"] == DOMAIN.key
    assert toxic["data"]["nodes"][-1]["key"] == PII.key
    gaps = everybody("GET", "/graph/coverage?limit=2").json()
    assert (len(gaps["gaps"]), gaps["complete"], gaps["next"]) == (2, False, 2)
    assert everybody("GET", "/graph/coverage?limit=2&after=2").json()["gaps"] != gaps["gaps"]
    assert all(one["why"] for one in everybody("GET", "/graph/orphans").json()["orphans"])


def test_the_past_is_asked_for_by_its_day(everybody: Caller) -> None:
    assert everybody("GET", "/graph/exposure?thing=service:orders&at=2026-05-01").json()["total"] == 4
    before = everybody("GET", "/graph/blast?thing=service:orders&at=2026-04-30").json()
    assert before["nodes"] == []


@pytest.mark.parametrize(
    "path",
    [
        "blast", "path?thing=orders", "toxic?thing=orders", "coverage?at=2026-05-01", "blast?thing=orders&to=PII", "blast?thing=no-such-thing",
        "blast?thing=SM-999999", "blast?thing=orders&at=yesterday", "blast?thing=orders&after=-1", "blast?thing=%00", "blast?thing=orders&limit=501",
        "everything",
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told(everybody: Caller, path: str) -> None:
    refused = everybody("GET", f"/graph/{path}")
    assert refused.status_code == 422
    assert refused.json()["detail"]


def test_near_names_are_offered(everybody: Caller) -> None:
    assert "aws_db_instance.orders" in everybody("GET", "/graph/blast?thing=aws_db_instance.order").json()["detail"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_nothing_of_another_application(
    estate: dict[str, Application], caller: Callable[..., Caller], question: str
) -> None:
    call = caller(make_person("vera", Role.VIEWER, application=estate["shop"]))
    about = {
        "path": f"?thing=service:orders&to={STORE.key.replace('#', '%23')}",
        "toxic": "",
        "coverage": "",
        "orphans": "",
    }
    answer = call("GET", f"/graph/{question}{about.get(question, '?thing=service:orders')}")
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "wages" not in text
    assert "payroll" not in text.lower()
    if question == "blast":
        assert {WORKLOAD.key, STORE.key} <= {one["key"] for one in answer.json()["nodes"]}


def test_no_way_leads_through_another_application(
    estate: dict[str, Application], caller: Callable[..., Caller]
) -> None:
    call = caller(make_person("of payroll", Role.VIEWER, application=estate["payroll"]))
    reached = call("GET", "/graph/blast?thing=service:wages").json()
    assert (reached["total"], reached["applications"], reached["data_classes"]) == (0, [], [])
    hidden, missing = (call("GET", f"/graph/blast?thing={name}") for name in ("service:orders", "service:planet"))
    assert hidden.status_code == missing.status_code == 422
    assert hidden.json()["detail"].replace("orders", "planet") == missing.json()["detail"]
    assert caller(make_person("nobody"))("GET", "/graph/toxic").json()["combinations"] == []
