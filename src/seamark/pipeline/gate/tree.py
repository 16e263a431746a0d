"""What a working tree declares, as facts: pipelines, storage, workloads. Knows no database."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

from seamark.core.assets import AssetKind, Found
from seamark.governance.policy.facts import Application, Asset, Deployment, Facts
from seamark.intake.discovery.discover import discover
from seamark.pipeline.declared import asset_facts, truth

ABOUT: Final = frozenset({"asset", "deployment"})
"""Groups of facts that a working tree tells of."""
_READERS: Final = (
    "pipelines", "terraform", "cloudformation", "pulumi", "kubernetes", "kustomize", "helm", "compose", "context",
)  # fmt: skip


def tree_facts(root: Path, application: Application, subjects: Collection[str]) -> Iterator[Facts]:
    """Yield the assets that a tree declares and the workloads among them, as far as they are asked for."""
    found = discover(root, only=_READERS)
    for one in found.assets:
        asset = _asset(one)
        if "asset" in subjects:
            yield Facts(asset=asset, application=application)
        if "deployment" in subjects and one.ref.kind is AssetKind.WORKLOAD:
            for name, digest in _images(one.facts) or [("", "")]:
                yield Facts(deployment=_deployment(one, asset, name, digest), asset=asset, application=application)


def _asset(one: Found) -> Asset:
    told = one.facts
    return asset_facts(
        one.ref.kind.value, one.ref.key, one.name, told, exposed=told.get("exposure"), environment=_text(told.get("environment"))
    )  # fmt: skip


def _deployment(one: Found, asset: Asset, image: str, digest: str) -> Deployment:
    told = one.facts
    return Deployment(
        ref=f"{one.ref.key} {image}".strip(), workload=asset.name, environment=asset.environment, image=image or None, digest=digest or None,
        exposure=asset.exposure, privileged=truth(told.get("privileged")), runs_as_root=truth(told.get("run_as_root")),
        host_network=truth(told.get("host_network")), declared=True,
    )  # fmt: skip


def _images(told: dict[str, Any]) -> list[tuple[str, str]]:
    listed = told.get("images")
    rows = [one for one in (listed if isinstance(listed, list) else []) if isinstance(one, dict)]
    return [(str(one["name"]), str(one.get("digest") or "")) for one in rows if one.get("name")]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
