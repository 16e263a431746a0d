"""njsscan: Node.js code."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="njsscan",
        title="njsscan",
        kind=Kind.CODE,
        format="njsscan",
        arguments=lambda job: ["--json", "-o", job.report, job.folder],
        wants=("*.js", "*.ejs", "*.hbs"),
        package="njsscan",
    )
)
