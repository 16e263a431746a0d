"""The example end to end: what a survey and a look at what runs do to the scores of issues, with the place that proves it."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from seamark.analysis.risk import Facts
from seamark.analysis.risk.facts import decode
from seamark.core.severity import Severity
from seamark.intake.dumps.dump import Said
from seamark.intake.dumps.read import read_dumps
from seamark.pipeline.demo import load_example
from seamark.pipeline.runtime import take
from seamark.pipeline.scoring import receipt_of
from seamark.pipeline.trees import survey_tree
from seamark.store.models import Event, Issue, Survey
from tests.dumps.harbour import CLUSTER, as_json, objects, system_pod
from tests.factories import code, import_findings

pytestmark = pytest.mark.django_db
HARBOUR = Path(__file__).parents[2] / "examples" / "harbour"
REPO = "github.com/harbour-shop/harbour"
API = """    - host: api.shop.example
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: orders
                port:
                  number: 8000
"""


@pytest.fixture
def harbour(tmp_path: Path) -> Path:
    """The example, but that its orders answer inside of the company only."""
    root = tmp_path / "harbour"
    shutil.copytree(HARBOUR, root)
    ingress = root / "deploy" / "k8s" / "ingress.yaml"
    assert API in ingress.read_text("utf-8")
    ingress.write_text(ingress.read_text("utf-8").replace(API, ""), "utf-8")
    context = root / "seamark.yaml"
    head, orders = context.read_text("utf-8").split("    - name: orders\n", 1)
    context.write_text(
        head + "    - name: orders\n" + orders.replace("exposure: internet", "exposure: internal", 1), "utf-8"
    )
    return root


def same_everywhere() -> dict[str, Issue]:
    """Import the very same weakness in both services, and return its issues."""
    places = {"orders": "services/orders/harbour_orders/orders.py", "storefront": "services/storefront/server.js"}
    import_findings(
        "Harbour", "Semgrep", [code("sql", "SQL injection", path, 9, Severity.HIGH, 502, snippet="execute(q)") for path in places.values()],
        repository=REPO,
    )  # fmt: skip
    return {name: Issue.objects.get(place=f"{path}:9") for name, path in places.items()}


def facts_of(issue: Issue) -> Facts:
    issue.refresh_from_db()
    return decode(json.dumps(issue.facts))


def look(items: list[Any], **said: Any) -> None:
    (dump,) = read_dumps([("dump.json", as_json(items))], Said(cluster=CLUSTER, **said))
    take([dump])


def without(name: str) -> list[Any]:
    """Return the cluster without what runs of a service; the others that run its image go with it."""
    gone = {"orders": {"orders", "monthly"}, "storefront": {"storefront"}}[name]
    return [item for item in objects() if item["metadata"]["name"].partition("-")[0] not in gone]


def test_the_internet_weighs_on_the_service_that_answers_it(harbour: Path) -> None:
    survey_tree(harbour, repository=REPO)
    issues = same_everywhere()
    outside, inside = facts_of(issues["storefront"]), facts_of(issues["orders"])
    assert (outside.exposure, inside.exposure) == ("internet", "internal")
    assert issues["storefront"].risk > issues["orders"].risk
    origins = dict(outside.origins)
    assert origins["exposure"] == "deploy/k8s/ingress.yaml:1"
    assert dict(inside.origins)["exposure"].startswith("seamark.yaml:")
    part = next(one for one in receipt_of(issues["storefront"]).parts if one.factor == "exposure")
    assert part.source == "deploy/k8s/ingress.yaml:1"
    # What holds for the whole application still does.
    assert (inside.criticality, inside.sla_tier, inside.revenue_per_hour) == (1, "gold", 4200.0)
    assert (inside.privileges, outside.privileges) == ("privileged", "")
    assert "CREDENTIALS" in inside.data_classes
    assert "services/orders/harbour_orders/schema.sql" in dict(inside.origins)["data_classes"]
    assert outside.blast > 0


def test_a_survey_moves_the_scores_of_what_was_imported_before(harbour: Path) -> None:
    issues = same_everywhere()
    assert facts_of(issues["orders"]).exposure == ""
    before = issues["orders"].risk
    survey_tree(harbour, repository=REPO)
    assert facts_of(issues["orders"]).exposure == "internal"
    event = Event.objects.filter(kind="risk", issue=issues["orders"]).latest("id")
    assert (event.details["after"], sum(points for _, points in event.details["why"])) == (
        issues["orders"].risk,
        issues["orders"].risk - event.details["before"],
    )
    assert issues["orders"].risk != before
    events = Event.objects.count()
    survey_tree(harbour, repository=REPO)
    assert Event.objects.count() == events


def test_what_a_complete_look_does_not_show_is_not_running() -> None:
    survey_tree(HARBOUR)
    issues = same_everywhere()
    assert {name: facts_of(one).deployed for name, one in issues.items()} == {"orders": "", "storefront": ""}
    look(objects())
    assert {name: facts_of(one).deployed for name, one in issues.items()} == {
        "orders": "running",
        "storefront": "running",
    }
    running = issues["orders"].risk
    look(without("orders"))
    assert {name: facts_of(one).deployed for name, one in issues.items()} == {
        "orders": "not_running",
        "storefront": "running",
    }
    assert dict(facts_of(issues["orders"]).origins)["deployed"] == f"kubernetes {CLUSTER}"
    assert issues["orders"].risk < running


def test_a_partial_look_says_nothing_of_what_it_leaves_out() -> None:
    survey_tree(HARBOUR)
    issues = same_everywhere()
    look(without("orders"), partial=True)
    assert {name: facts_of(one).deployed for name, one in issues.items()} == {"orders": "", "storefront": "running"}
    look(without("orders"))
    assert facts_of(issues["orders"]).deployed == "not_running"
    lower = issues["orders"].risk
    look([system_pod()], partial=True)
    assert facts_of(issues["orders"]).deployed == ""
    assert issues["orders"].risk > lower


def test_a_look_that_is_too_long_ago_says_nothing() -> None:
    survey_tree(HARBOUR)
    look(without("orders"))
    Survey.objects.filter(source=f"kubernetes {CLUSTER}").update(at=datetime(2026, 1, 1, tzinfo=UTC))
    assert facts_of(same_everywhere()["orders"]).deployed == ""


def test_the_demo_says_of_each_issue_where_it_stands() -> None:
    load_example(HARBOUR)
    rows = Issue.objects.filter(open=True)
    found = {
        name: [decode(json.dumps(row.facts)) for row in rows.filter(place__startswith=path)]
        for name, path in {"orders": "services/orders/", "storefront": "services/storefront/"}.items()
    }
    assert all(found.values())
    assert {facts.privileges for facts in found["orders"]} == {"privileged"}
    assert {facts.privileges for facts in found["storefront"]} == {""}
    assert {dict(facts.origins)["exposure"] for several in found.values() for facts in several} == {
        "deploy/k8s/ingress.yaml:1"
    }
    declared = {
        row.place: decode(json.dumps(row.facts)) for row in rows.filter(place__startswith="terraform/storage.tf:")
    }
    found_at = {place.rpartition(":")[2]: facts.exposure for place, facts in declared.items()}
    # A rule about a bucket is no way in by itself: there the application's word holds.
    assert found_at == {"2": "internet", "12": "internet", "20": "internal", "25": "none"}
    assert dict(declared["terraform/storage.tf:12"].origins)["exposure"] == "seamark.yaml"
    assert dict(declared["terraform/storage.tf:20"].origins)["exposure"] == "terraform/storage.tf:20"
