"""Surveys a working tree: what is in it, who owns it, and what the business says of it in `seamark.yaml`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import transaction
from django.utils import timezone

from seamark.core.assets import AssetKind, AssetRef, Discovery
from seamark.core.errors import SeamarkError
from seamark.intake.discovery.agents.written import Range, find_ai_code
from seamark.intake.discovery.contexts import Contexts
from seamark.intake.discovery.discover import discover
from seamark.intake.discovery.history.log import read_history
from seamark.intake.discovery.owners.resolve import Resolver
from seamark.intake.discovery.tree import Tree
from seamark.pipeline.ai_code import keep_lines, mark_issues
from seamark.pipeline.assets import natural, stored
from seamark.pipeline.context import apply_context
from seamark.pipeline.ingest.place import application_of
from seamark.pipeline.ingest.source import Source
from seamark.pipeline.surveys import Owner, record
from seamark.pipeline.target import Target
from seamark.store.models import Application, Ownership, Survey

OWNED: Final = frozenset({
    AssetKind.REPOSITORY, AssetKind.SERVICE, AssetKind.API, AssetKind.MANIFEST, AssetKind.PIPELINE, AssetKind.WORKLOAD,
    AssetKind.DATA_STORE, AssetKind.CLOUD_RESOURCE,
})  # fmt: skip
MOST_OWNERS: Final = 3
"""Owners that are kept of one asset."""


def source_of(repository: str) -> str:
    """Return the name under which a repository's surveys are kept."""
    return f"discovery {repository}"[:300]


def survey_tree(
    root: Path, application: str = "", *, repository: str = "", commit: str = "", now: datetime | None = None
) -> tuple[Survey, Discovery]:
    """Discover a working tree, keep what is found, and return the survey's row with the discovery.

    `application` is the name of the application that gets the assets; without it the `seamark.yaml` of the root says it. Parts
    with a `seamark.yaml` of their own belong to the application that it names. Raises `SeamarkError` where nobody says it.
    """
    at = now or timezone.now()
    if not root.is_dir():
        raise SeamarkError(f"{root} is no folder")
    contexts = Resolver(Tree(root, "")).contexts
    top = contexts.of("")
    if not application and top is None:
        raise SeamarkError("Nobody says which application this is: name it, or write a seamark.yaml")
    found = discover(root, repository or (top.context.spec.repository or "" if top is not None else ""))
    history = read_history(root)
    resolver = Resolver(Tree(root, found.repository), overrides=_decided(), now=at, history=history)
    owners = list(_owners(resolver, found))
    agents = find_ai_code(root, history) if history is not None else None
    ranges = list(agents.all_ranges()) if agents is not None else []
    with transaction.atomic():
        main = application_of(Target(application=application or _name(contexts, "")))
        applications = {"": main}
        for placed in resolver.contexts.placed:
            own = main if placed.folder == "" else application_of(Target(application=_name(contexts, placed.folder)))
            applications[placed.folder] = own
            apply_context(own, placed.context, placed.path)
        survey = record(
            found, source_of(found.repository), now=at, application=main, whose=_whose(found.repository, applications), commit=commit,
            owners=owners,
        )  # fmt: skip
        if agents is not None:
            _mark_ai(root, found.repository, agents.head, ranges)
    return survey, found


def _mark_ai(root: Path, repository: str, head: str, ranges: list[Range]) -> None:
    """Keep the lines that are known to be AI agents' at the tree's newest commit, and mark the issues that stand in them."""
    ref = natural(AssetRef(AssetKind.REPOSITORY, repository), addressed=False)
    asset = stored([ref]).get(ref) if ref is not None else None
    if asset is not None:
        keep_lines(asset, head, ranges)
        mark_issues(asset, head, Source.of(root).moved)


def _name(contexts: Contexts, folder: str) -> str:
    placed = contexts.of(folder)
    return (placed.context.metadata.title or placed.context.metadata.name) if placed is not None else ""


def _whose(repository: str, applications: dict[str, Application]) -> Callable[[AssetRef], Application]:
    """Return the function that tells whose an asset is: that of the nearest folder with a context of its own."""
    prefix = f"{repository}//"

    def of(ref: AssetRef) -> Application:
        path = ref.key.removeprefix(prefix).partition("#")[0] if ref.key.startswith(prefix) else ""
        while path and path not in applications:
            path = path.rpartition("/")[0]
        return applications[path]

    return of


def _decided() -> dict[str, str]:
    """Return the owners that people decided on, by the asset's key, as CODEOWNERS writes owners."""
    rows = Ownership.objects.filter(said_in="").order_by("-rank").select_related("asset", "owner")
    return {row.asset.key: row.owner.key if "@" in row.owner.key else f"@{row.owner.key}" for row in rows}


def _owners(resolver: Resolver, found: Discovery) -> list[Owner]:
    return [
        Owner(
            asset=asset.ref, owner=owner.ref, rank=rank, confidence=owner.confidence, reason=owner.reason,
            evidence={"origin": owner.origin, "at": owner.at},
        )
        for asset in found.assets
        if asset.ref.kind in OWNED
        for rank, owner in enumerate(resolver.of(asset.ref).ranked[:MOST_OWNERS], start=1)
    ]  # fmt: skip
