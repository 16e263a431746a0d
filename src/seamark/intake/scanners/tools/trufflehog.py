"""TruffleHog: secrets in files. They are not tried out: that would tell their owners' services."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="trufflehog",
        title="TruffleHog",
        kind=Kind.SECRET,
        format="trufflehog",
        arguments=lambda job: ["filesystem", job.folder, "--json", "--no-verification", "--no-update"],
        on_stdout=True,
        done=frozenset({0, 183}),
        may_be_empty=True,
    )
)
