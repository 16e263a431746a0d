"""No plan claims to clear what still matches afterwards, whatever the graph: matched as inventories are, apart from the planner's own book."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from seamark.analysis.software.matching import match
from seamark.core.component import Component, make_purl
from seamark.response.remediation.plan.make import plan
from seamark.response.remediation.project import package_of_purl
from seamark.response.remediation.resolve import Resolver

from .graphs import RANGES, World


def matched(world: World, nodes: object, names: dict[str, str]) -> set[tuple[str, str]]:
    parts = [
        Component(name=names[package], version=version, purl=make_purl(world.ecosystem, names[package], version))
        for package, version in nodes  # type: ignore[attr-defined]
    ]
    found = match(parts, world.advisories).findings
    return {(package_of_purl(one.component.purl), one.vulnerabilities[0]) for one in found if one.component is not None}


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 10**6), st.sampled_from(sorted(RANGES)), st.integers(2, 9), st.integers(2, 4), st.integers(1, 10), st.booleans()
)  # fmt: skip
def test_claims_hold_after_resolving_anew(
    seed: int, ecosystem: str, packages: int, versions: int, flaws: int, online: bool
) -> None:
    world = World(seed, ecosystem, packages, versions=versions, flaws=flaws, direct=min(3, packages))
    made = plan(world.project, world.advisories, world.catalogue if online else None, most_states=300)
    moves = [step.move for step in made.steps]
    # The truth is what the registry says, also where the plan was made without it.
    truth = Resolver(world.project, world.catalogue).resolve(moves)
    if online:
        assert not truth.conflict
        assert frozenset(made.after) == (truth.nodes if moves else {part.node for part in world.project.parts})
    names = made.names | truth.names | {part.package: part.name for part in world.project.parts}
    left = matched(world, made.after, names)
    assert not {(one.package, one.name) for one in made.cleared} & left
    assert {(one.flaw.package, one.flaw.name) for one in made.unfixed} == left
    before = matched(world, [part.node for part in world.project.parts], names)
    assert made.flaws == len(before)
    assert {(one.package, one.name) for one in made.cleared} >= before - left
    assert made.risk_after <= made.risk_before


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(sorted(RANGES)))
def test_every_step_is_of_use(seed: int, ecosystem: str) -> None:
    """Without any one of its steps a plan is worse: there is none too many."""
    world = World(seed, ecosystem, 6, versions=3, flaws=6)
    made = plan(world.project, world.advisories, world.catalogue)
    scale = world.scale()
    moves = frozenset(step.move for step in made.steps)
    whole = scale.rank(moves)
    assert whole is not None
    for move in moves:
        less = scale.rank(moves - {move})
        assert less is None or less < whole
