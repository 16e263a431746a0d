"""Findings a second of the most used formats, beside the bare decode of the same bytes. By processor time: machines are shared."""

from __future__ import annotations

import gc
from pathlib import Path
from types import GenericAlias
from typing import Any

import msgspec
from lxml import etree

from benchmarks.bench import Bench, Figure, figure
from benchmarks.generate import MAKERS
from benchmarks.measurements.parse import ours
from benchmarks.reports import report, report_of_scanner
from benchmarks.watch import Sample, Watch
from seamark.intake.parsers.formats import (
    checkov,
    cyclonedx,
    gitleaks,
    grype,
    npm_audit,
    osv_scanner,
    prowler,
    semgrep,
    snyk,
)
from seamark.intake.parsers.formats.sarif import shape
from seamark.intake.parsers.formats.trivy import model

ROWS: dict[str, tuple[str, Any]] = {
    "sarif": ("runs.[].results", shape.Row),
    "trivy": ("Results.[].Vulnerabilities", model.Vulnerability),
    "grype": ("matches", grype.Match),
    "semgrep": ("results", semgrep.model.Match),
    "snyk": ("vulnerabilities", snyk.model.Vulnerability),
    "npm-audit": ("vulnerabilities", npm_audit.tree.Affected),
    "osv-scanner": ("results.[].packages", osv_scanner.Entry),
    "gitleaks": ("", gitleaks.Leak),
    "checkov": ("results.failed_checks", checkov.Check),
    "prowler": ("", prowler.json.Detection),
    "cyclonedx": ("vulnerabilities", cyclonedx.model.Vulnerability),
}
"""Where each format's rows stand, and what the parser reads them into."""
ELEMENTS = {"zap": "alertitem", "dependency-check": "dependency"}


def shape_of(format: str) -> Any:
    """Return the type of a whole report, of which nothing is decoded but its rows."""
    path, row = ROWS[format]
    whole: Any = GenericAlias(dict, (str, row)) if format == "npm-audit" else GenericAlias(list, (row,))
    for step in reversed(path.split(".") if path else []):
        part = [("rows", whole, msgspec.field(name=step))]
        whole = GenericAlias(list, (whole,)) if step == "[]" else msgspec.defstruct("Part", part)
    return whole


def bare(path: str, format: str) -> Sample:
    """Decode a report's rows, or parse its elements, and do nothing with them."""
    data = Path(path).read_bytes()
    decoder = msgspec.json.Decoder(shape_of(format), strict=False) if format in ROWS else None
    gc.disable()
    try:
        with Watch() as watch:
            if decoder is not None:
                decoded = decoder.decode(data)
            else:
                decoded = sum(1 for _ in etree.iterparse(path, tag=f"{{*}}{ELEMENTS[format]}", huge_tree=False))
    finally:
        gc.enable()
    return watch.sample(rows=_rows(decoded))


def _rows(decoded: Any) -> int:
    """Return how many rows were decoded; the way to them is one field a step."""
    while getattr(decoded, "__struct_fields__", ()) == ("rows",):
        decoded = decoded.rows
    if isinstance(decoded, list) and decoded and getattr(decoded[0], "__struct_fields__", ()) == ("rows",):
        return sum(_rows(each) for each in decoded)
    return decoded if isinstance(decoded, int) else len(decoded)


def figures(bench: Bench) -> list[Figure]:
    """Return the lines of the rates."""
    found = []
    for name in (*ROWS, *ELEMENTS):
        path = str(report(name, bench.size) if name in MAKERS else report_of_scanner(name, bench.size))
        read = [bench.sample(ours, path=path) for _ in range(bench.runs)]
        least = [bench.sample(bare, path=path, format=name) for _ in range(bench.runs)]
        count = read[0]["findings"]
        values, limits = ([count / max(one["cpu"], 1e-6) for one in samples] for samples in (read, least))
        found.append(figure(f"rate.{name}", bench.size, values, cpu=[one["cpu"] for one in read], limits=limits))
    return found
