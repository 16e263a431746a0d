"""The parts of a SARIF result that only some tools write: flows, fixes, suppressions, further places, HTTP."""

from __future__ import annotations

from seamark.intake.parsers.formats.sarif import texts
from seamark.intake.parsers.formats.sarif.places import Places, span
from seamark.intake.parsers.formats.sarif.rules import Facts
from seamark.intake.parsers.formats.sarif.shape import Fix, Place, Row, Suppressed, WebRequest, WebResponse
from seamark.intake.parsers.kit import Exchange, FlowStep, Patch, Replacement, Suppression

_MOST = 20
"""Further places that are named."""


def flow(row: Row, places: Places, facts: Facts) -> tuple[FlowStep, ...]:
    """Return the first code flow, or else the first call stack, as steps."""
    found: list[Place | None] = []
    for code_flow in row.code_flows or ():
        for thread in code_flow.thread_flows or ():
            found = [places.step(location) for location in thread.locations or ()]
            if found:
                break
        if found:
            break
    if not found:
        for stack in row.stacks or ():
            found = [frame.location for frame in stack.frames or ()]
            if found:
                break
    return tuple(
        FlowStep(places.code(place), texts.resolve(place.message, facts.messages, facts.shared_messages))
        for place in found
        if place is not None
    )


def changes(fixes: list[Fix], places: Places) -> tuple[Patch, ...]:
    """Return the fixes that the tool proposes. Edits that are given by bytes only cannot be placed and are left out."""
    found: list[Patch] = []
    for fix in fixes:
        edits: list[Replacement] = []
        for change in fix.artifact_changes or ():
            path = places.path(change.artifact_location)
            for edit in change.replacements or ():
                region = edit.deleted_region
                if region is None:
                    continue
                line = region.start_line
                if line is None and region.char_offset is not None:
                    line = places.line_at(change.artifact_location, region.char_offset)
                if line is None:
                    continue
                content = edit.inserted_content
                edits.append(
                    Replacement(
                        path=path,
                        line=line,
                        column=region.start_column if region.start_column is not None else 1,
                        end_line=region.end_line if region.end_line is not None else line,
                        end_column=region.end_column,
                        text=(content.text or "") if content is not None else "",
                    )
                )
        description = texts.resolve(fix.description)
        if edits or description:
            found.append(Patch(description=description, replacements=tuple(edits)))
    return tuple(found)


def suppression(given: list[Suppressed]) -> Suppression:
    """Return all suppressions of a result as one: it counts only where none is rejected or still under review."""
    accepted = all((each.status or each.state or "accepted") == "accepted" for each in given)
    reasons = dict.fromkeys(each.justification for each in given if each.justification)
    return Suppression(
        origin="source" if any(each.kind == "inSource" for each in given) else "tool",
        justification="\n".join(reasons),
        accepted=accepted,
    )


def elsewhere(row: Row, places: Places, facts: Facts) -> str:
    """Return the further places of a result as lines: a result is one finding, at its first location."""
    lines = [_line("Also at", place, places, facts) for place in (row.locations or ())[1:]]
    lines += [_line("Related", place, places, facts) for place in row.related_locations or ()]
    kept = list(dict.fromkeys(line for line in lines if line))
    if len(kept) > _MOST:
        kept = [*kept[:_MOST], f"… and {len(kept) - _MOST} more"]
    return "\n".join(kept)


def _line(word: str, place: Place, places: Places, facts: Facts) -> str:
    physical = place.physical_location
    where = places.scope(place)
    if physical is not None:
        where = places.path(physical.artifact_location) + span(physical.region) or where
    said = texts.resolve(place.message, facts.messages, facts.shared_messages)
    if not where:
        return f"{word}: {said}" if said else ""
    return f"{word} {where}: {said}" if said else f"{word} {where}"


def exchange(request: WebRequest | None, response: WebResponse | None) -> Exchange:
    """Return request and answer as text, as they go over the wire."""
    asked = answered = ""
    if request is not None:
        protocol = "/".join(part for part in (request.protocol, request.version) if part)
        first = " ".join(part for part in (request.method, request.target, protocol) if part)
        asked = _message(first, request.headers, request.body.text if request.body is not None else None)
    if response is not None:
        protocol = "/".join(part for part in (response.protocol, response.version) if part)
        status = str(response.status_code) if response.status_code is not None else ""
        first = " ".join(part for part in (protocol, status, response.reason_phrase) if part)
        answered = _message(first, response.headers, response.body.text if response.body is not None else None)
    return Exchange(asked, answered)


def _message(first: str, headers: dict[str, object] | None, body: str | None) -> str:
    lines = [first, *(f"{name}: {value}" for name, value in (headers or {}).items())]
    return "\n".join(lines) + (f"\n\n{body}" if body else "")
