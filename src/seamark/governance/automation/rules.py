"""Triage rules in force, and the people with whose rights they act: nobody's rule does what that person may not do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.ledger.attested import row_of
from seamark.governance.ledger.record import record
from seamark.governance.policy.bundle import Bundle, Policy
from seamark.governance.policy.kept.edit import may_edit
from seamark.governance.policy.kept.sync import in_force
from seamark.governance.policy.model import Mode, Source, Triage, Type
from seamark.store import models
from seamark.store.access import APPROVES_WAIVERS, visible_to
from seamark.store.models import RuleStand, User
from seamark.store.permissions import Permission, needed

_STANDING: Final = ("name", "digest", "holder_id", "approver_id")


class Rule(NamedTuple):
    """A triage rule with who stands for it."""

    policy: Policy
    act: Triage
    stand: RuleStand

    @property
    def name(self) -> str:
        """Return the rule's name."""
        return self.policy.name

    @property
    def digest(self) -> str:
        """Return the rule's version."""
        return self.policy.digest


class Rights(NamedTuple):
    """The applications on which whoever stands for a rule holds each right."""

    works: frozenset[int]
    dismisses: frozenset[int]
    owns: frozenset[int]
    approves: frozenset[int]
    """Where whoever wrote it, or whoever approved it, may approve waivers."""


def policies(kind: Type) -> list[Policy]:
    """Return the policies in force of a type that acts, in the order of their names."""
    return [one for one in in_force().policies if one.spec.type is kind]


def acting(policy: Policy, now: datetime) -> bool:
    """Tell whether a policy acts today: in the modes `log` and `warn` it only tells whom it holds for."""
    return policy.mode(now.date()) is Mode.ENFORCE


def rules(now: datetime) -> list[Rule]:
    """Return the triage rules in force with who stands for each; versions that are seen for the first time are noted."""
    found = policies(Type.TRIAGE)
    stands = _stands(found, now)
    return [Rule(one, one.spec.triage, stands[one.digest]) for one in found if one.spec.triage is not None]


def _stands(found: Iterable[Policy], now: datetime) -> Mapping[str, RuleStand]:
    wanted = {one.digest: one.name for one in found}
    related = RuleStand.objects.filter(digest__in=list(wanted)).select_related("holder", "approver")
    known = {one.digest: one for one in related}
    missing = wanted.keys() - known.keys()
    if missing:
        rows = models.Policy.objects.filter(digest__in=list(missing), active=True).select_related("author")
        authors = {row.digest: row.author for row in rows}
        RuleStand.objects.bulk_create(
            (
                RuleStand(name=wanted[digest], digest=digest, holder=authors.get(digest), taken_at=now)
                for digest in sorted(missing)
            ),
            ignore_conflicts=True,
        )
        known |= {one.digest: one for one in related.all()}
    return known


def rights_of(stand: RuleStand) -> Rights:
    """Return what a rule may do, by what its people may do now."""
    holder = stand.holder
    approver = stand.approver if stand.approver is not None and stand.approver.is_active else None
    if holder is None or not holder.is_active or (asks_two() and approver is None):
        return Rights(frozenset(), frozenset(), frozenset(), frozenset())
    approves = _on(holder, APPROVES_WAIVERS)
    works, dismisses, owns = (
        _on(holder, right) for right in (Permission.ISSUE_TRIAGE, Permission.ISSUE_DISMISS, Permission.ASSET_EDIT)
    )
    if approver is not None:
        reach = _on(approver, APPROVES_WAIVERS)
        approves |= reach
        if asks_two() and not may_edit(approver):
            # Whoever approves for one application lets the rule act there, and nowhere else.
            works, dismisses, owns, approves = works & reach, dismisses & reach, owns & reach, approves & reach
    return Rights(works, dismisses, owns, approves)


def _on(person: User, right: Permission) -> frozenset[int]:
    return frozenset(visible_to(person).applications(right).values_list("pk", flat=True))


def asks_two() -> bool:
    """Tell whether a rule acts only after a second person has approved it."""
    return bool(settings.SEAMARK_RULES_NEED_APPROVAL)


