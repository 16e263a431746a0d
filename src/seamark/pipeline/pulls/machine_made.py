"""Pull requests whose change a language model wrote: made of the change that was kept, labelled, and never merged by themselves.

The model is not asked here: where the change does not fit the branch any more, nothing is pushed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
from django.db.models import QuerySet
from msgspec.structs import replace

from seamark.core.errors import NotAllowed
from seamark.pipeline.fixing.patched import read_below
from seamark.pipeline.pulls.changes import Prepared
from seamark.pipeline.pulls.telling import told_of
from seamark.pipeline.tickets.facts import open_issues
from seamark.response.remediation.editors.notation.source import UnsafeEdit
from seamark.response.remediation.model_patches import make
from seamark.response.remediation.model_patches.drafted import Check, sentence
from seamark.response.remediation.model_patches.prompt import Subject
from seamark.response.remediation.pulls.facts import Facts
from seamark.response.remediation.pulls.terms import MACHINE
from seamark.response.remediation.pulls.text import Told
from seamark.store.models import Finding, Fix, Issue, ModelPatch, PullRequest

LABEL: Final = "machine-made"
NEVER: Final = "Not merged by itself: a model wrote it, and only people merge that"


def is_so(row: PullRequest) -> bool:
    """Tell whether a model wrote a pull request's change: by its row, by what was kept of the change, or by a change that belongs to it."""
    return row.machine_made or row.facts.get("made_by") == MACHINE or row.model_patches.exists()


def open_issues_of(row: PullRequest) -> QuerySet[Issue]:
    """Return the open issues that a pull request clears: those of its fix, of a machine-made one the issue that it was written for."""
    issues = open_issues(row.fix_id, None)
    return issues.filter(model_patches__in=row.model_patches.all()).distinct() if row.machine_made else issues


def prepare(row: PullRequest, root: Path) -> Prepared:
    """Return what a machine-made pull request changes in a tree. Raises `NotAllowed` where its change is gone or does not fit any more."""
    kept = _kept(row)
    data = read_below(root, kept.path)
    if data is None:
        raise NotAllowed(f"{kept.path} is not in the default branch any more")
    try:
        taken = make.again(msgspec.convert(kept.subject, Subject), data, kept.diff)
    except UnsafeEdit as error:
        raise NotAllowed(str(error)) from None
    same = make.digest_of(data) == kept.digest
    checks = tuple(msgspec.convert(one, Check) for one in kept.checks)
    hints = [
        f"A language model ({kept.model}) wrote this change. Read every line: checks find what they look for, and nothing else."
    ]
    hints += [] if same else ["The file changed after the checks; the same change was made in it as it is now."]
    facts = Facts(
        made_by=MACHINE, titles=(f"Machine-made change by the model {kept.model}, prompt {kept.prompt[:16]}",), files=(kept.path,),
        hints=(*hints, *map(str, kept.remarks)), verified=sentence(checks), proven=kept.verified and same,
    )  # fmt: skip
    return Prepared({kept.path: taken.data}, facts)


def told(row: PullRequest, fix: Fix, rows: Iterable[Finding]) -> Told:
    """Return what there is to say of a machine-made pull request: it is about one issue of its fix. `rows` are the fix's findings."""
    issue = _kept(row).issue
    words = told_of(fix, [one for one in rows if one.issue_id == issue.pk])
    return replace(
        words, title=f"{words.title} (machine-made)", risk=issue.risk / 10, number=1,
        issues=((issue.reference, issue.priority, issue.title, issue.kev),),
    )  # fmt: skip


def labels(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return the labels of a machine-made pull request."""
    return tuple(dict.fromkeys((*given, LABEL)))


def _kept(row: PullRequest) -> ModelPatch:
    found = row.model_patches.select_related("issue").order_by("-pk").first()
    if found is None or not found.diff:
        raise NotAllowed("The change that the model wrote is there no more")
    return found
