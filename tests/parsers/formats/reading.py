"""Reads a sample or a report in memory, for tests that ask for single facts."""

from __future__ import annotations

import json
from typing import Any

from seamark.core.finding import Finding
from seamark.core.report import Item, Run
from seamark.intake.parsers.kit.read import open_bytes, open_report
from tests.parsers.samples import SAMPLES


def sample(name: str) -> list[Item]:
    """Return the items of a sample such as `bandit/report.json`."""
    return list(open_report(SAMPLES / name).items())


def text_of(name: str) -> str:
    """Return a sample as text, to change it."""
    return (SAMPLES / name).read_text(encoding="utf-8")


def read(report: Any, format: str = "auto") -> list[Item]:
    """Return the items of a report given as a JSON value or as text."""
    data = report if isinstance(report, str) else json.dumps(report)
    return list(open_bytes(data.encode(), format=format).items())


def findings(items: list[Item]) -> list[Finding]:
    return [item for item in items if isinstance(item, Finding)]


def run(items: list[Item]) -> Run:
    """Return the only run."""
    (only,) = (item for item in items if isinstance(item, Run))
    return only
