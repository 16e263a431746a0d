from __future__ import annotations

from seamark.core.severity import Severity
from seamark.intake.connectors.registries.release import Release
from seamark.response.remediation.change import Change, ChangeKind
from seamark.response.remediation.impact import Distance, distance
from seamark.response.remediation.options import Choice
from seamark.response.remediation.plan.make import Plan, plan

from .made import flaw, project, registry


def steps(made: Plan) -> list[str]:
    return [
        f"{one.change.kind} {one.change.name} {one.change.from_version} {one.change.to_version}" for one in made.steps
    ]


def test_a_direct_bump_that_pulls_the_fixed_one_is_preferred_to_an_override() -> None:
    here = project("npm", {"mkdirp@0.5.1": ["minimist@0.0.8"], "minimist@0.0.8": []}, "mkdirp")
    known = registry("npm", {"mkdirp": {"0.5.1": {"minimist": "0.0.8"}, "0.5.2": {"minimist": "^1.2.5"}, "1.0.4": {}}, "minimist": {"0.0.8": {}, "1.2.5": {}, "1.2.8": {}}})  # fmt: skip
    made = plan(here, [flaw(1, "npm/minimist", "1.2.6")], known)
    assert steps(made) == ["bump mkdirp 0.5.1 0.5.2"]
    assert made.steps[0].moves_too == (("npm/minimist", "0.0.8", "1.2.8"),)
    assert (made.risk_before, made.risk_after, made.proven) == (75.0, 0.0, True)


def test_without_such_a_bump_an_override_is_made() -> None:
    here = project("npm", {"a@1.0.0": ["t@1.0.0"], "t@1.0.0": []}, "a")
    known = registry("npm", {"a": {"1.0.0": {"t": "~1.0.0"}}, "t": {"1.0.0": {}, "1.1.0": {}}})
    made = plan(here, [flaw(1, "npm/t", "1.1.0")], known)
    assert made.steps[0].change == Change(
        ecosystem="npm", name="t", from_version="1.0.0", to_version="1.1.0", manifests=("manifest", "lock"), kind=ChangeKind.OVERRIDE
    )  # fmt: skip


def test_within_the_ranges_only_the_lock_is_refreshed() -> None:
    here = project("cargo", {"a@1.0.0": ["t@1.0.0"], "t@1.0.0": []}, "a")
    known = registry("cargo", {"a": {"1.0.0": {"t": "1.0"}}, "t": {"1.0.0": {}, "1.0.1": {}, "2.0.0": {}}})
    made = plan(here, [flaw(1, "cargo/t", "1.0.1")], known)
    assert steps(made) == ["bump t 1.0.0 1.0.1"]
    assert made.steps[0].change.manifests == ("lock",)


def test_no_fix_is_said_with_why() -> None:
    here = project("npm", {"a@1.0.0": [], "b@1.0.0": [], "c@2.0.0": []}, "a b c")
    known = registry("npm", {"a": {"1.0.0": {}, "1.1.0": {}}, "b": {"1.0.0": {}}, "c": {"2.0.0": {}, "2.5.0": {}}})
    made = plan(here, [flaw(1, "npm/a"), flaw(2, "npm/b"), flaw(3, "npm/c", "3.0.0")], known)
    assert steps(made) == []
    assert {one.flaw.name: (one.why, one.no_fix) for one in made.unfixed} == {
        "CVE-2026-0001": ("no version is without it: the newest, 1.1.0, is affected", True),
        "CVE-2026-0002": ("b 1.0.0 is the newest version, and is affected", True),
        "CVE-2026-0003": (
            "no version is without it: the newest, 2.5.0, is affected; 3.0.0 would be, and is not published",
            True,
        ),
    }


