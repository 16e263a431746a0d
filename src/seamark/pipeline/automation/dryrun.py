"""What a rule would do today, before anybody lets it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from msgspec import Struct

from seamark.core.errors import NotAllowed
from seamark.governance.automation.rules import Rule
from seamark.governance.policy.bundle import Policy
from seamark.governance.policy.model import Type
from seamark.pipeline.automation import applying
from seamark.pipeline.automation.given import needed
from seamark.pipeline.automation.passing import PIECE, Law, acting_of, around_of, plan_of
from seamark.store.access import Visible
from seamark.store.models import RuleStand, User
from seamark.store.models.issues import State

SHOWN: Final = 200


class Would(Struct, frozen=True, kw_only=True):
    """Something that a rule would do to an issue."""

    issue: str
    title: str
    application: int
    field: str
    before: Any
    after: Any


class DryRun(Struct, frozen=True, kw_only=True):
    """What a rule would do."""

    rule: str
    looked_at: int
    matched: int
    acts: int
    """Issues of which it would set something."""
    lacking: int
    """Applications on which it holds for something, and the person may not do all that it says."""
    would: tuple[Would, ...]
    """The first 200 things, of the riskiest issues first."""
    wishes: int


def dry_run(policy: Policy, person: User, seen: Visible, now: datetime | None = None) -> DryRun:
    """Return what a triage rule would do with somebody's rights, alone, to the open issues that are seen. Raises `NotAllowed`."""
    if policy.spec.type is not Type.TRIAGE or policy.spec.triage is None:
        raise NotAllowed(f"{policy.name} is no triage rule")
    moment = now or timezone.now()
    stand = RuleStand(name=policy.name, digest=policy.digest, holder=person, approver=person, taken_at=moment)
    one = acting_of(Rule(policy, policy.spec.triage, stand))
    acts = Law((one,), (), needed([policy], findings=policy.spec.triage.suppress is not None))
    rows = seen.issues().filter(state__lte=State.IN_PROGRESS, merged_into=None)
    numbers = list(rows.order_by("-risk", "-id").values_list("id", flat=True))
    around = around_of(numbers, acts.wanted, moment)
    would: list[Would] = []
    matched = acting = wishes = 0
    short: set[int] = set()
    titles: dict[int, str] = {}
    for at in range(0, len(numbers), PIECE):
        piece = numbers[at : at + PIECE]
        plan, passed = plan_of(applying.read(piece), acts, around, moment)
        matched += passed.matched[policy.name]
        short |= passed.lacking.get(policy.name, frozenset())
        for planned in plan.planned:
            fields = planned.row.fields()
            moves = [(name, choice) for name, choice in planned.choices.items() if choice.rule == policy.name and fields.get(name) != choice.value]  # fmt: skip
            acting += bool(moves)
            wishes += len(planned.wishes)
            if len(would) < SHOWN:
                would += [_would(planned.row, name, fields.get(name), choice.value) for name, choice in moves]
    shown = would[:SHOWN]
    titles = dict(rows.filter(pk__in=[int(each.issue[3:]) for each in shown]).values_list("pk", "title"))
    return DryRun(
        rule=policy.name, looked_at=len(numbers), matched=matched, acts=acting, lacking=len(short), wishes=wishes,
        would=tuple(_titled(each, titles) for each in shown),
    )  # fmt: skip


def _titled(one: Would, titles: dict[int, str]) -> Would:
    return Would(
        issue=one.issue, title=titles.get(int(one.issue[3:]), ""), application=one.application, field=one.field, before=one.before, after=one.after
    )  # fmt: skip


def _would(row: applying.Row, field: str, before: Any, after: Any) -> Would:
    return Would(issue=f"SM-{row.id}", title="", application=row.application, field=field, before=before, after=after)
