"""Making a pull request: each step finds what an earlier attempt did, so that being stopped anywhere makes no second one.

The branch's name follows from the fix. It is pushed only where it is at the commit that was seen, and only over commits of our own. A pull
request is opened only where the forge lists none of the branch; where its answer was lost, the next attempt finds it.
"""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from seamark.core.errors import NotAllowed
from seamark.intake.reach.roles import is_test
from seamark.pipeline.pulls import machine_made
from seamark.pipeline.pulls.changes import Prepared, prepare
from seamark.pipeline.pulls.reading import git_of
from seamark.pipeline.pulls.repositories import author_of, forge_of, terms_of
from seamark.pipeline.pulls.telling import findings_of, reviewers_of, told_of
from seamark.response.forges.pulls.contract import Draft, Pull, Pulls
from seamark.response.remediation.pulls import bots, naming, text
from seamark.response.remediation.pulls.git import Repository
from seamark.response.remediation.pulls.terms import Terms
from seamark.store.models import Finding, Fix, PullRequest
from seamark.store.models.pulls import PullState

FOREIGN: Final = "Somebody else pushed to its branch, which is left alone since"
BOT_CONFIG: Final = 200_000
"""Bytes of a bot's settings that are read."""


class Waits(NotAllowed):
    """It cannot be made now, and can later."""


class Made(NamedTuple):
    """What came of making a pull request."""

    values: dict[str, Any]
    """The fields of its row that change."""


class _Work(NamedTuple):
    """What one attempt has at hand."""

    row: PullRequest
    fix: Fix
    forge: Pulls
    terms: Terms
    base: str
    rows: list[Finding]


def make(row: PullRequest, now: datetime) -> Made:
    """Make a pull request, or bring an open one up to date. Raises `NotAllowed` where it cannot be made, `Waits`, `RemoteFailure`."""
    if row.fix is None:
        raise NotAllowed("Its fix is there no more")
    with forge_of(row.repository) as forge:
        return make_at(row, row.fix, forge, now)


def make_at(row: PullRequest, fix: Fix, forge: Pulls, now: datetime) -> Made:
    """Make a pull request at its forge, as `make` does."""
    there, terms = _ours(forge, row), terms_of(row.repository)
    if there is not None and there.state != "open":
        return _ended(row, there, now)
    if there is None:
        _check_room(row, terms)
    work = _Work(row, fix, forge, terms, row.repository.base or forge.default_branch(), findings_of(fix))
    if not work.rows:
        raise NotAllowed("No open issue is cleared by this fix any more")
    with tempfile.TemporaryDirectory(prefix="seamark-pull-") as folder:
        return _made(work, there, Path(folder), now)


def repository_at(row: PullRequest, folder: Path, forge: Pulls) -> Repository:
    """Return git for a pull request's repository, working in an empty folder. Raises `RemoteFailure`."""
    return git_of(row.repository, folder, forge)


def _ours(forge: Pulls, row: PullRequest) -> Pull | None:
    """Return the pull request of a row: an open one with our mark, else an ended one that an interrupted attempt opened."""
    found = [one for one in forge.of_branch(row.branch) if not one.elsewhere and naming.is_marked(one.body, row.key)]
    opened = next((one for one in found if one.state == "open"), None)
    if opened is not None:
        return opened
    known = set(PullRequest.objects.filter(repository=row.repository, key=row.key).exclude(pk=row.pk).values_list("number", flat=True))  # fmt: skip
    return next((one for one in found if one.number not in known), None)


def _check_room(row: PullRequest, terms: Terms) -> None:
    others = PullRequest.objects.filter(repository=row.repository, state=PullState.OPEN).exclude(pk=row.pk).count()
    if others >= terms.most_open:
        raise Waits(f"{others} pull requests are open in this repository, and no more than {terms.most_open} shall be")


def _ended(row: PullRequest, there: Pull, now: datetime) -> Made:
    state = PullState.MERGED if there.state == "merged" else PullState.REJECTED
    return Made({"state": state, "number": there.number, "url": there.url, "finished_at": now, "told": "", "opened_at": row.opened_at or now})  # fmt: skip


