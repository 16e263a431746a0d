"""The pages of the inventory and of the graph."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from msgspec.structs import replace

from seamark.core.assets import AssetKind as K
from seamark.core.assets import AssetRef, Discovery, Found, Relation
from seamark.core.assets import RelationKind as R
from seamark.core.component import Component
from seamark.pipeline.surveys import record
from seamark.store.models import Application, Asset, Event, Issue, Ownership, Sbom, User
from seamark.store.models.people import Role
from tests.factories import make_person
from tests.pipeline.estate import DOMAIN, LISTING, LOCK, MAY, ORDERS, PII, REPO, STORE, asset, make_estate

OTHER = AssetRef(K.SERVICE, "git.example/acme/payroll//.")
LogIn = Callable[[User], Client]


@pytest.fixture
def estate(db: None) -> dict[str, Application]:
    shop = make_estate()
    payroll = Application.objects.create(name="Payroll", slug="payroll")
    record(
        Discovery(assets=(Found(ref=OTHER, name="wages", origin="services"),)), "payroll", now=MAY, application=payroll
    )
    both = (
        Relation(kind=R.CALLS, source=ORDERS, target=OTHER, origin="code", at="app.py:9"),
        Relation(kind=R.READS, source=OTHER, target=STORE, origin="code", at="wages.py:1"),
    )
    record(Discovery(relations=both), "calls", now=MAY, application=shop)
    return {"shop": shop, "payroll": payroll}


@pytest.fixture
def client(estate: dict[str, Application], logged_in: LogIn) -> Client:
    return logged_in(make_person("ada", Role.ANALYST))


@pytest.fixture
def vera(estate: dict[str, Application], logged_in: LogIn) -> Client:
    """The browser of somebody who may see the shop only."""
    return logged_in(make_person("vera", Role.VIEWER, application=estate["shop"]))


def read(client: Client, address: str, **more: object) -> str:
    answer = client.get(address, **more)
    assert answer.status_code == 200, address
    return answer.content.decode()


def drawn(page: str) -> dict[str, list[dict[str, object]]]:
    found = re.search(r'<script id="picture" type="application/json">(.*?)</script>', page)
    assert found is not None
    return json.loads(found[1])


class TestList:
    def test_every_number_leads_to_exactly_its_list(self, client: Client) -> None:
        page = read(client, "/assets/")
        facets = re.findall(r'<li><a href="(/assets/\?[^"]+)"><span>([^<]+)</span><span>(\d+)</span>', page)
        assert {"service", "Storefront", "internet", "No owner"} <= {label for _, label, _ in facets}
        for address, label, number in facets:
            narrowed = read(client, address.replace("&amp;", "&"))
            assert f'<th scope="col">{number} asset' in narrowed, label
            assert narrowed.count('class="name"') == int(number)

    def test_a_chosen_value_is_taken_back_by_its_link(self, client: Client) -> None:
        page = read(client, "/assets/?kind=service&q=orders")
        assert '<a href="/assets/?q=orders" aria-current="true"><span>service</span>' in page
        assert '<input type="hidden" name="kind" value="service">' in page

    def test_the_part_for_htmx(self, client: Client) -> None:
        part = read(client, "/assets/?q=orders", headers={"HX-Request": "true", "HX-Target": "list"})
        assert part.lstrip().startswith('<div id="list"')
        assert "orders-db" in part

    def test_nothing_fits(self, client: Client) -> None:
        assert "No asset matches" in read(client, "/assets/?q=planet")
        assert client.get("/assets/?after=x").status_code == 404

    def test_what_to_do_where_there_is_nothing(self, db: None, logged_in: LogIn) -> None:
        assert "seamark discover . --application shop" in read(logged_in(make_person("ada", Role.ANALYST)), "/assets/")
        assert "An administrator can grant you" in read(logged_in(make_person("vic")), "/assets/")

    def test_statements_do_not_grow(self, client: Client, estate: dict[str, Application]) -> None:
        with CaptureQueriesContext(connection) as before:
            read(client, "/assets/")
        more = tuple(
            Found(ref=AssetRef(K.SERVICE, f"git.example/acme/more//s{n}"), origin="services") for n in range(60)
        )
        record(Discovery(assets=more), "more", now=MAY, application=estate["payroll"])
        with CaptureQueriesContext(connection) as after:
            read(client, "/assets/")
        assert len(after) <= len(before) <= 17


class TestPage:
    def test_what_is_known_and_who_says_so(self, client: Client) -> None:
        page = read(client, f"/assets/{asset(DOMAIN).pk}/")
        assert "kubernetes; discovery git.example/acme/shop; confidence 1.00; since 2026-05-01" in page
        assert "ingress.yaml:4" in page
        page = read(client, f"/assets/{asset(ORDERS).pk}/")
        assert "CODEOWNERS line 2" in page
        assert "Built into" in page
        assert f'href="/issues/?q=asset%3A{asset(ORDERS).pk}+severity%3Acritical"' in page
        assert "never scanned" in read(client, f"/assets/{Asset.objects.get(kind='repository').pk}/")

    def test_who_says_otherwise_is_told(self, client: Client) -> None:
        record(
            Discovery(assets=(Found(ref=DOMAIN, origin="guess", confidence=0.4, facts={"exposure": "internal"}),)),
            "guess",
            now=MAY,
        )
        assert '<em>otherwise</em>: <span class="said">internal</span>' in read(client, f"/assets/{asset(DOMAIN).pk}/")

    def test_hostile_names_stay_text(self, client: Client, estate: dict[str, Application]) -> None:
        evil = AssetRef(K.SERVICE, f"{REPO}//<script>alert(1)</script>")
        facts = {"language": "<img src=x onerror=alert(2)>", "nested": {"a": [True, {"b": "</script>"}]}}
        record(
            Discovery(
                assets=(Found(ref=evil, name='"><script>x', origin="<b>", at="<i>:1", facts=facts),),
                relations=(Relation(kind=R.CALLS, source=evil, target=ORDERS, origin="</script><b>", at="<i>"),),
            ),
            "evil", now=MAY, application=estate["shop"],
        )  # fmt: skip
        for address in (f"/assets/{asset(evil).pk}/", "/assets/", "/graph/?question=blast&thing=service:orders"):
            page = read(client, address)
            for raw in ("<script>x", "<script>alert", "<img src=x", "<b>", "<i>"):
                assert raw not in page, (address, raw)

    def test_a_decision_on_owners(self, client: Client, estate: dict[str, Application]) -> None:
        place = f"/assets/{asset(ORDERS).pk}/"
        page = client.post(
            f"{place}owners/", {"owners": "ada@shop.example, team:platform", "reason": "new"}, follow=True
        ).content.decode()
        assert "Saved: this wins" in page
        assert 'value="ada@shop.example, team:platform"' in page
        assert list(Ownership.objects.filter(said_in="").values_list("owner__key", flat=True)) == [
            "ada@shop.example",
            "platform",
        ]
        assert Event.objects.get(kind="owners").application == estate["shop"]
        assert "taken back" in client.post(f"{place}owners/", {"owners": ""}, follow=True).content.decode()
        assert "notice error" in client.post(f"{place}owners/", {"owners": "team:"}, follow=True).content.decode()

    def test_statements_are_few(self, client: Client) -> None:
        with CaptureQueriesContext(connection) as captured:
            read(client, f"/assets/{asset(ORDERS).pk}/")
        assert len(captured) <= 45


class TestSoftware:
    @pytest.fixture
    def boms(self, estate: dict[str, Application]) -> list[Sbom]:
        """The lock file's inventory, and the one that took its place."""
        flask = Component(name="flask", version="2.2.5", purl="pkg:pypi/flask@2.2.5", ref="flask", direct=True)
        click = Component(name="click", version="8.0.0", purl="pkg:pypi/click@8.0.0", ref="click", direct=False)
        newer = replace(LISTING, components=(flask, click), edges=())
        record(
            Discovery(listings=(newer,)),
            f"discovery {REPO}",
            now=MAY.replace(month=6),
            application=estate["shop"],
            complete=False,
        )
        return list(Sbom.objects.filter(asset=asset(LOCK)).order_by("id"))

    def test_what_is_in_it_and_what_changed(self, client: Client, boms: list[Sbom]) -> None:
        old, new = boms
        place = f"/assets/{asset(LOCK).pk}/"
        assert f'href="{place}software/{new.pk}/?since={old.pk}"' in read(client, place)
        page = read(client, f"{place}software/{new.pk}/")
        assert "pkg:pypi/flask@2.2.5" in page
        assert "jinja2" not in page
        page = read(client, f"{place}software/{new.pk}/?q=CLICK")
        assert ("pkg:pypi/click" in page, "pkg:pypi/flask" in page) == (True, False)
        assert "No component matches" in read(client, f"{place}software/{new.pk}/?q=log4j")
        page = " ".join(re.sub(r"<[^>]+>", " ", read(client, f"{place}software/{new.pk}/?since={old.pk}")).split())
        assert "Upgraded 1 Package Before After pypi/flask 2.0.0 2.2.5" in page
        assert "Added 1 Package Before After pkg:pypi/click@8.0.0 – 8.0.0" in page
        assert "Removed 1 Package Before After pkg:pypi/jinja2@3.0.0 3.0.0 –" in page
        assert "Nothing changed" in read(client, f"{place}software/{new.pk}/?since={new.pk}")

    def test_the_application_tells_of_it(self, client: Client, boms: list[Sbom]) -> None:
        assert f"/software/{boms[1].pk}/?since={boms[0].pk}" in read(client, "/applications/storefront/estate/")

    def test_only_its_own(self, client: Client, vera: Client, boms: list[Sbom]) -> None:
        other = asset(ORDERS).pk
        assert client.get(f"/assets/{other}/software/{boms[0].pk}/").status_code == 404
        for since in ("x", "0", "9" * 30, str(Sbom.objects.create(asset=asset(ORDERS), digest="0").pk)):
            assert client.get(f"/assets/{asset(LOCK).pk}/software/{boms[1].pk}/?since={since}").status_code == 404
        theirs = Sbom.objects.create(asset=asset(OTHER), digest="1")
        assert vera.get(f"/assets/{asset(OTHER).pk}/software/{theirs.pk}/").status_code == 404
        assert vera.get(f"/assets/{asset(LOCK).pk}/software/{boms[1].pk}/").status_code == 200


