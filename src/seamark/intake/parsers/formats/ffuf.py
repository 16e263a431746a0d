"""ffuf: addresses that answered when paths were guessed, as JSON and JSON lines."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats._web import found
from seamark.intake.parsers.kit import (
    Finding,
    Item,
    JsonLines,
    Kind,
    Reading,
    Run,
    json_lines,
    json_object,
    moment,
    parser,
    variant,
)


class Result(Struct):
    url: str
    status: int
    input: dict[str, str | int] | None = None
    length: int | None = None
    words: int | None = None
    lines: int | None = None
    content_type: str | None = field(name="content-type", default="")
    redirect: str | None = field(name="redirectlocation", default="")
    host: str | None = ""


class Config(Struct):
    method: str | None = ""


class Report(Struct):
    results: Raw
    commandline: str
    time: str | None = ""
    config: Config | None = None


@parser(
    "ffuf",
    title="ffuf",
    kind=Kind.WEB,
    looks=json_object("commandline", "results", "config", "time"),
    made_with="ffuf -u https://example.com/FUZZ -w words.txt -of json -o ffuf.json",
    url="https://github.com/ffuf/ffuf",
    versions="1.0 to 2.1",
    lift=("results",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    yield Run(tool="ffuf", command=report.commandline, finished=moment(report.time))
    method = (report.config.method if report.config else "") or ""
    for result in reading.rows(report.results, Result, where="$.results"):
        yield _finding(result, method)


@variant("ffuf", looks=json_lines("input", "position", "redirectlocation", "url"))
def read_lines(results: JsonLines[Result]) -> Iterator[Item]:
    yield Run(tool="ffuf")
    for result in results:
        yield _finding(result, "")


def _finding(result: Result, method: str) -> Finding:
    guessed = ", ".join(f"{name}={value}" for name, value in (result.input or {}).items() if name != "FFUFHASH")
    return found(
        result.url,
        result.status,
        ("Input", guessed),
        ("Content type", result.content_type),
        ("Length", None if result.length is None else str(result.length)),
        ("Redirects to", result.redirect),
        method=method,
    )
