"""Questions to the graph, answered for one person in one shape, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from typing import TypeVar

from django.utils import timezone
from msgspec import Struct

from seamark.analysis.graph.answers import Gap, Hop, Node, Toxic
from seamark.analysis.graph.asked import Asked
from seamark.analysis.graph.estate import Orphan, Step, coverage, order, orphans, toxic
from seamark.analysis.graph.lens import Lens
from seamark.analysis.graph.question import ABOUT_A_THING, Question, check
from seamark.store.access import Visible

Item = TypeVar("Item")


class Reply(Struct, frozen=True, kw_only=True):
    """An answer; what the question does not ask for is empty."""

    question: str
    start: list[Node] = []
    """What the thing was taken for, at most so many as a page has."""
    total: int = 0
    """How many there are; at least, where `complete` is false."""
    complete: bool = True
    nodes: list[Node] = []
    """What is reached, or the way or line that was found, in its order."""
    hops: list[Hop] = []
    """For ways: each step with who says so."""
    kinds: dict[str, int] = {}
    applications: list[str] = []
    data_classes: list[str] = []
    exposed: int = 0
    """How many of what is reached answer from the internet."""
    steps: list[Step] = []
    combinations: list[Toxic] = []
    gaps: list[Gap] = []
    orphans: list[Orphan] = []
    next: int | None = None
    """`after` of the next page."""


def ask(visible: Visible, asked: Question) -> Reply:
    """Answer a question as far as the person may see. Raises `NotAllowed` and `NotFound`."""
    check(asked)
    at = moment(asked.at)
    if asked.name in ABOUT_A_THING:
        return _about(visible, asked, at)
    return _estate(visible, asked, at)


def moment(day: date | None) -> datetime | None:
    """Return the end of a day."""
    return datetime.combine(day, time.max, UTC) if day is not None else None


def _about(visible: Visible, asked: Question, at: datetime | None) -> Reply:
    graph = Asked(visible, at)
    starts = graph.find(asked.thing)
    match asked.name:
        case "blast" | "origins":
            lens = Lens.IMPACT if asked.name == "blast" else Lens.ORIGIN
            found = graph.radius(starts, lens, after=asked.after, limit=asked.limit)
            return Reply(
                question=asked.name, start=found.start, total=found.total, complete=found.complete, nodes=found.nodes, kinds=found.kinds,
                applications=found.applications, data_classes=found.data_classes, exposed=found.exposed,
                next=asked.after + asked.limit if found.total > asked.after + asked.limit else None,
            )  # fmt: skip
        case "path" | "exposure":
            way = graph.path(starts, graph.find(asked.to)) if asked.name == "path" else graph.exposure(starts)
            return Reply(question=asked.name, total=len(way.nodes), nodes=way.nodes, hops=way.hops)
        case "line":
            nodes = graph.code_to_cloud(starts)
            return Reply(question=asked.name, total=len(nodes), nodes=nodes)
    steps = order(visible, starts, at=at)
    page, following = _page(steps, asked)
    return Reply(question=asked.name, total=len(steps), steps=page, next=following)


def _estate(visible: Visible, asked: Question, at: datetime | None) -> Reply:
    if asked.name == "toxic":
        combinations = _some(lambda most: toxic(visible, at=at, limit=most), asked)
        return Reply(question=asked.name, combinations=combinations[0], **combinations[1])  # type: ignore[arg-type]
    if asked.name == "coverage":
        gaps = _some(lambda most: coverage(visible, timezone.now(), limit=most), asked)
        return Reply(question=asked.name, gaps=gaps[0], **gaps[1])  # type: ignore[arg-type]
    hanging = _some(lambda most: orphans(visible, limit=most), asked)
    return Reply(question=asked.name, orphans=hanging[0], **hanging[1])  # type: ignore[arg-type]


def _some(find: Callable[[int], Sequence[Item]], asked: Question) -> tuple[list[Item], dict[str, object]]:
    """Return a page of what is found up to its end and one more, with the least that there are."""
    found = find(asked.after + asked.limit + 1)
    page, following = _page(found, asked)
    return page, {"total": min(len(found), asked.after + asked.limit), "complete": following is None, "next": following}


def _page(found: Sequence[Item], asked: Question) -> tuple[list[Item], int | None]:
    end = asked.after + asked.limit
    return list(found[asked.after : end]), end if len(found) > end else None
