"""What vendors say is kept, moves scores only where it is firm, and suggests without closing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from msgspec.structs import replace

from seamark.core.component import Component
from seamark.core.errors import NotFound
from seamark.core.severity import Severity
from seamark.insight.analytics.vendors import Vendors, vendors_of_issue, vendors_on
from seamark.intake.connectors.feeds.provider import Provider
from seamark.pipeline import vendor_feeds
from seamark.pipeline.feeds import Update, import_feed, standing, update
from seamark.store.access import everything
from seamark.store.models import (
    Application,
    BusinessUnit,
    Exploitation,
    FeedState,
    Issue,
    VendorDocument,
    VendorStatement,
)
from seamark.store.models.people import Role
from tests.factories import import_findings, make_person, package

from . import files
from .advisories import NAME, PURL, made, product, vulnerability
from .conftest import Publisher

pytestmark = pytest.mark.django_db
FOUND = package(NAME, "npm/left-pad", "1.2.3", "1.3.0", Severity.HIGH, 7.5, "Pads too far")
Publish = Callable[..., None]


@pytest.fixture
def publish(publisher: Publisher) -> Publish:
    """Publish documents, each with the day of its change."""

    def run(**documents: tuple[str, bytes]) -> None:
        metadata = {"distributions": [{"directory_url": f"{publisher.url}/docs/"}]}
        publisher.files[".well-known/csaf/provider-metadata.json"] = json.dumps(metadata).encode()
        rows = [f"{name}.json,{day}T00:00:00Z" for name, (day, _) in documents.items()]
        publisher.files["docs/changes.csv"] = "\n".join(rows).encode()
        publisher.files.update({f"docs/{name}.json": data for name, (_, data) in documents.items()})

    return run


def fetch(publisher: Publisher, tmp_path: Path) -> Update:
    publisher.asked.clear()
    (told,) = update(["csaf"], tmp_path, providers=[Provider("acme", publisher.url)], internal=["127.0.0.1"])
    return told


def fetched(publisher: Publisher) -> list[str]:
    """Return the documents that were asked for."""
    return [
        name.removeprefix("docs/") for name, _ in publisher.asked if name.startswith("docs/") and name.endswith(".json")
    ]


def keep(tmp_path: Path, *documents: bytes) -> None:
    for number, data in enumerate(documents):
        path = tmp_path / f"{number}.json"
        path.write_bytes(data)
        import_feed(path, path.name)


def issue(application: Application, **component: Any) -> Issue:
    found = replace(FOUND, component=Component(name="left-pad", version="1.2.3", **{"purl": PURL, **component}))
    import_findings(application.slug, "Trivy", [found])
    return Issue.objects.get(vulnerability__names__name=NAME)


@pytest.fixture
def shop(db: None) -> Application:
    return Application.objects.create(name="Shop", slug="shop")


def test_only_documents_that_changed_are_fetched(publisher: Publisher, publish: Publish, tmp_path: Path) -> None:
    publish(a=("2026-10-01", made()), b=("2026-10-02", made(number="ACME-2")))
    told = fetch(publisher, tmp_path)
    assert (told.name, told.failure, told.left) == ("csaf/acme", "", 0)
    assert told.loaded is not None
    assert (told.loaded.rows, told.loaded.snapshot) == (4, "CSAF acme 2026-10-01")
    assert fetched(publisher) == ["b.json", "a.json"]
    assert fetch(publisher, tmp_path).loaded is None
    assert fetched(publisher) == []
    fresh = made(vulnerability(product_status={"fixed": ["P2"]}), day="2026-10-05", version="2")
    publish(a=("2026-10-05", fresh), b=("2026-10-02", made(number="ACME-2")))
    assert fetch(publisher, tmp_path).loaded is not None
    assert fetched(publisher) == ["a.json"]
    first = VendorDocument.objects.get(document="ACME-1")
    assert first.version == "2"
    assert [one.status for one in VendorStatement.objects.filter(flaw__document=first)] == ["fixed"]
    (state,) = standing(timezone.now())
    assert (state["feed"], state["entries"], state["date"]) == ("csaf/acme", 3, "2026-10-05")


def test_a_bad_document_is_told_and_the_others_are_kept(publisher: Publisher, publish: Publish, tmp_path: Path) -> None:
    publish(a=("2026-10-01", made()), b=("2026-10-02", b"{}"), c=("2026-10-03", made(number="ACME-3")))
    publisher.answers["docs/c.json"] = 503
    told = fetch(publisher, tmp_path)
    assert told.loaded is not None
    assert "c.json answers 503 (1 more failed)" in told.failure
    assert "c.json" in FeedState.objects.get(name="csaf/acme").failure
    del publisher.answers["docs/c.json"]
    publish(a=("2026-10-01", made()), b=("2026-10-02", made(number="ACME-2")), c=("2026-10-03", made(number="ACME-3")))
    assert fetch(publisher, tmp_path).failure == ""
    assert fetched(publisher) == ["c.json", "b.json"]
    assert (VendorDocument.objects.count(), FeedState.objects.get().failure) == (3, "")


def test_an_update_ends_and_the_next_goes_on(
    publisher: Publisher, publish: Publish, tmp_path: Path, shop: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue(shop)
    rows = {f"cve-2024-{number}": ("2026-10-02", made(number=f"ACME-{number}")) for number in (2222, 3333)}
    publish(**rows, **{NAME.lower(): ("2026-10-01", made())})
    whole = vendor_feeds.take
    monkeypatch.setattr("seamark.pipeline.feeds.take", lambda one, internal: whole(one, internal, most=2))
    assert fetch(publisher, tmp_path).left == 1
    assert fetched(publisher) == [f"{NAME.lower()}.json", "cve-2024-2222.json"], "flaws of ours come first"
    assert fetch(publisher, tmp_path).left == 0
    assert fetched(publisher) == ["cve-2024-3333.json"]


def test_a_provider_that_fails_too_often_is_left_alone(publisher: Publisher, publish: Publish, tmp_path: Path) -> None:
    publish(**{f"d{number}": ("2026-10-01", b"{}") for number in range(30)})
    assert fetch(publisher, tmp_path).loaded is None
    assert len(fetched(publisher)) == vendor_feeds.MOST_FAILURES
    publisher.answers["docs/changes.csv"] = 500
    assert "answers 500" in fetch(publisher, tmp_path).failure


def test_a_folder_of_documents_is_read_again_only_where_it_changed(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.json").write_bytes(made())
    (folder / "provider-metadata.json").write_bytes(b'{"distributions": []}')
    (folder / "broken.json").write_bytes(b'{"csaf_version": 2')
    one = Provider("acme", str(folder))
    (told,) = update(["csaf"], tmp_path, providers=[one])
    assert told.loaded is not None
    assert told.failure.startswith("broken.json: The CSAF document cannot be read")
    (folder / "broken.json").unlink()
    (told,) = update(["csaf"], tmp_path, providers=[one])
    assert (told.loaded, told.failure) == (None, "")
    (folder / "a.json").write_bytes(made(day="2026-10-09"))
    os.utime(folder / "a.json", (1, 1))
    (told,) = update(["csaf"], tmp_path, providers=[one])
    assert told.loaded is not None
    assert told.loaded.date == "2026-10-09"
    with pytest.raises(NotFound, match="No vendor is named"):
        list(update(["csaf"], tmp_path))


def test_an_older_version_does_not_take_the_newer_ones_place(tmp_path: Path) -> None:
    keep(tmp_path, made(day="2026-10-09", version="2"), made())
    assert VendorDocument.objects.get().version == "2"


def test_a_vendors_cvss_fills_a_gap_only(tmp_path: Path) -> None:
    keep(tmp_path, made())
    row = Exploitation.objects.get(name=NAME)
    assert (row.cvss, row.kev_added, row.snapshot) == (53, None, "CSAF 2026-10-01")
    Exploitation.objects.filter(name=NAME).update(cvss=91)
    keep(tmp_path, made(day="2026-10-02"))
    row.refresh_from_db()
    assert row.cvss == 91


def test_a_firm_word_of_exploitation_counts_as_a_catalogue_until_it_is_taken_back(
    tmp_path: Path, shop: Application
) -> None:
    ours = issue(shop)
    since = vulnerability(first_known_exploitation_dates=[{"exploitation_date": "2026-08-08T00:00:00Z"}])
    keep(tmp_path, made(since))
    row = Exploitation.objects.get(name=NAME)
    assert (row.kev_added, row.catalogues) == (date(2026, 8, 8), "CSAF")
    before = ours.risk
    ours.refresh_from_db()
    assert ours.kev
    assert ours.risk > before
    keep(tmp_path, made(number="ACME-2"))
    row.refresh_from_db()
    assert row.kev_added is not None, "another document says nothing of it"
    keep(tmp_path, made(day="2026-10-03"))
    assert not Exploitation.objects.exclude(kev_added=None, catalogues="").exists()


def test_other_catalogues_keep_their_word(tmp_path: Path) -> None:
    name = "CVE-2020-0001"
    path = tmp_path / "kev"
    path.write_bytes(files.KEV)
    import_feed(path, "kev")
    before = Exploitation.objects.get(name=name)
    since = vulnerability(name, first_known_exploitation_dates=[{"exploitation_date": "2026-11-08T00:00:00Z"}])
    keep(tmp_path, made(since), made(vulnerability(name), day="2026-10-03"))
    after = Exploitation.objects.get(name=name)
    assert (after.kev_added, after.ransomware, after.catalogues) == (before.kev_added, before.ransomware, "KEV")


def said(shop: Application, tmp_path: Path, *documents: bytes, **component: Any) -> Vendors:
    ours = issue(shop, **component)
    keep(tmp_path, *documents)
    ours.refresh_from_db()
    assert (ours.open, ours.resolution) == (True, ""), "nothing is closed"
    return vendors_of_issue(everything(), ours, [NAME])


def test_not_affected_of_the_very_version_is_suggested(shop: Application, tmp_path: Path) -> None:
    told = said(shop, tmp_path, made())
    (one,) = told.suggestions
    assert (one.purl, one.justification, one.source.publisher) == (PURL, "vulnerable_code_not_in_execute_path", "Acme")
    assert (one.source.provider, one.source.document, one.source.released) == ("imported", "ACME-1", "2026-10-01")
    assert [(one.version, one.status) for one in told.packages] == [("1.2.3", "not_affected"), ("1.3.0", "fixed")]
    assert [view.cvss for view in told.views] == [5.3]


AFFECTED = {"known_affected": ["P1"]}
ANY = {"full_product_names": [product("P1", "pkg:npm/left-pad")]}
PART = {
    "full_product_names": [product("P", PURL), product("S", name="Suite")],
    "relationships": [
        {
            "category": "default_component_of",
            "product_reference": "P",
            "relates_to_product_reference": "S",
            "full_product_name": product("P1"),
        }
    ],
}


@pytest.mark.parametrize(("documents", "component"), [
    ([made()], {"purl": "pkg:npm/left-pad@1.2.4"}),
    ([made()], {"purl": "pkg:npm/%40other/left-pad@1.2.3"}),
    ([made()], {"purl": ""}),
    ([made(tree=ANY)], {}),
    ([made(tree=PART)], {}),
    ([made(tree={"full_product_names": [product("P1", PURL + "?arch=arm64")]})], {"purl": PURL + "?arch=x86_64"}),
    ([made(), made(vulnerability(product_status=AFFECTED), number="OTHER")], {}),
    ([made(), made(vulnerability(product_status={"under_investigation": ["P1"]}), number="OTHER")], {}),
    ([made(), made(vulnerability(product_status=AFFECTED), number="OTHER", tree=ANY)], {}),
], ids=["version", "package", "no purl", "no version", "part of a product", "architecture", "denied", "looked into", "denied for all"])  # fmt: skip
def test_anything_less_is_not_suggested(
    shop: Application, tmp_path: Path, documents: list[bytes], component: dict[str, str]
) -> None:
    told = said(shop, tmp_path, *documents, **component)
    assert told.suggestions == []
    assert told.packages


def test_nothing_is_known_of_other_flaws(tmp_path: Path) -> None:
    keep(tmp_path, made())
    assert vendors_on(["CVE-2024-9999"]) == Vendors()


def test_what_findings_name_is_listed_first_of_many(tmp_path: Path) -> None:
    many = [product(f"A{number}", f"pkg:npm/a{number}@1") for number in range(80)]
    status = {"fixed": [one["product_id"] for one in many], "known_not_affected": ["P1"]}
    tree = {"full_product_names": [*many, product("P1", PURL)]}
    keep(tmp_path, made(vulnerability(product_status=status), tree=tree))
    told = vendors_on([NAME], [FOUND])
    assert told.more
    assert told.packages[0].package == "npm/left-pad"
    assert len(told.packages) == 60


def test_the_pages_and_the_api_show_it(client: Client, shop: Application, tmp_path: Path) -> None:
    told = issue(shop)
    keep(tmp_path, made(vulnerability(threats=[{"category": "exploit_status", "details": "<b>Seen</b>"}])))
    ada = make_person("ada", Role.ANALYST)
    client.force_login(ada)
    sentence = f"Acme says that {PURL} is not affected"
    for address in (f"/vulnerabilities/{NAME}/", f"/issues/{told.reference}/exploitation/"):
        page = client.get(address).content.decode()
        assert sentence in page
        assert "vulnerable_code_not_in_execute_path" in page
        assert "&lt;b&gt;Seen&lt;/b&gt;" in page
    answer = client.get(f"/api/v1/vulnerabilities/{NAME}").json()
    assert [one["purl"] for one in answer["vendors"]["suggestions"]] == [PURL]
    assert answer["vendors"]["views"][0]["exploitation"] == "<b>Seen</b>"


def test_nobody_learns_of_issues_that_they_may_not_see(client: Client, shop: Application, tmp_path: Path) -> None:
    told = issue(shop)
    keep(tmp_path, made())
    unit = BusinessUnit.objects.create(name="Elsewhere")
    client.force_login(make_person("bob", Role.ANALYST, unit=unit))
    assert client.get(f"/issues/{told.reference}/exploitation/").status_code == 404
    page = client.get(f"/vulnerabilities/{NAME}/").content.decode()
    assert "What vendors say" in page
    assert f"says that {PURL} is not affected" not in page
