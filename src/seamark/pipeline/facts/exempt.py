"""Approved exceptions, as whoever keeps them hands them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from seamark.governance.waivers.effective import Exempt

Exceptions: TypeAlias = Mapping[int, Sequence[Exempt]]
"""By number of the issue."""

__all__ = ["Exceptions", "Exempt"]
