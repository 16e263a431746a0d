"""cwe_checker: weaknesses in binaries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    cwe_ids,
    first_line,
    json_rows,
    parser,
)

_TITLED = re.compile(r"^\(([^()]{3,200}(?:\([^()]*\))?)\)\s*(.*)$", re.DOTALL)


class Warning(Struct):
    name: str
    version: str
    addresses: list[str]
    symbols: list[str]
    description: str
    tids: list[str] | None = None
    other: list[list[str]] | None = None
    context: list[list[str]] | None = None


@parser(
    "cwe-checker",
    title="cwe_checker",
    kind=Kind.CODE,
    looks=json_rows("name", "version", "addresses", "tids", "symbols", "description"),
    made_with="cwe_checker --json --out=cwe_checker.json program",
    url="https://github.com/fkie-cad/cwe_checker",
    versions="0.4 to 0.9",
)
def read(warnings: list[Warning]) -> Iterator[Item]:
    yield Run(tool="cwe_checker")
    for warning in warnings:
        cwes = cwe_ids(warning.name)
        title, text = _titled(warning.description)
        symbol = next((name for name in warning.symbols if name), "")
        address = next((one for one in warning.addresses if one), "")
        yield Finding(
            rule=warning.name,
            title=title or warning.name,
            severity=Severity.MEDIUM,
            location=ResourceLocation(resource="@".join(part for part in (symbol, address) if part), type="address")
            if symbol or address
            else None,
            about=_about(warning.name, title, cwes, warning.version),
            description="\n".join([text, *(": ".join(pair) for pair in warning.other or () if pair)]).strip(),
            cwes=cwes,
        )


def _titled(description: str) -> tuple[str, str]:
    """Return the name of the weakness, which stands in brackets in front, and the rest."""
    found = _TITLED.match(description)
    return (found[1], found[2]) if found else (first_line(description), description)


@lru_cache(maxsize=512)
def _about(name: str, title: str, cwes: tuple[int, ...], version: str) -> Rule:
    return Rule(id=name, title=title, cwes=cwes, tags=(f"check version {version}",) if version else ())
