"""Waivers with what only the whole knows: how many violations of a policy one covers, and which gates an issue does not pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from django.db.models import Min
from django.utils import timezone
from msgspec import Struct

from seamark.core.severity import Severity
from seamark.governance.policy.evaluate import matches
from seamark.governance.policy.kept.sync import in_force
from seamark.governance.policy.model import Effect, Stage
from seamark.governance.waivers import service
from seamark.governance.waivers.scope import URGENCY, Reach, check, reach_in, reach_of
from seamark.governance.waivers.words import Asked
from seamark.pipeline.facts import simulate
from seamark.pipeline.facts.around import Around
from seamark.pipeline.facts.issues import issue_facts
from seamark.store.access import Visible, everything
from seamark.store.models import Application, Issue, User, Waiver
from seamark.store.models.issues import State
from seamark.store.models.waivers import Scope

_MOST: Final = 10_000
_SHOWN: Final = 100
MOST_ASKED: Final = 50
"""Issues for which gates are asked at once."""


class Stop(Struct, frozen=True, kw_only=True):
    """A policy that an issue violates, with what that comes to at the stages at which it is asked."""

    policy: str
    ref: str
    stages: dict[str, str]
    decided: bool
    """False: facts are missing, and `onError` decides."""

    @property
    def blocks(self) -> list[str]:
        """Return the stages at which it blocks."""
        return [stage for stage, effect in self.stages.items() if effect == Effect.BLOCK.value]


def reach(waiver: Waiver) -> Reach:
    """Return what a waiver covers now: its issues, or the violations of the policy that it is an exception from."""
    if waiver.scope != Scope.POLICY:
        return reach_of(waiver)
    policy = in_force().named(waiver.policy)
    if policy is None:
        return Reach(count=0, references=(), priority=0, severity=Severity.CRITICAL.value, applications=())
    within = None if waiver.application_id is None else [waiver.application_id]
    found = simulate(everything(), [policy], now=timezone.now(), applications=within, most=_MOST)[0]
    refs = [hit.ref for hit in (*found.hits, *found.doubts)]
    numbers = [int(ref.removeprefix("SM-")) for ref in refs if ref.startswith("SM-")]
    urgent = (
        Issue.objects.filter(pk__in=numbers[:_MOST]).aggregate(urgent=Min("priority"))["urgent"] if numbers else None
    )
    own = URGENCY[Severity.from_word(policy.spec.severity)]
    # What is new tomorrow may be worse than what stands there today: a policy's exception covers whatever violates it.
    return Reach(
        count=found.holds + found.undecided, references=tuple(refs[:_SHOWN]), priority=own if urgent is None else min(own, urgent),
        severity=Severity.CRITICAL.value, applications=tuple(within or ()),
    )  # fmt: skip


def preview(seen: Visible, asked: Asked) -> tuple[Application | None, Reach]:
    """Return the application that a request would be for, and what it would cover now. Raises `NotAllowed`."""
    application = check(seen, asked)
    if asked.scope == Scope.ISSUE:
        rows = seen.issues().filter(pk__in=asked.issues, state__lte=State.IN_PROGRESS)
        return application, reach_in(rows)
    return application, reach(
        Waiver(scope=asked.scope, application=application, policy=asked.policy, fix_id=asked.fix, query=asked.query)
    )


def stops(seen: Visible, issues: Iterable[int], *, exceptions: bool = True, now: datetime | None = None) -> list[Stop]:
    """Return the policies in force that issues violate, at most `MOST_ASKED` of them; those that are waived only without `exceptions`."""
    moment = now or timezone.now()
    bundle = in_force()
    about = [policy for policy in bundle.policies if policy.subject == "issue" and policy.spec.stages]
    numbers = sorted(seen.issues().filter(pk__in=list(issues)[:MOST_ASKED]).values_list("pk", flat=True))
    around = Around(
        seen, moment, sorted(set(seen.issues().filter(pk__in=numbers).values_list("application_id", flat=True)))
    )
    facts = [told.facts for told in issue_facts(numbers, around, moment, None if exceptions else {})]
    found = []
    for match in matches(about, facts, now=moment):
        if exceptions and any(name in {match.policy.name, "*"} for name, _ in match.facts.waived):
            continue
        stages = {
            stage.value: effect.value for stage in Stage if (effect := match.policy.effect(stage, moment.date())) not in {Effect.OFF, Effect.LOG}
        }  # fmt: skip
        if stages:
            found.append(Stop(policy=match.policy.name, ref=match.facts.ref, stages=stages, decided=match.decided))
    return found


def request(actor: User, asked: Asked, code: str = "") -> Waiver:
    """Ask for a waiver; see `governance.waivers.service`."""
    return service.request(actor, asked, code=code, reaching=reach)


def approve(
    actor: User, waiver: Waiver, comment: str = "", *, expires_at: datetime | None = None, seen: int | None = None
) -> Waiver:
    """Approve a waiver; see `governance.waivers.service`."""
    return service.approve(actor, waiver, comment, expires_at=expires_at, seen=seen, reaching=reach)


def refuse(actor: User, waiver: Waiver, comment: str) -> Waiver:
    """Refuse a waiver; see `governance.waivers.service`."""
    return service.refuse(actor, waiver, comment, reaching=reach)


def revoke(actor: User, waiver: Waiver, comment: str) -> Waiver:
    """End a waiver, or withdraw the request; see `governance.waivers.service`."""
    return service.revoke(actor, waiver, comment, reaching=reach)


def renew(actor: User, waiver: Waiver, text: str, expires_at: datetime) -> Waiver:
    """Ask for the same once more; see `governance.waivers.service`."""
    return service.renew(actor, waiver, text, expires_at, reaching=reach)


def policies_in_force() -> Sequence[str]:
    """Return the names of policies that a waiver can be an exception from."""
    return [policy.name for policy in in_force().policies if policy.spec.stages]
