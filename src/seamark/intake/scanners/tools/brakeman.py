"""Brakeman: Ruby on Rails code."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="brakeman",
        title="Brakeman",
        kind=Kind.CODE,
        format="brakeman",
        arguments=lambda job: ["-q", "-f", "json", "-o", job.report, "--no-exit-on-warn", job.folder],
        wants=("config/routes.rb",),
    )
)
