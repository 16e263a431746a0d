"""What people say about an issue, whom they name in it, and who watches it.

The record is events, which are append only: `comment`, `comment_edited`, `comment_deleted`, `mentioned`. What stands is read off
them. People change and delete what they said themselves, for as long as they may triage the issue; the events keep what was said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.triage import commonmark, people, service
from seamark.governance.triage.lifecycle import WORKS
from seamark.store.access import READS, Visible, visible_to
from seamark.store.models import Event, Issue, Mention, User, Watch
from seamark.store.permissions import needed

EDITABLE_FOR: Final = timedelta(hours=24)
"""How long somebody may change what they said. Deleting it is always possible."""
MOST_EDITS: Final = 20
"""Changes of one comment."""
MOST_MENTIONS: Final = 20
"""People whom one comment names; further names stay text."""
MOST_OFFERED: Final = 8
COMMENT, EDITED, DELETED, MENTIONED = "comment", "comment_edited", "comment_deleted", "mentioned"


@dataclass(frozen=True)
class Comment:
    """A comment as it stands. `number` is that of the event that holds it as it was first written."""

    number: int
    author: User | None
    at: datetime
    text: str
    """Empty where it was deleted."""
    names: tuple[str, ...] = ()
    """User names of the people whom it names."""
    edited_at: datetime | None = None
    edits: int = 0
    deleted_at: datetime | None = None

    def editable_by(self, person: User, now: datetime) -> bool:
        """Tell whether somebody may change it, as far as it depends on the comment."""
        return self.deletable_by(person) and self.edits < MOST_EDITS and now - self.at <= EDITABLE_FOR

    def deletable_by(self, person: User) -> bool:
        """Tell whether it is a person's own, and stands."""
        return self.deleted_at is None and self.author is not None and self.author.pk == person.pk


@transaction.atomic
def add(actor: User, issue: Issue, text: str) -> Event:
    """Comment an issue, and tell those whom the comment names. Raises `NotAllowed`."""
    event = service.comment(actor, issue, text.replace("\0", ""))
    _name(actor, issue, event.pk, str(event.details["comment"]))
    return event


@transaction.atomic
def edit(actor: User, issue: Issue, number: int, text: str) -> Comment:
    """Change one's own comment, within a day. Raises `NotAllowed`, and `NotFound` where the issue has no such comment."""
    before = _locked(actor, issue, number)
    text = text.replace("\0", "").strip()
    if not text or len(text) > service.COMMENT_LIMIT:
        raise NotAllowed(f"A comment has 1 to {service.COMMENT_LIMIT:,} characters")
    if not before.deletable_by(actor):
        raise NotAllowed("Only who said it may change it")
    if not before.editable_by(actor, timezone.now()):
        raise NotAllowed("It may be changed for a day, and 20 times: say what is new in another comment")
    if text != before.text:
        _write(actor, issue, EDITED, {"of": number, "before": before.text, "comment": text})
        _name(actor, issue, number, text)
    return _standing(issue, number)


@transaction.atomic
def delete(actor: User, issue: Issue, number: int) -> None:
    """Take one's own comment off the page; its events stay. Raises `NotAllowed`, and `NotFound` where there is none."""
    if not _locked(actor, issue, number).deletable_by(actor):
        raise NotAllowed("Only who said it may delete it")
    _write(actor, issue, DELETED, {"of": number})
    Mention.objects.filter(comment=number).delete()


def said(seen: Visible, issue: Issue) -> QuerySet[Event]:
    """Return the comments of an issue as they were first written; `standing` tells what became of them."""
    return seen.events().filter(issue=issue, kind=COMMENT).select_related("actor")


def standing(rows: Sequence[Event]) -> list[Comment]:
    """Return comments as they stand, in the given order, in two statements."""
    if not rows:
        return []
    numbers = [row.pk for row in rows]
    issues = {row.issue_id for row in rows}
    later = Event.objects.filter(issue__in=issues, kind__in=(EDITED, DELETED), details__of__in=numbers)
    changes: dict[int, list[Event]] = defaultdict(list)
    for event in later.order_by("id"):
        changes[event.details["of"]].append(event)
    names: dict[int, list[str]] = defaultdict(list)
    named = Mention.objects.filter(comment__in=numbers).order_by("id")
    for number, name in named.values_list("comment", "person__username"):
        names[number].append(name)
    return [_comment(row, changes[row.pk], names[row.pk]) for row in rows]


