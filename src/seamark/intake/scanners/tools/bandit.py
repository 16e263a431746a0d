"""Bandit: Python code."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="bandit",
        title="Bandit",
        kind=Kind.CODE,
        format="bandit",
        arguments=lambda job: ["-r", job.folder, "-f", "json", "-o", job.report, "-q"],
        wants=("*.py",),
        package="bandit",
    )
)
