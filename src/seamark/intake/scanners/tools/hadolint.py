"""Hadolint: Dockerfiles."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="hadolint",
        title="Hadolint",
        kind=Kind.MISCONFIGURATION,
        format="hadolint",
        arguments=lambda job: ["--format", "json", "--no-fail", *job.files],
        wants=("Dockerfile*", "*.Dockerfile", "Containerfile*"),
        on_stdout=True,
    )
)
