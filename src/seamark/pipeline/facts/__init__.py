"""The facts that policies speak of, out of the store: of today, and as they were at each past build."""

from seamark.pipeline.facts.exempt import Exempt
from seamark.pipeline.facts.platform import DEFAULT, platform_facts
from seamark.pipeline.facts.replay import Build, Replay, replay
from seamark.pipeline.facts.simulate import Hit, Simulated, simulate

__all__ = ["DEFAULT", "Build", "Exempt", "Hit", "Replay", "Simulated", "platform_facts", "replay", "simulate"]
