"""pip-audit: vulnerable packages of requirements files, without resolving or installing anything."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="pip-audit",
        title="pip-audit",
        kind=Kind.DEPENDENCY,
        format="pip-audit",
        arguments=lambda job: [
            "--format",
            "json",
            "--output",
            job.report,
            "--no-deps",
            "--disable-pip",
            "--progress-spinner",
            "off",
            *(word for path in job.files for word in ("-r", path)),
        ],
        wants=("requirements*.txt",),
        online="advisories for the packages that it finds",
        package="pip-audit",
    )
)
