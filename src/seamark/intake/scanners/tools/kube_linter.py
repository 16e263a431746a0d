"""KubeLinter: Kubernetes manifests and Helm charts."""

from __future__ import annotations

from seamark.core.kind import Kind
from seamark.intake.scanners.declared import Scanner, declare

declare(
    Scanner(
        name="kube-linter",
        title="KubeLinter",
        kind=Kind.MISCONFIGURATION,
        format="kube-linter",
        arguments=lambda job: ["lint", job.folder, "--format", "json"],
        wants=("*.yaml", "*.yml"),
        on_stdout=True,
    )
)
