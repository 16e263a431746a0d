"""Kubesec: risk of Kubernetes manifests, as a score with the rules behind it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Location,
    Probe,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    json_rows,
    parser,
    references,
)


class Criterion(Struct):
    selector: str
    id: str = ""
    reason: str = ""
    points: int | None = None
    href: str = ""
    container: str = ""


class Scoring(Struct):
    critical: list[Criterion] | None = None
    advise: list[Criterion] | None = None


class Scored(Struct, rename={"file": "fileName"}):
    object: str
    valid: bool
    message: str = ""
    file: str = ""
    score: int | None = None
    scoring: Scoring | None = None


def _is_kubesec(probe: Probe) -> bool:
    return bool(probe.first & {"score", "scoring"})


@parser(
    "kubesec",
    title="Kubesec",
    kind=Kind.MISCONFIGURATION,
    looks=json_rows("object", "valid", "message", where=_is_kubesec),
    made_with="kubesec scan deployment.yaml",
    url="https://kubesec.io/",
    versions="2.0 to 2.14",
)
def read(rows: list[Scored]) -> Iterator[Item]:
    invalid = tuple(f"{row.file or row.object}: {row.message}" for row in rows if not row.valid)
    yield Run(
        tool="Kubesec",
        successful=False if rows and len(invalid) == len(rows) else None,
        complete=False if invalid else None,
        problems=invalid[:50],
    )
    for row in rows:
        scoring = row.scoring or Scoring()
        for criterion in scoring.critical or ():
            yield _finding(row, criterion, Severity.HIGH, "critical")
        for criterion in scoring.advise or ():
            yield _finding(row, criterion, Severity.LOW, "advise")


def _finding(row: Scored, criterion: Criterion, level: Severity, word: str) -> Finding:
    rule = criterion.id or criterion.selector
    return Finding(
        rule=rule,
        title=criterion.reason or criterion.selector,
        severity=level,
        severity_given=word,
        location=_place(row, criterion.container),
        about=_about(rule, criterion.selector, criterion.href),
        description=f"Selector: {criterion.selector}",
    )


def _place(row: Scored, container: str) -> Location:
    """Return the place of an object, which Kubesec calls `Kind/name.namespace`."""
    kind, _, rest = row.object.partition("/")
    name, _, namespace = rest.rpartition(".")
    key = "/".join(
        part for part in ("" if namespace == "default" else namespace, kind, name or rest, container) if part
    )
    if row.file and row.file not in {"API", "STDIN"}:
        return CodeLocation(path=row.file, scope=key)
    return ResourceLocation(resource=key, type=kind)


@lru_cache(maxsize=512)
def _about(rule: str, selector: str, link: str) -> Rule:
    return Rule(id=rule, name=selector, references=references(link))