class TestGraph:
    def test_it_starts_from_the_questions(self, client: Client) -> None:
        page = read(client, "/graph/")
        for name in ("blast", "origins", "path", "exposure", "line", "order", "toxic", "coverage", "orphans"):
            assert f'href="/graph/?question={name}"' in page
        assert client.get("/graph/?question=everything").status_code == 404

    @pytest.mark.parametrize("name", ["blast", "origins", "exposure", "line", "order"])
    def test_an_answer_is_a_list_and_a_drawing(self, client: Client, name: str) -> None:
        page = read(client, f"/graph/?question={name}&thing=service:orders")
        dots = drawn(page)["dots"]
        listed = {int(number) for number in re.findall(r'<li data-asset="(\d+)"', page)}
        assert {dot["asset"] for dot in dots if dot["asset"] is not None} - {asset(ORDERS).pk} <= listed
        assert len({(dot["x"], dot["y"]) for dot in dots}) == len(dots) > 1

    def test_edges_say_who_says_them(self, client: Client) -> None:
        lines = drawn(read(client, "/graph/?question=exposure&thing=service:orders"))["lines"]
        assert [(one["kind"], one["said"]) for one in sorted(lines, key=lambda one: str(one["kind"]))] == [
            ("built from", "test, services/orders/Dockerfile:1"), ("exposes", "test, ingress.yaml:4"), ("runs", "test, k8s.yaml:9"),
        ]  # fmt: skip

    def test_many_that_are_alike_are_one(self, client: Client, estate: dict[str, Application]) -> None:
        serves = tuple(
            Relation(kind=R.SERVES, source=ORDERS, target=AssetRef(K.ENDPOINT, f"{ORDERS.key} GET /{n}"), origin="code")
            for n in range(200)
        )
        record(Discovery(relations=serves), "routes", now=MAY, application=estate["shop"])
        found = drawn(read(client, "/graph/?question=blast&thing=service:orders"))
        assert len(found["dots"]) <= 150
        (group,) = [dot for dot in found["dots"] if dot["members"]]
        assert group["label"] == f"endpoint: {len(group['members'])}"
        near = client.get(f"/graph/near/{asset(ORDERS).pk}.json").json()
        (group,) = [dot for dot in near["dots"] if dot["members"]]
        assert len(near["dots"]) - 1 + len(group["members"]) == 41
        assert near["left_out"] > 150

    def test_neighbours_on_demand(self, client: Client) -> None:
        found = client.get(f"/graph/near/{asset(STORE).pk}.json").json()
        assert {dot["label"] for dot in found["dots"]} == {"orders-db", "orders", "wages", "PII"}
        assert all(f"n{asset(STORE).pk}" in {line["source"], line["target"]} for line in found["lines"])
        assert client.get(f"/graph/near/{asset(STORE).pk}.json?at=2026-04-30").json()["lines"] == []
        assert client.get(f"/graph/near/{asset(STORE).pk}.json?at=soon").status_code == 404

    def test_questions_about_all(self, client: Client) -> None:
        page = read(client, "/graph/?question=toxic")
        assert "SQL injection" in page
        assert drawn(page)["dots"]
        assert "never scanned" in read(client, "/graph/?question=coverage")
        lone = Found(ref=AssetRef(K.API, f"{REPO}//lonely.yaml"), name="lonely", origin="apis")
        record(Discovery(assets=(lone,)), "lonely", now=MAY)
        assert "nothing is known of what it hangs together with" in read(client, "/graph/?question=orphans")

    @pytest.mark.parametrize(
        ("asked", "words"),
        [
            ("question=blast", "Name an issue"), ("question=blast&thing=planet", "Nothing in the inventory is called"),
            ("question=path&thing=service:orders", "path needs where it leads to"), ("question=blast&thing=orders&at=soon", "is no day"),
            ("question=toxic&thing=orders", "takes no thing"), ("question=exposure&thing=service:backoffice", "No way from the internet is known"),
        ],
    )  # fmt: skip
    def test_no_dead_ends(self, client: Client, asked: str, words: str) -> None:
        assert words in read(client, f"/graph/?{asked}")


