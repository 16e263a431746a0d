"""The plan is the best there is, where everything can be tried; and within one step of it where that is only proven."""

from __future__ import annotations

import pytest

from seamark.response.remediation.plan.candidates import candidates
from seamark.response.remediation.plan.choose import choose

from .graphs import RANGES, World, brute, every_move


def sets(world: World) -> int:
    count = 1
    for moves in every_move(world).values():
        count *= len(moves) + 1
    return count


def worlds(ecosystem: str, seeds: range, packages: int, most: int, **more: int) -> list[World]:
    made = (World(seed, ecosystem, packages, **more) for seed in seeds)
    return [one for one in made if one.scale().before and sets(one) <= most]


@pytest.mark.parametrize("ecosystem", RANGES)
def test_nothing_that_can_be_tried_is_better(ecosystem: str) -> None:
    tried = worlds(ecosystem, range(12), 6, 20_000, versions=3, flaws=6)
    assert len(tried) >= 4
    for world in tried:
        scale = world.scale()
        chosen = choose(scale, candidates(scale))
        best, _, _ = brute(world)
        assert (scale.rank(chosen.moves), chosen.proven) == (best, True)


@pytest.mark.parametrize("ecosystem", RANGES)
def test_twelve_packages_are_still_optimal(ecosystem: str) -> None:
    tried = worlds(ecosystem, range(20, 26), 12, 5_000, versions=2, flaws=8, direct=5)
    assert tried
    for world in tried:
        scale = world.scale()
        chosen = choose(scale, candidates(scale))
        assert (scale.rank(chosen.moves), chosen.proven) == (brute(world)[0], True)


@pytest.mark.parametrize("ecosystem", RANGES)
def test_steps_alone_come_within_one_step(ecosystem: str) -> None:
    """Without the proof, what is found differs from the proven best by one change at most."""
    for world in worlds(ecosystem, range(1000, 1003), 12, 10**12, versions=3, flaws=12, direct=4):
        scale = world.scale()
        groups = candidates(scale)
        exact = choose(scale, groups)
        quick = choose(world.scale(), groups, most_states=0)
        assert exact.proven
        assert len(exact.moves - quick.moves) <= 1
        assert len(quick.moves - exact.moves) <= 1


def test_the_quick_way_does_not_claim_a_proof() -> None:
    world = worlds("npm", range(1000, 1004), 12, 10**12, versions=3, flaws=12, direct=4)[0]
    scale = world.scale()
    assert not choose(scale, candidates(scale), most_states=0).proven
