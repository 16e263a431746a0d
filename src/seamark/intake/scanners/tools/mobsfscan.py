"""mobsfscan: Android and iOS code."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="mobsfscan",
        title="mobsfscan",
        kind=Kind.CODE,
        format="mobsfscan",
        arguments=lambda job: ["--json", "-o", job.report, job.folder],
        wants=("AndroidManifest.xml", "*.swift", "*.kt"),
        package="mobsfscan",
    )
)
