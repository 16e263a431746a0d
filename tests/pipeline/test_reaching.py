"""Verdicts on the reach of packages: kept beside the findings, a fact of the score, replaced by the next run of the same source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seamark.analysis.risk import Facts
from seamark.analysis.risk.facts import decode
from seamark.core.errors import NotFound
from seamark.core.kind import Reach as Fact
from seamark.core.severity import Severity
from seamark.intake.reach.model import Answer, Reach, Site, Target
from seamark.pipeline.reaching import Kept, keep, repository_of, targets_of
from seamark.pipeline.standing.verdicts import named
from seamark.store.models import Application, Asset, Issue, Reachability
from tests.factories import code, import_findings, package

pytestmark = pytest.mark.django_db
REPO = "git.example/harbour/shop"
YAML = package("CVE-2020-14343", "pypi/PyYAML", "5.3", "5.4", Severity.CRITICAL, 9.8, "Code execution in PyYAML")
SECOND = package("CVE-2020-1747", "pypi/PyYAML", "5.3", "5.3.1", Severity.CRITICAL, 9.8, "More code execution")
REQUESTS = package(
    "CVE-2024-35195", "pypi/requests", "2.31.0", "2.32.0", Severity.MEDIUM, 5.6, "Certificate check stays off"
)


def load(*more: Any) -> tuple[Application, Asset]:
    import_findings("Storefront", "Trivy", [YAML, SECOND, REQUESTS, *more])
    return Application.objects.get(), Asset.objects.get(kind="repository")


def answer(name: str, reach: Reach, advisory: str = "", ecosystem: str = "pypi", **more: Any) -> Answer:
    target = Target(ecosystem=ecosystem, name=name, advisory=advisory, **more)
    return Answer(
        target=target,
        reach=reach,
        confidence=0.9,
        why="Because.",
        chain=(Site("run.py", 1, "imports it"), Site("app.py", 3, "imports yaml")),
    )


def facts() -> dict[str, Facts]:
    return {row.rule: decode(json.dumps(row.facts)) for row in Issue.objects.filter(open=True)}


def reaches() -> dict[str, Fact | None]:
    return {rule: one.reach for rule, one in facts().items()}


def test_a_verdict_is_a_fact_with_its_source_and_place() -> None:
    application, asset = load()
    before = Issue.objects.get(rule="CVE-2024-35195").risk
    kept = keep(
        application,
        asset,
        [answer("requests", Reach.UNREACHABLE), answer("PyYAML", Reach.REACHABLE, "CVE-2020-14343")],
        whole=True,
    )
    assert kept == Kept(application="Storefront", repository=REPO, verdicts=2, issues=3)
    assert reaches() == {"CVE-2020-14343": Fact.STATIC, "CVE-2020-1747": None, "CVE-2024-35195": Fact.UNREACHABLE}
    assert dict(facts()["CVE-2020-14343"].origins) == {"reach": "seamark reach: app.py:3"}
    assert facts()["CVE-2024-35195"].certainty == (("reach", 0.9),)
    assert Issue.objects.get(rule="CVE-2024-35195").risk < before


def test_it_survives_imports_and_holds_for_what_is_new() -> None:
    application, asset = load()
    keep(application, asset, [answer("pyyaml", Reach.IMPORTED)], whole=True)
    later = package("CVE-2030-1", "pypi/PyYAML", "5.3", "", Severity.HIGH, 7.0, "Another flaw")
    import_findings("Storefront", "Trivy", [YAML, SECOND, REQUESTS, later])
    import_findings("Storefront", "Grype", [YAML])
    assert reaches() == {
        "CVE-2020-14343": Fact.POTENTIAL,
        "CVE-2020-1747": Fact.POTENTIAL,
        "CVE-2030-1": Fact.POTENTIAL,
        "CVE-2024-35195": None,
    }


def test_a_new_run_replaces_the_former_and_unknown_says_nothing() -> None:
    application, asset = load()
    keep(application, asset, [answer("PyYAML", Reach.UNREACHABLE), answer("requests", Reach.UNREACHABLE)], whole=True)
    keep(application, asset, [answer("PyYAML", Reach.UNKNOWN)], whole=False)
    assert reaches() == {"CVE-2020-14343": None, "CVE-2020-1747": None, "CVE-2024-35195": Fact.UNREACHABLE}
    Reachability.objects.create(
        asset=asset, source="another", package="requests", state="static", at=Issue.objects.first().opened_at
    )  # type: ignore[union-attr]
    keep(application, asset, [], whole=True)
    assert reaches() == {"CVE-2020-14343": None, "CVE-2020-1747": None, "CVE-2024-35195": Fact.STATIC}


@pytest.mark.parametrize(
    ("tool", "verdict", "expected"),
    [
        (Fact.STATIC, Reach.UNREACHABLE, Fact.STATIC), (Fact.UNREACHABLE, Reach.REACHABLE, Fact.STATIC), (Fact.POTENTIAL, Reach.UNREACHABLE, Fact.POTENTIAL),
        (Fact.RUNTIME, Reach.REACHABLE, Fact.RUNTIME), (None, Reach.UNREACHABLE, Fact.UNREACHABLE),
    ],
)  # fmt: skip
def test_the_most_alarming_verdict_counts(tool: Fact | None, verdict: Reach, expected: Fact) -> None:
    flaw = package("CVE-2030-1", "npm/lodash", "4.0.0", "", Severity.HIGH, 7.0, "Flaw", reach=tool)
    application, asset = load(flaw)
    keep(application, asset, [answer("lodash", verdict, "CVE-2030-1", "npm")], whole=True)
    assert reaches()["CVE-2030-1"] is expected


def test_symbols_without_an_advisory_say_nothing_of_an_issue() -> None:
    application, asset = load()
    kept = keep(application, asset, [answer("PyYAML", Reach.UNREACHABLE, symbols=("yaml.load",))], whole=False)
    assert (kept.verdicts, set(reaches().values())) == (0, {None})


def test_of_two_answers_to_one_question_the_more_alarming_is_kept() -> None:
    application, asset = load()
    told = [answer("PyYAML", one, "CVE-2020-1747") for one in (Reach.UNREACHABLE, Reach.REACHABLE, Reach.IMPORTED)]
    keep(application, asset, told, whole=True)
    assert Reachability.objects.get().state == "static"


def test_an_advisory_s_other_name_is_the_same_flaw() -> None:
    flaw = package("CVE-2030-1", "npm/lodash", "4.0.0", "", Severity.HIGH, 7.0, "Flaw")
    application, asset = load()
    named_twice = type(flaw)(
        **{
            **{name: getattr(flaw, name) for name in flaw.__struct_fields__},
            "vulnerabilities": ("CVE-2030-1", "GHSA-aaaa-bbbb-cccc"),
        }
    )
    import_findings("Storefront", "Grype", [named_twice])
    keep(application, asset, [answer("lodash", Reach.UNREACHABLE, "GHSA-aaaa-bbbb-cccc", "npm")], whole=True)
    assert reaches()["CVE-2030-1"] is Fact.UNREACHABLE


def test_what_is_asked_are_the_open_issues_with_the_symbols_of_advisories() -> None:
    application, asset = load(code("x", "Weak hash", "a.py", 1))
    told = Target(ecosystem="pypi", name="pyyaml", advisory="CVE-2020-1747", symbols=("yaml.load",))
    found = targets_of(application, asset, [told])
    assert found[0] == told
    assert sorted((one.name.lower(), one.advisory) for one in found[1:]) == [
        ("pyyaml", "CVE-2020-14343"),
        ("requests", "CVE-2024-35195"),
    ]


def test_the_repository_is_named_or_the_only_one(tmp_path: Path) -> None:
    application, asset = load()
    assert repository_of("storefront", tmp_path) == (application, asset)
    import_findings("Storefront", "Trivy", [REQUESTS], repository="git.example/harbour/other")
    with pytest.raises(NotFound, match="no repository"):
        repository_of("Storefront", tmp_path)
    assert repository_of("Storefront", tmp_path, f"https://{REPO}.git") == (application, asset)
    with pytest.raises(NotFound, match="no application"):
        repository_of("Nothing", tmp_path)


@pytest.mark.parametrize(
    ("package_name", "expected"),
    [("PyYAML", "pyyaml"), ("zope.interface", "zope-interface"), ("typing_extensions", "typing-extensions"), ("org.apache:log4j-core", "org-apache/log4j-core"), (" @babel/core ", "@babel/core")],
)  # fmt: skip
def test_names_of_registries_meet(package_name: str, expected: str) -> None:
    assert named(package_name) == expected
