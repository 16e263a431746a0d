"""Checkov: infrastructure as code."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="checkov",
        title="Checkov",
        kind=Kind.MISCONFIGURATION,
        format="checkov",
        arguments=lambda job: ["-d", job.folder, "-o", "json", "--quiet", "--compact", "--skip-download"],
        wants=("*.tf", "*.yaml", "*.yml", "*.json", "Dockerfile*", "*.bicep"),
        on_stdout=True,
    )
)
