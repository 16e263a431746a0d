"""A new risk profile reaches the issues: facts stay, only weights change.

Issues with equal facts are grouped by the database and scored once; what moved is written with one statement a stretch of ids, and a
row whose score and priority stay is not written. Such a row keeps the number of the profile that it was written with: it was scored
under the new one all the same, and came to the same result, so that its receipt is made with the new one (see `scoring.receipt_of`).

A `risk` event tells of every issue that moves by a point or more, or to another priority. Smaller moves have no event of their own: the
issue's facts and the two profiles, which never change, account for them.

The `ProfileUse` row is the work: taken under a lease, stretch by stretch, each a transaction. A stretch that is done twice finds nothing
to do, so that a lost worker loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from django.db import DatabaseError, connection, transaction
from django.db.models import Max, Q
from django.utils import timezone

from seamark.analysis.risk import score
from seamark.analysis.risk.facts import decode
from seamark.core.errors import InvalidSetting
from seamark.pipeline.outlook import Group, groups_of, within
from seamark.pipeline.profiles import concerned, holding, weights_of
from seamark.store.models import Issue, ProfileUse, RiskProfile
from seamark.store.models.profiles import Rescoring

LEASE = timedelta(minutes=15)
ATTEMPTS = 3
AT_ONCE = 20_000
"""Issues up to which whoever applies a profile waits for it."""
TOLD_FROM = 10
"""Tenths: a move this long has an event."""
STRETCH = 100_000
"""Ids between two commits."""
_PASSES = 3
Tell = Callable[[int], None]


def size_of(use: ProfileUse) -> int:
    """Return how many issues a use concerns."""
    return Issue.objects.filter(application__in=concerned(use)).count()


def follow(use: ProfileUse) -> bool:
    """Score a small estate anew at once, and tell whether that was done; a large one waits for a worker."""
    if size_of(use) > AT_ONCE:
        return False
    carry_out(use)
    return True


def work_once() -> bool:
    """Carry out one waiting re-scoring. Returns False where none waits."""
    now = timezone.now()
    waiting = ProfileUse.objects.filter(
        Q(state=Rescoring.QUEUED) | Q(state=Rescoring.RUNNING, lease_until__lt=now)
    ).order_by("id")
    return any(carry_out(use) for use in waiting[:20])


def carry_out(use: ProfileUse, tell: Tell = lambda _: None) -> bool:
    """Take a re-scoring under a lease and carry it out; `tell` gets the percent done. Returns False where somebody else has it."""
    if not _claim(use):
        return False
    try:
        if use.current:
            _Pass(use, tell).run()
        else:
            _finish(use, state=Rescoring.SUPERSEDED)
    except _Superseded:
        _finish(use, state=Rescoring.SUPERSEDED)
    except InvalidSetting as error:
        _finish(use, state=Rescoring.FAILED, error=str(error)[:2000])
    except DatabaseError as error:
        sentence = f"The database refused: {str(error).splitlines()[0]}"[:2000]
        if use.attempt >= ATTEMPTS:
            _finish(use, state=Rescoring.FAILED, error=sentence)
        else:
            _mine(use).update(state=Rescoring.QUEUED, lease_until=None, error=sentence)
    use.refresh_from_db()
    return True


def _claim(use: ProfileUse) -> bool:
    """Take a lease: of several who try at the same time, one succeeds."""
    now = timezone.now()
    free = ProfileUse.objects.filter(
        Q(state=Rescoring.QUEUED) | Q(state=Rescoring.RUNNING, lease_until__lt=now), pk=use.pk, attempt=use.attempt
    )
    if use.attempt >= ATTEMPTS:
        free.update(
            state=Rescoring.FAILED, finished_at=now, lease_until=None,
            error=f"It was started {ATTEMPTS} times and never finished; the worker may lack memory",
        )  # fmt: skip
        return False
    if not free.update(state=Rescoring.RUNNING, attempt=use.attempt + 1, lease_until=now + LEASE):
        return False
    use.refresh_from_db()
    return True


def _mine(use: ProfileUse) -> Any:
    return ProfileUse.objects.filter(pk=use.pk, attempt=use.attempt, state=Rescoring.RUNNING)


def _finish(use: ProfileUse, **values: Any) -> None:
    _mine(use).update(finished_at=timezone.now(), lease_until=None, **values)


class _Superseded(Exception):
    """Another profile was applied meanwhile, or another worker has the lease."""


_TABLE = "risk_moves"
_ON = f"store_issue.facts = {_TABLE}.facts AND store_issue.risk = {_TABLE}.risk AND store_issue.priority = {_TABLE}.priority"


class _Pass:
    """One re-scoring of all issues that a use concerns."""

    def __init__(self, use: ProfileUse, tell: Tell) -> None:
        self._use, self._tell = use, tell
        self._profile: RiskProfile = use.profile if use.profile is not None else holding(use.unit)
        self._within = ""
        self._postgresql = connection.vendor == "postgresql"

    def run(self) -> None:
        applications = concerned(self._use)
        self._within = within(applications)
        moved = 0
        for number in range(_PASSES):
            groups = groups_of(applications)
            if number == 0:
                self._held(issues=sum(group.size for group in groups))
            moves, expected = self._moves(groups)
            if not moves:
                break
            self._lay_out(moves)
            try:
                written = self._write()
            finally:
                self._execute(f"DROP TABLE {_TABLE}")
            moved += written
            # Fewer than there were: somebody changed some meanwhile, perhaps with the former profile.
            if written == expected:
                break
        _finish(self._use, state=Rescoring.DONE, moved=moved, progress=100, error="")
        self._tell(100)

    def _moves(self, groups: Sequence[Group]) -> tuple[list[tuple[Any, ...]], int]:
        """Return a row for each group that moves, and how many issues that are."""
        weights = weights_of(self._profile)
        words = f"profile {self._use.before or ''} → {self._profile}"
        facts = [decode(group.facts) for group in groups]
        rows, expected = [], 0
        for group, tenths in zip(groups, score(facts, weights).tolist(), strict=True):
            priority = weights.priority(tenths)
            if (tenths, priority) == (group.risk, group.priority):
                continue
            told = abs(tenths - group.risk) >= TOLD_FROM or priority != group.priority
            details = {"before": group.risk, "after": tenths, "reason": words, "why": [[words, tenths - group.risk]]}
            text = msgspec.json.encode(details).decode() if told else None
            rows.append((group.facts, group.risk, group.priority, tenths, priority, text))
            expected += group.size
        return rows, expected

    def _lay_out(self, moves: Sequence[tuple[Any, ...]]) -> None:
        """Put the moves beside the issues, in a table of this connection."""
        json = "jsonb" if self._postgresql else "text"
        key = "" if self._postgresql else ", PRIMARY KEY (facts, risk, priority)"
        self._execute(
            f"CREATE TEMPORARY TABLE {_TABLE} (facts {json}, risk smallint, priority smallint, tenths smallint, band smallint, details {json}{key})"
        )
        with connection.cursor() as cursor:
            if self._postgresql:
                with cursor.copy(f"COPY {_TABLE} FROM STDIN") as copy:
                    for row in moves:
                        copy.write_row(row)
                cursor.execute(f"ANALYZE {_TABLE}")
            else:
                cursor.executemany(f"INSERT INTO {_TABLE} VALUES (%s, %s, %s, %s, %s, %s)", moves)  # noqa: S608 - a name of ours

    def _write(self) -> int:
        """Write the moved rows with their events, stretch by stretch, and return how many there were."""
        last = Issue.objects.aggregate(last=Max("id"))["last"] or 0
        written = 0
        for start in range(0, last, STRETCH):
            with transaction.atomic():
                self._held(progress=min(99, 100 * start // last))
                bounds = f"store_issue.id > {start} AND store_issue.id <= {start + STRETCH}"
                where = " AND ".join(part for part in (_ON, bounds, self._within) if part)
                written += self._stretch_postgresql(where) if self._postgresql else self._stretch_sqlite(where)
            self._tell(min(99, 100 * (start + STRETCH) // last))
        return written

    def _held(self, **values: Any) -> None:
        """Note how far it is and renew the lease. Raises `_Superseded` where this is no longer ours to do."""
        current = _mine(self._use).filter(current=True)
        if not current.update(lease_until=timezone.now() + LEASE, **values):
            raise _Superseded

    def _stretch_postgresql(self, where: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH changed AS (UPDATE store_issue SET risk = tenths, priority = band, profile_id = %s FROM {_TABLE} WHERE {where} "  # noqa: S608
                f"RETURNING store_issue.id, store_issue.application_id, {_TABLE}.details), "
                "told AS (INSERT INTO store_event (issue_id, application_id, kind, details, actor_id, at) "
                "SELECT id, application_id, 'risk', details, %s, %s FROM changed WHERE details IS NOT NULL) "
                "SELECT count(*) FROM changed",
                [self._profile.pk, self._use.actor_id, timezone.now()],
            )
            return int(cursor.fetchone()[0])

    def _stretch_sqlite(self, where: str) -> int:
        """Do the same in two steps: nobody else writes between them."""
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO store_event (issue_id, application_id, kind, details, actor_id, at) "  # noqa: S608
                f"SELECT store_issue.id, store_issue.application_id, 'risk', {_TABLE}.details, %s, %s FROM store_issue "
                f"CROSS JOIN {_TABLE} WHERE {where} AND {_TABLE}.details IS NOT NULL",
                [self._use.actor_id, now],
            )
            cursor.execute(
                f"UPDATE store_issue SET risk = tenths, priority = band, profile_id = %s FROM {_TABLE} WHERE {where}",  # noqa: S608
                [self._profile.pk],
            )
            return int(cursor.rowcount)

    @staticmethod
    def _execute(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)
