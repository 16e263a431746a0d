"""Flawfinder: C and C++ code."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="flawfinder",
        title="Flawfinder",
        kind=Kind.CODE,
        format="sarif",
        arguments=lambda job: ["--sarif", job.folder],
        wants=("*.c", "*.cc", "*.cpp", "*.h", "*.hpp"),
        on_stdout=True,
        package="flawfinder",
    )
)
