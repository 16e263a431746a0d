"""Whether a scan may close what it does not report. Pure: only proof closes."""

from __future__ import annotations

from collections.abc import Iterable
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


WHOLE = 0.8
"""Share of what the scan before looked at that a scan must look at again to count as a scan of the whole."""


class Scope:
    """What a scan looked at, beside what the scan of the stream before it did. None stands for "everything"."""

    def __init__(self, now: Iterable[str] | None, before: Iterable[str] | None = None) -> None:
        self._now = None if now is None else frozenset(now)
        self._folders = () if self._now is None else tuple(entry for entry in self._now if not _is_file(entry))
        earlier = frozenset(before or ())
        self._whole = bool(earlier) and self._now is not None and len(earlier & self._now) >= WHOLE * len(earlier)

    def covers(self, path: str) -> bool:
        """Tell whether a scan looked at a path, or would have, were it still there.

        A list of files cannot name one that was deleted or renamed: where nearly everything else was looked at again,
        a file that is missing from the list is gone. A scan of a few changed files covers those only.
        """
        if self._now is None or not path or path in self._now or self._whole:
            return True
        return any(
            entry in {".", "", "/"}
            or path.startswith(entry.rstrip("/") + "/")
            or (any(letter in entry for letter in "*?[") and fnmatch(path, entry))
            for entry in self._folders
        )


def _is_file(entry: str) -> bool:
    """Tell what is surely one file and no pattern, so that a long list of files is not searched as folders."""
    name = entry.rsplit("/", 1)[-1]
    return "." in name.strip(".") and not any(letter in entry for letter in "*?[")
