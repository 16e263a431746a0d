"""Gitleaks: secrets in files."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="gitleaks",
        title="Gitleaks",
        kind=Kind.SECRET,
        format="gitleaks",
        arguments=lambda job: [
            "dir",
            job.folder,
            "--report-format",
            "json",
            "--report-path",
            job.report,
            "--no-banner",
        ],
    )
)
