"""The way of the data in a Semgrep match, from source to sink."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from seamark.intake.parsers.kit import CodeLocation, FlowStep


def flow_of(trace: Any) -> tuple[FlowStep, ...]:
    """Return the steps from source to sink. Calls are written inside out, and older versions more simply."""
    if not isinstance(trace, dict):
        return ()
    steps = [*_call(trace.get("taint_source"), "source")]
    steps += _variables(trace.get("intermediate_vars"))
    sink = [*_call(trace.get("taint_sink"), "sink")]
    return tuple(steps + sink)


def _call(node: Any, role: str) -> Iterator[FlowStep]:
    for _ in range(100):
        if isinstance(node, list) and len(node) == 2 and node[0] == "CliLoc":
            yield from _step(node[1], role)
            return
        if (
            isinstance(node, list)
            and len(node) == 2
            and node[0] == "CliCall"
            and isinstance(node[1], list)
            and len(node[1]) == 3
        ):
            place, variables, node = node[1]
            yield from _step(place, f"{role}: call")
            yield from _variables(variables)
            continue
        for entry in node if isinstance(node, list) else [node]:
            yield from _step(entry, role)
        return


def _variables(given: Any) -> list[FlowStep]:
    return [step for entry in (given if isinstance(given, list) else ()) for step in _step(entry, "")]


def _step(given: Any, role: str) -> Iterator[FlowStep]:
    place: Any = None
    content: Any = ""
    if isinstance(given, dict):
        place, content = given.get("location"), given.get("content")
    elif isinstance(given, list) and len(given) == 2:
        place, content = given
    if not isinstance(place, dict):
        return
    start, end = place.get("start"), place.get("end")
    if isinstance(place.get("path"), str) and isinstance(start, dict) and isinstance(end, dict):
        numbers = [start.get("line"), start.get("col"), end.get("line"), end.get("col")]
        line, column, end_line, end_column = (number if type(number) is int else None for number in numbers)
        location = CodeLocation(
            path=place["path"],
            line=line,
            column=column,
            end_line=end_line,
            end_column=end_column,
            snippet=content if isinstance(content, str) else "",
        )
        yield FlowStep(location=location, message=role)
