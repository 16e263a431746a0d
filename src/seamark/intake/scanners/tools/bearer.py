"""Bearer: code and the data that flows through it."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="bearer",
        title="Bearer",
        kind=Kind.CODE,
        format="bearer",
        arguments=lambda job: ["scan", job.folder, "--format", "json", "--output", job.report, "--quiet"],
        online="its rules",
        environment=(("BEARER_DISABLE_VERSION_CHECK", "true"),),
    )
)
