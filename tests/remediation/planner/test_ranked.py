"""All changes in one list: by what each removes for its effort; what only pays together stays together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from seamark.pipeline.fixing.ranked import ranked
from seamark.pipeline.fixing.shown import plain
from seamark.pipeline.fixing.tree import Plans, with_pins
from seamark.response.remediation.change import Change
from seamark.response.remediation.plan.make import Plan, Step
from seamark.response.remediation.project import Move


def step(name: str, removed: float, effort: float, together: int = 0, introduced: float = 0.0) -> Step:
    change = Change(ecosystem="npm", name=name, from_version="1", to_version="2", manifests=("package.json",))
    return Step(move=Move(f"npm/{name}", "1", "2"), change=change, removed=removed, introduced=introduced, effort=effort, together=together)  # fmt: skip


def plan(place: str, *steps: Step) -> Plan:
    return Plan(project=place, ecosystem="npm", steps=steps, risk_before=sum(one.removed for one in steps))


def names(*plans: Plan) -> list[list[str]]:
    return [[one.change.name for one in each.steps] for each in ranked(plans)]


def test_by_risk_for_effort_and_not_by_risk_alone() -> None:
    assert names(plan("a", step("large", 90, 6), step("small", 30, 1)), plan("b", step("middle", 40, 2))) == [["small"], ["middle"], ["large"]]  # fmt: skip


def test_what_only_pays_together_is_one_change() -> None:
    pair = plan("a", step("first", 0, 1, together=1), step("alone", 10, 1), step("second", 60, 1, together=1))
    assert names(pair) == [["first", "second"], ["alone"]]
    (both, _) = ranked([pair])
    assert (both.gain, both.effort, both.rate) == (60.0, 2.0, 30.0)


def test_what_is_brought_is_taken_off_and_the_cheaper_of_equals_is_first() -> None:
    assert names(plan("a", step("brings", 50, 1, introduced=30), step("dear", 60, 2), step("cheap", 30, 1))) == [["cheap"], ["dear"], ["brings"]]  # fmt: skip


@given(some.lists(some.tuples(some.floats(0, 100), some.floats(1, 9), some.integers(0, 2)), max_size=12))
def test_every_step_is_listed_once(told: list[tuple[float, float, int]]) -> None:
    one = plan("a", *(step(str(at), removed, effort, together) for at, (removed, effort, together) in enumerate(told)))
    order = ranked([one])
    assert sorted(step.change.name for each in order for step in each.steps) == sorted(step.change.name for step in one.steps)  # fmt: skip
    assert [each.rate for each in order] == sorted((each.rate for each in order), reverse=True)
    assert all(len({step.together for step in each.steps}) == 1 for each in order)


def test_plans_of_pins_join_those_of_packages() -> None:
    packages = Plans(projects=(), plans=(plan("a", step("one", 10, 1)),), curve=(), turns=())
    both = with_pins(packages, [plan("b", step("two", 30, 1))])
    told = plain(both)
    assert [point["package"] for point in told["curve"]] == ["two", "one"]
    assert [change["package"] for each in told["ranked"] for change in each["changes"]] == ["two", "one"]
    assert (told["risk_before"], told["changes"]) == (40, 2)
