"""Whether a scan may close what it does not report. Pure: only proof closes."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import NamedTuple

from seamark.core.report import Run


class Proof(NamedTuple):
    """The verdict over a scan, with its reason in a sentence."""

    proves: bool
    why: str


def proof_of(run: Run, *, findings: int, vouched: bool) -> Proof:
    """Judge a run by what its report says about itself, and by what the caller vouches for."""
    if run.successful is False:
        reason = f": {run.problems[0]}" if run.problems else ""
        return Proof(False, f"The scan failed{reason}"[:500])
    if vouched:
        return Proof(True, "The caller vouches for a complete scan")
    if run.complete is False:
        reason = f": {run.problems[0]}" if run.problems else ""
        return Proof(False, f"The scan is incomplete{reason}"[:500])
    if run.successful:
        return Proof(True, "The report says that the scan succeeded")
    if findings:
        return Proof(True, "The scan reports findings and no error")
    if run.scope:
        return Proof(True, "The report lists what was looked at")
    if run.ruleset:
        return Proof(True, "The report lists the rules that ran")
    return Proof(False, "The report is empty and nothing in it shows that the scan ran")


def covers(scope: tuple[str, ...] | None, path: str) -> bool:
    """Tell whether a scope holds a path: as the path itself, a folder above it, or a pattern. No scope holds all."""
    if scope is None or not path:
        return True
    if path in scope:
        return True
    return any(
        path.startswith(entry.rstrip("/") + "/")
        or entry in {".", "", "/"}
        or (any(c in entry for c in "*?[") and fnmatch(path, entry))
        for entry in scope
    )
