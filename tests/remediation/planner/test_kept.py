"""The plan of an application, from what is kept: inventories, findings, scores, rights."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seamark.core.severity import Severity
from seamark.intake.discovery.discover import discover
from seamark.pipeline.pulls.planning import plan_application
from seamark.pipeline.surveys import record
from seamark.response.remediation.projects import EXTRACTORS
from seamark.store.access import visible_to
from seamark.store.models import Application, Asset, Component, Issue, Sbom, SbomComponent
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.api.conftest import Caller, caller  # noqa: F401 - a fixture
from tests.factories import import_findings, make_person, package

REPOSITORY = "git.example/harbour/shop"


@pytest.fixture
def shop(db: None, tmp_path: Path) -> Application:
    (tmp_path / "requirements.txt").write_text("jinja2==2.10\npyyaml==5.3\nrequests==2.31.0\n")
    lock = {"name": "web", "lockfileVersion": 3, "packages": {
        "": {"name": "web", "dependencies": {"mkdirp": "0.5.1"}}, "node_modules/minimist": {"version": "0.0.8"},
        "node_modules/mkdirp": {"version": "0.5.1", "dependencies": {"minimist": "0.0.8"}},
    }}  # fmt: skip
    (tmp_path / "package.json").write_text('{"name": "web", "dependencies": {"mkdirp": "0.5.1"}}')
    (tmp_path / "package-lock.json").write_text(json.dumps(lock))
    import_findings("shop", "Scanner", [
        package("CVE-2026-0001", "pypi/jinja2", "2.10", "2.11.3", Severity.HIGH, 8.1, "a"),
        package("CVE-2026-0002", "pypi/pyyaml", "5.3", "5.4", Severity.CRITICAL, 9.8, "b"),
        package("CVE-2026-0003", "npm/minimist", "0.0.8", "0.2.4", Severity.HIGH, 7.5, "c"),
        package("CVE-2026-0004", "pypi/requests", "2.31.0", "", Severity.LOW, 3.1, "d"),
    ])  # fmt: skip
    application = Application.objects.get()
    record(
        discover(tmp_path, REPOSITORY, only=EXTRACTORS),
        "tests",
        now=datetime(2026, 5, 1, tzinfo=UTC),
        application=application,
    )
    return application


def test_scores_of_issues_decide_and_the_lock_counts(shop: Application) -> None:
    person = make_person("ada", Role.ANALYST)
    found = plan_application(visible_to(person), shop).plans
    steps = {
        (step.change.name, step.change.to_version, step.change.kind.value, step.removed)
        for one in found.plans
        for step in one.steps
    }
    risk = {issue.component.partition(" ")[0].partition("@")[0]: issue.risk / 10 for issue in Issue.objects.all()}
    assert {(name, to, kind) for name, to, kind, _ in steps} == {
        ("jinja2", "2.11.3", "bump"),
        ("pyyaml", "5.4", "bump"),
        ("minimist", "0.2.4", "override"),
    }
    assert {name: removed for name, _, _, removed in steps} == {
        name: risk[name] for name in ("jinja2", "pyyaml", "minimist")
    }
    assert [one.flaw.name for plan in found.plans for one in plan.unfixed if one.no_fix] == ["CVE-2026-0004"]
    # The manifest beside the lock is no project of its own.
    assert sorted(one.place.rpartition("/")[2] for one in found.projects) == ["package-lock.json", "requirements.txt"]


def test_what_was_dismissed_weighs_nothing(shop: Application) -> None:
    Issue.objects.filter(component__startswith="pyyaml").update(state=State.DISMISSED, open=False)
    found = plan_application(visible_to(make_person("ada", Role.ANALYST)), shop).plans
    assert {step.change.name for one in found.plans for step in one.steps} == {"jinja2", "minimist"}


def test_an_inventory_of_the_whole_repository_adds_what_no_manifest_lists(shop: Application) -> None:
    import_findings("shop", "Second", [package("CVE-2026-0009", "pypi/flask", "1.0", "2.2.5", Severity.HIGH, 7.5, "e")])
    bom = Sbom.objects.create(asset=Asset.objects.get(kind="repository"), digest="0" * 64)
    for name, version in (("jinja2", "2.10"), ("flask", "1.0")):
        part, _ = Component.objects.get_or_create(
            purl=f"pkg:pypi/{name}@{version}", defaults={"name": name, "version": version}
        )
        SbomComponent.objects.create(sbom=bom, component=part, ref=name)
    found = plan_application(visible_to(make_person("ada", Role.ANALYST)), shop).plans
    steps = [(one.project.rpartition("/")[2], step.change.name) for one in found.plans for step in one.steps]
    assert sorted(steps) == [
        ("package-lock.json", "minimist"), ("pypi", "flask"), ("requirements.txt", "jinja2"), ("requirements.txt", "pyyaml"),
    ]  # fmt: skip


def test_api(shop: Application, caller: Callable[..., Caller]) -> None:  # noqa: F811 - the fixture
    call = caller(make_person("ada", Role.ANALYST))
    answer = call("GET", f"/applications/{shop.slug}/plan")
    assert answer.status_code == 200
    found = answer.json()
    assert found["changes"] == 3
    assert found["projects"][0]["steps"][0]["from_version"] in {"2.10", "5.3", "0.0.8"}
    assert found["curve"][-1]["removed"] == round(found["risk_before"] - found["risk_after"], 2)
    assert call("GET", f"/applications/{shop.slug}/plan?most=1").json()["changes"] == 2
    assert call("GET", f"/applications/{shop.slug}/plan?most=0").status_code == 422
    assert call("GET", "/applications/nope/plan").status_code == 404
    assert caller(make_person("eve"))("GET", f"/applications/{shop.slug}/plan").status_code == 404
    tag = answer["ETag"]
    assert call("GET", f"/applications/{shop.slug}/plan", headers={"If-None-Match": tag}).status_code == 304
