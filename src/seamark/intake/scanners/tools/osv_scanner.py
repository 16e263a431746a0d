"""OSV-Scanner: vulnerable packages of lock files."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="osv-scanner",
        title="OSV-Scanner",
        kind=Kind.DEPENDENCY,
        format="osv-scanner",
        arguments=lambda job: ["scan", "source", "-r", job.folder, "--format", "json", "--output", job.report],
        online="advisories for the packages that it finds",
    )
)
