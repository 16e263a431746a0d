"""Evidence: frozen with its hash and a leaf in the ledger, read with a trace, forgotten after its time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

import zstandard
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from seamark.core.errors import NotAllowed, NotFound, StoreUnavailable
from seamark.governance.access.places import Place, check_right
from seamark.governance.compliance.kept import control, frameworks
from seamark.governance.ledger.attested import row_of
from seamark.governance.ledger.record import record
from seamark.pipeline.compliance.scope import WHOLE, Scope, above, applications
from seamark.pipeline.compliance.standing import may_read
from seamark.store.access import Visible
from seamark.store.models import ComplianceEvidence, Event, EvidenceUse, User
from seamark.store.models.compliance import EvidenceKind
from seamark.store.permissions import Permission

LARGEST: Final = 20_000_000
"""Bytes of a file that somebody gives."""
MOST_CONTENT: Final = 200_000_000
"""Bytes of what is frozen, before compression."""
MOST_USES: Final = 500
KEEP_DAYS: Final = 3 * 366
"""How long evidence is kept, unless somebody asks for longer."""
LONGEST_KEEP: Final = 10 * 366
READ: Final = "evidence read"
"""Kind of the events that say who read what."""


class Use(NamedTuple):
    """A control that evidence is for."""

    framework: str
    control: str


class Frozen(NamedTuple):
    """What is to be kept."""

    kind: EvidenceKind
    title: str
    content: bytes
    """Of a link: its text."""
    name: str = ""
    query: str = ""
    sources: Sequence[str] = ()
    link: str = ""
    filename: str = ""


def uses_from(texts: Iterable[str]) -> list[Use]:
    """Return controls written as `framework/control`. Raises `NotFound`."""
    found = []
    for text in texts:
        name, _, number = text.strip().partition("/")
        control(name, number)
        found.append(Use(name, number))
    return found


def uses_of_need(word: str) -> list[Use]:
    """Return all controls that need the same sort of evidence, by its word."""
    return [
        Use(framework.name, one.id)
        for framework in frameworks().values()
        for one in framework.controls.values()
        if one.need == word
    ]


def add_file(
    actor: User | None, title: str, content: bytes, filename: str, uses: Sequence[Use], *, scope: Scope = WHOLE,
    renew_by: date | None = None, owner: User | None = None, keep_until: date | None = None,
) -> ComplianceEvidence:  # fmt: skip
    """Keep a file as evidence for controls. Raises `NotAllowed` without `context.edit` there, or for what is empty or too large."""
    if not 0 < len(content) <= LARGEST:
        raise NotAllowed(f"A file of evidence has 1 to {LARGEST:,} bytes")
    frozen = Frozen(EvidenceKind.FILE, title, content, filename=safe_name(filename))
    return _by_hand(actor, frozen, uses, scope, renew_by, owner, keep_until)


def safe_name(filename: str) -> str:
    """Return a file's name without a path, quotes or characters that a header cannot hold."""
    name = filename.replace("\\", "/").rpartition("/")[2].encode("ascii", "ignore").decode()
    return "".join(one for one in name if one.isprintable() and one not in '"%;')[-200:].strip(". ") or "evidence"


def add_link(
    actor: User | None, title: str, link: str, uses: Sequence[Use], *, scope: Scope = WHOLE, renew_by: date | None = None,
    owner: User | None = None, keep_until: date | None = None,
) -> ComplianceEvidence:  # fmt: skip
    """Keep an address as evidence; what stands there is not fetched. Raises `NotAllowed`."""
    link = link.strip()
    if not link.startswith(("https://", "http://")) or len(link) > 2_000 or not link.isprintable() or " " in link:
        raise NotAllowed("A link begins with https:// and has at most 2,000 characters")
    frozen = Frozen(EvidenceKind.LINK, title, link.encode(), link=link)
    return _by_hand(actor, frozen, uses, scope, renew_by, owner, keep_until)


def _by_hand(
    actor: User | None, frozen: Frozen, uses: Sequence[Use], scope: Scope, renew_by: date | None, owner: User | None,
    keep_until: date | None,
) -> ComplianceEvidence:  # fmt: skip
    check_right(actor, Permission.CONTEXT_EDIT, Place(scope.unit, scope.application))
    if not uses:
        raise NotAllowed("Say which controls the evidence is for")
    today = timezone.now().date()
    days = [one.evidence.days for use in uses if (one := control(*use)[1]).evidence is not None]
    latest = today + timedelta(days=min(days)) if days else today + timedelta(days=365)
    if renew_by is not None and not today <= renew_by <= latest:
        raise NotAllowed(f"This evidence is to be renewed by {latest} at the latest")
    return freeze(
        actor, frozen, uses, scope=scope, renew_by=renew_by or latest, owner=owner or actor, keep_until=keep_until
    )


