"""Gates of a server: verdicts out of what is stored, kept with all that they were decided from, and made anew when that changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
import zstandard
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from seamark.core.errors import NotFound
from seamark.governance.ledger.entry import Entry
from seamark.governance.ledger.replaying import replayer
from seamark.governance.policy.bundle import Bundle
from seamark.governance.policy.evaluate import Verdict as Decided
from seamark.governance.policy.evaluate import evaluate
from seamark.governance.policy.facts import Facts, decode_all, encode_all
from seamark.governance.policy.kept.sync import STARTER, as_it_was, declare, in_force, sync
from seamark.governance.policy.model import Stage
from seamark.insight.exports.gate.outcome import Outcome
from seamark.pipeline.gate.asked import Asked, gather
from seamark.pipeline.gate.shown import About, outcome_of
from seamark.pipeline.verdicts import body, keep, newest_event
from seamark.store.access import Visible, everything
from seamark.store.models import Bundle as BundleRow
from seamark.store.models import Event, User, Verdict, Waiver
from seamark.store.models.policies import BundleKind
from seamark.store.models.waivers import WaiverState

OPEN_FOR: Final = timedelta(days=30)
"""How long a pull request is taken to be open after its last verdict."""
LARGEST: Final = 500_000_000
_MOST: Final = 200
"""Verdicts that one pass makes anew."""
_IRRELEVANT: Final = frozenset({"comment", "comment_edited", "comment_deleted", "mentioned", "assigned"})
"""Sorts of event that no policy can ask about."""


def decide(visible: Visible, asked: Asked, *, person: User | None, now: datetime | None = None) -> Verdict:
    """Ask the policies in force about scans, and keep the verdict. Raises `NotFound` where there is no such scan."""
    moment = now or timezone.now()
    with transaction.atomic():
        return _decided(visible, asked, person, moment, None)


def renew(visible: Visible, row: Verdict, now: datetime | None = None) -> Verdict:
    """Decide anew what a verdict decided; the old one says from then on that it is not the latest."""
    asked = Asked(
        application=row.application, stage=Stage(row.stage), scans=() if row.asked_latest else tuple(row.scans), ref=row.ref, base=row.base,
        commit=row.commit, pull_request=row.pull_request,
    )  # fmt: skip
    with transaction.atomic():
        return _decided(visible, asked, None, now or timezone.now(), row)


def newest(row: Verdict) -> Verdict:
    """Return the verdict that has taken the place of one, or itself."""
    while not row.latest and (after := row.replaced_by.order_by("-id").first()) is not None:
        row = after
    return row


def is_stale(row: Verdict, bundle: Bundle | None = None, now: datetime | None = None) -> bool:
    """Tell whether what a verdict was decided from has changed: triage, waivers, context, policies, or the day."""
    if not row.latest:
        return True
    moment = now or timezone.now()
    changed = Event.objects.filter(application=row.application_id, pk__gt=row.event).exclude(kind__in=_IRRELEVANT)
    if moment.date() != row.at.date() or (bundle or in_force()).digest != row.bundle or changed.exists():
        return True
    return _ended(row.at, moment).filter(Q(application=None) | Q(application=row.application_id)).exists()


def _ended(since: datetime, now: datetime) -> QuerySet[Waiver]:
    """Return the waivers that ended by their dates alone: a gate closes in that very moment, whoever marks them."""
    ends = Waiver.objects.filter(state__in=(WaiverState.APPROVED, WaiverState.EXPIRED))
    return ends.filter(expires_at__gt=since, expires_at__lte=now)


def refresh(visible: Visible, now: datetime | None = None) -> list[Verdict]:
    """Decide anew the newest verdicts of open pull requests that are stale. Cheap where nothing happened: call it every second or two."""
    moment = now or timezone.now()
    last = newest_event()
    bundle = in_force()
    begun = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    changed = Q(event__lt=last) | ~Q(bundle=bundle.digest) | Q(at__lt=begun)
    ended = _ended(moment - OPEN_FOR, moment).aggregate(last=Max("expires_at"))["last"]
    if ended is not None:
        changed |= Q(at__lt=ended)
    rows = Verdict.objects.filter(changed, latest=True, at__gte=moment - OPEN_FOR).exclude(pull_request="")
    maybe = list(rows.defer("facts").select_related("application").order_by("-id")[:_MOST])
    if not maybe:
        return []
    touched = _touched(min(row.event for row in maybe))
    stale = {
        row.pk for row in maybe
        if touched.get(row.application_id, 0) > row.event or row.bundle != bundle.digest or row.at < begun or (ended and row.at < ended)
    }  # fmt: skip
    # What happened since concerns others: it is not looked at again.
    Verdict.objects.filter(pk__in=[row.pk for row in maybe if row.pk not in stale]).update(event=last)
    return [renew(visible, row, moment) for row in maybe if row.pk in stale]


def work_once() -> bool:
    """Decide anew what is stale, for the worker; return whether anything was."""
    return bool(refresh(everything()))


def _touched(event: int) -> dict[int, int]:
    """Return the applications in which something happened since an event that policies can ask about, with the last of it."""
    rows = Event.objects.filter(pk__gt=event, application__isnull=False).exclude(kind__in=_IRRELEVANT)
    return {
        number: last
        for number, last in rows.order_by().values_list("application").annotate(Max("id"))
        if number is not None
    }


def _decided(visible: Visible, asked: Asked, person: User | None, now: datetime, before: Verdict | None) -> Verdict:
    bundle = _bundle(now)
    event = newest_event()
    found = gather(visible, asked, bundle, now)
    verdict = evaluate(bundle, asked.stage, found.records, now=now)
    row = Verdict(
        application=asked.application, stage=asked.stage.value, ref=asked.ref, base=asked.base, commit=asked.commit,
        pull_request=asked.pull_request, scans=list(found.scans), asked_latest=not asked.scans, issues=found.issues, new=found.new,
        compared=found.compared, event=event, replaces=before, asker=person, at=now,
    )  # fmt: skip
    subject = f"{asked.application.slug} {asked.stage.value} {asked.commit[:12] or asked.ref}".strip()
    if before is not None and asked.pull_request and _says_else(before, verdict):
        row.tell_at = now
    keep(
        row,
        verdict,
        bundle,
        found.records,
        subject=subject,
        actor=person or "gate",
        inputs={"scans": list(found.scans)},
    )
    return row


def _says_else(before: Verdict, verdict: Decided) -> bool:
    """Tell whether a verdict says something else than the one in whose place it comes."""
    told = set(before.violations.values_list("policy", "ref", "effect", "because"))
    now = {(one.policy, one.ref, one.effect.value, one.because) for one in verdict.violations}
    return before.outcome != verdict.outcome or told != now


def _bundle(now: datetime) -> Bundle:
    """Return the policies in force: the starter bundle where nobody has said anything of policies yet."""
    if not BundleRow.objects.exists():
        sync(declare(STARTER, BundleKind.STARTER), now=now, cache=Path())
    return in_force()


@replayer("verdict")
def replay(entry: Entry) -> Mapping[str, object]:
    """Decide a verdict anew from the very records and policies. Raises `NotFound` where those are gone."""
    number = int(entry.inputs.get("verdict") or 0)
    row = Verdict.objects.filter(pk=number).first()
    if row is None:
        raise NotFound(f"The verdict {number} is no longer kept")
    records = records_of(row)
    digest = hashlib.sha256(encode_all(records)).hexdigest()
    if digest != entry.inputs.get("facts"):
        return {"facts": f"the records that are kept have another digest: {digest}"}
    bundle = as_it_was(entry.inputs["policies"], str(entry.body.get("commit", "")))
    moment = datetime.fromisoformat(str(entry.body["at"]))
    return body(evaluate(bundle, Stage(str(entry.body["stage"])), records, now=moment))


def records_of(row: Verdict) -> list[Facts]:
    """Return the records that a verdict was decided from."""
    return list(decode_all(zstandard.decompress(bytes(row.facts), max_output_size=LARGEST)))


def outcome(row: Verdict, *, issue_url: str = "", stale: bool = False) -> Outcome:
    """Return a verdict as it is shown. `issue_url` is an address that ends where an issue's reference follows."""
    bundle = as_it_was(row.policies, row.bundle_commit)
    violations = [one.content for one in row.violations.order_by("number")]
    verdict = msgspec.convert({**row.content, "violations": violations}, Decided)
    refs = {one.ref for one in verdict.violations if one.subject == "issue"}
    about = {ref: one for ref, one in _about(records_of(row), issue_url) if ref in refs}
    made = outcome_of(
        verdict, bundle, about, application=row.application.name, issues=row.issues, new=row.new, compared=row.compared,
    )  # fmt: skip
    return msgspec.structs.replace(made, verdict=row.pk, stale=stale)


def _about(records: Sequence[Facts], issue_url: str) -> list[tuple[str, About]]:
    found = []
    for one in records:
        issue = one.issue
        if issue is None or issue.ref is None:
            continue
        severity = issue.severity.word if issue.severity is not None else ""
        about = About(
            title=issue.title or "", severity=severity, path=issue.path or "", line=issue.line or 0, end_line=issue.line or 0,
            tools=issue.tools or (), rule=issue.rule or "", url=f"{issue_url}{issue.ref}/" if issue_url else "",
        )  # fmt: skip
        found.append((issue.ref, about))
    return found


def verdicts(visible: Visible) -> QuerySet[Verdict]:
    """Return the verdicts on applications that a person may see."""
    rows = Verdict.objects.all()
    return rows if visible.everything else rows.filter(application__in=visible.applications())
