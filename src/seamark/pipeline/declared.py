"""Facts about an asset out of what discovery tells of it, stored or not. Knows no database."""

from __future__ import annotations

from typing import Any, Final, get_args

from seamark.core.assets import AssetKind
from seamark.governance.policy.facts import Asset, Exposure

_EXPOSURES: Final = frozenset(get_args(Exposure))
_STORAGE: Final = ("s3_bucket", "s3::bucket", "storage_bucket", "storage_container", "storage_account", "blob")
"""Parts of the types of cloud resources that anybody may read where the internet reaches them."""


def asset_facts(
    kind: str, key: str, name: str, told: dict[str, Any], *, exposed: object, environment: str | None, owned: bool | None = None, sbom: bool | None = None
) -> Asset:  # fmt: skip
    """Return what policies may ask of an asset. `told` are its attributes; what they do not say is not known."""
    reach = exposure(exposed)
    public: bool | None = None
    if reach is not None and any(part in str(told.get("type", "")).lower() for part in _STORAGE):
        public = reach == "internet"
    pinned, write_all = _pipeline(told) if kind == AssetKind.PIPELINE.value else (None, None)
    return Asset(
        ref=f"{kind}:{key}", kind=kind, key=key, name=name or key, exposure=reach, environment=environment or None, owned=owned, public=public,
        privileged=truth(told.get("privileged")), runs_as_root=truth(told.get("run_as_root")), sbom=sbom, pinned=pinned, write_all=write_all,
    )  # fmt: skip


def exposure(word: object) -> Exposure | None:
    """Return who can reach something; None for words that say nothing."""
    return word if word in _EXPOSURES else None  # type: ignore[return-value]


def truth(value: object) -> bool | None:
    """Return a truth value of an attribute; None for anything else."""
    return value if isinstance(value, bool) else None


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