def test_without_a_registry_the_advisories_say_what_there_is() -> None:
    here = project("pypi", {"jinja2@2.10": [], "gone@1.0": []}, "jinja2 gone", lock="")
    made = plan(here, [flaw(1, "pypi/jinja2", "2.10.1"), flaw(2, "pypi/jinja2", "2.11.3"), flaw(3, "pypi/gone")])
    assert steps(made) == ["bump jinja2 2.10 2.11.3"]
    assert [(one.flaw.name, one.why, one.no_fix) for one in made.unfixed] == [
        ("CVE-2026-0003", "its advisories name no version in which it is fixed", True)
    ]


def test_what_cannot_be_installed_is_left_with_the_reason() -> None:
    here = project("pypi", {"a@1.0": ["t@1.0"], "t@1.0": []}, "a", lock="")
    known = registry("pypi", {"a": {"1.0": {"t": "<2"}}, "t": {"1.0": {}, "2.0": {}}})
    made = plan(here, [flaw(1, "pypi/t", "2.0")], known)
    assert not made.steps
    assert [(one.why, one.no_fix) for one in made.unfixed] == [
        ("2.0 is without it, and cannot be installed: no version of t fits: a 1.0 wants <2", False)
    ]


def test_a_version_that_brings_more_than_it_clears_is_not_taken() -> None:
    here = project("npm", {"a@1.0.0": []}, "a")
    known = registry("npm", {"a": {"1.0.0": {}, "2.0.0": {}}})
    brings = flaw(2, "npm/a", introduced="2.0.0", severity=Severity.CRITICAL)
    made = plan(here, [flaw(1, "npm/a", "2.0.0", severity=Severity.LOW), brings], known)
    assert not made.steps
    assert [one.why for one in made.unfixed] == ["2.0.0 is without it, and brings CVE-2026-0002"]
    assert made.offered[0].options[0].introduces[0].name == "CVE-2026-0002"


def test_two_changes_that_only_pay_together_stay_together() -> None:
    here = project("npm", {"a@1.0.0": ["t@1.0.0"], "b@1.0.0": ["t@1.0.0"], "t@1.0.0": []}, "a b", forces=False)
    known = registry(
        "npm",
        {name: {"1.0.0": {"t": "1.0.0"}, "1.0.1": {"t": "1.0.1"}} for name in "ab"} | {"t": {"1.0.0": {}, "1.0.1": {}}},
    )
    made = plan(here, [flaw(1, "npm/t", "1.0.1")], known)
    assert [(one.change.name, one.together, one.removed) for one in made.steps] == [("a", 1, 0.0), ("b", 1, 75.0)]
    assert plan(here, [flaw(1, "npm/t", "1.0.1")], known, most_changes=1).steps == ()


def test_steps_come_in_the_order_in_which_they_pay_and_may_be_cut() -> None:
    here = project("npm", {"a@1.0.0": [], "b@1.0.0": [], "c@1.0.0": []}, "a b c")
    told = [
        flaw(1, "npm/a", "1.1.0", severity=Severity.LOW),
        flaw(2, "npm/b", "1.1.0", severity=Severity.CRITICAL),
        flaw(3, "npm/c", "1.1.0"),
    ]
    assert [one.move.package for one in plan(here, told).steps] == ["npm/b", "npm/c", "npm/a"]
    cut = plan(here, told, most_changes=1)
    assert ([one.move.package for one in cut.steps], cut.proven, cut.risk_after) == (["npm/b"], False, 95.0)


def test_risks_that_are_given_decide() -> None:
    here = project("npm", {"a@1.0.0": [], "b@1.0.0": []}, "a b")
    told = [flaw(1, "npm/a", "1.1.0"), flaw(2, "npm/b", "1.1.0")]
    made = plan(here, told, risks={("npm/a", "CVE-2026-0001"): 3.0, ("npm/b", "OSV-2"): 0.0})
    assert [(one.move.package, one.removed) for one in made.steps] == [("npm/a", 3.0)]


