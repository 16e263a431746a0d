"""Decision trees of SSVC as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any

import msgspec
import yaml
from msgspec import Struct

from seamark.core.errors import InvalidSetting


class Tree(Struct, frozen=True, forbid_unknown_fields=True):
    """One decision table: for each combination of the inputs' values an outcome."""

    name: str
    title: str
    version: str
    source: str
    inputs: dict[str, tuple[str, ...]]
    """The values of each input, in the order of the branches."""
    outcomes: tuple[str, ...]
    """The mildest first."""
    tree: dict[str, Any]

    def outcome(self, values: Mapping[str, str]) -> str:
        """Return the outcome for a value of every input. Raises `KeyError` for values that the tree does not have."""
        *branches, (last, choices) = self.inputs.items()
        at: Any = self.tree
        for name, _ in branches:
            at = at[values[name]]
        try:
            return str(at[choices.index(values[last])])
        except ValueError:
            raise KeyError(values[last]) from None

    def within(self, values: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        """Return the outcomes that are possible for sets of values, the mildest first."""
        found = {self.outcome(row) for row in rows(self.inputs, values)}
        return tuple(outcome for outcome in self.outcomes if outcome in found)


def rows(names: Iterable[str], values: Mapping[str, tuple[str, ...]]) -> Iterator[dict[str, str]]:
    """Yield every combination of values for some inputs."""
    chosen = list(names)
    for one in product(*(values[name] for name in chosen)):
        yield dict(zip(chosen, one, strict=True))


def load_tree(content: object) -> Tree:
    """Return a tree from decoded YAML. Raises `InvalidSetting` where it is not whole."""
    try:
        tree = msgspec.convert(content, Tree)
        missing = {tree.outcome(row) for row in rows(tree.inputs, tree.inputs)} ^ set(tree.outcomes)
    except msgspec.ValidationError as error:
        raise InvalidSetting(f"The decision tree is not valid: {error}") from None
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise InvalidSetting(f"The decision tree has no outcome for {error}") from None
    if missing:
        raise InvalidSetting(f"The decision tree's outcomes are not those that it names: {', '.join(sorted(missing))}")
    return tree


@cache
def tree_named(name: str) -> Tree:
    """Return one of the trees that come with the product: `cisa-coordinator` or `deployer`. Raises `InvalidSetting` for others."""
    if name not in TREES:
        raise InvalidSetting(f"There is no decision tree {name!r}; there are {', '.join(TREES)}")
    text = files("seamark.analysis.risk.ssvc").joinpath(f"trees/{name}.yaml").read_text("utf-8")
    return load_tree(yaml.safe_load(text))


TREES = ("cisa-coordinator", "deployer")
