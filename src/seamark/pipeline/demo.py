"""Loads the example application: its context, its intelligence, and its reports in the order in which they were written."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone

from seamark.core.errors import SeamarkError
from seamark.governance.policy.kept.sync import STARTER, declare, sync
from seamark.insight.exports.issues import as_json
from seamark.intake.discovery.context import read_context
from seamark.pipeline.imports import import_file
from seamark.pipeline.ingest.place import application_of
from seamark.pipeline.ingest.source import Source
from seamark.pipeline.intelligence import load_file
from seamark.pipeline.people import Login, add_user, reset_password
from seamark.pipeline.target import Target
from seamark.pipeline.trees import survey_tree
from seamark.store.models import Application, Finding, Issue, Scan, Stream, User
from seamark.store.models.people import Role
from seamark.store.models.policies import BundleKind


class Told(NamedTuple):
    """What the example brought."""

    lines: list[str]
    findings: int
    tools: int
    issues: int
    first: list[dict[str, Any]]
    login: Login


def load_example(folder: Path, progress: Callable[[int], None] = lambda _: None) -> Told:
    """Load the example from its folder, and the policies that come with Seamark; what is there already is not loaded twice."""
    if not (folder / "reports").is_dir():
        raise SeamarkError(f"There is no example in {folder}")
    context = read_context((folder / "seamark.yaml").read_text("utf-8"))
    name = context.metadata.title or context.metadata.name
    application = application_of(Target(application=name))
    survey_tree(folder, name, repository=context.spec.repository or "")
    if (folder / "intelligence.json").exists():
        load_file(folder / "intelligence.json")
    policies = sync(declare(STARTER, BundleKind.STARTER), now=timezone.now(), cache=settings.SEAMARK_HOME / "policies")
    if policies.mistakes:
        raise SeamarkError(f"The policies that come with Seamark are broken: {policies.mistakes[0]}")
    lines = []
    states = sorted(path for path in (folder / "reports").iterdir() if path.is_dir() and path.name[:1].isdigit())
    for state in states:
        lines.append(f"{state.name}:")
        for path in sorted(path for path in state.iterdir() if path.suffix in {".json", ".sarif", ".xml", ".jsonl"}):
            if _known(path, application):
                # Taken in again, the older state would bring back what the newer one has fixed.
                lines.append(f"  {path.name:<34} is there already")
                continue
            target = Target(
                application=name,
                repository=context.spec.repository or "",
                ref="main",
                configuration=path.stem,
                scanned_at=state.name,
            )
            # The folder holds the code of the newest state only.
            source = Source.of(folder) if state == states[-1] else None
            outcome = import_file(path, target, progress=progress, source=source)
            lines.append(
                f"  {path.name:<34} {outcome.findings:>4} findings {outcome.new:>4} new {outcome.moved:>4} moved {outcome.fixed:>4} fixed"
            )
    first = (
        Issue.objects.filter(application=application, open=True)
        .select_related("application")
        .order_by("-risk", "-id")[:10]
    )
    return Told(
        lines=lines,
        findings=Finding.objects.filter(stream__application=application, closed_in=None).count(),
        tools=Stream.objects.filter(application=application).values("tool").distinct().count(),
        issues=Issue.objects.filter(application=application, open=True).count(),
        first=[as_json(issue) for issue in first],
        login=_login(),
    )


def _known(path: Path, application: Application) -> bool:
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    return Scan.objects.filter(report__digest=digest, stream__application=application).exists()


def _login() -> Login:
    """Return a login for the demo: a new password at every start, never a constant."""
    user = User.objects.filter(username="demo").first()
    return reset_password(user) if user else add_user("demo", Role.ADMIN)
