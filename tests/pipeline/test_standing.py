"""Where issues stand: what the graph proves comes before the application's words, a person's decision before both."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from seamark.analysis.risk import Facts
from seamark.analysis.risk.facts import decode
from seamark.core.assets import AssetKind as K
from seamark.core.assets import Discovery, Found, Relation
from seamark.core.assets import RelationKind as R
from seamark.core.finding import Finding
from seamark.core.kind import Reach
from seamark.core.severity import Severity
from seamark.pipeline import restanding
from seamark.pipeline.restanding import restand
from seamark.pipeline.scoring import rescore
from seamark.pipeline.standing import Standings, expired_since, of
from seamark.pipeline.standing.standings import DECIDED
from seamark.pipeline.surveys import record
from seamark.store.models import Application, Asset, Control, EpssPoint, Exploitation, Issue
from seamark.store.models import Relation as Row
from tests.factories import code, import_findings, package

from .estate import BACK, IMAGE, LOCK, ORDERS, REPO, REPOSITORY, STORE, WORKLOAD, asset, edge, make_estate, ref

pytestmark = pytest.mark.django_db
APP_PY, RUN_PY = "services/orders/app.py:3", "services/backoffice/run.py:7"


@pytest.fixture
def shop() -> Application:
    return make_estate()


def survey(*found: Found, relations: tuple[Relation, ...] = (), source: str = "more", complete: bool = True) -> None:
    record(Discovery(assets=found, relations=relations), source, now=timezone.now(), complete=complete)


def facts_of(place: str) -> Facts:
    return decode(json.dumps(Issue.objects.get(place=place).facts))


def stands(place: str) -> Any:
    return of(asset(REPOSITORY), place)


class TestExposure:
    def test_of_the_service_that_a_domain_leads_to(self, shop: Application) -> None:
        assert facts_of(APP_PY).exposure == "internet"
        assert dict(facts_of(APP_PY).origins)["exposure"] == "ingress.yaml:4"
        assert facts_of(RUN_PY).exposure == ""

    def test_the_application_s_word_holds_where_nothing_is_known(self, shop: Application) -> None:
        Application.objects.update(exposure="partner", origins={"exposure": "seamark.yaml"})
        assert stands(RUN_PY).exposure == "partner"
        assert dict(stands(RUN_PY).origins)["exposure"] == "seamark.yaml"
        assert stands(APP_PY).exposure == "internet"

    def test_the_widest_that_is_proved(self, shop: Application) -> None:
        survey(Found(ref=ORDERS, origin="services", at="seamark.yaml:9", facts={"exposure": "internal"}))
        assert stands(APP_PY).exposure == "internet"
        Row.objects.filter(kind="exposes").update(confidence=0.4)
        assert stands(APP_PY).exposure == "internal"
        assert dict(stands(APP_PY).origins)["exposure"] == "seamark.yaml:9"

    def test_a_narrower_word_for_one_service_takes_the_place_of_the_application_s(self, shop: Application) -> None:
        Application.objects.update(exposure="internet", origins={"exposure": "seamark.yaml"})
        survey(Found(ref=BACK, origin="services", at="seamark.yaml:9", facts={"exposure": "internal"}))
        assert stands(RUN_PY).exposure == "internal"

    def test_a_compose_file_closes_nothing(self, shop: Application) -> None:
        Application.objects.update(exposure="internet", origins={"exposure": "seamark.yaml"})
        runs = ref(K.WORKLOAD, "compose/backoffice")
        survey(
            Found(
                ref=runs,
                origin="compose",
                at="compose.yml:3",
                facts={"exposure": "internal", "orchestrator": "compose"},
            ),
            relations=(edge(runs, R.RUNS, BACK, "compose.yml:3"),),
        )
        assert stands(RUN_PY).exposure == "internet"
        Application.objects.update(exposure="", origins={})
        assert stands(RUN_PY).exposure == "internal"

    def test_a_person_decides(self, shop: Application) -> None:
        Application.objects.update(
            exposure="none", data_classes=["PHI"], origins={"exposure": "person", "data_classes": "person"}
        )
        found = stands(APP_PY)
        assert (found.exposure, found.data_classes) == ("none", ("PHI",))
        assert dict(found.origins)["exposure"] == dict(found.origins)["data_classes"] == DECIDED

    def test_what_a_person_says_of_the_very_service_decides_more(self, shop: Application) -> None:
        Application.objects.update(exposure="none", origins={"exposure": "person"})
        survey(
            Found(ref=ORDERS, origin="web", facts={"exposure": "internal", "environment": "staging"}), source="person"
        )
        found = stands(APP_PY)
        assert (found.exposure, found.environment) == ("internal", "staging")
        assert dict(found.origins)["exposure"] == DECIDED

    def test_assets_of_other_applications_prove_nothing(self, shop: Application) -> None:
        other = Application.objects.create(name="Other", slug="other")
        Asset.objects.filter(pk=asset(WORKLOAD).pk).update(application=other)
        assert stands(APP_PY).exposure == ""

    def test_a_lock_file_stands_with_all_services_that_use_it(self, shop: Application) -> None:
        lock = ref(K.MANIFEST, "package-lock.json")
        survey(
            Found(ref=lock, origin="npm"), relations=(edge(ORDERS, R.DEPENDS_ON, lock), edge(BACK, R.DEPENDS_ON, lock))
        )
        assert stands("package-lock.json").exposure == "internet"
        assert stands(LOCK.key.partition("//")[2]).exposure == "internet"


class TestTheRest:
    def test_data_is_that_of_the_service_and_of_its_application(self, shop: Application) -> None:
        Application.objects.update(data_classes=["pci"], origins={"data_classes": "seamark.yaml"})
        Row.objects.filter(kind="handles").update(at="db.tf:2")
        assert stands(APP_PY).data_classes == ("PCI", "PII")
        assert dict(stands(APP_PY).origins)["data_classes"] == "seamark.yaml, db.tf:2 (PII)"
        assert stands(RUN_PY).data_classes == ("PCI",)

    def test_environment_is_the_most_productive_one(self, shop: Application) -> None:
        stage = ref(K.WORKLOAD, "stage/Deployment/orders")
        survey(
            Found(ref=stage, origin="kubernetes", at="stage.yaml:1", facts={"environment": "stg"}),
            relations=(edge(stage, R.RUNS, IMAGE, "stage.yaml:1"),),
        )
        assert (stands(APP_PY).environment, dict(stands(APP_PY).origins)["environment"]) == ("staging", "stage.yaml:1")
        survey(Found(ref=WORKLOAD, origin="kubernetes", at="k8s.yaml:9", facts={"environment": "prod"}), source="other")
        assert stands(APP_PY).environment == "production"
        assert stands(RUN_PY).environment == ""

    @pytest.mark.parametrize(
        ("facts", "expected"),
        [
            ({"privileged": True, "run_as_root": True}, "privileged"), ({"privileged": False, "run_as_root": True}, "root"),
            ({"privileged": False, "run_as_root": False}, "restricted"), ({"privileged": False}, ""),
        ],
    )  # fmt: skip
    def test_privileges(self, shop: Application, facts: dict[str, Any], expected: str) -> None:
        survey(Found(ref=WORKLOAD, origin="kubernetes", at="k8s.yaml:9", facts=facts))
        assert stands(APP_PY).privileges == expected
        assert dict(stands(APP_PY).origins).get("privileges", "") == ("k8s.yaml:9" if expected else "")

    def test_blast(self, shop: Application) -> None:
        assert stands(APP_PY).blast > stands(RUN_PY).blast > 0
        assert of(Asset.objects.create(kind="host", key="lonely", application=shop), "").blast == -1

    def test_a_declared_resource_stands_for_its_lines(self, shop: Application) -> None:
        Application.objects.update(exposure="internet", origins={"exposure": "seamark.yaml"})
        bucket = ref(K.DATA_STORE, "terraform#aws_s3_bucket.logs")
        found = [
            Found(ref=bucket, origin="terraform", at="infra/s3.tf:10", facts={"exposure": "none"}),
            Found(ref=STORE, origin="terraform", at="infra/s3.tf:20", facts={"exposure": "partner"}),
        ]
        survey(*found, source=f"discovery {REPO}", complete=False)
        assert [stands(f"infra/s3.tf:{line}").exposure for line in (3, 10, 14, 25)] == [
            "internet",
            "none",
            "none",
            "partner",
        ]

    def test_an_application_s_words_go_into_the_facts(self, shop: Application) -> None:
        Application.objects.update(
            criticality=1,
            sla_tier="gold",
            revenue_per_hour=100,
            origins={"criticality": "seamark.yaml", "sla_tier": "person"},
        )
        restand([shop.pk])
        facts = facts_of(RUN_PY)
        assert (facts.criticality, facts.sla_tier, facts.revenue_per_hour) == (1, "gold", 100.0)
        assert dict(facts.origins) == {"criticality": "seamark.yaml", "sla_tier": DECIDED}


class TestControls:
    def control(self, application: Application, **covers: Any) -> None:
        expires = covers.pop("expires", date(2099, 1, 31))
        Control.objects.create(
            application=application, name="WAF", covers=covers, expires=expires, origin="seamark.yaml"
        )

    @pytest.mark.parametrize(
        ("covers", "covered"),
        [
            ({}, {APP_PY, RUN_PY}), ({"services": ["orders"]}, {APP_PY}), ({"weaknesses": ["CWE-89"]}, {APP_PY}),
            ({"weaknesses": ["CWE-943"]}, {APP_PY}), ({"weaknesses": ["XSS"]}, set()), ({"paths": ["services/backoffice"]}, {RUN_PY}),
            ({"paths": ["services/*/app.py"]}, {APP_PY}), ({"paths": ["services/order"]}, set()), ({"assets": [REPO]}, {APP_PY, RUN_PY}),
            ({"assets": ["backoffice"], "weaknesses": ["CWE-89"]}, set()), ({"services": ["orders", "other"], "paths": ["services/orders/"]}, {APP_PY}),
            ({"expires": date(2020, 1, 1)}, set()), ({"expires": None}, {APP_PY, RUN_PY}),
        ],
    )  # fmt: skip
    def test_what_is_covered(self, shop: Application, covers: dict[str, Any], covered: set[str]) -> None:
        self.control(shop, **covers)
        restand([shop.pk])
        assert {place for place in (APP_PY, RUN_PY) if facts_of(place).controls} == covered

    def test_its_words_and_its_effect(self, shop: Application) -> None:
        before = Issue.objects.get(place=APP_PY).risk
        self.control(shop)
        restand([shop.pk])
        assert facts_of(APP_PY).controls == ("WAF (until 2099-01-31)",)
        assert Issue.objects.get(place=APP_PY).risk < before

    def test_expired_since(self, shop: Application) -> None:
        self.control(shop, expires=date(2026, 5, 10))
        days = {today: expired_since(date(2026, 5, 9), date(2026, 5, today)) == {shop.pk} for today in (9, 10, 11)}
        assert days == {9: False, 10: False, 11: True}
        assert expired_since(date(2026, 5, 11), date(2026, 5, 12)) == set()


class TestRescoring:
    def test_only_what_stands_elsewhere(self, shop: Application, monkeypatch: pytest.MonkeyPatch) -> None:
        scored: list[int] = []
        monkeypatch.setattr(restanding, "rescore", lambda numbers: (scored.extend(numbers), rescore(numbers)))
        survey(Found(ref=BACK, origin="services", at="seamark.yaml:9", facts={"exposure": "internal"}))
        assert scored == [Issue.objects.get(place=RUN_PY).pk]
        assert facts_of(RUN_PY).exposure == "internal"
        scored.clear()
        survey(Found(ref=BACK, origin="services", at="seamark.yaml:9", facts={"exposure": "internal"}))
        assert scored == []
        survey()
        assert facts_of(RUN_PY).exposure == ""

    def test_a_place_that_moved_is_told_by_its_new_line(self, shop: Application) -> None:
        survey(Found(ref=BACK, origin="services", at="seamark.yaml:9", facts={"exposure": "internal"}))
        survey(Found(ref=BACK, origin="services", at="seamark.yaml:12", facts={"exposure": "internal"}))
        assert dict(facts_of(RUN_PY).origins)["exposure"] == "seamark.yaml:12"

    def test_what_is_new_in_a_surveyed_repository_stands_at_once(self, shop: Application) -> None:
        import_findings(
            "Storefront",
            "Bandit",
            [code("b", "Weak hash", "services/orders/more.py", 5, Severity.HIGH, 327)],
            repository=REPO,
        )
        assert facts_of("services/orders/more.py:5").exposure == "internet"

    @pytest.mark.parametrize("count", [3, 300])
    def test_however_many_issues_and_services_the_queries_are_as_many(self, shop: Application, count: int) -> None:
        services = [ref(K.SERVICE, f"services/s{number}") for number in range(count)]
        survey(
            *(Found(ref=one, origin="services") for one in services),
            relations=tuple(edge(REPOSITORY, R.CONTAINS, one) for one in services),
        )
        repository = asset(REPOSITORY).pk
        with CaptureQueriesContext(connection) as captured:
            standings = Standings()
            standings.prepare([(shop, repository)])
            for number in range(count):
                standings.of(shop.pk, repository, f"services/s{number}/a.py:1")
        assert len(captured) == 19

    def test_a_rescoring_asks_no_more_for_more_issues(self, shop: Application) -> None:
        def queries(numbers: list[int]) -> int:
            with CaptureQueriesContext(connection) as captured:
                rescore(numbers)
            return len(captured)

        first = queries(list(Issue.objects.values_list("id", flat=True)))
        many = [
            code("x", f"Weak hash {at}", f"services/orders/m{at}.py", at + 1, Severity.LOW, 327) for at in range(200)
        ]
        import_findings("Storefront", "Other", many, repository=REPO)
        assert queries(list(Issue.objects.values_list("id", flat=True))) == first


class TestFindings:
    def test_a_weakness_a_test_an_effort(self) -> None:
        import_findings(
            "Storefront", "Semgrep",
            [code("a", "Weak hash", "src/auth.py", 4, Severity.HIGH, 327), code("a", "Weak hash", "tests/test_auth.py", 9, Severity.HIGH, 327)],
        )  # fmt: skip
        assert [
            (one.cwe, one.test, one.effort) for one in map(facts_of, ("src/auth.py:4", "tests/test_auth.py:9"))
        ] == [(327, False, "code"), (327, True, "code")]

    def test_a_package_s_depth_and_upgrade(self, shop: Application) -> None:
        def told(name: str, version: str, fixed: str, **more: Any) -> Facts:
            flaw = package(
                f"CVE-2024-{len(name)}{len(version)}",
                f"pypi/{name}",
                version,
                fixed,
                Severity.HIGH,
                7.5,
                f"Flaw in {name}",
                **more,
            )
            import_findings("Storefront", f"Tool of {name}", [flaw], repository=REPO)
            return decode(json.dumps(Issue.objects.get(component=f"{name} {version}", rule=flaw.rule).facts))

        assert (told("alpha", "1.2.3", "1.2.9").effort, told("beta", "1.2.3", "1.4.0").effort) == ("patch", "minor")
        assert (told("gammas", "1.2.3", "2.0.0").effort, told("delta-one", "1.2", "").effort) == ("major", "none")
        way = told(
            "epsilons",
            "1.0",
            "1.1",
            dependency_paths=(("flask@2", "click@8", "epsilons@1.0"), ("flask@2", "epsilons@1.0")),
        )
        assert way.depth == 2
        # The inventory knows of flask, and of jinja2 below it; whoever reports it, and wherever.
        Asset.objects.filter(pk=asset(LOCK).pk).update(key=f"{REPO}//requirements.txt")
        assert told("flask", "2.0.0", "").depth == 1
        assert told("jinja2", "3.0.0", "").depth == 2

    def test_a_month_of_epss(self) -> None:
        day = date(2026, 11, 1)
        Exploitation.objects.create(name="CVE-2024-1", epss=0.6, epss_date=day, ssvc="poc/yes/total")
        for back, chance in ((60, 0.5), (33, 0.02), (12, 0.3)):
            EpssPoint.objects.create(name="CVE-2024-1", day=day - timedelta(days=back), epss=chance)
        import_findings("Storefront", "Trivy", [package("CVE-2024-1", "pypi/a", "1", "2", Severity.HIGH, 7.5, "Flaw")])
        facts = decode(json.dumps(Issue.objects.get().facts))
        assert (facts.epss, facts.epss_before, facts.automatable, facts.impact) == (0.6, 0.02, "yes", "total")
        rescore([Issue.objects.get().pk])
        assert decode(json.dumps(Issue.objects.get().facts)) == facts

    @pytest.mark.parametrize("said", list(Reach))
    def test_every_verdict_of_a_tool(self, said: Reach) -> None:
        flaw = package("CVE-2024-1", "pypi/a", "1", "2", Severity.HIGH, 7.5, "Flaw", reach=said)
        import_findings("Storefront", "Trivy", [flaw])
        assert decode(json.dumps(Issue.objects.get().facts)).reach is said
        rescore([Issue.objects.get().pk])
        assert decode(json.dumps(Issue.objects.get().facts)).reach is said

    def test_age_is_that_of_today(self) -> None:
        then = (timezone.now() - timedelta(days=95)).isoformat()
        import_findings("Storefront", "Semgrep", [code("a", "Weak hash", "src/auth.py", 4)], scanned_at=then)
        assert facts_of("src/auth.py:4").age == 90
        assert Issue.objects.get().opened_at < datetime.now(UTC) - timedelta(days=94)


def test_findings_of_one_issue_tell_the_least_effort() -> None:
    def flaw(fixed: str) -> Finding:
        return package("CVE-2024-1", "pypi/a", "1.0.0", fixed, Severity.HIGH, 7.5, "Flaw")

    import_findings("Storefront", "Trivy", [flaw("")])
    assert decode(json.dumps(Issue.objects.get().facts)).effort == "none"
    import_findings("Storefront", "Grype", [flaw("1.0.4")])
    assert decode(json.dumps(Issue.objects.get().facts)).effort == "patch"
