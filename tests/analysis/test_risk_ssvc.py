"""SSVC: the published tables, and what is said where inputs are not known."""

from __future__ import annotations

from itertools import product

import msgspec
import pytest
from hypothesis import given
from msgspec.structs import replace

from seamark.analysis.risk import Facts
from seamark.analysis.risk.ssvc import TREES, decide, load_tree, tree_named
from seamark.core.errors import InvalidSetting
from seamark.core.kind import Kind
from seamark.core.severity import Severity

from .risk_facts import facts

PLAIN = Facts(severity=Severity.MEDIUM, kind=Kind.DEPENDENCY)
CISA, DEPLOYER = (tree_named(name) for name in TREES)
LETTERS = {
    # One letter a row of the published tables, in their order.
    "cisa-coordinator": "ttt ttT tta tta ttT tTa tta tTa tta taA aaA aAA",
    "deployer": "ddss dsss dsss ssss dsss ssso dsss ssss dsss ssso ssso ssoo ssoo sooo ssoo oooo sooi ooii",
}
WORDS = {
    "cisa-coordinator": {"t": "track", "T": "track*", "a": "attend", "A": "act"},
    "deployer": {"d": "defer", "s": "scheduled", "o": "out-of-cycle", "i": "immediate"},
}


@pytest.mark.parametrize("name", TREES)
def test_every_row_of_the_published_table(name: str) -> None:
    tree = tree_named(name)
    rows = [dict(zip(tree.inputs, values, strict=True)) for values in product(*tree.inputs.values())]
    letters = LETTERS[name].replace(" ", "")
    assert len(letters) == len(rows) == {"cisa-coordinator": 36, "deployer": 72}[name]
    assert [tree.outcome(row) for row in rows] == [WORDS[name][letter] for letter in letters]
    assert tree.source
    assert tree.version


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"kev_added": "2024-01-01", "exposure": "internet", "automatable": "yes", "criticality": 1}, "immediate"),
        ({"kev_added": "2024-01-01", "exposure": "internal", "automatable": "no", "criticality": 2}, "scheduled"),
        ({"exploit": "weaponised", "exposure": "internet", "automatable": "yes", "criticality": 1}, "out-of-cycle"),
        ({"exploit": "none", "exposure": "none", "automatable": "no", "criticality": 3}, "defer"),
        ({"exploit": "none", "exposure": "internet", "automatable": "no", "criticality": 1, "environment": "dev"}, "defer"),
    ],
)  # fmt: skip
def test_deployer(change: dict[str, object], outcome: str) -> None:
    found = decide(replace(PLAIN, **change), DEPLOYER)
    assert (found.outcome, found.least, found.certain, found.unknown) == (outcome, outcome, True, ())
    assert all(one.known and one.source for one in found.inputs)
    assert found.tree == "deployer 1.0.0"


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"kev_added": "2024-01-01", "automatable": "yes", "impact": "total", "criticality": 2}, "act"),
        ({"exploit": "poc", "automatable": "no", "impact": "total", "criticality": 3}, "track*"),
        ({"exploit": "none", "automatable": "no", "impact": "partial", "criticality": 1}, "track"),
    ],
)
def test_coordinator(change: dict[str, object], outcome: str) -> None:
    assert decide(replace(PLAIN, **change), CISA).outcome == outcome


def test_what_is_not_known_is_taken_at_its_worst_and_named() -> None:
    found = decide(PLAIN, CISA)
    assert (found.outcome, found.least, found.outcomes) == ("act", "track", CISA.outcomes)
    assert set(found.unknown) == set(CISA.inputs)
    listed = decide(replace(PLAIN, kev_added="2024-01-01", impact="total", criticality=1), CISA)
    assert (listed.outcomes, listed.unknown) == (("act",), ())


def test_no_catalogue_lists_it_so_it_is_not_active() -> None:
    found = decide(replace(PLAIN, intelligence="KEV 2026-06-01", exposure="internet", automatable="yes", criticality=1), DEPLOYER)  # fmt: skip
    (exploitation,) = (one for one in found.inputs if one.name == "exploitation")
    assert exploitation.values == ("none", "public poc")
    assert found.outcomes == ("scheduled", "out-of-cycle")
    assert found.unknown == ("exploitation",)


def test_each_input_says_where_it_is_from() -> None:
    one = replace(
        PLAIN, kev_added="2024-01-01", intelligence="KEV 2026-06-01", exposure="internet", criticality=1, context="seamark.yaml",
        origins=(("exposure", "deploy/ingress.yaml:4"),),
    )  # fmt: skip
    sources = {given.name: given.source for given in decide(one, DEPLOYER).inputs}
    assert sources == {
        "exploitation": "in the catalogue since 2024-01-01, KEV 2026-06-01", "system_exposure": "deploy/ingress.yaml:4",
        "automatable": "", "human_impact": "tier 1, seamark.yaml",
    }  # fmt: skip


@given(facts)
def test_the_range_holds_whatever_comes_out(one: Facts) -> None:
    for tree in (CISA, DEPLOYER):
        found = decide(one, tree)
        assert found.outcomes == tuple(word for word in tree.outcomes if word in found.outcomes)
        assert (found.least, found.outcome) == (found.outcomes[0], found.outcomes[-1])
        assert bool(found.unknown) != found.certain
        known = {given.name: given.values[0] for given in found.inputs}
        assert tree.outcome(known) in found.outcomes


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tree": {}}, "no outcome"),
        ({"outcomes": ["track"]}, "not those that it names"),
        ({"inputs": "all"}, "not valid"),
    ],
)
def test_a_tree_with_holes_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidSetting, match=words):
        load_tree(msgspec.to_builtins(CISA) | change)


def test_no_other_trees() -> None:
    with pytest.raises(InvalidSetting, match="there are cisa-coordinator, deployer"):
        tree_named("../deployer")
