"""Wfuzz: addresses that answered when values were guessed, as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.formats._web import found
from seamark.intake.parsers.kit import Item, Kind, Run, json_rows, parser


class Result(Struct):
    url: str
    code: int | str | None = None
    method: str | None = ""
    payload: str | None = ""
    location: str | None = ""
    chars: int | None = None
    words: int | None = None
    lines: int | None = None
    server: str | None = ""
    post_data: Any = None


@parser(
    "wfuzz",
    title="Wfuzz",
    kind=Kind.WEB,
    looks=json_rows("chars", "words", "lines", "payload", "url"),
    made_with="wfuzz -w words.txt -o json -f wfuzz.json https://example.com/FUZZ",
    url="https://wfuzz.readthedocs.io/",
    versions="2 to 3",
    lift=("[]",),
)
def read(results: list[Result]) -> Iterator[Item]:
    yield Run(tool="Wfuzz")
    for result in results:
        yield found(
            result.url,
            result.code,
            ("Payload", result.payload),
            ("Length", None if result.chars is None else str(result.chars)),
            ("Server", result.server),
            ("Redirects to", result.location),
            method=result.method or "",
        )
