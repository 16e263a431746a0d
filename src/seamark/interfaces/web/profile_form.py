"""The fields of a risk profile's form: from a profile to what the page shows, and from what was sent to a profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from django.utils.translation import gettext, gettext_noop

from seamark.analysis.risk import Profile
from seamark.analysis.risk.factors import Direction, Factor
from seamark.analysis.risk.factors.evidence import EVIDENCE
from seamark.analysis.risk.factors.flaw import FLAW
from seamark.analysis.risk.factors.place import PLACE
from seamark.analysis.risk.limits import CEILINGS, FLOORS
from seamark.core.errors import InvalidSetting
from seamark.pipeline.profile_yaml import check

GROUPS = (
    (gettext_noop("The flaw itself"), FLAW),
    (gettext_noop("What proves it, and what it takes to mend it"), EVIDENCE),
    (gettext_noop("Where it is"), PLACE),
)
BANDS = (("P0", gettext_noop("most urgent")), ("P1", ""), ("P2", ""), ("P3", gettext_noop("what is below is P4")))
DIRECTIONS = {
    Direction.RAISES: gettext_noop("raises"),
    Direction.LOWERS: gettext_noop("lowers"),
    Direction.BOTH: gettext_noop("raises and lowers"),
}
HANDY = 4.0
"""Where a slider ends, unless the weight lies beyond: the number beside it goes further."""


@dataclass(frozen=True)
class Slider:
    """A number with a slider, and what is to be known of it."""

    name: str
    title: str
    value: str
    least: float
    most: float
    step: float
    end: float
    """Where the slider ends."""
    definition: str = ""
    factor: Factor | None = None

    @property
    def number(self) -> str:
        """Return the name as an id."""
        return self.name.replace(".", "-")

    @property
    def details(self) -> list[tuple[str, str]]:
        """Return what the factor declares, by its label."""
        if self.factor is None:
            return []
        told = (
            (gettext("Unit"), self.factor.unit), (gettext("Range"), self.factor.range), (gettext("From"), self.factor.source),
            (gettext("Neutral"), self.factor.neutral), (gettext("Raises"), self.factor.raises), (gettext("Lowers"), self.factor.lowers),
            (gettext("Product's own weight"), _text(self.factor.weight)),
        )  # fmt: skip
        return [(label, words) for label, words in told if words]

    @property
    def direction(self) -> str:
        """Return which way the factor moves a score."""
        return DIRECTIONS[self.factor.direction] if self.factor else ""


@dataclass(frozen=True)
class CeilingFields:
    """The three fields of a ceiling."""

    most: Slider
    confidence: Slider
    over_floors: bool


def _text(value: float) -> str:
    return f"{value:g}" if abs(value) < 1e6 else str(value)


def groups_of(profile: Profile) -> list[tuple[str, list[Slider]]]:
    """Return the factors with their weights, under their headings."""
    return [
        (
            heading,
            [
                _weight(factor, profile.weights.get(factor.name, 0.0))
                for factor in factors
            ],
        )
        for heading, factors in GROUPS
    ]  # fmt: skip


def _weight(factor: Factor, weight: float) -> Slider:
    return Slider(
        f"weight.{factor.name}", factor.title, _text(weight), 0, 20, 0.05, max(HANDY, weight), factor.definition, factor
    )


def limits_of(profile: Profile) -> dict[str, Any]:
    """Return the starting point, floors, ceilings and bands."""
    floors = msgspec.to_builtins(profile.floors)
    bands = msgspec.to_builtins(profile.bands)
    return {
        "intercept": Slider(
            "intercept", gettext("Starting point"), _text(profile.intercept), -20, 20, 0.05, max(5.0, abs(profile.intercept)),
            gettext("Log-odds of an issue of which nothing else is known; 0 is a score of 50."),
        ),
        "floors": [
            Slider(f"floor.{rule.name}", rule.name.capitalize(), _text(floors.get(rule.name, 0)), 0, 100, 1, 100, rule.definition)
            for rule in FLOORS
        ],
        "ceilings": [_ceiling(profile, rule.name, rule.definition) for rule in CEILINGS],
        "bands_of": [
            Slider(f"band.{name}", name, _text(bands[name]), 0, 100, 1, 100, words) for name, words in BANDS
        ],
    }  # fmt: skip


def _ceiling(profile: Profile, name: str, definition: str) -> CeilingFields:
    held = profile.ceilings.get(name)
    title = name.replace("_", " ").capitalize()
    return CeilingFields(
        Slider(f"ceiling.{name}.most", title, _text(held.most) if held else "", 0, 100, 1, 100, definition),
        Slider(f"ceiling.{name}.confidence", gettext("From this certainty on"), _text(held.confidence if held else 0.8), 0, 1, 0.05, 1),
        held is not None and held.over_floors,
    )  # fmt: skip


def sent(form: Mapping[str, str], name: str, version: int) -> Profile:
    """Return the profile that a form describes. Raises `InvalidSetting` with a sentence that names the field."""
    weights = {}
    for _, factors in GROUPS:
        for factor in factors:
            weights[factor.name] = _number(form, f"weight.{factor.name}", factor.title)
    content = {
        "name": name,
        "version": version,
        "intercept": _number(form, "intercept", gettext("Starting point")),
        "weights": weights,
        "bands": {
            band: _number(form, f"band.{band}", gettext("Least score of %(band)s") % {"band": band})
            for band, _ in BANDS
        },
        "floors": {
            rule.name: _number(form, f"floor.{rule.name}", gettext("Floor %(name)s") % {"name": rule.name})
            for rule in FLOORS
        },
        "ceilings": {
            rule.name: {
                "most": _number(form, f"ceiling.{rule.name}.most", gettext("Ceiling %(name)s") % {"name": rule.name}),
                "confidence": _number(
                    form, f"ceiling.{rule.name}.confidence", gettext("Certainty of %(name)s") % {"name": rule.name}
                ),
                "over_floors": bool(form.get(f"ceiling.{rule.name}.over_floors")),
            }
            for rule in CEILINGS
            if form.get(f"ceiling.{rule.name}.most", "").strip()
        },
    }
    return check(content)


def same(one: Profile, other: Profile) -> bool:
    """Tell whether two profiles score alike, whatever they are called: a weight of 0 is as good as none."""
    return _weighed(one) == _weighed(other)


def _weighed(profile: Profile) -> Profile:
    weights = {name: weight for name, weight in profile.weights.items() if weight}
    return msgspec.structs.replace(profile, name="", version=0, weights=weights)


def _number(form: Mapping[str, str], name: str, title: str) -> float:
    text = form.get(name, "").strip()
    if not text:
        return 0.0
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise InvalidSetting(
            gettext("%(title)s: %(text)s is no number") % {"title": title, "text": repr(text[:40])}
        ) from None
