"""Semgrep: code of many languages."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="semgrep",
        title="Semgrep",
        kind=Kind.CODE,
        format="semgrep",
        arguments=lambda job: [
            "scan",
            "--config",
            "p/default",
            "--json",
            "--output",
            job.report,
            "--metrics",
            "off",
            "--quiet",
            job.folder,
        ],
        online="its rules",
        package="semgrep",
        environment=(("SEMGREP_ENABLE_VERSION_CHECK", "0"), ("SEMGREP_SEND_METRICS", "off")),
    )
)