def _made(work: _Work, there: Pull | None, folder: Path, now: datetime) -> Made:
    row, terms = work.row, work.terms
    tree = folder / "tree"
    tree.mkdir()
    git = repository_at(row, folder, work.forge)
    base = git.fetch(work.base)
    git.checkout(base, tree)
    if row.machine_made:
        change = machine_made.prepare(row, tree)
    else:
        change = prepare(work.fix, work.rows, tree, online=terms.online)
    if there is None and terms.honour_bots and (bot := bots.bot_of(_bot_files(tree), change.ecosystems)):
        return _left(work, bot, change, now)
    told, labels = told_of(work.fix, work.rows), terms.labels
    if row.machine_made:
        told, labels = machine_made.told(row, work.fix, work.rows), machine_made.labels(labels)
    facts = replace(change.facts, tests=_has_tests(tree))
    message = text.message_of(told, facts)
    commit = git.commit(base, change.files, message, author_of(row.repository), row.created_at)
    head, pushed, foreign = _pushed(work, git, base, commit, there)
    facts = replace(facts, pushed_at=now.isoformat() if pushed else str(row.facts.get("pushed_at") or now.isoformat()))
    title, body = text.title_of(told, facts), text.body_of(told, facts, work.base)
    if there is None:
        draft = Draft(title=title, body=body, branch=row.branch, base=work.base, labels=labels, reviewers=reviewers_of(work.fix, row.repository.asset.key, terms))  # fmt: skip
        there = work.forge.open(draft)
    elif (there.title, _lines(there.body)) != (title, _lines(body)):
        work.forge.change(there.number, title, body)
    kept = {**msgspec.to_builtins(facts), "base": base, "fix_target": work.fix.target}
    return Made({
        "state": PullState.OPEN, "number": there.number, "url": there.url, "title": title, "head": head, "target": work.fix.target, "facts": kept,
        "told": FOREIGN if foreign else "", "opened_at": row.opened_at or now, "checked_at": now,
    })  # fmt: skip


class _Pushed(NamedTuple):
    """What came of pushing."""

    head: str
    """The latest commit of our own."""
    now: bool = False
    """Whether it was pushed by this attempt."""
    foreign: bool = False
    """Whether somebody else pushed since: then nothing of ours is."""


def _pushed(work: _Work, git: Repository, base: str, commit: str, there: Pull | None) -> _Pushed:
    """Bring the far branch to a commit, where it is at none or at an older one of our own."""
    row = work.row
    tip = git.tips(row.branch).get(row.branch, "")
    if not tip:
        git.push(row.branch, commit, "")
        return _Pushed(commit, now=True)
    if tip == commit:
        return _Pushed(tip)
    git.fetch(row.branch, depth=2)
    known = git.read(tip)
    if not naming.is_ours(known.message, row.key) or len(known.parents) != 1:
        if there is None:
            raise NotAllowed(f"The branch {row.branch} is there already, with commits of somebody else")
        return _Pushed(row.head, foreign=True)
    # The same change on an older base is left alone: pushing it anew would only cost everybody's checks again.
    if git.difference(known.parents[0], tip) == git.difference(base, commit):
        return _Pushed(tip)
    git.push(row.branch, commit, tip)
    return _Pushed(commit, now=True)


def _left(work: _Work, bot: str, change: Prepared, now: datetime) -> Made:
    """Leave an upgrade to the repository's own bot, and tell its pull request why it matters, once."""
    names = [name for name, *_ in change.facts.moves]
    theirs = bots.theirs(bot, work.forge.all_open(), names)
    words = f"{bot} keeps the packages of this repository up to date; the upgrade is left to it"
    if theirs is not None:
        told = told_of(work.fix, work.rows)
        if not any(naming.is_marked(one, told.key) for one in work.forge.comments(theirs.number)):
            work.forge.comment(theirs.number, text.body_of(told, change.facts, work.base))
        words += f", in {theirs.url or theirs.number}"
    return Made({"state": PullState.LEFT, "told": words, "finished_at": now, "url": theirs.url if theirs else "", "title": work.fix.title})  # fmt: skip


def _bot_files(tree: Path) -> dict[str, bytes]:
    found = {}
    for name in bots.FILES:
        place = tree / name
        if place.is_file() and not place.is_symlink() and place.stat().st_size <= BOT_CONFIG:
            found[name] = place.read_bytes()
    return found


def _has_tests(tree: Path) -> bool:
    return any(is_test(path.relative_to(tree).as_posix()) for path in tree.rglob("*") if path.is_file())


def _lines(body: str) -> list[str]:
    """Return a text without what forges do to ends of lines."""
    return [line.rstrip() for line in body.strip().splitlines()]
