"""Reports that clients of DefectDojo send: a product is an application, a test a line of reports in one or more streams."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet
from msgspec import Struct

from seamark.core.errors import NotFound
from seamark.pipeline.imports import import_file
from seamark.pipeline.ingest import Outcome
from seamark.pipeline.ingest.place import named
from seamark.pipeline.target import Target
from seamark.store.access import Visible
from seamark.store.models import Application, DojoEngagement, DojoTest, Finding, Scan, User
from seamark.store.models.issues import State
from seamark.store.permissions import Permission

SEVERITIES: Final = ("info", "low", "medium", "high", "critical")
STATUSES: Final = (
    "active", "verified", "duplicate", "false_p", "out_of_scope", "is_mitigated", "risk_accepted", "total"
)  # fmt: skip
Statistics = dict[str, dict[str, int]]


class Sending(Struct, frozen=True, kw_only=True):
    """What a client says of a report."""

    scan_type: str
    format: str
    product: str
    engagement: str
    title: str = ""
    service: str = ""
    close: bool = False
    minimum: int = 0
    """Findings below this severity do not count in the statistics; they are kept all the same."""
    scanned_at: str = ""
    told: dict[str, Any] = {}
    """`version`, `build_id`, `commit_hash`, `branch_tag`, `tags`, `source_code_management_uri`."""


class Sent(Struct, frozen=True):
    """What became of a report."""

    test: DojoTest
    outcome: Outcome
    before: Statistics
    created: Statistics
    closed: Statistics
    reactivated: Statistics
    untouched: Statistics
    after: Statistics


def products(seen: Visible) -> QuerySet[Application]:
    """Return what a person sees of the products."""
    return seen.applications()


def engagements(seen: Visible) -> QuerySet[DojoEngagement]:
    """Return what a person sees of the engagements."""
    return DojoEngagement.objects.filter(application__in=seen.applications()).select_related("application")


def tests(seen: Visible) -> QuerySet[DojoTest]:
    """Return what a person sees of the tests."""
    return DojoTest.objects.filter(engagement__application__in=seen.applications()).select_related(
        "engagement__application"
    )


def findings(seen: Visible, test: DojoTest) -> QuerySet[Finding]:
    """Return the findings of a test, as far as a person sees them."""
    return seen.findings().filter(stream__in=test.streams)


def product_named(seen: Visible, name: str) -> Application | None:
    """Return the product of a name into which a person may import."""
    return named(seen.applications(Permission.IMPORT), name).first()


def may_create(seen: Visible) -> bool:
    """Tell whether a person may import into a product that is not there yet."""
    return seen.may(Permission.IMPORT)


def earlier_test(engagement: DojoEngagement, sending: Sending) -> DojoTest | None:
    """Return the latest test that a report of this sort would be imported over."""
    rows = engagement.tests.filter(scan_type=sending.scan_type, service=sending.service)
    return (rows.filter(title=sending.title) if sending.title else rows).order_by("-id").first()


def send(seen: Visible, person: User, path: Path, name: str, sending: Sending, *, over: DojoTest | None) -> Sent:
    """Import a report at once: over a test, or as a new one where none is named.

    A report that may close findings continues the line of those before it; any other is a line of its own, which closes nothing.
    Raises `ImportRefused`, `UnreadableReport` and `StoreUnavailable`.
    """
    with transaction.atomic():
        test, fresh = (over, False) if over is not None else (_new_test(seen, person, sending), True)
        before = _statistics(test.streams, sending.minimum)
        scans_before = _newest_scan()
        closed = set(
            Finding.objects.filter(stream__in=test.streams).exclude(closed_in=None).values_list("pk", flat=True)
        )
        outcome = import_file(path, _target(test, sending), author=person)
        scans = Scan.objects.filter(pk__in=outcome.scans)
        streams = sorted({*test.streams, *scans.values_list("stream_id", flat=True)})
        if fresh and sending.close:
            before = _statistics(streams, sending.minimum, until=scans_before)
        test.streams, test.told = streams, {**test.told, **sending.told, "file": name}
        test.title = sending.title or test.title
        test.save()
        return _sent(test, outcome, before, closed, sending.minimum)


def _sent(test: DojoTest, outcome: Outcome, before: Statistics, was_closed: set[int], minimum: int) -> Sent:
    if outcome.repeated:
        nothing = _none()
        return Sent(test, outcome, before, nothing, nothing, nothing, before, before)
    opened = Finding.objects.filter(opened_in__in=outcome.scans)
    closed = Finding.objects.filter(closed_in__in=outcome.scans)
    again = Finding.objects.filter(stream__in=test.streams, closed_in=None) if outcome.reopened else opened.none()
    return Sent(
        test, outcome, before, _counted(opened, minimum), _counted(closed, minimum), _counted(again, minimum, among=was_closed),
        _left(before, closed, minimum), _statistics(test.streams, minimum),
    )  # fmt: skip


def _left(before: Statistics, closed: QuerySet[Finding], minimum: int) -> Statistics:
    gone = _counted(closed, minimum, mitigated=False)
    return {
        severity: {status: max(number - gone[severity][status], 0) for status, number in counts.items()}
        for severity, counts in before.items()
    }


def _new_test(seen: Visible, person: User, sending: Sending) -> DojoTest:
    application = product_named(seen, sending.product)
    if application is None:
        application = _made(sending.product)
    engagement, _ = DojoEngagement.objects.get_or_create(application=application, name=sending.engagement)
    test = DojoTest.objects.create(
        engagement=engagement, scan_type=sending.scan_type, title=sending.title, service=sending.service, author=person
    )
    line = " / ".join(one for one in (sending.engagement, sending.title, sending.service) if one)[:450]
    test.configuration = line if sending.close else f"{line} #{test.pk}"
    test.save(update_fields=["configuration"])
    return test


def _made(name: str) -> Application:
    from seamark.pipeline.ingest.place import application_of

    return application_of(Target(application=name.strip()))


def _target(test: DojoTest, sending: Sending) -> Target:
    told = sending.told
    repository = str(told.get("source_code_management_uri") or "")
    return Target(
        application=test.engagement.application.name, repository=repository, ref=str(told.get("branch_tag") or ""),
        commit=str(told.get("commit_hash") or ""), configuration=test.configuration, scanned_at=sending.scanned_at,
        complete=sending.close, format=sending.format,
    )  # fmt: skip


def _newest_scan() -> int:
    return Scan.objects.order_by("-id").values_list("pk", flat=True).first() or 0


def _statistics(streams: Iterable[int], minimum: int, *, until: int | None = None) -> Statistics:
    rows = Finding.objects.filter(stream__in=list(streams))
    if until is not None:
        # As it was before a scan: what opened later was not there, what closed later was open.
        rows = rows.filter(opened_in__lte=until)
        return _counted(rows.filter(Q(closed_in=None) | Q(closed_in__gt=until)), minimum, mitigated=False)
    return _counted(rows, minimum)


def _none() -> Statistics:
    return {severity: dict.fromkeys(STATUSES, 0) for severity in (*SEVERITIES, "total")}


def _counted(
    rows: QuerySet[Finding], minimum: int, *, mitigated: bool | None = None, among: set[int] | None = None
) -> Statistics:
    """Return findings by severity and status; `mitigated` says so where it is not what it is now, `among` which of them count."""
    found = _none()
    columns = ("severity", "closed_in", "issue__state", "issue__resolution", "pk")
    counts = Counter(
        (severity, closed is not None if mitigated is None else mitigated, state, resolution)
        for severity, closed, state, resolution, pk in rows.filter(severity__gte=minimum)
        .values_list(*columns)
        .iterator()
        if among is None or pk in among
    )
    for (severity, gone, state, resolution), number in counts.items():
        for name in (SEVERITIES[severity - 1], "total"):
            for status in statuses(gone=gone, state=state, resolution=resolution):
                found[name][status] += number
    return found


def statuses(*, gone: bool, state: int, resolution: str) -> tuple[str, ...]:
    """Return the statuses of a finding, as DefectDojo names them."""
    if gone:
        return ("is_mitigated", "total")
    if state == State.DISMISSED:
        named_so = {"false_positive": "false_p", "accepted": "risk_accepted", "duplicate": "duplicate"}
        return (named_so.get(resolution, "out_of_scope"), "total")
    confirmed = state in {State.CONFIRMED, State.IN_PROGRESS}
    return ("active", "verified", "total") if confirmed else ("active", "total")


def test_of(seen: Visible, number: int) -> DojoTest:
    """Return a test into which a person may import. Raises `NotFound`."""
    rows = DojoTest.objects.filter(engagement__application__in=seen.applications(Permission.IMPORT))
    found = rows.select_related("engagement__application").filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no test {number} that you may import into")
    return found


def engagement_of(seen: Visible, number: int) -> DojoEngagement:
    """Return an engagement into which a person may import. Raises `NotFound`."""
    rows = DojoEngagement.objects.filter(application__in=seen.applications(Permission.IMPORT))
    found = rows.select_related("application").filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no engagement {number} that you may import into")
    return found
