"""Files that jobs make: kept for some days, and handed to whoever asked, as long as that person may read all that is in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import msgspec
from django.db import transaction
from django.utils import timezone
from msgspec import Struct

from seamark.core.errors import NotFound
from seamark.store.access import READS, Visible
from seamark.store.models import BusinessUnit, Job, MadeFile, MadeFilePart, User
from seamark.store.permissions import Permission

KEPT: Final = timedelta(days=7)
"""How long a file is kept."""
MOST: Final = 20
"""Files of one person at a time; the oldest go first."""
_PIECE: Final = 4 * 1024 * 1024
_ALL: Final = 100
"""Files that one pass removes."""


class Holds(Struct, frozen=True, kw_only=True):
    """What a file tells of."""

    applications: tuple[int, ...] = ()
    """Numbers of the applications."""
    units: tuple[int, ...] = ()
    """Numbers of business units of which it may tell what concerns them as a whole."""
    everything: bool = False
    """It was made for somebody who may read everything, and may tell of what belongs to no application."""
    people: bool = False
    """It tells of people and their rights."""


@transaction.atomic
def keep(job: Job, name: str, type: str, content: bytes, holds: Holds, now: datetime | None = None) -> MadeFile:
    """Keep the file of a job, in the place of one that an earlier attempt made; the oldest of the person's go where there are too many."""
    moment = now or timezone.now()
    MadeFile.objects.filter(job=job).delete()
    row = MadeFile.objects.create(
        job=job, name=name, type=type, size=len(content), digest=sha256(content).hexdigest(), holds=msgspec.to_builtins(holds),
        made_at=moment, keep_until=moment + KEPT,
    )  # fmt: skip
    for number, start in enumerate(range(0, len(content), _PIECE)):
        MadeFilePart.objects.create(file=row, number=number, data=content[start : start + _PIECE])
    older = MadeFile.objects.filter(job__owner=job.owner_id).order_by("-pk").values_list("pk", flat=True)[MOST:]
    MadeFile.objects.filter(pk__in=list(older)).delete()
    return row


def told(row: MadeFile) -> dict[str, Any]:
    """Return what the result of a job says of its file."""
    return {"name": row.name, "size": row.size, "sha256": row.digest, "keep_until": row.keep_until.isoformat()}


def find(seen: Visible, owner: User, job: int) -> MadeFile:
    """Return the file of somebody's own job. Raises `NotFound`, also where the person may not read all of it any more."""
    row = MadeFile.objects.filter(job=job, job__owner=owner, keep_until__gt=timezone.now()).first()
    if row is None or not _may_read(seen, msgspec.convert(row.holds, Holds)):
        raise NotFound("There is no such file that you may read; files of jobs are kept for a week")
    return row


def _may_read(seen: Visible, holds: Holds) -> bool:
    if holds.everything:
        readable = seen.everything
    else:
        wanted = set(holds.applications)
        readable = bool(wanted) and seen.applications().filter(pk__in=wanted).count() == len(wanted)
        units = list(BusinessUnit.objects.filter(pk__in=holds.units))
        readable = readable and len(units) == len(holds.units) and all(seen.may_in(READS, one) for one in units)
    audits = not holds.people or seen.may(Permission.LEDGER_READ) or seen.may(Permission.USER_MANAGE)
    return readable and audits


def pieces(row: MadeFile) -> Iterator[bytes]:
    """Yield a file piece by piece."""
    for part in row.parts.order_by("number").iterator(chunk_size=1):
        yield bytes(part.data)


def forget_old(now: datetime) -> int:
    """Remove files after their time, and return how many."""
    numbers = list(MadeFile.objects.filter(keep_until__lte=now).order_by("pk").values_list("pk", flat=True)[:_ALL])
    MadeFile.objects.filter(pk__in=numbers).delete()
    return len(numbers)
