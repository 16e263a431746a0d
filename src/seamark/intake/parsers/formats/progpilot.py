"""progpilot: ways of untrusted data through PHP code."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    FlowStep,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    cwe_ids,
    json_rows,
    parser,
)


class Step(Struct):
    flow_name: str = ""
    flow_line: int | None = None
    flow_file: str = ""


class Vulnerability(Struct):
    vuln_name: str
    vuln_cwe: str | None = ""
    vuln_id: str = ""
    vuln_type: str = ""
    source_name: list[str] | str | None = None
    source_line: list[int] | int | None = None
    source_file: list[str] | str | None = None
    tainted_flow: list[list[Step]] | None = None
    sink_name: str = ""
    sink_line: int | None = None
    sink_file: str = ""
    vuln_rule: str = ""
    vuln_line: int | None = None
    vuln_file: str = ""
    vuln_description: str = ""


def _is_report(probe: Probe) -> bool:
    return bool(probe.first & {"sink_file", "vuln_file"})


@parser(
    "progpilot",
    title="progpilot",
    kind=Kind.CODE,
    looks=json_rows("vuln_name", "vuln_cwe", "vuln_id", "vuln_type", where=_is_report),
    made_with="progpilot . > progpilot.json",
    url="https://github.com/designsecurity/progpilot",
    versions="0.7 to 1.1",
)
def read(found: list[Vulnerability]) -> Iterator[Item]:
    yield Run(tool="progpilot")
    for one in found:
        cwes = cwe_ids(one.vuln_cwe)
        name = _words(one.vuln_name)
        yield Finding(
            rule=one.vuln_name,
            title=f"{name} through {one.sink_name}" if one.sink_name else one.vuln_description or name,
            severity=Severity.MEDIUM,
            location=CodeLocation(path=one.sink_file or one.vuln_file, line=one.sink_line or one.vuln_line),
            about=_about(one.vuln_name, cwes, one.vuln_type, one.vuln_rule),
            description=_sources(one) if one.sink_file else one.vuln_description,
            cwes=cwes,
            flow=_flow(one),
            fingerprints=(("progpilot", one.vuln_id),) if one.vuln_id else (),
        )


@lru_cache(maxsize=256)
def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


@lru_cache(maxsize=1024)
def _about(name: str, cwes: tuple[int, ...], kind: str, rule: str) -> Rule:
    return Rule(id=name, name=_words(name), description=rule, cwes=cwes, tags=(kind,) if kind else ())


def _sources(one: Vulnerability) -> str:
    names = [one.source_name] if isinstance(one.source_name, str) else one.source_name or []
    lines = [one.source_line] if isinstance(one.source_line, int) else one.source_line or []
    files = [one.source_file] if isinstance(one.source_file, str) else one.source_file or []
    return "\n".join(f"Source: {name} at {path}:{line}" for name, line, path in zip(names, lines, files, strict=False))


def _flow(one: Vulnerability) -> tuple[FlowStep, ...]:
    """Return the first way to the sink. The report writes each from its end to its beginning."""
    ways = [way for way in one.tainted_flow or () if way]
    if not ways:
        return ()
    steps = [
        FlowStep(CodeLocation(path=step.flow_file, line=step.flow_line), step.flow_name) for step in reversed(ways[0])
    ]
    return (*steps, FlowStep(CodeLocation(path=one.sink_file, line=one.sink_line), one.sink_name))
