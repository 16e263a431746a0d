"""detect-secrets: secrets in files. They are not tried out."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="detect-secrets",
        title="detect-secrets",
        kind=Kind.SECRET,
        format="detect-secrets",
        arguments=lambda job: ["scan", "--all-files", "--no-verify", job.folder],
        on_stdout=True,
        package="detect-secrets",
    )
)
