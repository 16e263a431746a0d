"""The factors of the score, each declared once: definition, unit, range, source, direction, weight, words, value and what is missing.

A factor's value lies between -1 and 1: 0 says nothing either way, so that an unknown factor adds nothing. Its effect on the
log-odds is value times the profile's weight.
"""

from __future__ import annotations

from seamark.analysis.risk.factors.evidence import EVIDENCE, confirmations, confirmed_by
from seamark.analysis.risk.factors.factor import Direction, Factor, WhatIf, Words
from seamark.analysis.risk.factors.flaw import FLAW, LINKED, NEUTRAL_CVSS
from seamark.analysis.risk.factors.place import PLACE, SENSITIVE

__all__ = [
    "FACTORS", "FACTORS_BY_NAME", "LINKED", "NEUTRAL_CVSS", "SENSITIVE", "Direction", "Factor", "WhatIf", "Words", "confirmations",
    "confirmed_by",
]  # fmt: skip

FACTORS: tuple[Factor, ...] = (*FLAW, *EVIDENCE, *PLACE)
"""In the order in which the receipt shows them."""
FACTORS_BY_NAME: dict[str, Factor] = {factor.name: factor for factor in FACTORS}
