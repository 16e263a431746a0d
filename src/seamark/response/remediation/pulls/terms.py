"""What a repository's owners want of pull requests, and when one may be merged by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

Distance = Literal["patch", "minor"]
_Hours = Annotated[int, Meta(ge=0, le=10_000)]
MACHINE: Final = "model"
"""How a change was made that is never merged by itself."""


class Freeze(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A time in which nothing is merged by itself: on these days of the week, from `start` until before `end`; what is left out holds always."""

    start: datetime | None = None
    end: datetime | None = None
    weekdays: tuple[Annotated[int, Meta(ge=1, le=7)], ...] = ()
    """1 for Monday to 7 for Sunday, in UTC."""

    def holds(self, now: datetime) -> bool:
        """Tell whether a moment is in it."""
        early = self.start is not None and now < self.start
        late = self.end is not None and now >= self.end
        return not early and not late and (not self.weekdays or now.isoweekday() in self.weekdays)


class Terms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a repository's pull requests."""

    author: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^<>\n\r\x00]+$")] = "Seamark"
    email: Annotated[str, Meta(max_length=200, pattern=r"^[^<>\s\x00]+@[^<>\s\x00]+$")] = "seamark@seamark.invalid"
    labels: tuple[Annotated[str, Meta(min_length=1, max_length=50)], ...] = ("security",)
    reviewers: tuple[Annotated[str, Meta(min_length=1, max_length=100)], ...] = ()
    """Who is asked beside the owners."""
    most_open: Annotated[int, Meta(ge=1, le=100)] = 5
    """How many may be open at a time."""
    online: bool = False
    """Whether package registries are asked, and package managers run to write locks."""
    honour_bots: bool = True
    """Whether upgrades are left to the repository's own Renovate or Dependabot."""
    merge_distance: Distance = "patch"
    """How far a version may move and be merged by itself."""
    merge_after_hours: _Hours = 24
    """How long people have to object, from the latest push on."""
    merge_release_days: _Hours = 3
    """For how many days the new version has to be known."""
    freezes: tuple[Freeze, ...] = ()
    app: Annotated[str, Meta(max_length=100)] = ""
    """A GitHub App in place of a token: its client id or number."""
    installation: Annotated[str, Meta(max_length=20)] = ""
