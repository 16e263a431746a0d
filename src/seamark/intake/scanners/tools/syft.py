"""Syft: the packages of a folder, as an SBOM."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="syft",
        title="Syft",
        kind=Kind.DEPENDENCY,
        format="cyclonedx",
        arguments=lambda job: ["scan", f"dir:{job.folder}", "-o", f"cyclonedx-json={job.report}", "-q"],
        environment=(("SYFT_CHECK_FOR_APP_UPDATE", "false"),),
    )
)
