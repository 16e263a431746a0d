"""Which findings an import compares: what rules mean is looked up once a meaning, and leaves out nothing that may be alike."""

from __future__ import annotations

from itertools import combinations_with_replacement, product

from seamark.analysis.correlation import evidence as weights
from seamark.analysis.correlation.evidence import Profile
from seamark.analysis.correlation.kin import Kin

FAMILIES = ("", "sql-injection", "hard-coded-secret")
CWES = ((), (89,), (564,), (79,), (22, 89))


def profiles() -> list[Profile]:
    """Return what rules of two tools mean, in every mixture of what decides about likeness."""
    mixed = product(("one", "two"), ("r1", "r2"), FAMILIES, CWES, (False, True))
    return [Profile(tool, rule, family, "", cwes, configuration) for tool, rule, family, cwes, configuration in mixed]


def test_all_that_is_alike_is_compared() -> None:
    alike = [pair for pair in combinations_with_replacement(profiles(), 2) if weights.likeness(*pair)[1] > 0]
    assert len(alike) > 1000
    for left, right in alike:
        kin = Kin()  # a third rule would be a way from one to the other
        one, other = kin.number(left), kin.number(right)
        assert other in kin.of(one), (left, right)
        assert one in kin.of(other), (left, right)


def test_rules_of_one_tool_and_weakness_have_one_number_and_others_have_their_own() -> None:
    kin = Kin()
    known = {
        (tool, rule, cwes): kin.number(Profile(tool, rule, "", "", cwes, configuration=False))
        for tool in ("one", "two")
        for rule, cwes in (("r1", (89,)), ("r2", (89,)), ("r3", (79,)), ("r4", ()), ("r5", ()))
    }
    assert known["one", "r1", (89,)] == known["one", "r2", (89,)]
    assert len(set(known.values())) == 2 * 2 + 4, "two weaknesses of each tool, and four rules that nothing is known of"
    assert known["two", "r1", (89,)] in kin.of(known["one", "r2", (89,)])
    assert kin.of(known["one", "r4", ()]) == {known["one", "r4", ()]}
    assert known["one", "r3", (79,)] not in kin.of(known["one", "r1", (89,)])
