"""dirsearch: addresses that answered when paths were guessed, as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from seamark.intake.parsers.formats._web import found, joined
from seamark.intake.parsers.kit import Item, Kind, Probe, Run, json_object, moment, parser, variant


class Result(Struct):
    url: str
    status: int
    length: int | str | None = field(name="content-length", default=None)
    type: str | None = field(name="content-type", default="")
    redirect: str | None = ""


class Info(Struct):
    args: str = ""
    time: str = ""


class Report(Struct):
    results: list[Result]
    info: Info


@parser(
    "dirsearch",
    title="dirsearch",
    kind=Kind.WEB,
    looks=json_object("info.args", "info.time", "results"),
    made_with="dirsearch -u https://example.com --format json -o dirsearch.json",
    url="https://github.com/maurosoria/dirsearch",
    versions="0.4.1 to 0.4.3",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(tool="dirsearch", command=report.info.args, finished=moment(report.info.time))
    for result in report.results:
        yield _found(result, result.url)


def _found(result: Result, url: str) -> Item:
    return found(
        url,
        result.status,
        ("Content type", result.type),
        ("Length", None if result.length is None else str(result.length)),
        ("Redirects to", result.redirect),
    )


class OldResult(Struct):
    path: str
    status: int
    length: int | str | None = field(name="content-length", default=None)
    redirect: str | None = ""


class OldReport(Struct):
    results: list[dict[str, list[OldResult]]]
    info: Any = None
    time: str | None = ""


def _is_old(probe: Probe) -> bool:
    first = probe.get("results.0")
    if not isinstance(first, dict) or len(first) != 1:
        return False
    site, rows = next(iter(first.items()))
    return "://" in site and isinstance(rows, list) and all(isinstance(row, dict) and "path" in row for row in rows[:1])


@variant("dirsearch", looks=json_object("results", where=_is_old))
def read_old(report: OldReport) -> Iterator[Item]:
    """Read the reports until 0.4.1, which list paths by site."""
    yield Run(tool="dirsearch")
    for sites in report.results:
        for site, results in sites.items():
            for row in results:
                same = Result(url=row.path, status=row.status, length=row.length, redirect=row.redirect)
                yield _found(same, joined(site, row.path))
