"""What webhooks can hear of: rows that are written anyway, told in a few fields."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import Max, QuerySet
from django.utils import timezone

from seamark.store.access import Visible
from seamark.store.models import Application, Event, Import, Verdict
from seamark.store.models.work import ImportState

ISSUE_EVENTS: Final = (
    "state", "comment", "comment_edited", "comment_deleted", "assigned", "fixed", "reopened", "moved", "merged", "unmerged", "split", "joined", "severity", "risk", "corroborated",
)  # fmt: skip
KINDS: Final[dict[str, str]] = {
    **{f"issue.{kind}": "event" for kind in ISSUE_EVENTS},
    "import.done": "import",
    "import.failed": "import",
    "gate.verdict": "verdict",
}
"""What can be subscribed to, with the source that it comes from."""


class Source(NamedTuple):
    """A table that messages are made from."""

    name: str
    rows: Callable[[Visible, list[str], int, Application | None], QuerySet[Any]]
    """Rows behind a number that somebody may see, of these kinds, of one application where one is named."""
    tell: Callable[[Any], tuple[str, datetime, dict[str, Any]]]
    """Kind, moment and content of a row's message."""
    newest: Callable[[], int]


def _events(seen: Visible, kinds: list[str], after: int, application: Application | None) -> QuerySet[Event]:
    wanted = [kind.removeprefix("issue.") for kind in kinds]
    rows = seen.events().filter(pk__gt=after, kind__in=wanted, issue__isnull=False)
    rows = rows.filter(application=application) if application is not None else rows
    return rows.select_related("application", "actor")


def _event(row: Event) -> tuple[str, datetime, dict[str, Any]]:
    data = {
        "event": row.pk, "issue": f"SM-{row.issue_id}", "application": row.application.slug if row.application else None,
        "kind": row.kind, "details": row.details, "actor": row.actor.get_username() if row.actor else None,
    }  # fmt: skip
    return f"issue.{row.kind}", row.at, data


def _imports(seen: Visible, kinds: list[str], after: int, application: Application | None) -> QuerySet[Import]:
    states = [ImportState.DONE] * ("import.done" in kinds) + [ImportState.FAILED] * ("import.failed" in kinds)
    rows = seen.imports().filter(pk__gt=after, state__in=states)
    return rows.filter(target__application=application.name) if application is not None else rows


def _import(row: Import) -> tuple[str, datetime, dict[str, Any]]:
    data = {
        "import": row.pk, "application": row.target.get("application", ""), "state": str(row.state), "result": row.result,
        "error": row.error or None, "failure": row.failure or None,
    }  # fmt: skip
    return f"import.{row.state}", row.finished_at or timezone.now(), data


def _verdicts(seen: Visible, _: list[str], after: int, application: Application | None) -> QuerySet[Verdict]:
    rows = Verdict.objects.filter(pk__gt=after, application__in=seen.applications()).select_related("application")
    return rows.filter(application=application) if application is not None else rows


def _verdict(row: Verdict) -> tuple[str, datetime, dict[str, Any]]:
    data = {
        "verdict": row.pk, "application": row.application.slug, "stage": row.stage, "outcome": row.outcome, "branch": row.ref,
        "commit": row.commit, "pull_request": row.pull_request,
    }  # fmt: skip
    return "gate.verdict", row.at, data


def _newest(rows: QuerySet[Any]) -> int:
    return rows.aggregate(newest=Max("pk"))["newest"] or 0


def _oldest_unfinished() -> int:
    """Return the number of an import up to which all are finished: those that wait now are to be heard of."""
    waiting = Import.objects.filter(state__in=[ImportState.QUEUED, ImportState.RUNNING]).order_by("pk").first()
    return waiting.pk - 1 if waiting is not None else _newest(Import.objects.all())


SOURCES: Final = (
    Source("event", _events, _event, lambda: _newest(Event.objects.all())),
    Source("import", _imports, _import, _oldest_unfinished),
    Source("verdict", _verdicts, _verdict, lambda: _newest(Verdict.objects.all())),
)
