"""How much script a page loads first: at most 150 KB as it goes over the wire, on every page but the graph."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from seamark.store.models import Issue

BUDGET = 150 * 1024
PAGES = ["/", "/issues/", "/issues/?group=fix", "/fixes/", "/applications/", "/applications/storefront/", "/imports/", "/account/",
         "/vulnerabilities/", "/waivers/", "/risk-profile/", "/assets/", "/suggestions/"]  # fmt: skip


def loaded(address: str, seen: set[str]) -> Iterator[Path]:
    """Yield a script and the modules that it imports, each once."""
    if address in seen:
        return
    seen.add(address)
    found = finders.find(address.removeprefix("/static/"))
    assert isinstance(found, str), address
    path = Path(found)
    yield path
    for other in re.findall(r'^import .*?"\./([\w-]+\.js)"', path.read_text("utf-8"), re.MULTILINE):
        yield from loaded(f"{address.rsplit('/', 1)[0]}/{other}", seen)


@pytest.mark.parametrize("address", PAGES)
def test_scripts_of_a_page_stay_small(client: Client, address: str) -> None:
    page = client.get(address).content.decode()
    named = re.findall(r'<script src="(/static/[^"]+)"', page)
    assert any("htmx" in one for one in named)
    seen: set[str] = set()
    size = sum(len(gzip.compress(file.read_bytes())) for one in named for file in loaded(one, seen))
    assert size <= BUDGET
    assert size > 10_000


def test_the_page_of_an_issue_stays_small(client: Client) -> None:
    test_scripts_of_a_page_stay_small(client, f"/issues/{Issue.objects.order_by('pk')[0].reference}/")


def test_no_script_is_loaded_by_two_names(client: Client) -> None:
    page = client.get("/imports/").content.decode()
    named = re.findall(r'<script src="([^"]+)"', page)
    assert len(named) == len(set(named))
    assert "cytoscape" not in page
