"""Open pull requests: kept up to date, closed where nothing needs them any more, merged where that is safe, and verified afterwards."""

from __future__ import annotations

import contextlib
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from seamark.core.errors import NotAllowed, RemoteFailure
from seamark.governance.access.changes import tell
from seamark.pipeline.pulls import machine_made
from seamark.pipeline.pulls.making import make_at, repository_at
from seamark.pipeline.pulls.repositories import forge_of, is_stopped, terms_of
from seamark.response.forges.pulls.contract import Pulls, Standing
from seamark.response.remediation.pulls import naming
from seamark.response.remediation.pulls.facts import Facts
from seamark.response.remediation.pulls.merging import Decision, decide
from seamark.store.models import Finding, PullRequest, Scan
from seamark.store.models.pulls import PullState

ACTOR: Final = "pull-requests"
"""How the ledger names who merges."""


def follow(row: PullRequest, now: datetime) -> dict[str, Any]:
    """Look after an open pull request, and return the fields of its row that change. Raises `RemoteFailure`."""
    with forge_of(row.repository) as forge:
        return _followed(row, forge, now)


def _followed(row: PullRequest, forge: Pulls, now: datetime) -> dict[str, Any]:
    standing = forge.standing(row.number)
    if standing.state == "merged":
        _drop_branch(row, forge)
        return {"state": PullState.MERGED, "finished_at": now, "told": "", "checked_at": now}
    if standing.state == "closed":
        return {"state": PullState.REJECTED, "finished_at": now, "told": "Somebody closed it without merging it", "checked_at": now}  # fmt: skip
    if why := _needless(row):
        return _closed(row, forge, why, now)
    changed = _refreshed(row, forge, now)
    if changed.get("head", row.head) != row.head:
        # What was just pushed has no checks yet.
        return changed
    return {**changed, **_merged(row, forge, standing, now), "checked_at": now}


def _needless(row: PullRequest) -> str:
    """Return why nothing needs a pull request any more, empty where something does."""
    if row.fix is None:
        return "Another fix has taken the place of this one."
    if not machine_made.open_issues_of(row).exists():
        return "No open issue is cleared by it any more: they were fixed otherwise, or dismissed."
    return ""


def _closed(row: PullRequest, forge: Pulls, why: str, now: datetime) -> dict[str, Any]:
    told = f"{why}\n\n{naming.mark(f'{row.key}-closed')}"
    # Stopped in between, the comment is there already.
    if not any(naming.is_marked(one, f"{row.key}-closed") for one in forge.comments(row.number)):
        forge.comment(row.number, told)
    forge.close(row.number)
    _drop_branch(row, forge)
    return {"state": PullState.GONE, "told": why, "finished_at": now, "checked_at": now}


def _drop_branch(row: PullRequest, forge: Pulls) -> None:
    """Remove the branch, provided that its tip is our own commit."""
    with contextlib.suppress(RemoteFailure), tempfile.TemporaryDirectory(prefix="seamark-pull-") as folder:
        git = repository_at(row, Path(folder), forge)
        if row.head and git.tips(row.branch).get(row.branch) == row.head:
            git.delete(row.branch, row.head)


def _refreshed(row: PullRequest, forge: Pulls, now: datetime) -> dict[str, Any]:
    """Make the change anew where its base or its target moved; return the fields that change."""
    base = row.repository.base or forge.default_branch()
    with tempfile.TemporaryDirectory(prefix="seamark-pull-") as folder:
        tip = repository_at(row, Path(folder), forge).tips(base).get(base, "")
    target = row.fix.target if row.fix is not None else ""
    if tip == row.facts.get("base") and target == row.facts.get("fix_target"):
        return {"checked_at": now}
    if row.fix is None:
        return {"checked_at": now}
    try:
        return make_at(row, row.fix, forge, now).values
    except NotAllowed as error:
        return {"told": f"It could not be brought up to date: {error}"[:1000], "checked_at": now}


def decision_of(row: PullRequest, standing: Standing, now: datetime) -> Decision:
    """Return whether a pull request may be merged by itself, with every condition."""
    facts = msgspec.convert(
        {name: value for name, value in row.facts.items() if name in Facts.__struct_fields__}, Facts
    )
    return decide(terms_of(row.repository), facts, standing, row.head, now)


def _merged(row: PullRequest, forge: Pulls, standing: Standing, now: datetime) -> dict[str, Any]:
    """Merge a pull request where that is switched on and every condition is met, and keep why in the ledger."""
    if machine_made.is_so(row):
        # No setting and no policy leads past this.
        return {"told": machine_made.NEVER} if row.repository.merging else {}
    if not row.repository.merging or is_stopped() or row.facts.get("refused") == row.head:
        return {}
    found = decision_of(row, standing, now)
    if not found.merge:
        return {"told": f"Not merged by itself: {found.missing}"[:1000]}
    # What is about to be done is kept first: stopped in between, the ledger still says who merged it and why.
    _tell(row, "merging", {"conditions": [one._asdict() for one in found.conditions], "head": standing.head})
    try:
        forge.merge(row.number, row.head)
    except RemoteFailure as error:
        if not error.permanent:
            raise
        _tell(row, "not merged", {"why": str(error), "head": standing.head})
        return {"told": f"The forge did not merge it: {error}"[:1000], "facts": {**row.facts, "refused": row.head}}
    _drop_branch(row, forge)
    words = "; ".join(one.why for one in found.conditions)
    return {"state": PullState.MERGED, "finished_at": now, "told": f"Merged by itself: {words}"[:1000]}


def verify(row: PullRequest) -> dict[str, Any]:
    """Return what scans after a merge say: verified, still reported, or nothing yet.

    Still reported counts only where every stream that reports it had a scan that proves, of a moment after the merge.
    """
    merged = row.finished_at
    if row.fix is None or merged is None:
        return {"state": PullState.VERIFIED, "told": "No open issue is cleared by it any more"}
    rows = Finding.objects.filter(
        closed_in=None, issue__in=machine_made.open_issues_of(row).values("pk"), stream__is_default=True
    )
    streams = list(rows.order_by().values_list("stream_id", flat=True).distinct())
    if not streams:
        _tell(row, "verified", {"issues": 0})
        return {"state": PullState.VERIFIED, "told": "The scans after the merge report none of its issues any more"}
    for stream in streams:
        latest = Scan.objects.filter(stream=stream, proves=True).order_by("-id").first()
        if latest is None or latest.at <= merged:
            return {}
    number = machine_made.open_issues_of(row).count()
    _tell(row, "returned", {"issues": number})
    return {"state": PullState.RETURNED, "told": f"After the merge {number} of its issues are still reported: the fix is open again"}  # fmt: skip


def _tell(row: PullRequest, what: str, body: dict[str, Any]) -> None:
    told = {
        "pull_request": row.number,
        "repository": row.repository.name,
        "branch": row.branch,
        "url": row.url,
        "what": what,
        **body,
    }
    tell("pull-request", f"pull request {row.number} in {row.repository.name}", actor=None, before=None, after={"what": what, "url": row.url}, body=told, application=row.repository.asset.application)  # fmt: skip
