"""zizmor: workflows of GitHub Actions."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="zizmor",
        title="zizmor",
        kind=Kind.MISCONFIGURATION,
        format="zizmor",
        arguments=lambda job: ["--offline", "--no-progress", "--format", "json", job.folder],
        wants=(".github/workflows/*.yml", ".github/workflows/*.yaml", "action.yml", "action.yaml"),
        on_stdout=True,
        done=frozenset({0, 10, 11, 12, 13, 14}),
        package="zizmor",
    )
)
