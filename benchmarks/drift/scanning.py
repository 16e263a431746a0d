"""Runs the two tools, once for each version of a file, and reads what they say with our own parsers."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from benchmarks.drift.repositories import Repository
from benchmarks.drift.values import place
from seamark.core.finding import Finding
from seamark.intake.parsers.kit.read import open_report

Findings = dict[str, list[Finding]]
"""What a tool says of each version of a file, by blob."""
TOOLS: dict[str, tuple[str, ...]] = {
    "bandit": ("bandit", "-q", "-f", "json", "--exit-zero", "-r", "{folder}", "-o", "{report}"),
    "ruff": (
        "ruff", "check", "--isolated", "--no-cache", "--quiet", "--exit-zero", "--select", "S", "--output-format", "sarif",
        "--output-file", "{report}", "{folder}",
    ),
}  # fmt: skip


def missing(tools: Path | None) -> list[str]:
    """Return which tools are not there."""
    return [name for name in TOOLS if _program(name, tools) is None]


def _program(name: str, tools: Path | None) -> str | None:
    places = [str(folder) for folder in (tools, Path(sys.executable).parent) if folder]
    return next((found for folder in places if (found := shutil.which(name, path=folder))), None) or shutil.which(name)


def scan(repository: Repository, blobs: Iterable[str], tools: Path | None) -> dict[str, Findings]:
    """Return what each tool says of each blob. The paths of its findings are the blobs' names, to be replaced."""
    said: dict[str, Findings] = {}
    with tempfile.TemporaryDirectory(prefix="seamark-drift-") as name:
        folder = Path(name) / "files"
        folder.mkdir()
        for blob in blobs:
            (folder / f"{blob}.py").write_bytes(repository.text(blob))
        for tool, command in TOOLS.items():
            report = Path(name) / f"{tool}.json"
            words = [word.format(folder=folder, report=report) for word in command]
            subprocess.run([str(_program(tool, tools)), *words[1:]], check=True, capture_output=True)
            said[tool] = _by_blob(report)
    return said


def _by_blob(report: Path) -> Findings:
    found: Findings = defaultdict(list)
    with_report = open_report(report)
    for item in with_report.items():
        # A syntax error, which ruff reports without being asked, is no finding of a rule.
        if (
            isinstance(item, Finding)
            and item.location is not None
            and place(item).line
            and item.rule != "invalid-syntax"
        ):
            found[Path(place(item).path).stem].append(item)
    return found


def at_path(findings: Iterable[Finding], path: str) -> list[Finding]:
    """Return findings as a scan reports them where the file has that path."""
    return [replace(one, row=0, about=None, location=replace(place(one), path=path)) for one in findings]
