"""Cppcheck: C and C++ code."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="cppcheck",
        title="Cppcheck",
        kind=Kind.CODE,
        format="cppcheck",
        arguments=lambda job: ["--xml", "--quiet", f"--output-file={job.report}", job.folder],
        wants=("*.c", "*.cc", "*.cpp", "*.h", "*.hpp"),
    )
)