@transaction.atomic
def freeze(
    actor: User | str | None, frozen: Frozen, uses: Sequence[Use] = (), *, scope: Scope = WHOLE, renew_by: date | None = None,
    owner: User | None = None, keep_until: date | None = None, now: datetime | None = None,
) -> ComplianceEvidence:  # fmt: skip
    """Keep something with its hash and a leaf in the ledger. The caller has checked the right. Raises `NotAllowed`."""
    moment = now or timezone.now()
    title = frozen.title.strip()
    if not title or len(title) > 300 or not title.isprintable():
        raise NotAllowed("Evidence has a title of at most 300 characters on one line")
    if len(uses) > MOST_USES:
        raise NotAllowed(f"One piece of evidence is for at most {MOST_USES} controls")
    if len(frozen.content) > MOST_CONTENT:
        raise NotAllowed(f"What is frozen may take {MOST_CONTENT:,} bytes; ask for a unit or an application")
    keep = keep_until or moment.date() + timedelta(days=KEEP_DAYS)
    if not moment.date() < keep <= moment.date() + timedelta(days=LONGEST_KEEP):
        raise NotAllowed(f"Evidence is kept until a day within {LONGEST_KEEP // 366} years")
    linked = frozen.kind is EvidenceKind.LINK
    row = ComplianceEvidence.objects.create(
        kind=frozen.kind, name=frozen.name, title=title, application=scope.application, unit=scope.unit, query=frozen.query,
        sources=list(frozen.sources), link=frozen.link, filename=frozen.filename, digest=hashlib.sha256(frozen.content).hexdigest(),
        size=len(frozen.content), content=None if linked else zstandard.compress(frozen.content, 6),
        author=actor if isinstance(actor, User) else None, owner=owner, frozen_at=moment, renew_by=renew_by, keep_until=keep,
    )  # fmt: skip
    EvidenceUse.objects.bulk_create(
        EvidenceUse(evidence=row, framework=one[0], control=one[1]) for one in sorted(set(uses))
    )
    told = {
        "title": title, "kind": row.kind, "name": row.name, "on": str(scope), "digest": row.digest, "size": row.size, "query": row.query,
        "sources": row.sources, "link": row.link, "renew_by": renew_by, "keep_until": keep, "for": [f"{one[0]}/{one[1]}" for one in sorted(set(uses))],
    }  # fmt: skip
    row.entry = record("evidence", f"evidence {row.reference}", told, actor=actor, rows=[row_of(row)])
    row.save(update_fields=["entry"])
    return row


def listed(visible: Visible, scope: Scope = WHOLE, *, name: str = "") -> QuerySet[ComplianceEvidence]:
    """Return the evidence of a scope and of what it belongs to, newest first; other applications' never."""
    rows = ComplianceEvidence.objects.filter(application__in=applications(visible, scope).values("id"))
    units = ComplianceEvidence.objects.filter(unit__isnull=False)
    whole = ComplianceEvidence.objects.filter(application=None, unit=None)
    if scope.whole:
        rows = rows | (units if visible.everything else units.none()) | whole
    else:
        rows = rows | units.filter(unit__in=above(scope)) | whole
    return (rows.filter(name=name) if name else rows).order_by("-frozen_at", "-pk")


def find(visible: Visible, number: int) -> ComplianceEvidence:
    """Return evidence, without its content, that a person may read. Raises `NotFound`."""
    rows = ComplianceEvidence.objects.defer("content").select_related("application", "unit", "author", "owner")
    row = rows.filter(pk=number).first()
    if row is None or not may_read(visible, row):
        raise NotFound("There is no such evidence that you may read")
    return row


def content_for(visible: Visible, actor: User | None, number: int) -> tuple[ComplianceEvidence, bytes]:
    """Return evidence with its content, and write down who read it.

    Raises `NotFound`, for content that is kept no more as well, and `StoreUnavailable` where it is not what was hashed.
    """
    row = find(visible, number)
    if row.kind == EvidenceKind.LINK:
        content = row.link.encode()
    elif row.content is None:
        raise NotFound(f"The content of {row.reference} was kept until {row.keep_until}; its hash is {row.digest}")
    else:
        content = zstandard.decompress(bytes(row.content), max_output_size=MOST_CONTENT)
    if hashlib.sha256(content).hexdigest() != row.digest:
        raise StoreUnavailable(f"The content of {row.reference} is not what was frozen: its hash differs")
    Event.objects.create(
        kind=READ, application=row.application, actor=actor, at=timezone.now(),
        details={"about": f"evidence {row.reference}", "title": row.title, "digest": row.digest},
    )  # fmt: skip
    return row, content


@transaction.atomic
def forget_old(now: datetime) -> int:
    """Drop the content of evidence after its time; row, hash and leaf stay. Return how many."""
    rows = ComplianceEvidence.objects.filter(keep_until__lt=now.date(), content__isnull=False)
    numbers = list(rows.order_by("pk").values_list("pk", flat=True)[:1_000])
    if numbers:
        ComplianceEvidence.objects.filter(pk__in=numbers).update(content=None)
        record(
            "evidence", "evidence after its time", {"forgotten": [f"E-{one}" for one in numbers]}, actor="compliance"
        )
    return len(numbers)
