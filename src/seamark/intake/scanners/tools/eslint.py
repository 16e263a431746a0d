"""ESLint: JavaScript and TypeScript by the folder's own rules."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="eslint",
        title="ESLint",
        kind=Kind.CODE,
        format="eslint",
        arguments=lambda job: ["--format", "json", "--output-file", job.report, job.folder],
        wants=("eslint.config.*", ".eslintrc*"),
        runs_code="eslint.config.js",
    )
)
