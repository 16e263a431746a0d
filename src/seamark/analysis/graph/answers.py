"""What questions to the graph are answered with: plain values, ready for JSON."""

from __future__ import annotations

from msgspec import Struct


class Node(Struct, frozen=True, kw_only=True):
    """An asset as answers name it."""

    id: int
    kind: str
    key: str
    name: str
    application: str = ""
    exposure: str = ""
    environment: str = ""
    owner: str = ""
    """Who answers for it first, empty where nobody is known."""
    depth: int = 0
    """Steps from the start."""


class Hop(Struct, frozen=True, kw_only=True):
    """One step of a way: the relation in its own direction, and who says so."""

    source: int
    kind: str
    target: int
    origin: str
    at: str = ""
    confidence: float = 1.0


class Way(Struct, frozen=True, kw_only=True):
    """A path through the graph with the proof of every step; empty where there is none."""

    nodes: list[Node] = []
    hops: list[Hop] = []


class Radius(Struct, frozen=True, kw_only=True):
    """What is reached from some assets, or reaches them."""

    start: list[Node]
    total: int
    """How many assets beyond the start; the least where it is not complete."""
    complete: bool
    kinds: dict[str, int]
    """How many of each kind."""
    applications: list[str]
    data_classes: list[str]
    exposed: int
    """How many of them answer from the internet."""
    nodes: list[Node]
    """One page of them, nearest first."""


class Toxic(Struct, frozen=True, kw_only=True):
    """A severe issue on an asset that the internet reaches and that leads to sensitive data."""

    issue: str
    title: str
    risk: float
    """0 to 100."""
    asset: Node
    exposure: Way
    data: Way


class Gap(Struct, frozen=True, kw_only=True):
    """An asset that is not looked at as it should be."""

    asset: Node
    missing: str
    """The kind of scan: `code`, `dependency`, `secret`, `misconfiguration`, `container`, `web`; or `owner`, `relation`."""
    why: str
    """In a sentence: never scanned, the last scan is N days old, the last one failed."""