def test_options_stand_side_by_side() -> None:
    here = project("npm", {"a@1.0.0": []}, "a")
    releases = (
        ("a", Release(version="1.2.0", yanked="broken")),
        ("a", Release(version="2.0.0", deprecated="use b", runtime="Node >=20")),
    )
    known = registry(
        "npm", {"a": {one: {} for one in ("1.0.0", "1.0.1", "1.1.0", "1.2.0", "1.3.0-rc.1", "2.0.0")}}, releases
    )
    made = plan(here, [flaw(1, "npm/a", "1.0.1"), flaw(2, "npm/a", "1.1.0")], known)
    assert steps(made) == ["bump a 1.0.0 1.1.0"]
    (offered,) = made.offered
    assert [(one.move.version, one.choices, len(one.clears), one.distance) for one in offered.options] == [
        ("1.0.1", (Choice.LEAST,), 1, Distance.PATCH), ("1.1.0", (Choice.LEAST_CLEARING_ALL, Choice.LATEST_MINOR), 2, Distance.MINOR),
        ("2.0.0", (Choice.LATEST,), 2, Distance.MAJOR),
    ]  # fmt: skip
    assert offered.options[2].hints == (
        "a new major version: its interface may have changed",
        "deprecated by its publisher: use b",
        "runs on Node >=20",
    )
    assert [one.effort for one in offered.options] == [1.0, 2.0, 9.0]


def test_packages_of_systems_are_planned_by_their_own_order() -> None:
    for ecosystem, namespace, before, fixed in (
        ("deb", "debian", "1:2.9-1", "1:2.10-1~deb12u1"),
        ("apk", "alpine", "3.0.8-r0", "3.0.10-r1"),
        ("rpm", "redhat", "1.9-3.el9", "1.10-1.el9"),
    ):
        here = project(ecosystem, {f"{namespace}/x@{before}": []}, f"{namespace}/x", lock="")
        made = plan(here, [flaw(1, f"{ecosystem}/{namespace}/x", fixed, source=ecosystem != "rpm")])
        assert [one.move.version for one in made.steps] == [fixed]


def test_distance() -> None:
    assert distance("npm", "0.2.1", "0.3.0") is Distance.MAJOR
    assert distance("pypi", "0.2.1", "0.3.0") is Distance.MINOR
    assert distance("pypi", "1!2.0", "1!3.0") is Distance.MAJOR
    assert distance("deb", "1.2-3", "1.2-4") is Distance.PATCH
    assert distance("npm", "main", "1.0.0") is Distance.UNKNOWN


def test_one_version_left_in_the_tree_keeps_the_flaw() -> None:
    here = project("npm", {"a@1.0.0": ["t@1.0.0"], "b@1.0.0": ["t@2.0.0"], "t@1.0.0": [], "t@2.0.0": []}, "a b")
    known = registry(
        "npm",
        {
            "a": {"1.0.0": {"t": "^1.0.0"}},
            "b": {"1.0.0": {"t": "^2.0.0"}},
            "t": {one: {} for one in ("1.0.0", "1.0.1", "2.0.0")},
        },
    )
    made = plan(here, [flaw(1, "npm/t", "1.0.1"), flaw(1, "npm/t", "3.0.0", introduced="2.0.0")], known)
    assert [one.flaw.name for one in made.unfixed] == ["CVE-2026-0001"]
    assert made.cleared == ()


def test_two_copies_are_moved_each_in_a_large_project_too() -> None:
    fillers = {f"f{number}@1.0.0": [] for number in range(40)}
    here = project(
        "npm", {"a@1.0.0": ["t@0.1.0"], "b@1.0.0": ["t@1.2.0"], "t@0.1.0": [], "t@1.2.0": [], **fillers}, "a b"
    )
    made = plan(here, [flaw(1, "npm/t", "0.2.4"), flaw(1, "npm/t", "1.2.6", introduced="1.0.0")])
    assert made.risk_after == 0.0
    assert [one.together for one in made.steps] == [1, 1]
    assert {one.move.from_version for one in made.steps} == {"0.1.0", "1.2.0"}
