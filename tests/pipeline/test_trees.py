"""A working tree into the store: the example gives the whole chain from package to owner, and nothing by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seamark.analysis.graph.asked import Asked
from seamark.core.errors import SeamarkError
from seamark.pipeline.trees import survey_tree
from seamark.store.access import everything
from seamark.store.models import Application, Asset, BusinessUnit, Control, Ownership, Relation

pytestmark = pytest.mark.django_db
HARBOUR = Path(__file__).parents[2] / "examples" / "harbour"
MAY = datetime(2026, 5, 4, tzinfo=UTC)


def test_the_example_leads_from_a_package_to_data_and_owner() -> None:
    survey, _ = survey_tree(HARBOUR, now=MAY)
    assert survey.source == "discovery github.com/harbour-shop/harbour"
    asked = Asked(everything())
    line = asked.code_to_cloud(asked.find("requests"))
    assert [(node.kind, node.name) for node in line][:6] == [
        ("repository", "github.com/harbour-shop/harbour"), ("manifest", "requirements.txt"), ("service", "orders"), ("image", "orders"),
        ("workload", "orders"), ("domain", "api.shop.example"),
    ]  # fmt: skip
    assert [node.owner for node in line if node.kind == "service"] == ["harbour-shop/orders"]
    assert {"data_store", "data_class"} <= {node.kind for node in line}
    way = asked.exposure(asked.find("requests"))
    assert [node.kind for node in way.nodes] == ["domain", "workload", "image", "service", "manifest"]
    assert all(hop.origin for hop in way.hops)


def test_the_business_context_is_taken_over_with_its_controls() -> None:
    survey_tree(HARBOUR, now=MAY)
    application = Application.objects.get()
    assert (application.name, application.criticality, application.exposure) == ("Harbour", 1, "internet")
    assert application.origins["criticality"] == "seamark.yaml"
    names = set(Control.objects.values_list("name", flat=True))
    assert len(names) == 2
    assert Control.objects.get(kind="waf").covers["services"] == ["storefront"]
    assert BusinessUnit.objects.get().name == "Commerce"


def test_what_a_person_decided_is_not_taken_back() -> None:
    application = Application.objects.create(
        name="Harbour", slug="harbour", criticality=3, origins={"criticality": "person"}
    )
    survey_tree(HARBOUR, now=MAY)
    application.refresh_from_db()
    assert (application.criticality, application.exposure) == (3, "internet")
    service = Asset.objects.get(kind="service", key__endswith="//services/orders")
    team = Asset.objects.create(kind="team", key="harbour-shop/night-watch")
    Ownership.objects.filter(asset=service).delete()
    Ownership.objects.create(asset=service, owner=team, rank=1, confidence=1.0, reason="decided")
    survey_tree(HARBOUR, now=MAY + timedelta(days=1))
    first = Ownership.objects.filter(asset=service).order_by("rank", "-confidence").first()
    assert first is not None
    assert first.reason == "decided"


def test_a_second_look_at_the_same_tree_ends_and_adds_nothing() -> None:
    survey_tree(HARBOUR, now=MAY)
    relations = Relation.objects.count()
    again, _ = survey_tree(HARBOUR, now=MAY + timedelta(days=1))
    assert (again.added, again.ended) == (0, 0)
    assert Relation.objects.count() == relations


def test_a_part_with_a_context_of_its_own_belongs_to_that_application(tmp_path: Path) -> None:
    head = "apiVersion: seamark.dev/v1\nkind: Application\nmetadata: {name: "
    for folder, name in (("", "whole"), ("pay", "payments")):
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        (place / "seamark.yaml").write_text(f"{head}{name}}}\n")
        (place / "requirements.txt").write_text("flask==3.0.0\n")
    survey_tree(tmp_path, repository="git.example/acme/mono", now=MAY)
    found = {
        row.key: row.application.name for row in Asset.objects.filter(kind="manifest").select_related("application")
    }  # type: ignore[union-attr]
    assert found == {
        "git.example/acme/mono//requirements.txt": "whole", "git.example/acme/mono//pay/requirements.txt": "payments",
    }  # fmt: skip


def test_somebody_has_to_say_which_application_it_is(tmp_path: Path) -> None:
    with pytest.raises(SeamarkError, match="Nobody says which application"):
        survey_tree(tmp_path)
    with pytest.raises(SeamarkError, match="is no folder"):
        survey_tree(tmp_path / "nowhere", "shop")
    survey, _ = survey_tree(tmp_path, "shop", repository="git.example/acme/shop", now=MAY)
    assert survey.application is not None
    assert survey.application.name == "shop"
