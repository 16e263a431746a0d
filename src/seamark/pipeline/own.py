"""Imports what Seamark itself found, as the generic report that it could have come in: it is tracked and closed as any tool's."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from seamark.core.finding import Finding
from seamark.intake.parsers.kit.read import open_bytes
from seamark.pipeline.ingest import Outcome, ingest
from seamark.pipeline.target import Target
from seamark.store import evidence


def import_own(
    tool: str, found: Iterable[Finding], target: Target, *, complete: bool, why: Sequence[str] = ()
) -> Outcome:
    """Import findings as one run of `tool`, with the target's configuration. Only a complete run proves what is gone.

    `why` says what was wrong with the run. Raises `ImportRefused`.
    """
    ordered = sorted(found, key=lambda one: (one.rule, one.fingerprints, one.title))
    name = target.configuration or "all"
    run = {
        "tool": tool, "configuration": target.configuration, "successful": True, "complete": complete, "problems": list(why)[:50],
    }  # fmt: skip
    content = msgspec.json.encode({"run": run, "findings": [_row(one) for one in ordered]})
    opened = open_bytes(content, f"{name}.json", "generic")
    with evidence.Packed(io.BytesIO(content)) as packed:
        report = packed.store(f"{tool} {name}.json")
    return ingest(opened, report, target)


def _row(one: Finding) -> dict[str, Any]:
    return {**msgspec.to_builtins(one), "severity": one.severity.word}
