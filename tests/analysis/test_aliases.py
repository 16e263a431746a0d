"""Alias groups: the order in which people say things must not matter."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from seamark.analysis.correlation.aliases import AliasGroups

names = st.sampled_from(
    [f"CVE-2024-{number}" for number in range(1000, 1008)] + [f"GHSA-{letter * 4}" for letter in "cfgh"]
)
statements = st.lists(st.lists(names, min_size=1, max_size=3), max_size=12)


@given(statements, st.randoms())
def test_the_order_of_statements_does_not_matter(said: list[list[str]], chance: object) -> None:
    first, second = AliasGroups(), AliasGroups()
    for one in said:
        first.join(one)
    chance.shuffle(said)  # type: ignore[attr-defined]
    for one in said:
        second.join(reversed(one))
    assert sorted(first.groups().values()) == sorted(second.groups().values())


@given(statements)
def test_the_least_number_survives(said: list[list[str]]) -> None:
    known = {f"CVE-2024-{1000 + number}": number + 1 for number in range(8)}
    groups = AliasGroups(known)
    for one in said:
        groups.join(one)
    for members in groups.groups().values():
        numbers = [known[name] for name in members if name in known]
        assert groups.number(members[0]) == (min(numbers) if numbers else None)