class TestIssue:
    def test_the_line_from_code_to_cloud(self, client: Client) -> None:
        issue = Issue.objects.get(title="SQL injection")
        page = read(client, f"/issues/{issue.reference}/")
        line = page[page.index('class="line cloud"') :].split("</dl>")[0]
        assert re.findall(r"<dt>([^<]+)</dt>", line) == [
            "repository",
            "service",
            "image",
            "workload",
            "domain",
            "data store",
            "data class",
        ]
        assert f'href="/assets/{asset(ORDERS).pk}/"' in line
        assert "orders" in line

    def test_only_what_is_known(self, client: Client) -> None:
        Asset.objects.filter(kind="repository").update(key="elsewhere")
        issue = Issue.objects.get(title="SQL injection")
        assert 'class="line cloud"' not in read(client, f"/issues/{issue.reference}/")

    def test_statements_are_few(self, client: Client) -> None:
        issue = Issue.objects.get(title="SQL injection")
        with CaptureQueriesContext(connection) as captured:
            read(client, f"/issues/{issue.reference}/")
        assert len(captured) <= 60


class TestApplication:
    def test_its_page_leads_to_its_assets(self, client: Client) -> None:
        page = read(client, "/applications/storefront/")
        assert '<a class="linked" href="/assets/?kind=service&amp;application=storefront">2</a>' in page
        assert "2 critical" in page
        part = read(client, "/applications/storefront/estate/")
        assert "acme/orders" in part
        assert "never scanned" in part
        assert "PII" in part
        assert client.get("/applications/nothing/estate/").status_code == 404


