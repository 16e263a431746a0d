"""Reading a report, beside a typed decode of the same bytes into structs with the fields that the parser itself reads.

Two limits: ordinary structs with the collector as it is, which is what a program that calls the decoder gets; and the parser's own
structs, which the collector partly need not track, with the collector off.
"""

from __future__ import annotations

import gc
import statistics
import types
import typing
from functools import cache
from pathlib import Path
from typing import Any, Union

import msgspec
from msgspec import Struct, structs

from benchmarks.bench import Bench, Figure, cpus, figure
from benchmarks.reports import report, warm
from benchmarks.watch import Sample, Watch
from seamark.core.finding import Finding
from seamark.intake.parsers.formats.sarif import shape
from seamark.intake.parsers.formats.trivy import model
from seamark.intake.parsers.kit.read import open_report
from seamark.intake.parsers.kit.registry import parsers


class SarifRun(Struct):
    """A run, its results decoded with it."""

    tool: shape.Tool
    results: list[shape.Row]


class SarifLog(Struct):
    """A whole SARIF report."""

    runs: list[SarifRun]


class TrivyResult(Struct, rename="pascal"):
    """A target, its vulnerabilities decoded with it."""

    vulnerabilities: list[model.Vulnerability]


class TrivyReport(Struct, rename="pascal"):
    """A whole Trivy report."""

    results: list[TrivyResult]


SHAPES: dict[str, Any] = {"sarif": SarifLog, "trivy": TrivyReport}


@cache
def ordinary(shape: Any) -> Any:
    """Return a type with every struct in it replaced by an ordinary one of the same fields, which the collector tracks."""
    if isinstance(shape, type) and issubclass(shape, Struct):
        fields = [
            (
                field.name,
                ordinary(field.type),
                msgspec.field(name=field.encode_name, default=field.default, default_factory=field.default_factory),  # type: ignore[call-overload]
            )
            for field in structs.fields(shape)
        ]
        return msgspec.defstruct(shape.__name__, fields, kw_only=True)
    parts = typing.get_args(shape)
    if not parts:
        return shape
    if isinstance(shape, types.UnionType):
        return Union[tuple(ordinary(part) for part in parts)]  # noqa: UP007 - made at run time
    return (typing.get_origin(shape) or shape)[tuple(ordinary(part) for part in parts)]


def ours(path: str) -> Sample:
    """Read a report as the product does, from opening the file to the last finding."""
    parsers()
    warm(Path(path))
    with Watch() as watch:
        count = sum(type(item) is Finding for item in open_report(path).items())
    return watch.sample(findings=count)


def decode(path: str, format: str, *, bare: bool) -> Sample:
    """Decode the bytes of a report, which are in memory already."""
    data = Path(path).read_bytes()
    decoder = msgspec.json.Decoder(SHAPES[format] if bare else ordinary(SHAPES[format]))
    if bare:
        gc.disable()
    try:
        with Watch() as watch:
            decoded = decoder.decode(data)
    finally:
        gc.enable()
    holders = decoded.runs if format == "sarif" else decoded.results
    return watch.sample(findings=sum(len(one.results if format == "sarif" else one.vulnerabilities) for one in holders))


def figures(bench: Bench) -> list[Figure]:
    """Return the lines of reading."""
    found = []
    for format in SHAPES:
        path = str(report(format, bench.size))
        read, plain, bare = [], [], []
        for _ in range(bench.runs):
            read.append(bench.sample(ours, path=path))
            plain.append(bench.sample(decode, path=path, format=format, bare=False))
            bare.append(bench.sample(decode, path=path, format=format, bare=True))
        values = [one["seconds"] for one in read]
        for line, limits in ((f"parse.{format}", plain), (f"parse.{format}.bare", bare)):
            seconds = [one["seconds"] for one in limits]
            by_cpu = statistics.median(cpus(read)) / (statistics.median(cpus(limits)) or 1)
            note = f"by processor seconds {by_cpu:.2f} times the limit"
            found.append(figure(line, bench.size, values, cpu=cpus(read), limits=seconds, note=note))
    return found
