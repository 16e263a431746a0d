"""CloudSploit: checks of cloud accounts; JSON and CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.formats._hosts import said
from seamark.intake.parsers.kit import (
    Csv,
    Finding,
    Item,
    Kind,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    csv_header,
    json_rows,
    parser,
    variant,
)

LEVELS = {"FAIL": Severity.HIGH, "WARN": Severity.MEDIUM}


class Row(Struct):
    plugin: str
    status: str
    title: str = ""
    category: str = ""
    description: str | None = ""
    resource: str | None = ""
    region: str | list[str] | None = ""
    message: str | None = ""
    compliance: str | None = ""


@parser(
    "cloudsploit",
    title="CloudSploit",
    kind=Kind.CLOUD,
    looks=json_rows("plugin", "category", "title", "status", "resource"),
    made_with="./index.js --json results.json --console none",
    url="https://github.com/aquasecurity/cloudsploit",
    versions="2 and 3",
    lift=("[]",),
)
def read(rows: list[Row]) -> Iterator[Item]:
    yield from _items(rows)


class TableRow(Struct, rename="camel"):
    category: str
    title: str
    status_word: str
    plugin: str = ""
    description: str = ""
    resource: str = ""
    region: str = ""
    message: str = ""
    compliance: str = ""

    def row(self) -> Row:
        return Row(
            plugin=self.plugin or self.title,
            status=self.status_word,
            title=self.title,
            category=self.category,
            description=self.description,
            resource=self.resource,
            region=self.region,
            message=self.message,
            compliance=self.compliance,
        )


@variant("cloudsploit", looks=csv_header("category", "title", "resource", "region", "statusWord", "message"))
def read_csv(rows: Csv[TableRow]) -> Iterator[Item]:
    yield from _items([row.row() for row in rows])


def _items(rows: Iterable[Row]) -> Iterator[Item]:
    rows = list(rows)
    unknown = [row for row in rows if row.status.upper() == "UNKNOWN"]
    filtered = all(row.status.upper() in LEVELS for row in rows)
    yield Run(
        tool="CloudSploit",
        complete=False if unknown else None,
        problems=tuple(f"{row.title}: {row.message}" for row in unknown[:50]),
        ruleset=None if filtered else frozenset(row.plugin for row in rows),
    )
    for row in rows:
        status = row.status.upper()
        if status in LEVELS:
            regions = row.region if isinstance(row.region, list) else [row.region or ""]
            yield Finding(
                rule=row.plugin,
                title=row.title or row.plugin,
                severity=LEVELS[status],
                severity_given=row.status,
                location=ResourceLocation(resource=said(row.resource) or row.category, region=", ".join(regions)),
                about=_about(row.plugin, row.title, row.description or "", row.category, row.compliance or ""),
                description=row.message or "",
            )


@lru_cache(maxsize=2048)
def _about(plugin: str, title: str, text: str, category: str, compliance: str) -> Rule:
    return Rule(id=plugin, title=title, description=text, tags=tuple(tag for tag in (category, compliance) if tag))
