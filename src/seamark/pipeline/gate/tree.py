"""What a working tree declares, as facts: pipelines, storage, workloads. Knows no database."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final, get_args

from seamark.core.assets import AssetKind, Found
from seamark.governance.policy.facts import Application, Asset, Deployment, Exposure, Facts
from seamark.intake.discovery.discover import discover

ABOUT: Final = frozenset({"asset", "deployment"})
"""Groups of facts that a working tree tells of."""
_READERS: Final = (
    "pipelines", "terraform", "cloudformation", "pulumi", "kubernetes", "kustomize", "helm", "compose", "context",
)  # fmt: skip
_EXPOSURES: Final = frozenset(get_args(Exposure))
_STORAGE: Final = ("s3_bucket", "s3::bucket", "storage_bucket", "storage_container", "storage_account", "blob")
"""Parts of the types of cloud resources that anybody may read where the internet reaches them."""


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
    reach = _exposure(told.get("exposure"))
    public = None
    if reach is not None and any(part in str(told.get("type", "")).lower() for part in _STORAGE):
        public = reach == "internet"
    pinned, write_all = _pipeline(told) if one.ref.kind is AssetKind.PIPELINE else (None, None)
    return Asset(
        ref=f"{one.ref.kind.value}:{one.ref.key}", kind=one.ref.kind.value, key=one.ref.key, name=one.name or one.ref.key, exposure=reach,
        environment=_text(told.get("environment")), public=public, privileged=_truth(told.get("privileged")),
        runs_as_root=_truth(told.get("run_as_root")), pinned=pinned, write_all=write_all,
    )  # fmt: skip


def _pipeline(told: dict[str, Any]) -> tuple[bool | None, bool | None]:
    """Return whether all actions are pinned, and whether the token may write all; None where the reader of that system tells neither."""
    if told.get("system") != "github-actions":
        return None, None
    jobs = told.get("jobs")
    inner = [job.get("permissions") for job in (jobs if isinstance(jobs, list) else []) if isinstance(job, dict)]
    whole = told.get("permissions")
    # What states nothing has what the organisation gives it, which the file does not tell.
    write_all = True if "write-all" in (whole, *inner) else False if whole is not None else None
    return not told.get("actions_unpinned"), write_all


def _deployment(one: Found, asset: Asset, image: str, digest: str) -> Deployment:
    told = one.facts
    return Deployment(
        ref=f"{one.ref.key} {image}".strip(), workload=asset.name, environment=asset.environment, image=image or None, digest=digest or None,
        exposure=asset.exposure, privileged=_truth(told.get("privileged")), runs_as_root=_truth(told.get("run_as_root")),
        host_network=_truth(told.get("host_network")), declared=True,
    )  # fmt: skip


def _images(told: dict[str, Any]) -> list[tuple[str, str]]:
    listed = told.get("images")
    rows = [one for one in (listed if isinstance(listed, list) else []) if isinstance(one, dict)]
    return [(str(one["name"]), str(one.get("digest") or "")) for one in rows if one.get("name")]


def _exposure(word: object) -> Exposure | None:
    return word if word in _EXPOSURES else None  # type: ignore[return-value]


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