class TestWhoSeesWhat:
    def test_nothing_of_another_application(self, vera: Client, estate: dict[str, Application]) -> None:
        orders, store = asset(ORDERS).pk, asset(STORE).pk
        for address in (
            "/assets/", "/assets/?q=wages", f"/assets/{orders}/", f"/assets/{store}/", f"/graph/near/{orders}.json", f"/graph/near/{store}.json",
            "/graph/?question=blast&thing=service:orders", "/graph/?question=origins&thing=orders-db", "/graph/?question=coverage",
            "/graph/?question=orphans", "/graph/?question=toxic", "/applications/storefront/", "/applications/storefront/estate/",
            f"/issues/{Issue.objects.get(title='SQL injection').reference}/",
        ):  # fmt: skip
            page = read(vera, address).replace('value="wages"', "").replace("q=wages", "")
            assert "wages" not in page, address
            assert "payroll" not in page.lower(), address
        for address in (
            f"/assets/{asset(OTHER).pk}/", f"/graph/near/{asset(OTHER).pk}.json", f"/assets/{asset(PII).pk}/", f"/graph/near/{asset(PII).pk}.json",
            "/applications/payroll/estate/",
        ):  # fmt: skip
            assert vera.get(address).status_code == 404, address
        assert vera.post(f"/assets/{asset(OTHER).pk}/owners/", {"owners": "a/b"}).status_code == 404
        assert "Nothing in the inventory is called" in read(vera, "/graph/?question=blast&thing=service:wages")

    def test_a_viewer_decides_nothing(self, vera: Client) -> None:
        place = f"/assets/{asset(ORDERS).pk}/"
        assert "Decide…" not in read(vera, place)
        assert (
            "This needs one of the roles"
            in vera.post(f"{place}owners/", {"owners": "a/b"}, follow=True).content.decode()
        )
        assert not Ownership.objects.filter(said_in="").exists()

    @pytest.mark.parametrize(
        "page",
        ["/assets/", "/assets/1/", "/graph/", "/graph/near/1.json", "/assets/1/software/1/", "/applications/a/estate/"],
    )
    def test_a_stranger_is_asked_to_log_in(self, db: None, page: str) -> None:
        assert Client().get(page)["Location"].startswith("/login/?next=")

    @pytest.mark.parametrize("role", Role)
    def test_every_page_renders_for_every_role(
        self, estate: dict[str, Application], logged_in: LogIn, role: Role
    ) -> None:
        client = logged_in(make_person("somebody", role))
        for address in (
            "/assets/",
            f"/assets/{asset(ORDERS).pk}/",
            f"/assets/{asset(PII).pk}/",
            "/graph/",
            "/graph/?question=toxic",
        ):
            assert "somebody" in read(client, address)
