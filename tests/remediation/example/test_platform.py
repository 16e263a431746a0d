"""The example's plans on the platform: packages and pins together, what a fix moves with the proof, what it touches."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from seamark.core.errors import NotAllowed
from seamark.pipeline.fixing.ranked import ranked
from seamark.pipeline.pulls import asking, planning
from seamark.pipeline.pulls import work as worker
from seamark.pipeline.pulls.planning import FixPlan, Timely, plan_application, plan_fix
from seamark.pipeline.pulls.repositories import repository_of
from seamark.pipeline.pulls.touched import touched_by
from seamark.response.remediation.options import Choice
from seamark.response.remediation.plan.make import Plan
from seamark.store.access import Visible, visible_to
from seamark.store.models import (
    Application,
    Asset,
    Component,
    Fix,
    Issue,
    PullRepository,
    PullRequest,
    Sbom,
    SbomComponent,
    Statement,
    User,
)
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from seamark.store.models.pulls import PullState
from tests.factories import make_person
from tests.remediation.planner.served import Served
from tests.remediation.pulls.served import Forge

from .shop import REPOSITORY


@pytest.fixture
def seen(db: None) -> Visible:
    return visible_to(make_person("ada", Role.ANALYST))


def base_fix() -> Fix:
    return Fix.objects.select_related("application", "asset").get(kind="base_image")


def fix_of(title: str) -> Fix:
    return Fix.objects.select_related("application", "asset").get(title__contains=title)


def planned(seen: Visible, fix: Fix, *, online: bool = False) -> FixPlan:
    found = plan_fix(seen, fix, online=online)
    assert found is not None
    return found


def by_place(plans: tuple[Plan, ...]) -> dict[str, Plan]:
    return {one.project.removeprefix(f"{REPOSITORY}//"): one for one in plans}


class TestByWhatIsKept:
    """Nothing is asked: surveys, findings, inventories."""

    def test_an_application_s_pins_are_planned_with_its_packages(self, harbour: Application, seen: Visible) -> None:
        found = plan_application(seen, harbour)
        plans = by_place(found.plans.plans)
        assert {"services/orders/Dockerfile:1", "services/storefront/Dockerfile:1", ".github/workflows/ci.yml:14"} <= set(plans)  # fmt: skip
        base = plans["services/orders/Dockerfile:1"]
        assert (base.flaws, base.steps) == (3, ())
        assert {one.why for one in base.unfixed} == {"which versions there are is not known"}

    def test_each_issue_weighs_once(self, harbour: Application, seen: Visible) -> None:
        plans = by_place(plan_application(seen, harbour).plans.plans)
        risk = {one.title: one.risk / 10 for one in Issue.objects.filter(fix=base_fix())}
        assert plans["services/orders/Dockerfile:1"].risk_before == pytest.approx(sum(risk.values()))
        # Four places take the action at a moving version: four issues, one change.
        action = plans[".github/workflows/ci.yml:14"]
        issues = {int(one.flaw.name.partition(" ")[0].removeprefix("SM-")) for one in action.unfixed}
        assert len(issues) == action.flaws == 4
        assert action.risk_before == pytest.approx(sum(one.risk / 10 for one in Issue.objects.filter(pk__in=issues)))

    def test_what_was_dismissed_weighs_nothing(self, harbour: Application, seen: Visible) -> None:
        before = by_place(plan_application(seen, harbour).plans.plans)["services/storefront/Dockerfile:1"]
        assert before.risk_before > 0
        Issue.objects.filter(place__startswith="services/storefront/Dockerfile").update(
            state=State.DISMISSED, open=False
        )
        assert "services/storefront/Dockerfile:1" not in by_place(plan_application(seen, harbour).plans.plans)

    def test_what_is_missing_is_told(
        self, harbour: Application, seen: Visible, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SEAMARK_REGISTRIES", raising=False)
        monkeypatch.delenv("GITHUB_SERVER_URL", raising=False)
        monkeypatch.setenv("HOME", "/nonexistent")
        missing = plan_application(seen, harbour).looked.missing
        assert missing[0].startswith(f"{REPOSITORY} was not read")
        assert "modules and charts are not" in missing[0]
        assert any("SEAMARK_REGISTRIES=images=https://… does" in one for one in missing)
        assert any("SEAMARK_REGISTRIES=actions=https://… does" in one for one in missing)
        monkeypatch.setenv("SEAMARK_REGISTRIES", "nonsense")
        assert any("nonsense" in one for one in plan_application(seen, harbour).looked.missing)

    def test_a_base_image_without_a_known_version(self, harbour: Application, seen: Visible) -> None:
        (item,) = planned(seen, base_fix()).items
        assert (item.pin.name, item.pin.shown, item.pin.places) == ("python", "3.8-slim-buster", (("services/orders/Dockerfile", 1),))  # fmt: skip
        assert (item.proof.proven, item.plan.steps) == (False, ())
        assert item.proof.words == "There is no change to prove: which versions there are is not known."

    def test_what_is_about_no_pin_has_no_such_plan(self, harbour: Application, seen: Visible) -> None:
        others = [one for one in Fix.objects.select_related("application", "asset") if plan_fix(seen, one) is None]
        assert any(one.kind == "configuration" for one in others)
        assert base_fix() not in others

    def test_parts_of_others_are_left_out(self, harbour: Application, seen: Visible) -> None:
        other = Application.objects.create(name="Other", slug="other")
        harbour.assets.filter(kind="pipeline", key__endswith="ci.yml").update(application=other)
        plans = by_place(plan_application(seen, harbour).plans.plans)
        assert not any(place.startswith(".github/workflows/ci.yml") for place in plans)
        assert any(place.startswith(".github/workflows/release.yml") for place in plans)

    def test_what_comes_with_a_planned_image_is_not_planned_again(self, harbour: Application, seen: Visible) -> None:
        bom = Sbom.objects.create(
            asset=Asset.objects.get(kind="image", key__endswith="harbour/orders"), digest="1" * 64
        )
        for name, version in (("glibc", "2.28-10"), ("curl", "7.64.0-4")):
            part = Component.objects.create(name=name, version=version, purl=f"pkg:deb/debian/{name}@{version}")
            SbomComponent.objects.create(sbom=bom, component=part, ref=name)
        found = plan_application(seen, harbour).plans
        (project,) = [one for one in found.projects if one.place.endswith("//deb")]
        assert [part.name for part in project.parts] == ["curl"]
        named = [one.flaw.name for plan in found.plans for one in plan.unfixed] + [flaw.name for plan in found.plans for step in plan.steps for flaw in step.clears]  # fmt: skip
        assert named.count("CVE-2023-4911") == 1

    def test_facts_that_are_no_facts_pin_nothing(self, harbour: Application, seen: Visible) -> None:
        broken = ({"actions": [1, {"name": 5}, {"name": "a/b", "version": None, "line": "x"}]}, {"actions": "text"})
        for row, facts in zip(Statement.objects.filter(asset__kind="pipeline"), broken, strict=False):
            Statement.objects.filter(pk=row.pk).update(facts=facts)
        Statement.objects.filter(asset__kind="image").update(facts={"dockerfile": 3, "stages": [None, {"base": ["x"]}]})
        Statement.objects.filter(asset__kind="workload").update(facts={"image": 7, "images": [{"reference": {}}]})
        places = by_place(plan_application(seen, harbour).plans.plans)
        assert not any("Dockerfile" in one or "deploy/k8s" in one for one in places)


class TestOnline:
    """The repository's files are read, and registries asked."""

    def test_packages_and_pins_in_one_list(
        self, repository: PullRepository, harbour: Application, seen: Visible
    ) -> None:
        found = plan_application(seen, harbour, online=True)
        assert found.looked.read == (REPOSITORY,)
        order = ranked(found.plans.plans)
        assert [one.rate for one in order] == sorted((one.rate for one in order), reverse=True)
        moved = {(step.change.kind.value, step.change.name, step.change.to_version) for one in order for step in one.steps}  # fmt: skip
        assert {
            ("image", "python", "3.13-slim-bookworm"), ("image", "node", "22.12.0"), ("action_pin", "actions/checkout", "v3"),
            ("chart", "https://charts.shop.example/redis", "17.1.2"),
        } <= moved  # fmt: skip
        assert len(found.plans.curve) == sum(len(one.steps) for one in found.plans.plans)
        # A module is read, and nobody says where its versions are.
        module = by_place(found.plans.plans)["terraform/modules.tf:1"]
        assert {one.flaw.name.partition(" ")[2] for one in module.unfixed} == {"CKV_TF_1", "CKV_TF_2"}

    def test_a_base_image_with_its_proof(self, repository: PullRepository, seen: Visible) -> None:
        (item,) = planned(seen, base_fix(), online=True).items
        (step,) = item.plan.steps
        assert (step.change.to_version, step.distance.value, step.effort) == ("3.13-slim-bookworm", "minor", 3.0)
        assert {one.name for one in step.clears} == {"CVE-2023-4911", "CVE-2022-37434"}
        assert item.plan.risk_before - item.plan.risk_after == pytest.approx(step.removed)
        assert item.proof.proven
        assert "CVE-2022-37434, CVE-2023-4911 no longer match" in item.proof.words
        (option,) = [
            one for each in item.plan.offered for one in each.options if Choice.LEAST_CLEARING_ALL in one.choices
        ]
        assert option.move.version == "3.13-slim-bookworm"
        assert [one.why for one in item.plan.unfixed] == ["no version that is known is without it"]

    def test_the_newest_near_one_where_nobody_knows_what_it_holds(
        self, repository: PullRepository, inventory: Sbom, seen: Visible
    ) -> None:
        inventory.delete()
        (item,) = planned(seen, base_fix(), online=True).items
        assert item.plan.steps[0].change.to_version == "3.13-slim-bookworm"
        assert (item.proof.proven, item.plan.steps[0].clears) == (False, ())
        assert item.proof.words == "Not proven: what it holds is not known: no inventory of it is given"

    @pytest.mark.parametrize(
        ("title", "name", "target", "proven"),
        [
            (".github/workflows/pr-preview.yml", "actions/checkout", "v3", True),
            ("redis", "https://charts.shop.example/redis", "17.1.2", True),
            ("terraform/modules.tf", "git::https://modules.shop.example/network.git", "", False),
        ],
    )  # fmt: skip
    def test_actions_charts_and_modules(
        self, repository: PullRepository, seen: Visible, title: str, name: str, target: str, *, proven: bool
    ) -> None:
        items = {one.pin.name: one for one in planned(seen, fix_of(title), online=True).items}
        assert "".join(step.change.to_version for step in items[name].plan.steps) == target
        assert items[name].proof.proven is proven, items[name].proof.words

    def test_the_plan_says_what_the_pull_request_does(
        self, repository: PullRepository, forge: Forge, seen: Visible
    ) -> None:
        fix = base_fix()
        (item,) = planned(seen, fix, online=True).items
        row = asking.ask(None, fix)
        assert worker.work_once()
        row.refresh_from_db()
        assert (row.state, row.told) == (PullState.OPEN, "")
        assert row.repository == repository == repository_of(fix)
        assert row.facts["moves"] == [["python", "3.8-slim-buster", item.plan.steps[0].change.to_version, "minor"]]
        assert (row.facts["clears"], row.facts["proven"]) == (["CVE-2022-37434", "CVE-2023-4911"], True)
        assert forge.show(row.branch, "services/orders/Dockerfile").startswith("FROM python:3.13-slim-bookworm")

    def test_a_chart_s_pull_request(self, repository: PullRepository, forge: Forge) -> None:
        row = asking.ask(None, fix_of("redis"))
        assert worker.work_once()
        row.refresh_from_db()
        assert (row.state, row.told) == (PullState.OPEN, "")
        assert "version: 17.1.2" in forge.show(row.branch, "deploy/chart/Chart.yaml")

    def test_settings_of_pull_requests_decide_on_registries(
        self, repository: PullRepository, served: Served, seen: Visible
    ) -> None:
        repository.details = {}
        repository.save()
        found = planned(seen, base_fix(), online=True)
        assert served.asked == []
        assert found.looked.read == (REPOSITORY,)
        assert any("`online: true` there does" in one for one in found.looked.missing)

    def test_a_forge_that_is_away_is_told(self, repository: PullRepository, seen: Visible, settings: Settings) -> None:
        settings.SEAMARK_INTERNAL_HOSTS = frozenset()
        found = planned(seen, base_fix(), online=True)
        assert found.looked.read == ()
        assert any(one.startswith(f"{REPOSITORY} could not be read: ") for one in found.looked.missing)
        assert [one.pin.name for one in found.items] == ["python"]

    def test_only_so_long(
        self, repository: PullRepository, served: Served, seen: Visible, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(planning, "Timely", lambda market: Timely(market, 0.0))
        found = planned(seen, base_fix(), online=True)
        assert served.asked == []
        assert any("and no longer" in one for one in found.looked.troubles)

    def test_it_takes_the_right_to_work(self, repository: PullRepository, harbour: Application) -> None:
        viewer = visible_to(make_person("eve", Role.VIEWER))
        with pytest.raises(NotAllowed):
            plan_application(viewer, harbour, online=True)
        with pytest.raises(NotAllowed):
            plan_fix(viewer, base_fix(), online=True)
        assert not planning.is_readable(viewer, harbour)


class TestTouched:
    """The blast radius of a fix."""

    def kinds(self, seen: Visible, fix: Fix) -> dict[str, set[str]]:
        return {one.kind: {node.name for node in one.assets} for one in touched_by(seen, fix).groups}

    def test_a_base_image_touches_what_is_built_on_it_and_runs_it(self, harbour: Application, seen: Visible) -> None:
        found = touched_by(seen, base_fix())
        kinds = self.kinds(seen, base_fix())
        assert [one.key for one in found.start] == ["images.shop.example/harbour/orders"]
        assert {"orders", "monthly-report"} <= kinds["workload"]
        assert found.applications == ["harbour"]
        assert "orders" in {one.name for one in found.owners}
        assert (found.complete, found.exposed > 0) == (True, True)

    def test_a_workflow_touches_what_it_builds(self, harbour: Application, seen: Visible) -> None:
        found = touched_by(seen, fix_of("Correct .github/workflows/release.yml"))
        assert {one.kind for one in found.start} == {"pipeline"}
        assert "image" in {one.kind for one in found.groups}

    def test_a_dockerfile_touches_its_service(self, harbour: Application, seen: Visible) -> None:
        assert "storefront" in self.kinds(seen, fix_of("Correct services/storefront/Dockerfile"))["service"]

    def test_it_shows_only_what_a_person_may_see(self, harbour: Application) -> None:
        other = Application.objects.create(name="Other", slug="other")
        harbour.assets.filter(kind="workload").update(application=other)
        narrow = visible_to(make_person("bo", Role.ANALYST, application=harbour))
        assert "workload" not in self.kinds(narrow, base_fix())
        assert touched_by(narrow, base_fix()).applications == ["harbour"]

    def test_it_takes_the_right_to_the_graph(self, harbour: Application) -> None:
        with pytest.raises(NotAllowed):
            touched_by(visible_to(make_person("eve")), base_fix())


def test_a_base_image_is_asked_for_in_each_repository(repository: PullRepository, harbour: Application) -> None:
    ada: User = make_person("ada", Role.ANALYST)
    first = asking.ask(ada, base_fix())
    assert asking.ask(ada, base_fix()) == first
    assert PullRequest.objects.count() == 1
    PullRequest.objects.all().delete()
    repository.active = False
    repository.save()
    with pytest.raises(NotAllowed, match="repositories that build on python"):
        asking.ask(ada, base_fix())
