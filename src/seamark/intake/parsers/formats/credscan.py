"""CredScan of Microsoft: secrets in source code."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Csv,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    Suppression,
    csv_header,
    moment,
    parser,
)


class Row(Struct):
    source: str = field(name="Source")
    searcher: str = field(name="Searcher")
    time: str = field(name="TimeofDiscovery", default="")
    description: str = field(name="Description", default="")
    line: str = field(name="Line", default="")
    suppressed: str = field(name="IsSuppressed", default="")
    hash: str = field(name="HashKey", default="")
    reason: str = field(name="SuppressJustification", default="")
    score: str = field(name="MatchingScore", default="")


@parser(
    "credscan",
    title="CredScan",
    kind=Kind.SECRET,
    looks=csv_header("Source", "Searcher", "IsSuppressed", "HashKey", "MatchingScore"),
    made_with="CredentialScanner.exe -I . -f csv -O results",
    url="https://secdevtools.azurewebsites.net/helpcredscan.html",
    versions="2",
)
def read(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="CredScan")
    for row in rows:
        rule, _, name = row.searcher.partition(" ")
        line = row.line
        yield Finding(
            rule=rule,
            title=name or rule,
            severity=Severity.HIGH,
            location=CodeLocation(
                path=row.source,
                line=int(line) if line.isascii() and line.isdigit() and len(line) < 10 else None,
            ),
            about=_about(rule, name),
            description="" if row.description.startswith("[Use Triage") else row.description,
            cwes=(798,),
            secret_digest=row.hash,
            suppression=Suppression(origin="tool", justification=row.reason)
            if row.suppressed.strip().upper() in {"YES", "TRUE"}
            else None,
            tags=(f"score:{row.score}",) if row.score else (),
            seen_at=moment(row.time),
        )


@lru_cache(maxsize=512)
def _about(rule: str, name: str) -> Rule:
    return Rule(id=rule, name=name, cwes=(798,))
