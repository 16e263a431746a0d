"""Where things stand: what the graph and the business say of the place of an issue."""

from seamark.pipeline.standing.controls import expired_since
from seamark.pipeline.standing.standings import Standing, Standings, of

__all__ = ["Standing", "Standings", "expired_since", "of"]
