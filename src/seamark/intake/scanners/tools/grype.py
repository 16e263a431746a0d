"""Grype: vulnerable packages of a folder."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="grype",
        title="Grype",
        kind=Kind.DEPENDENCY,
        format="grype",
        arguments=lambda job: [f"dir:{job.folder}", "-o", "json", "--file", job.report, "-q"],
        online="its vulnerability database",
        environment=(("GRYPE_CHECK_FOR_APP_UPDATE", "false"),),
    )
)
