"""Ruff: the security rules for Python code."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="ruff",
        title="Ruff",
        kind=Kind.CODE,
        format="ruff",
        arguments=lambda job: [
            "check",
            "--select",
            "S",
            "--isolated",
            "--no-cache",
            "--output-format",
            "json",
            "--output-file",
            job.report,
            "--exit-zero",
            job.folder,
        ],
        wants=("*.py",),
        package="ruff",
    )
)
