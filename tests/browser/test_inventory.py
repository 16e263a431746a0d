"""The inventory and the graph explorer in a browser: the example application, discovered, in both themes, wide and narrow."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from seamark.core.severity import Severity
from seamark.pipeline.trees import survey_tree
from seamark.store.models import Asset, Issue, Sbom
from tests.browser.axe import AXE
from tests.browser.conftest import shoot
from tests.factories import code, import_findings

HARBOUR = Path(__file__).parents[2] / "examples/harbour"
REPOSITORY = "github.com/harbour-shop/harbour"


@pytest.fixture
def harbour(ada: Page) -> Page:
    """A tab of an analyst, with the example application discovered and two findings in it."""
    survey_tree(HARBOUR, "Harbour", repository=REPOSITORY)
    import_findings(
        "Harbour", "Semgrep",
        [
            code("sql", "SQL injection in the order search", "services/orders/harbour_orders/search.py", 12, Severity.CRITICAL, 89),
            code("md5", "MD5 used for a password", "services/orders/harbour_orders/payments.py", 32, Severity.MEDIUM, 327),
        ],
        repository=REPOSITORY,
    )  # fmt: skip
    return ada


def number(kind: str, name: str) -> int:
    return Asset.objects.filter(kind=kind, application__name="Harbour", name=name).values_list("id", flat=True)[0]


def addresses() -> dict[str, str]:
    service = number("service", "orders")
    bom = Sbom.objects.exclude(asset=None).order_by("id")[0]
    return {
        "assets": "/assets/?application=harbour",
        "assets-none": "/assets/?q=no-such-word",
        "asset": f"/assets/{service}/",
        "asset-manifest": f"/assets/{bom.asset_id}/",
        "inventory": f"/assets/{bom.asset_id}/software/{bom.pk}/",
        "changes": f"/assets/{bom.asset_id}/software/{bom.pk}/?since={bom.pk}",
        "graph": "/graph/",
        "graph-blast": "/graph/?question=blast&thing=service:orders",
        "graph-exposure": "/graph/?question=exposure&thing=service:orders",
        "graph-toxic": "/graph/?question=toxic",
        "graph-coverage": "/graph/?question=coverage",
        "graph-error": "/graph/?question=blast&thing=planet",
        "application-estate": "/applications/harbour/",
        "issue-cloud": f"/issues/{Issue.objects.get(rule='sql').reference}/",
    }


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible_and_fits(harbour: Page, theme: str, width: int) -> None:
    harbour.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    harbour.set_viewport_size({"width": width, "height": 900})
    wrong: dict[str, object] = {}
    for name, address in addresses().items():
        harbour.goto(address, wait_until="networkidle")
        shoot(harbour, f"{name}-{theme}-{width}")
        found = AXE.run(harbour).response["violations"]
        if found:
            wrong[name] = [(one["id"], one["nodes"][0]["html"][:160]) for one in found]
        if harbour.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong[f"{name} is too wide"] = harbour.evaluate("document.documentElement.scrollWidth")
    assert wrong == {}


def test_from_an_issue_along_its_line_to_the_graph(harbour: Page) -> None:
    harbour.goto(f"/issues/{Issue.objects.get(rule='sql').reference}/")
    harbour.get_by_label("From code to cloud").get_by_role("link", name="orders", exact=True).first.click()
    expect(harbour.get_by_role("heading", level=1)).to_have_text("orders")
    harbour.get_by_text("language", exact=True).click()
    expect(
        harbour.get_by_text("seamark.yaml, seamark.yaml:20; discovery").locator("visible=true").first
    ).to_be_visible()
    harbour.get_by_role("link", name="What it reaches").click()
    expect(harbour.locator("#drawing[data-ready=true]")).to_be_visible()
    expect(harbour.locator("#answer")).to_contain_text("orders-db")


def test_the_drawing_grows_on_demand_and_says_who_says_so(harbour: Page) -> None:
    service = number("service", "orders")
    harbour.goto("/graph/?question=exposure&thing=service:orders")
    drawing = harbour.locator("#drawing[data-ready=true]")
    expect(drawing).to_be_visible()
    count = "document.getElementById('drawing')._cyreg.cy.nodes().length"
    before = harbour.evaluate(count)
    place = harbour.evaluate(
        f"(() => {{ const p = document.getElementById('drawing')._cyreg.cy.getElementById('n{service}').renderedPosition(); return [p.x, p.y]; }})()"
    )
    with harbour.expect_response(f"**/graph/near/{service}.json*"):
        drawing.click(position={"x": place[0], "y": place[1]})
    expect(harbour.locator("#said")).to_contain_text("more next to it")
    shoot(harbour, "graph-grown")
    assert before < harbour.evaluate(count) <= 150
    expect(harbour.locator(f"#answer [data-asset='{service}'].at")).to_be_visible()
    middle = harbour.evaluate(
        "(() => { const p = document.getElementById('drawing')._cyreg.cy.edges()[0].renderedMidpoint(); return [p.x, p.y]; })()"
    )
    drawing.hover(position={"x": middle[0], "y": middle[1]})
    expect(harbour.locator("#said")).to_contain_text("says")
    harbour.get_by_role("button", name="Start over").click()
    assert harbour.evaluate(count) == before


def test_the_list_alone_serves_who_uses_the_keyboard(harbour: Page) -> None:
    harbour.goto("/graph/")
    harbour.get_by_role("link", name="What does a flaw in it reach?").focus()
    harbour.keyboard.press("Enter")
    harbour.get_by_label("About").fill("service:orders")
    harbour.keyboard.press("Enter")
    link = harbour.locator("#answer a").first
    link.focus()
    name = link.inner_text()
    harbour.keyboard.press("Enter")
    expect(harbour.get_by_role("heading", level=1)).to_have_text(name)


def test_assets_are_narrowed_as_one_types(harbour: Page) -> None:
    harbour.goto("/assets/")
    harbour.get_by_label("Words in name or key").press_sequentially("orders-db")
    expect(harbour.locator("#list tbody tr")).to_have_count(1)
    assert "q=orders-db" in harbour.url
    harbour.get_by_label("Words in name or key").fill("")
    harbour.locator("#list").get_by_role("link", name="service", exact=False).first.click()
    expect(harbour.locator("#list tbody tr")).to_have_count(2)


def test_an_application_tells_of_its_owners(harbour: Page) -> None:
    harbour.goto("/applications/harbour/")
    expect(harbour.get_by_role("heading", name="Owners")).to_be_visible()
    expect(harbour.get_by_text("Web application firewall in front of the storefront")).to_be_visible()


def test_only_the_graph_loads_the_library(harbour: Page) -> None:
    for address, wanted in (("/assets/", 0), ("/graph/", 0), ("/graph/?question=line&thing=service:orders", 1)):
        harbour.goto(address)
        assert harbour.locator("script[src*=cytoscape]").count() == wanted
