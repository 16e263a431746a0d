"""Several answers of the API in one zip file: pages of issues, and issues beside hotspots."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import msgspec

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.formats.sonarqube.api import (
    Hotspots,
    Issue,
    Issues,
    findings_of_hotspots,
    findings_of_issues,
    is_issues,
)
from seamark.intake.parsers.kit import Finding, Item, Probe, Run, json_object, variant
from seamark.intake.parsers.kit.archives import members, names
from seamark.intake.parsers.kit.source import Source

_ISSUES = json_object("issues", where=is_issues)
_HOTSPOTS = json_object("hotspots", "paging")


def _is_archive(probe: Probe) -> bool:
    found = names(probe)
    if not found or not all(name.endswith(".json") for name in found):
        return False
    try:
        return all(_ISSUES(each) or _HOTSPOTS(each) for each in _probes(probe.source))
    except UnreadableReport:
        return False


def _probes(source: Source) -> Iterator[Probe]:
    return (Probe(content) for _, content in members(source, ".json"))


@variant("sonarqube", looks=_is_archive)
def read(archive: Source) -> Iterator[Item]:
    found: list[Iterator[Finding]] = []
    listed = {"issues": 0, "hotspots": 0}
    there = {"issues": 0, "hotspots": 0}
    for name, content in members(archive, ".json"):
        data = bytes(content.data)
        try:
            if _HOTSPOTS(Probe(content)):
                hotspots = msgspec.json.decode(data, type=Hotspots, strict=False)
                kind, rows, paging = "hotspots", len(hotspots.hotspots), hotspots.paging
                found.append(findings_of_hotspots(hotspots))
            else:
                answer = msgspec.json.decode(data, type=Issues, strict=False)
                issues = msgspec.json.decode(answer.issues, type=list[Issue], strict=False)
                kind, rows, paging = "issues", len(issues), answer.paging
                found.append(findings_of_issues(iter(issues), answer))
        except msgspec.ValidationError as error:
            raise UnreadableReport(f"{error} in {name}") from None
        listed[kind] += rows
        # Every page says how many there are in all.
        there[kind] = max(there[kind], (paging.total or 0) if paging else 0)
    cut = any(there[kind] > listed[kind] for kind in there)
    yield Run(
        tool="SonarQube",
        complete=False if cut else None,
        problems=("Pages of the answer are missing",) if cut else (),
    )
    yield from chain.from_iterable(found)
