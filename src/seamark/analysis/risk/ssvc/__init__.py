"""SSVC: what to do about an issue, and by which tree. It stands beside the score, and is not worked out from it."""

from __future__ import annotations

from msgspec import Struct

from seamark.analysis.risk.facts import Facts
from seamark.analysis.risk.ssvc.inputs import Input, input_of
from seamark.analysis.risk.ssvc.tree import TREES, Tree, load_tree, rows, tree_named

__all__ = ["TREES", "Decision", "Input", "Tree", "decide", "load_tree", "tree_named"]


class Decision(Struct, frozen=True):
    """What a tree says of an issue. All words are the tree's own, as `out-of-cycle` or `attend`."""

    tree: str
    """Name and version, as in `deployer 1.0.0`."""
    outcome: str
    """The pessimistic one: what is not known is taken at its worst."""
    least: str
    """The optimistic one; the same as the outcome where nothing that matters is unknown."""
    outcomes: tuple[str, ...]
    """All that are possible, the mildest first."""
    inputs: tuple[Input, ...]
    unknown: tuple[str, ...]
    """Inputs that are not known and that the outcome hangs on; none where it is certain."""

    @property
    def certain(self) -> bool:
        """Whether only one outcome is possible."""
        return self.least == self.outcome


def decide(facts: Facts, tree: Tree) -> Decision:
    """Return what a tree says of an issue, and of which inputs that comes."""
    inputs = tuple(input_of(name, choices, facts) for name, choices in tree.inputs.items())
    possible = {one.name: one.values for one in inputs}
    outcomes = tree.within(possible)
    return Decision(
        tree=f"{tree.name} {tree.version}",
        outcome=outcomes[-1],
        least=outcomes[0],
        outcomes=outcomes,
        inputs=inputs,
        unknown=tuple(one.name for one in inputs if not one.known and _matters(tree, possible, one)),
    )


def _matters(tree: Tree, possible: dict[str, tuple[str, ...]], one: Input) -> bool:
    """Tell whether the outcome hangs on this input for some values that the others may have."""
    others = [name for name in tree.inputs if name != one.name]
    return any(len(tree.within({**_only(row), one.name: one.values})) > 1 for row in rows(others, possible))


def _only(row: dict[str, str]) -> dict[str, tuple[str, ...]]:
    return {name: (value,) for name, value in row.items()}
