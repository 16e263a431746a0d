"""An application's page: how its risk went, who answers with what evidence, what the last build changed, each fact with its origin."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from seamark.insight.analytics.estate import LARGEST, answers, last_built
from seamark.insight.analytics.trend import STEPS, trend_of
from seamark.store.access import visible_to
from seamark.store.models import (
    Application,
    Asset,
    Component,
    Event,
    Grant,
    Issue,
    Ownership,
    Sbom,
    SbomComponent,
    User,
)
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.factories import code as finding
from tests.factories import days_ago, import_findings, make_person

LogIn = Callable[[User], Client]
STATEMENTS = {"estate": 26, "trend": 7}
"""Database statements of the parts, those of the session included. May only fall."""


def owned(asset: Asset, name: str, confidence: float, reason: str, said_in: str = "survey") -> None:
    owner, _ = Asset.objects.get_or_create(kind="team", key=name, defaults={"name": name})
    Ownership.objects.create(asset=asset, owner=owner, rank=1, confidence=confidence, reason=reason, said_in=said_in)


def inventory(asset: Asset, *packages: tuple[str, str], at: int, replaced: int | None) -> Sbom:
    sbom = Sbom.objects.create(asset=asset, replaced_at=None if replaced is None else days_ago(replaced))
    Sbom.objects.filter(pk=sbom.pk).update(created_at=days_ago(at))
    for name, version in packages:
        component, _ = Component.objects.get_or_create(
            purl=f"pkg:npm/{name}@{version}", defaults={"name": name, "version": version}
        )
        SbomComponent.objects.create(sbom=sbom, component=component, ref=name, licences=[])
    return sbom


def test_the_trend_follows_the_record(world: dict[str, Application], analyst: User) -> None:
    shop, now = world["shop"], timezone.now()
    Issue.objects.filter(application=shop).delete()
    import_findings("Storefront", "T", [finding("r", f"Thing {at}", f"t{at}.py", 3) for at in range(3)])
    one, two, three = Issue.objects.filter(application=shop).order_by("id")
    Event.objects.all().delete()
    for issue, opened in ((one, 60), (two, 30), (three, 10)):
        Issue.objects.filter(pk=issue.pk).update(opened_at=days_ago(opened), risk=400, priority=1)
    Issue.objects.filter(pk=two.pk).update(
        state=State.RESOLVED, resolution="fixed", open=False, resolved_at=days_ago(20)
    )
    Event.objects.create(
        issue=one, application=shop, kind="risk", details={"before": 100, "after": 400}, at=days_ago(15)
    )
    told = trend_of(visible_to(analyst), shop, now)
    assert len(told.points) == STEPS + 1

    def at(days: int) -> tuple[int, int]:
        nearest = min(told.points, key=lambda point: abs(point.at - (now - timedelta(days=days))))
        return nearest.issues, nearest.risk

    assert at(50) == (1, 100)
    assert at(25) == (2, 500)
    assert at(17) == (1, 100)
    assert at(13) == (1, 400)
    assert (told.points[-1].issues, told.points[-1].risk, told.points[-1].urgent) == (2, 800, 2)
    assert (told.opened, told.resolved, told.partial) == (3, 1, False)
    assert told.points[-1].risk == sum(Issue.objects.filter(application=shop, open=True).values_list("risk", flat=True))


def test_no_record_is_said(client: Client) -> None:
    Application.objects.create(name="Empty", slug="empty")
    assert "Nothing is recorded of it yet" in client.get("/applications/empty/trend/").content.decode()
    page = client.get("/applications/storefront/trend/").content.decode()
    assert "<polyline" in page
    assert "NaN" not in page


def test_owners_come_with_their_evidence(client: Client, analyst: User, world: dict[str, Application]) -> None:
    first = Asset.objects.filter(application=world["shop"])[0]
    second = Asset.objects.create(kind="service", key="svc", application=world["shop"])
    owned(first, "team-a", 0.9, "CODEOWNERS line 3 <b>")
    owned(second, "team-a", 0.7, "CODEOWNERS line 3 <b>")
    owned(Asset.objects.create(kind="api", key="api", application=world["shop"]), "team-b", 1.0, "", said_in="")
    one, two = answers(visible_to(analyst), world["shop"].pk)
    assert (one.key, one.number, one.evidence, one.by_person) == (
        "team-a",
        2,
        [("CODEOWNERS line 3 <b>", 0.9, 2)],
        False,
    )
    assert (two.key, two.number, two.by_person) == ("team-b", 1, True)
    page = client.get("/applications/storefront/estate/").content.decode()
    assert "CODEOWNERS line 3 &lt;b&gt; · 0.90" in page
    assert "no reason is kept" in page
    assert "said by a person" in page


def test_the_last_build_beside_the_one_before(client: Client, analyst: User, world: dict[str, Application]) -> None:
    asset = Asset.objects.filter(application=world["shop"])[0]
    inventory(asset, ("a", "1.0.0"), ("b", "1.0.0"), ("c", "2.0.0"), at=9, replaced=5)
    before = Sbom.objects.get(asset=asset, replaced_at__isnull=False)
    after = inventory(asset, ("a", "1.1.0"), ("c", "1.0.0"), ("d", "1.0.0"), at=5, replaced=None)
    Sbom.objects.filter(pk=after.pk).update(created_at=before.replaced_at)
    built, earlier = last_built(visible_to(analyst), world["shop"].pk)
    assert built is not None
    assert (built.added, built.removed, built.upgraded, built.downgraded) == (1, 1, 1, 1)
    assert earlier == []
    page = client.get("/applications/storefront/estate/").content.decode()
    assert "2.0.0 → 1.0.0" in page
    assert f"/software/{after.pk}/?since={before.pk}" in page
    assert built.replaced.was < LARGEST


def test_every_fact_has_its_origin_and_its_field(client: Client) -> None:
    Grant.objects.update(role=Role.ADMIN)
    form = {
        "criticality": "1", "exposure": "internet", "data_classes": ["PII"], "description": "", "sla_tier": "gold", "environment": "production",
        "revenue_per_hour": "1200.50", "compliance": "soc2, pci-dss-4,",
    }  # fmt: skip
    client.post("/applications/storefront/", form)
    shop = Application.objects.get(slug="storefront")
    assert (shop.sla_tier, shop.environment, shop.compliance) == ("gold", "production", ["pci-dss-4", "soc2"])
    assert shop.revenue_per_hour == Decimal("1200.50")
    assert {name for name, origin in shop.origins.items() if origin == "person"} == {
        "sla_tier",
        "environment",
        "compliance",
        "revenue_per_hour",
    }
    page = client.get("/applications/storefront/").content.decode()
    assert page.count("said by a person") == 4
    assert page.count('<span class="sub">seamark.yaml</span>') == 3
    assert 'value="1200.50"' in page
    events = Event.objects.filter(kind="described").count()
    client.post("/applications/storefront/", form)
    assert Event.objects.filter(kind="described").count() == events
    client.post("/applications/storefront/", {**form, "sla_tier": "", "revenue_per_hour": ""})
    shop.refresh_from_db()
    assert (shop.sla_tier, shop.revenue_per_hour) == ("", None)
    assert "sla_tier" not in shop.origins
    assert (
        "notice error"
        in client.post("/applications/storefront/", {**form, "revenue_per_hour": "lots"}, follow=True).content.decode()
    )


def test_each_number_of_the_posture_is_its_list(client: Client) -> None:
    page = client.get("/applications/storefront/").content.decode()
    numbers = re.findall(r'<dt>P\d</dt><dd><a href="([^"]+)">(\d+)</a>', page)
    numbers += re.findall(r'<a class="linked" href="(/issues/[^"]+)">(\d+) \w+</a>', page)
    assert len(numbers) >= 4
    for address, number in numbers:
        assert client.get(address.replace("&amp;", "&")).content.decode().count("data-row") == int(number)


def test_the_form_is_for_those_who_may(logged_in: LogIn, world: dict[str, Application]) -> None:
    vera = logged_in(make_person("vera", Role.VIEWER))
    assert 'name="sla_tier"' not in vera.get("/applications/storefront/").content.decode()
    dev = logged_in(make_person("dev", Role.DEVELOPER, application=world["payroll"]))
    for name in ("", "trend/", "estate/"):
        assert dev.get(f"/applications/storefront/{name}").status_code == 404


@pytest.mark.parametrize(("name", "most"), STATEMENTS.items())
def test_statements_of_the_parts_do_not_grow(
    client: Client, world: dict[str, Application], name: str, most: int
) -> None:
    asset = Asset.objects.filter(application=world["shop"])[0]
    owned(asset, "team-0", 0.9, "CODEOWNERS")
    # Of every sort one: a sort of asset that was not there before has questions of its own.
    owned(Asset.objects.create(kind="api", key="api-0", application=world["shop"]), "team-0", 0.5, "line")
    import_findings("Storefront", "T", [finding("r", "Thing", "t.py", 3)])
    address = f"/applications/storefront/{name}/"
    client.get(address)
    with CaptureQueriesContext(connection) as before:
        client.get(address)
    for at in range(1, 6):
        owned(
            Asset.objects.create(kind="api", key=f"api-{at}", application=world["shop"]),
            f"team-{at}",
            0.5,
            f"line {at}",
        )
    import_findings("Storefront", "T", [finding("r", f"Thing {at}", f"t{at}.py", 3) for at in range(20)])
    with CaptureQueriesContext(connection) as after:
        client.get(address)
    assert len(before) == len(after) == most
