"""Trivy: packages, secrets and configuration of a folder."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="trivy",
        title="Trivy",
        kind=Kind.DEPENDENCY,
        format="trivy",
        arguments=lambda job: [
            "fs",
            "--format",
            "json",
            "--output",
            job.report,
            "--scanners",
            "vuln,secret,misconfig",
            "--quiet",
            job.folder,
        ],
        online="its vulnerability database",
        environment=(("TRIVY_NO_PROGRESS", "true"), ("TRIVY_SKIP_VERSION_CHECK", "true")),
    )
)
