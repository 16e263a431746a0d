"""gosec: Go code."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="gosec",
        title="gosec",
        kind=Kind.CODE,
        format="gosec",
        arguments=lambda job: ["-fmt", "json", "-out", job.report, "-no-fail", "./..."],
        wants=("*.go",),
        online="the modules that the code stands on",
    )
)
