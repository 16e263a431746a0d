"""Shapes that the inventory's and the graph's endpoints share."""

from __future__ import annotations

from pydantic import Field

from seamark.interfaces.api.answers import Answer


class NodeShape(Answer):
    """An asset as answers name it."""

    id: int
    kind: str
    key: str
    name: str
    application: str = Field(description="Empty where it is of none.")
    exposure: str
    environment: str
    owner: str = Field(description="Who answers for it first; empty where nobody is known.")
    depth: int = Field(description="Steps from the start.")


class HopShape(Answer):
    """One step of a way: the relation in its own direction, and who says so."""

    source: int
    kind: str
    target: int
    origin: str
    at: str
    confidence: float


class WayShape(Answer):
    """A path with the proof of every step."""

    nodes: list[NodeShape]
    hops: list[HopShape]
