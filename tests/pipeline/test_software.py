"""Who holds a package, now and then; inventories matched anew; everything of an application as one document."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from seamark.analysis.software.query import parse_query
from seamark.core.assets import Discovery, Listing
from seamark.core.component import Component
from seamark.intake.sbom.write_cyclonedx import write
from seamark.pipeline.software import document_of, holders, rematch
from seamark.pipeline.surveys import record
from seamark.store.access import everything, visible_to
from seamark.store.models import Application, Finding, Issue
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.factories import make_person

from .estate import LOCK, MAY, REPO, make_estate

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Application:
    return make_estate()


def again(version: str, days: int) -> None:
    """Survey the repository anew, with another version of Flask."""
    flask = Component(name="flask", version=version, purl=f"pkg:pypi/flask@{version}", ref="flask", direct=True)
    listing = Listing(manifest=LOCK, ecosystem="pypi", locked=True, components=(flask,))
    record(
        Discovery(repository=REPO, listings=(listing,)),
        f"discovery {REPO}",
        now=MAY + timedelta(days=days),
        commit="c" * 40,
        complete=False,
    )


def advisory(folder: Path, name: str = "PYSEC-2023-62", fixed: str = "2.2.5") -> Path:
    events = [{"introduced": "0"}, {"fixed": fixed}]
    affected = [
        {"package": {"ecosystem": "PyPI", "name": "flask"}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    ]
    told = {
        "schema_version": "1.6.0",
        "id": name,
        "modified": "2026-05-01T00:00:00Z",
        "summary": "Cookies leak",
        "aliases": ["CVE-2023-30861"],
        "affected": affected,
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(told))
    return path


class TestHolders:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("flask < 2.2.5", 1),
            ("flask >= 2.2.5", 0),
            ("pkg:pypi/jinja2", 1),
            ("ecosystem:npm flask", 0),
            ("nobody", 0),
        ],
    )
    def test_by_name_and_version(self, shop: Application, text: str, found: int) -> None:
        assert len(holders(everything(), parse_query(text))) == found

    def test_now_and_then_and_who_brought_it(self, shop: Application) -> None:
        again("3.0.0", 9)
        (now,) = holders(everything(), parse_query("flask"))
        assert (now.version, now.commit, now.since[:10], now.asset.application) == (
            "3.0.0",
            "c" * 40,
            "2026-05-10",
            "Storefront",
        )
        (then,) = holders(everything(), parse_query("flask"), at=MAY + timedelta(days=3))
        assert (then.version, then.since[:10]) == ("2.0.0", "2026-05-01")
        assert holders(everything(), parse_query("flask"), at=MAY - timedelta(days=1)) == []

    def test_a_bound_is_kept(self, shop: Application) -> None:
        assert len(holders(everything(), parse_query("ecosystem:pypi"), limit=1)) == 1

    def test_only_of_what_the_person_sees(self, shop: Application) -> None:
        other = Application.objects.create(name="Payroll", slug="payroll")
        assert holders(visible_to(make_person("eve", Role.VIEWER, application=other)), parse_query("flask")) == []
        assert len(holders(visible_to(make_person("ada", Role.VIEWER, application=shop)), parse_query("flask"))) == 1


class TestRematch:
    def test_a_new_advisory_opens_an_issue_without_a_scan_and_an_upgrade_closes_it(
        self, shop: Application, tmp_path: Path
    ) -> None:
        path = advisory(tmp_path, "PYSEC-2026-1", "2.9")
        (one,) = rematch(path, application=shop)
        assert (one.asset, one.vulnerable, one.outcome.new) == (f"repository:{REPO}", 1, 1)
        row = Finding.objects.get(stream__tool="Seamark advisories")
        assert (row.path, row.component, row.closed_in) == ("services/orders/uv.lock", "flask 2.0.0", None)
        assert rematch(path)[0].outcome.new == 0
        again("3.0.0", 9)
        assert rematch(path)[0].outcome.fixed == 1
        row.refresh_from_db()
        assert row.closed_in is not None

    def test_it_is_one_issue_with_what_scanners_say(self, shop: Application, tmp_path: Path) -> None:
        before = set(Issue.objects.filter(merged_into=None).values_list("pk", flat=True))
        rematch(advisory(tmp_path))
        flask = Issue.objects.get(component__startswith="flask", merged_into=None)
        assert flask.pk in before
        assert flask.tools == 2


class TestDocument:
    def test_everything_with_what_was_decided(self, shop: Application) -> None:
        issue = Issue.objects.get(component__startswith="flask")
        issue.state, issue.resolution, issue.open = State.DISMISSED, "not_affected", False
        issue.save()
        document = json.loads(write(document_of(everything(), shop)))
        names = {one["name"] for one in document["components"]}
        assert {"flask", "jinja2"} <= names
        (told,) = document["vulnerabilities"]
        assert (told["id"], told["analysis"]["state"]) == ("CVE-2023-30861", "not_affected")
        assert write(document_of(everything(), shop)) == write(document_of(everything(), shop))

    def test_an_application_without_inventories_is_an_empty_document(self) -> None:
        document = json.loads(write(document_of(everything(), Application.objects.create(name="Bare", slug="bare"))))
        assert document["metadata"]["component"]["name"] == "Bare"
