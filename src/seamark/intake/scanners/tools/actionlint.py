"""actionlint: workflows of GitHub Actions."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="actionlint",
        title="actionlint",
        kind=Kind.MISCONFIGURATION,
        format="actionlint",
        arguments=lambda job: ["-format", "{{json .}}", *job.files],
        wants=(".github/workflows/*.yml", ".github/workflows/*.yaml"),
        on_stdout=True,
    )
)
