from __future__ import annotations

from msgspec.structs import replace

from seamark.core.severity import Severity
from seamark.response.remediation.plan.estate import curve, turns
from seamark.response.remediation.plan.make import Plan, plan
from seamark.response.remediation.project import Project

from .made import flaw, project, registry


def planned(here: Project, *numbers: tuple[int, Severity]) -> Plan:
    told = [
        flaw(number, here.parts[at].package, "1.1.0", severity=severity)
        for at, (number, severity) in enumerate(numbers)
    ]
    return plan(here, told)


def test_the_curve_takes_what_pays_most_from_any_project() -> None:
    one = project("npm", {"a@1.0.0": [], "b@1.0.0": []}, "a b", place="one//lock")
    two = project("npm", {"c@1.0.0": [], "d@1.0.0": []}, "c d", place="two//lock")
    points = curve(
        [
            planned(one, (1, Severity.CRITICAL), (2, Severity.LOW)),
            planned(two, (3, Severity.HIGH), (4, Severity.MEDIUM)),
        ]
    )
    assert [(one.step.move.package, one.changes, one.removed) for one in points] == [
        ("npm/a", 1, 95.0), ("npm/c", 2, 170.0), ("npm/d", 3, 220.0), ("npm/b", 4, 240.0)
    ]  # fmt: skip
    assert [one.share for one in points][-1] == 1.0
    assert curve([]) == ()


def test_changes_that_only_pay_together_are_not_torn_apart() -> None:
    here = project(
        "npm", {"a@1.0.0": ["t@1.0.0"], "b@1.0.0": ["t@1.0.0"], "t@1.0.0": []}, "a b", forces=False, place="one//lock"
    )
    known = registry(
        "npm",
        {name: {"1.0.0": {"t": "1.0.0"}, "1.0.1": {"t": "1.0.1"}} for name in "ab"} | {"t": {"1.0.0": {}, "1.0.1": {}}},
    )
    pair = plan(here, [flaw(1, "npm/t", "1.0.1", severity=Severity.CRITICAL)], known)
    other = planned(
        project("npm", {"c@1.0.0": [], "d@1.0.0": []}, "c d", place="two//lock"),
        (3, Severity.MEDIUM),
        (4, Severity.LOW),
    )
    assert [one.step.move.package for one in curve([pair, other])] == ["npm/c", "npm/a", "npm/b", "npm/d"]


def test_dependents_come_before_what_they_depend_on() -> None:
    shop = project("npm", {"lib@1.0.0": [], "x@1.0.0": []}, "lib x", place="shop//lock")
    lib = project("npm", {"base@1.0.0": [], "y@1.0.0": []}, "base y", place="lib//lock", publishes="npm/lib")
    base = project("npm", {"z@1.0.0": []}, "z", place="base//lock", publishes="npm/base")
    assert [one.projects for one in turns([base, lib, shop], {})] == [("shop//lock",), ("lib//lock",), ("base//lock",)]


def test_who_waits_for_a_release_comes_after_it() -> None:
    shop = project("npm", {"lib@1.0.0": []}, "lib", place="shop//lock")
    lib = project("npm", {"y@1.0.0": []}, "y", place="lib//lock", publishes="npm/lib")
    made = plan(shop, [flaw(1, "npm/lib", "1.1.0")])
    assert [(one.projects, one.waits_for) for one in turns([shop, lib], {"shop//lock": made})] == [
        (("lib//lock",), ()),
        (("shop//lock",), ("lib//lock",)),
    ]


def test_circles_go_together_and_the_riskiest_first() -> None:
    one = project("npm", {"two@1.0.0": []}, "two", place="one//lock", publishes="npm/one")
    two = project("npm", {"one@1.0.0": []}, "one", place="two//lock", publishes="npm/two")
    alone = project("npm", {"x@1.0.0": []}, "x", place="alone//lock")
    risky = replace(alone, place="risky//lock")
    plans = {"risky//lock": planned(risky, (1, Severity.CRITICAL)), "alone//lock": planned(alone, (1, Severity.LOW))}
    assert [one.projects for one in turns([one, two, alone, risky], plans)] == [
        ("risky//lock",),
        ("alone//lock",),
        ("one//lock", "two//lock"),
    ]
