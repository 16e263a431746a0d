"""govulncheck: vulnerable Go modules, and whether their functions are called."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="govulncheck",
        title="govulncheck",
        kind=Kind.DEPENDENCY,
        format="govulncheck",
        arguments=lambda job: ["-C", job.folder, "-format", "json", "./..."],
        wants=("go.mod",),
        on_stdout=True,
        done=frozenset({0, 3}),
        online="its vulnerability database and the modules",
        runs_code="the build",
    )
)
