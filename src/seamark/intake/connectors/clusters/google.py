"""Google Cloud through its command line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.clusters.look import Look, partly
from seamark.intake.connectors.clusters.programs import Program, document
from seamark.intake.dumps.dump import Said
from seamark.intake.dumps.google import is_google
from seamark.intake.dumps.read import read_dumps

RIGHTS: Final = (
    "roles/run.viewer",
    "roles/cloudfunctions.viewer",
    "roles/container.clusterViewer",
    "roles/cloudsql.viewer",
)
"""Roles that the credentials need."""
_COMMANDS: Final = (
    ("run", ("run", "services", "list")), ("run", ("run", "revisions", "list")), ("gke", ("container", "clusters", "list")),
    ("functions", ("functions", "list")), ("sql", ("sql", "instances", "list")),
)  # fmt: skip
"""What is asked, by the service that the source is named after."""
_UNUSED: Final = ("SERVICE_DISABLED", "has not been used in project")
"""Complaints of projects that do not use a service: there is nothing of it, and nothing wrong."""
_PROJECT: Final = re.compile(r"[a-z][a-z0-9.:-]{1,99}")
_QUIET: Final = {"CLOUDSDK_CORE_DISABLE_PROMPTS": "1", "CLOUDSDK_CORE_SHOULD_PROMPT_TO_ENABLE_API": "false", "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true"}  # fmt: skip


def look_at_google(said: Said, project: str = "", *, progress: Callable[[str], None] = lambda _: None) -> Look:
    """Read what runs in a project, the one that gcloud is set to where none is named. Raises `RemoteFailure`, `UnreadableReport`."""
    plain = Program("gcloud", ["--format", "json"], _QUIET, progress=progress)
    project = project or str(plain.must("config", "get-value", "project") or "")
    if not _PROJECT.fullmatch(project):
        raise RemoteFailure(
            "Nothing says which project of Google Cloud to look at; name it with --project", permanent=True
        )
    program = Program("gcloud", ["--format", "json", "--project", project], _QUIET, progress=progress)
    if region := plain.must("config", "get-value", "run/region"):
        program.fault(
            "run", "run services list", f"gcloud is set to look at region {str(region)[:50]} only (run/region)"
        )
    files, answered, some = [], set(), set()
    for service, words in _COMMANDS:
        rows = program.table(service, *words, fine=_UNUSED)
        if rows is None:
            continue
        answered.add(service)
        if is_google(rows):
            files.append(document(" ".join(words), rows))
            some.add(service)
        elif rows:
            program.fault(service, " ".join(words), "it answers something that is not known")
    if not files and not answered:
        raise RemoteFailure(
            next((why for each in program.problems.values() for why in each), "gcloud answers nothing"), permanent=False
        )
    dumps = []
    for dump in read_dumps(files, replace(said, account=project, partial=False, complete=True)):
        reasons = program.problems[dump.source.rpartition(" ")[2]]
        dumps.append(partly(dump, [*(["the caller says so"] if said.partial else []), *reasons]))
    failed = frozenset(service for service, problems in program.problems.items() if problems)
    return Look(
        dumps=tuple(dumps), problems=tuple(why for each in program.problems.values() for why in each), failed=failed,
        empty=() if said.partial else tuple(f"google {project} {service}" for service in sorted(answered - some - failed)),
    )  # fmt: skip
