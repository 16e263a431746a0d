"""cargo-audit: vulnerable crates."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="cargo-audit",
        title="cargo-audit",
        kind=Kind.DEPENDENCY,
        format="cargo-audit",
        arguments=lambda job: ["audit", "--json", "--file", job.files[0]],
        wants=("Cargo.lock",),
        on_stdout=True,
        online="its advisory database",
    )
)