def lacking(rule: Rule, rights: Rights, applications: frozenset[int]) -> str:
    """Return why a rule does not do all that it says on some applications where it holds; empty where nothing is in its way."""
    stand = rule.stand
    if stand.holder is None:
        return "Nobody stands for it: somebody who may write policies has to take it over"
    if not stand.holder.is_active:
        return f"{stand.holder.get_username()}, who stands for it, is no longer active"
    if asks_two() and (stand.approver is None or not stand.approver.is_active):
        return "A second person has to approve it"
    short = [
        (right, applications - held)
        for right, held, asked in (
            (Permission.ISSUE_TRIAGE, rights.works, _works(rule.act)),
            (
                Permission.ISSUE_DISMISS,
                rights.dismisses,
                rule.act.state == "dismissed" or rule.act.suppress is not None,
            ),
            (Permission.ASSET_EDIT, rights.owns, bool(rule.act.owner)),
        )
        if asked
    ]
    right, missing = next(((right, missing) for right, missing in short if missing), (None, frozenset()))
    if right is None:
        return ""
    many = "1 application" if len(missing) == 1 else f"{len(missing):,} applications"
    if asks_two() and missing <= _on(stand.holder, right):
        return f"Whoever approved it may not do so on {many} where it applies"
    return f"{stand.holder.get_username()}, who stands for it, does not hold {right.value} on {many} where it applies"


def _works(act: Triage) -> bool:
    """Tell whether a rule asks for something that takes the right to work on issues."""
    plain = (act.assign, act.tags, act.group, act.ticket, act.notify, act.request_fix)
    return any(plain) or act.priority is not None or act.due_days is not None or act.state in {"confirmed", "in_progress"}  # fmt: skip


@transaction.atomic
def take_over(actor: User, name: str) -> RuleStand:
    """Let a rule in force act with somebody's rights from now on. Raises `NotAllowed` and `NotFound`."""
    rule = named(name)
    if not may_edit(actor):
        raise NotAllowed(needed(Permission.POLICY_EDIT))
    row = RuleStand.objects.select_for_update().get(pk=rule.stand.pk)
    row.holder, row.approver, row.approved_at, row.taken_at = actor, None, None, timezone.now()
    row.stopped, row.stopped_at = "", None
    row.save()
    _enter(actor, row, "taken over")
    return row


@transaction.atomic
def approve(actor: User, name: str) -> RuleStand:
    """Approve a rule that somebody else stands for. Raises `NotAllowed` and `NotFound`."""
    rule = named(name)
    row = RuleStand.objects.select_for_update().get(pk=rule.stand.pk)
    if not (may_edit(actor) or visible_to(actor).may_anywhere(APPROVES_WAIVERS)):
        raise NotAllowed(needed(APPROVES_WAIVERS))
    if row.holder_id is None:
        raise NotAllowed("Nobody stands for it yet: take it over first")
    if row.holder_id == actor.pk:
        raise NotAllowed("You stand for it: a second person approves it")
    row.approver, row.approved_at = actor, timezone.now()
    row.save(update_fields=["approver", "approved_at"])
    _enter(actor, row, "approved")
    return row


def _enter(actor: User, row: RuleStand, what: str) -> None:
    body = {"rule": row.name, "digest": row.digest, "what": what}
    record("rule", row.name, body, actor=actor, rows=[row_of(row, _STANDING)])


def named(name: str) -> Rule:
    """Return a rule in force by its name. Raises `NotFound`."""
    found = next((one for one in rules(timezone.now()) if one.name == name), None)
    if found is None:
        raise NotFound(f"There is no triage rule {name!r} in force")
    return found


@lru_cache(maxsize=1)
def starters() -> Mapping[str, tuple[Policy, str]]:
    """Return the rules that come with the product, by name, each with its text: they act once somebody has taken one over."""
    folder = files("seamark.governance.policy").joinpath("starter", "triage")
    sources = [Source(one.name, one.read_text("utf-8")) for one in folder.iterdir() if one.name.endswith(".yaml")]
    texts = {one.name: one.text for one in sources}
    return {one.name: (one, texts[one.file]) for one in Bundle.compile(sorted(sources)).policies}
