"""From facts to the inputs of SSVC's trees: the values that are possible, and where that is known from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from seamark.analysis.risk.facts import Facts

_EXPLOITATION: Final = ("none", "public poc", "active")
_EXPLOIT = {"none": "none", "poc": "public poc", "template": "public poc", "weaponised": "public poc"}
_EXPOSURE = {"internet": "open", "partner": "controlled", "internal": "controlled", "none": "small"}
_LOSS = {1: "high", 2: "medium", 3: "medium", 4: "low"}
"""What is lost with an application of a tier, where people use it."""
_UNUSED = frozenset({"test", "testing", "qa", "development", "dev", "local", "sandbox"})
"""Environments that nobody's business hangs on."""


class Input(Struct, frozen=True):
    """One input of a decision."""

    name: str
    values: tuple[str, ...]
    """One where it is known, those that are possible otherwise."""
    source: str
    """Where it is known from; empty where it is not known."""

    @property
    def known(self) -> bool:
        """Whether only one value is possible."""
        return len(self.values) == 1


def input_of(name: str, choices: tuple[str, ...], facts: Facts) -> Input:
    """Return an input of a tree; `choices` are the values that the tree has."""
    return _READERS[name](name, choices, facts)


def _origin(facts: Facts, field: str, otherwise: str) -> str:
    return dict(facts.origins).get(field, otherwise)


def _exploitation(name: str, choices: tuple[str, ...], facts: Facts) -> Input:
    feeds = facts.intelligence or "intelligence"
    if facts.kev_added:
        return Input(
            name, ("active",), _origin(facts, "kev_added", f"in the catalogue since {facts.kev_added}, {feeds}")
        )
    if facts.exploit in _EXPLOIT:
        return Input(name, (_EXPLOIT[facts.exploit],), _origin(facts, "exploit", feeds))
    # In no catalogue that was asked: nobody is known to exploit it, and whether an exploit is public is open.
    return Input(name, ("none", "public poc") if facts.intelligence else choices, facts.intelligence)


def _exposure(name: str, choices: tuple[str, ...], facts: Facts) -> Input:
    value = _EXPOSURE.get(facts.exposure)
    if value is None:
        return Input(name, choices, "")
    return Input(name, (value,), _origin(facts, "exposure", facts.context or "the application's context"))


def _stated(field: str) -> Callable[[str, tuple[str, ...], Facts], Input]:
    def read(name: str, choices: tuple[str, ...], facts: Facts) -> Input:
        value = getattr(facts, field)
        if value not in choices:
            return Input(name, choices, "")
        return Input(name, (value,), _origin(facts, field, facts.intelligence or "SSVC decision"))

    return read


def _loss(name: str, choices: tuple[str, ...], facts: Facts) -> Input:
    if facts.environment.strip().lower() in _UNUSED:
        source = _origin(facts, "environment", facts.context or "the application's context")
        return Input(name, ("low",), f"{facts.environment} environment, {source}")
    value = _LOSS.get(facts.criticality)
    if value is None:
        return Input(name, choices, "")
    source = _origin(facts, "criticality", facts.context or "the application's context")
    return Input(name, (value,), f"tier {facts.criticality}, {source}")


_READERS: dict[str, Callable[[str, tuple[str, ...], Facts], Input]] = {
    "exploitation": _exploitation,
    "system_exposure": _exposure,
    "automatable": _stated("automatable"),
    "technical_impact": _stated("impact"),
    "mission_and_well_being": _loss,
    "human_impact": _loss,
}
