"""APKLeaks: addresses and secrets in Android applications."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Probe,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    json_object,
    parser,
)

ADDRESSES = frozenset({"LinkFinder", "IP_Address", "Mac_Address", "Mailto", "Amazon_AWS_S3_Bucket", "Firebase"})
"""Patterns for what tells where an application goes; the others are for secrets."""


class Result(Struct):
    name: str
    matches: list[str]


class Report(Struct):
    package: str
    results: list[Result]


def _is_report(probe: Probe) -> bool:
    row = probe.get("results.0")
    if isinstance(row, dict):
        return {"name", "matches"} <= row.keys()
    return probe.get("results") == [] and probe.keys == {"package", "results"}


@parser(
    "apkleaks",
    title="APKLeaks",
    kind=Kind.SECRET,
    looks=json_object("package", "results", where=_is_report),
    made_with="apkleaks -f app.apk --json -o apkleaks.json",
    url="https://github.com/dwisiswant0/apkleaks",
    versions="2",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(tool="APKLeaks", configuration=report.package)
    for result in report.results:
        address = result.name in ADDRESSES
        title = result.name.replace("_", " ")
        about = Rule(id=result.name, name=title, cwes=() if address else (798,))
        for match in result.matches:
            yield Finding(
                rule=result.name,
                title=title,
                severity=Severity.MEDIUM,
                kind=Kind.CODE if address else None,
                location=ResourceLocation(
                    resource=f"{report.package}: {match}" if address else report.package, type="android application"
                ),
                about=about,
                cwes=about.cwes,
                secret="" if address else _value(match),
            )


def _value(match: str) -> str:
    """Return the secret in a match, which may be an assignment."""
    for mark in ('"', "'"):
        parts = match.split(mark)
        if len(parts) > 2 and parts[1].strip():
            return max(parts[1::2], key=len)
    name, mark, value = match.partition("=")
    return value.strip() if mark and value.strip(" =") and name.strip().isidentifier() else match
