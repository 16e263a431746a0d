"""The plans of many projects as one: which change pays next, how far that gets, and in which order repositories go."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from seamark.analysis.graph.circles import circles
from seamark.response.remediation.plan.make import Plan, Step
from seamark.response.remediation.project import Project


class Point(Struct, frozen=True, kw_only=True):
    """A change on the curve of an estate."""

    project: str
    step: Step
    changes: int
    """Changes up to and with this one."""
    removed: float
    """Risk removed less introduced, up to and with this one."""
    share: float
    """Of all risk there is, from 0 to 1."""


class Turn(Struct, frozen=True, kw_only=True):
    """When a repository's changes are due."""

    projects: tuple[str, ...]
    """Several where they depend on each other in a circle."""
    waits_for: tuple[str, ...] = ()
    """Projects whose new release its own changes need, so that they go first."""


def curve(plans: Sequence[Plan]) -> tuple[Point, ...]:
    """Return all steps of all plans, those first that remove most risk for a change; within a project its own order holds.

    Steps that only pay together stay together.
    """
    whole = sum(plan.risk_before for plan in plans)
    waiting: list[tuple[float, float, str, int, int, list[Step]]] = []
    queues = [list(_bundles(plan.steps)) for plan in plans]

    def push(at: int, place: int) -> None:
        if place < len(queues[at]):
            bundle = queues[at][place]
            rate = sum(one.gain for one in bundle) / len(bundle)
            heapq.heappush(waiting, (-rate, sum(one.effort for one in bundle), plans[at].project, at, place, bundle))

    for at in range(len(plans)):
        push(at, 0)
    points: list[Point] = []
    removed = 0.0
    while waiting:
        _, _, project, at, place, bundle = heapq.heappop(waiting)
        for step in bundle:
            removed += step.gain
            points.append(
                Point(project=project, step=step, changes=len(points) + 1, removed=round(removed, 4), share=round(removed / whole, 6) if whole else 0.0)
            )  # fmt: skip
        push(at, place + 1)
    return tuple(points)


def _bundles(steps: Iterable[Step]) -> Iterable[list[Step]]:
    bundle: list[Step] = []
    for step in steps:
        if bundle and (not step.together or step.together != bundle[-1].together):
            yield bundle
            bundle = []
        bundle.append(step)
    if bundle:
        yield bundle


def turns(projects: Sequence[Project], plans: Mapping[str, Plan]) -> tuple[Turn, ...]:
    """Return projects in the order in which to change them: dependents before what they depend on.

    What runs is rid of its risk first, by its own lock; the library that it uses follows, whenever it is released. Only where a
    dependent's change is a version that the library has yet to publish, the library goes first. Circles go together.
    """
    publisher = {one.publishes: one.place for one in projects if one.publishes}
    uses: dict[str, set[str]] = {one.place: set() for one in projects}
    waits: dict[str, set[str]] = {one.place: set() for one in projects}
    for project in projects:
        uses[project.place] = {publisher[part.package] for part in project.parts if part.package in publisher} - {
            project.place
        }
        steps = plans[project.place].steps if project.place in plans else ()
        waits[project.place] = {publisher[step.move.package] for step in steps if step.move.package in publisher} - {project.place}  # fmt: skip
    # An edge leads from what goes first to what follows.
    after: dict[str, set[str]] = {place: set() for place in uses}
    for place, used in uses.items():
        for library in used:
            first, then = (library, place) if library in waits[place] else (place, library)
            after[first].add(then)
    worth = {place: plans[place].risk_before - plans[place].risk_after if place in plans else 0.0 for place in uses}
    groups = circles(after)
    return tuple(
        Turn(projects=tuple(sorted(group)), waits_for=tuple(sorted({one for place in group for one in waits[place]} - set(group))))
        for group in _sorted(groups, after, worth)
    )  # fmt: skip


def _sorted(groups: list[frozenset[str]], after: Mapping[str, set[str]], worth: Mapping[str, float]) -> list[frozenset[str]]:  # fmt: skip
    """Return groups so that what goes first does; of those that may be next the one with most risk to remove."""
    of = {place: group for group in groups for place in group}
    follows = {group: {of[one] for place in group for one in after[place]} - {group} for group in groups}
    open_before = dict.fromkeys(groups, 0)
    for targets in follows.values():
        for target in targets:
            open_before[target] += 1
    ready = [(-sum(worth[one] for one in group), sorted(group), group) for group in groups if not open_before[group]]
    heapq.heapify(ready)
    order = []
    while ready:
        group = heapq.heappop(ready)[2]
        order.append(group)
        for target in follows[group]:
            open_before[target] -= 1
            if not open_before[target]:
                heapq.heappush(ready, (-sum(worth[one] for one in target), sorted(target), target))
    return order