def _comment(row: Event, changes: Iterable[Event], names: Iterable[str]) -> Comment:
    edits = [one for one in changes if one.kind == EDITED]
    gone = next((one for one in changes if one.kind == DELETED), None)
    text = str((edits[-1] if edits else row).details.get("comment") or "")
    return Comment(
        number=row.pk, author=row.actor, at=row.at, text="" if gone else text, names=() if gone else tuple(names),
        edited_at=edits[-1].at if edits else None, edits=len(edits), deleted_at=gone.at if gone else None,
    )  # fmt: skip


def _standing(issue: Issue, number: int) -> Comment:
    row = Event.objects.filter(issue=issue, kind=COMMENT, pk=number).select_related("actor").first()
    if row is None:
        raise NotFound("There is no such comment")
    return standing([row])[0]


def _locked(actor: User, issue: Issue, number: int) -> Comment:
    """Return a comment that nobody else changes until the end of the transaction."""
    if not visible_to(actor).may(WORKS, issue.application):
        raise NotAllowed(needed(WORKS, issue.application))
    # Events are never written again: the issue's row is what those who change comments wait for.
    Issue.objects.select_for_update().filter(pk=issue.pk).only("id").first()
    return _standing(issue, number)


def _write(actor: User, issue: Issue, kind: str, details: dict[str, Any]) -> Event:
    return Event.objects.create(
        issue=issue, application_id=issue.application_id, kind=kind, details=details, actor=actor, at=timezone.now()
    )


def _name(actor: User, issue: Issue, comment: int, text: str) -> None:
    """Keep whom a comment names now: those who may see the issue, and nobody else."""
    wanted = named(issue, commonmark.mentioned(text))
    kept = dict(Mention.objects.filter(comment=comment).values_list("person", "id"))
    Mention.objects.filter(
        pk__in=[row for person, row in kept.items() if person not in {one.pk for one in wanted}]
    ).delete()
    for person in wanted:
        if person.pk not in kept:
            event = _write(actor, issue, MENTIONED, {"of": comment, "person": person.get_username()})
            Mention.objects.create(person=person, issue=issue, comment_id=comment, event=event, at=event.at)


def named(issue: Issue, names: Collection[str]) -> list[User]:
    """Return the active people of these names who may see an issue; nothing tells the others from names that nobody has."""
    rows = User.objects.filter(username__in=list(names)[: 4 * MOST_MENTIONS], is_active=True, is_service=False)
    return [one for one in rows.order_by("pk") if _may_see(one, issue)][:MOST_MENTIONS]


def offered(seen: Visible, issue: Issue, words: str) -> list[User]:
    """Return people whose names begin with some words and who may see an issue: for those who may comment it, else nobody."""
    if not seen.may(WORKS, issue.application):
        return []
    start, found = words.casefold(), []
    for one in people.assignable(issue.application_id):
        parts = (one.username, *one.get_full_name().split())
        if any(part.casefold().startswith(start) for part in parts) and _may_see(one, issue):
            found.append(one)
            if len(found) == MOST_OFFERED:
                break
    return found


def _may_see(person: User, issue: Issue) -> bool:
    return visible_to(person).may(READS, issue.application)


def mentions_of(seen: Visible, person: User) -> QuerySet[Mention]:
    """Return where somebody is named, in issues that they may see now, the newest first."""
    rows = Mention.objects.filter(person=person).order_by("-id")
    return rows if seen.everything else rows.filter(issue__in=seen.issues().values("id"))


def told(rows: Sequence[Mention]) -> list[Comment]:
    """Return the comments of mentions as they stand, in the given order."""
    events = Event.objects.select_related("actor").in_bulk([row.comment_id for row in rows])
    return standing([events[row.comment_id] for row in rows])


def watch(actor: User, issue: Issue, *, on: bool = True) -> bool:
    """Follow an issue or no longer follow it, and return whether that is new. Raises `NotAllowed` for what they may not see."""
    if not visible_to(actor).may(READS, issue.application):
        raise NotAllowed(needed(READS, issue.application))
    if on:
        return Watch.objects.get_or_create(issue=issue, person=actor, defaults={"since": timezone.now()})[1]
    return bool(Watch.objects.filter(issue=issue, person=actor).delete()[0])


def watch_of(person: User, issue: Issue) -> tuple[bool, int]:
    """Return whether a person watches an issue, and how many people do."""
    rows = Watch.objects.filter(issue=issue, person__is_active=True)
    told = rows.aggregate(all=Count("id"), own=Count("id", filter=Q(person=person.pk)))
    return bool(told["own"]), int(told["all"])
