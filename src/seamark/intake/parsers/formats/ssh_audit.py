"""ssh-audit: weak algorithms and known flaws of SSH servers, as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.formats._web import host
from seamark.intake.parsers.kit import (
    Component,
    Finding,
    Item,
    Kind,
    Location,
    Probe,
    Run,
    Severity,
    cvss,
    json_object,
    json_rows,
    parser,
    severity,
    variant,
    vulnerability_ids,
)

SORTS = {
    "kex": "key exchange algorithm",
    "key": "host key algorithm",
    "enc": "cipher",
    "mac": "message authentication code",
}


class Algorithm(Struct):
    algorithm: str
    notes: dict[str, list[str]] | None = None
    keysize: int | None = None


class Known(Struct):
    name: str
    description: str | None = ""
    cvssv2: float | None = None


class Banner(Struct):
    raw: str | None = ""
    software: str | None = ""


class Advice(Struct):
    name: str
    notes: str | None = ""


class Target(Struct):
    banner: Banner | None
    target: str | None = ""
    target_ip: str | None = ""
    cves: list[Known] | None = None
    kex: list[Algorithm | str] | None = None
    key: list[Algorithm | str] | None = None
    enc: list[Algorithm | str] | None = None
    mac: list[Algorithm | str] | None = None
    recommendations: dict[str, dict[str, dict[str, list[Advice]]]] | None = None


def _is_target(probe: Probe) -> bool:
    keys = probe.first if probe.is_array else probe.keys
    return {"banner", "kex", "key", "enc", "mac", "fingerprints"} <= keys


@parser(
    "ssh-audit",
    title="ssh-audit",
    kind=Kind.HOST,
    looks=json_object("banner", "kex", "enc", where=_is_target),
    made_with="ssh-audit --json ssh.example.com > ssh-audit.json",
    url="https://github.com/jtesta/ssh-audit",
    versions="2.0 to 3.3",
)
def read(target: Target) -> Iterator[Item]:
    yield from _items([target])


@variant("ssh-audit", looks=json_rows("banner", "kex", "enc", where=_is_target))
def read_list(targets: list[Target]) -> Iterator[Item]:
    yield from _items(targets)


def _items(targets: list[Target]) -> Iterator[Item]:
    yield Run(tool="ssh-audit")
    for target in targets:
        yield from _findings(target)


def _findings(target: Target) -> Iterator[Finding]:
    name = target.target or target.target_ip or ""
    place = host(name, 22 if ":" not in name else None, "ssh") if name else None
    software = (target.banner.software if target.banner else "") or ""
    for known in target.cves or ():
        yield _known(known, place, software)
    noted = False
    for sort in SORTS:
        for entry in getattr(target, sort) or ():
            if isinstance(entry, Algorithm) and entry.notes is not None:
                noted = True
                yield from _algorithm(sort, entry, place)
    if not noted:  # before version 3 only the recommendations tell
        yield from _recommended(target, place)


def _known(known: Known, place: Location | None, software: str) -> Finding:
    rating = cvss("", known.cvssv2) if known.cvssv2 is not None else None
    name, mark, version = software.partition("_")
    return Finding(
        rule=known.name,
        title=f"{known.name}: {known.description}" if known.description else known.name,
        severity=severity(known.cvssv2) if known.cvssv2 is not None else Severity.MEDIUM,
        severity_given="" if known.cvssv2 is None else str(known.cvssv2),
        location=place,
        component=Component(name=name, version=version) if mark else None,
        vulnerabilities=vulnerability_ids(known.name),
        cvss=(rating,) if rating else (),
    )


def _algorithm(sort: str, entry: Algorithm, place: Location | None) -> Iterator[Finding]:
    notes = entry.notes or {}
    failures, warnings = notes.get("fail") or [], notes.get("warn") or []
    if failures or warnings:
        size = f" ({entry.keysize} bits)" if entry.keysize else ""
        yield _weak(sort, entry.algorithm, "fail" if failures else "warn", [*failures, *warnings], place, size)


def _recommended(target: Target, place: Location | None) -> Iterator[Finding]:
    levels = {"critical": "fail", "warning": "warn"}
    for level, actions in (target.recommendations or {}).items():
        for action, sorts in actions.items():
            for sort, entries in sorts.items():
                for entry in entries if action != "add" and sort in SORTS else ():
                    yield _weak(sort, entry.name, levels.get(level, "warn"), [entry.notes or ""], place, "")


def _weak(sort: str, name: str, level: str, notes: list[Any], place: Location | None, size: str) -> Finding:
    return Finding(
        rule=f"{sort}/{name}",
        title=f"Weak {SORTS[sort]}: {name}{size}",
        severity=Severity.HIGH if level == "fail" else Severity.MEDIUM,
        severity_given=level,
        location=place,
        description="\n".join(note for note in notes if note),
        tags=(sort,),
    )
