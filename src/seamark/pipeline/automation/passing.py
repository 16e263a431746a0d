"""One look at some issues: what rules ask for now is done, what none asks for any more is taken back, clocks are set."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

from django.db import transaction

from seamark.governance.automation import resolve
from seamark.governance.automation.resolve import Ask, Choice, Stand
from seamark.governance.automation.rules import Rights, Rule, acting, lacking, policies, rights_of, rules
from seamark.governance.policy.bundle import Policy
from seamark.governance.policy.evaluate import matches
from seamark.governance.policy.facts import Facts
from seamark.governance.policy.model import Type
from seamark.intake.parsers.kit.read import collector_at_rest
from seamark.pipeline.automation import applying, clocks
from seamark.pipeline.automation.applying import Effect, Planned, Row
from seamark.pipeline.automation.given import Given, Needed, given, needed
from seamark.pipeline.facts.around import Around
from seamark.store.access import READS, everything, visible_to
from seamark.store.models import Event, User
from seamark.store.models.issues import State

PIECE: Final = 5_000
_WORK: Final = (State.OPEN, State.CONFIRMED, State.IN_PROGRESS)


class Acting(NamedTuple):
    """A rule with what it may do."""

    rule: Rule
    rights: Rights
    assignee: int | None
    sees: frozenset[int]
    """Applications that whom it assigns to may see."""


class Law(NamedTuple):
    """All that acts on issues now."""

    rules: tuple[Acting, ...]
    slas: tuple[Policy, ...]
    wanted: Needed


def law(now: datetime) -> Law:
    """Return the rules and agreements in force that act today, each rule with what its people may do."""
    held: dict[tuple[int | None, int | None], Rights] = {}
    found = tuple(acting_of(rule, held) for rule in rules(now) if acting(rule.policy, now))
    slas = tuple(one for one in policies(Type.SLA) if acting(one, now))
    every = [*(one.rule.policy for one in found), *slas]
    return Law(found, slas, needed(every, findings=any(one.rule.act.suppress is not None for one in found)))


def acting_of(rule: Rule, held: dict[tuple[int | None, int | None], Rights] | None = None) -> Acting:
    """Return a rule with what its people may do now; `held` keeps that for others of the same people."""
    people = rule.stand.holder_id, rule.stand.approver_id
    known = held if held is not None else {}
    rights = known.get(people)
    if rights is None:
        rights = known[people] = rights_of(rule.stand)
    person = User.objects.filter(username=rule.act.assign, is_active=True).first() if rule.act.assign else None
    if person is None:
        return Acting(rule, rights, None, frozenset())
    sees = visible_to(person).applications(READS).values_list("pk", flat=True)
    return Acting(rule, rights, person.pk, frozenset(sees))


class Passed(NamedTuple):
    """What a look came to."""

    issues: int
    matched: Counter[str]
    """Issues that each rule held for."""
    changed: int
    """Fields of issues that were set, or put back."""
    clocks: int
    lacking: dict[str, frozenset[int]]
    """Applications on which a rule held for something and may not do all that it says."""
    back: tuple[int, ...] = ()
    """Issues that stand again where they did without rules."""

    def __add__(self, other: Passed) -> Passed:  # type: ignore[override]
        apart = {name: self.lacking.get(name, frozenset()) | other.lacking.get(name, frozenset()) for name in {*self.lacking, *other.lacking}}  # fmt: skip
        return Passed(
            self.issues + other.issues, self.matched + other.matched, self.changed + other.changed, self.clocks + other.clocks, apart,
            (*self.back, *other.back),
        )  # fmt: skip


NOTHING: Final = Passed(0, Counter(), 0, 0, {})


def around_of(numbers: Sequence[int], wanted: Needed, now: datetime) -> Around:
    """Return what stands around some issues, read once for a whole pass."""
    return Around(everything(), now, applying.applications_of(numbers), counted=wanted.counts)


def look_at(numbers: Sequence[int], acts: Law, around: Around, now: datetime) -> Passed:
    """Bring at most `PIECE` issues in line with the rules in force, in one transaction."""
    # A look makes a few hundred thousand values without cycles: collecting them took half of its time.
    with collector_at_rest(), transaction.atomic():
        event = Event.objects.order_by("-id").values_list("id", flat=True).first() or 0
        rows = applying.rows_of(numbers)
        plan, passed = plan_of(rows, acts, around, now)
        written = clocks.keep(list(rows), plan.clocks, closed=plan.closed)
        changed = applying.apply(plan.planned, {one.rule.name: one.rule for one in acts.rules}, event, now)
    return passed._replace(changed=changed.changed, clocks=written, back=changed.back)


class Plan(NamedTuple):
    """What is to become of some issues."""

    planned: list[Planned]
    clocks: dict[int, clocks.Clock]
    closed: set[int]
    """Issues that need no work: their clocks have ended, or end by themselves."""


def plan_of(rows: Mapping[int, Row], acts: Law, around: Around, now: datetime) -> tuple[Plan, Passed]:
    """Return what is to become of issues; nothing is written."""
    effects = applying.effects_of(list(rows))
    people = applying.decided_by_people(list(rows))
    # Most issues of most looks were touched by no rule and no person: they stand as their rows say.
    known = {
        number: _known(rows[number], effects.get(number, []), people.get(number, ()))
        for number in effects.keys() | people.keys()
    }
    work = [
        number
        for number, row in rows.items()
        if row.merged_into is None
        and (known[number].base[resolve.STATE]["state"] if number in known else row.state) in _WORK
    ]
    bases = {number: {name: one.base[name] for name in one.active if name in one.base} for number, one in known.items()}
    told = list(given(work, bases, around, acts.wanted, now))
    sure = [one for one in told if not (rows[one.number].state == State.DISMISSED and not rows[one.number].unconfirmed)]
    timed: dict[int, clocks.Clock] = {}
    if acts.slas:
        stands = {number: clocks.Standing(row.application, row.priority, row.opened_at) for number, row in rows.items()}
        timed = clocks.clocks(acts.slas, stands, sure, now)
    had = clocks.running(list(rows))
    running = {one.number for one in sure}
    asks, matched, short = _asks(told, rows, acts, now)
    # What no rule asks anything of, and none ever did, stays as it is: most issues of most looks.
    concerned = asks.keys() | effects.keys() | timed.keys() | had | applying.wished_of(list(rows))
    names = {one.rule.name for one in acts.rules}
    planned = []
    for number, row in rows.items():
        if number not in concerned:
            continue
        if row.merged_into is not None:
            # Its part of the story rests: taken out again, it stands as it did, and rules go on from there.
            continue
        one = known.get(number) or _known(row, (), ())
        if number in timed:
            one.base[resolve.DUE] = timed[number].day.isoformat()
        elif number in had and number in running:
            one.base[resolve.DUE] = None
        wanted = asks.get(number, [])
        stand = Stand(
            one.base[resolve.STATE]["state"], row.opened_at.astimezone(UTC).date(), one.base[resolve.PRIORITY],
            date.fromisoformat(one.base[resolve.DUE]) if one.base[resolve.DUE] else None, resolve.STATE in one.held,
        )  # fmt: skip
        choices = {name: choice for name, choice in resolve.resolve(stand, wanted).items() if name not in one.held}
        _freeze(one.active, choices, row.application, short, names)
        planned.append(
            Planned(
                row,
                effects.get(number, []),
                one.active,
                frozenset(one.held),
                one.base,
                choices,
                frozenset(resolve.wishes(wanted)),
            )
        )
    closed = {number for number, row in rows.items() if row.state == State.RESOLVED}
    passed = Passed(len(rows), matched, 0, 0, {name: frozenset(found) for name, found in short.items()})
    return Plan(planned, timed, closed), passed


class _Known:
    """What an issue is without rules."""

    __slots__ = ("active", "base", "held")

    def __init__(self, base: dict[str, Any], active: dict[str, Effect], held: set[str]) -> None:
        self.base, self.active, self.held = base, active, held


def _known(row: Row, effects: Iterable[Effect], people: Collection[applying.Decided]) -> _Known:
    base = row.fields()
    active: dict[str, Effect] = {}
    held: set[str] = {one.field for one in people}
    for one in effects:
        if one.held:
            held.add(one.field)
            continue
        label = one.field.startswith((resolve.TAG, resolve.GROUP))
        if label or base[one.field] == one.value:
            # What people decided before the rule acted does not take back what it did.
            later = any(each.field == one.field and each.event > one.event for each in people)
            if not label and later:
                continue
            held.discard(one.field)
            active[one.field] = one
            if not label:
                base[one.field] = one.before
    return _Known(base, active, held)


def _asks(
    told: Sequence[Given], rows: Mapping[int, Row], acts: Law, now: datetime
) -> tuple[dict[int, list[Ask]], Counter[str], dict[str, set[int]]]:
    """Return what rules ask for by issue, how many each holds for, and where one may not do all that it says."""
    by_name = {one.rule.name: one for one in acts.rules}
    asks: dict[int, list[Ask]] = defaultdict(list)
    matched = Counter[str]()
    met: dict[str, set[int]] = defaultdict(set)
    records = [one.facts for one in told]
    for match in matches([one.rule.policy for one in acts.rules], records, now=now):
        if not match.decided:
            continue
        number = int(match.facts.ref.removeprefix("SM-"))
        one, application = by_name[match.policy.name], rows[number].application
        matched[one.rule.name] += 1
        met[one.rule.name].add(application)
        asks[number].append(_ask(one, application, match.facts))
    short = {
        name: missing for name, applications in met.items() if (missing := _missing(by_name[name], applications))
    }  # fmt: skip
    return asks, matched, short


def _ask(one: Acting, application: int, facts: Facts) -> Ask:
    rights = one.rights
    findings = facts.issue.findings if facts.issue is not None and one.rule.act.suppress is not None else None
    return Ask(
        one.rule.name, one.rule.act, application in rights.works, application in rights.dismisses, application in rights.owns,
        application in rights.approves, one.assignee if application in one.sees else None, findings or (),
    )  # fmt: skip


def _missing(one: Acting, applications: set[int]) -> set[int]:
    return {number for number in applications if lacking(one.rule, one.rights, frozenset({number}))}


def _freeze(
    active: Mapping[str, Effect], choices: dict[str, Choice], application: int, short: Mapping[str, set[int]],
    names: Collection[str],
) -> None:  # fmt: skip
    """Keep what a rule did where it still holds and may no longer do it: losing a right takes nothing back. `names` are of all rules."""
    for field, effect in active.items():
        if effect.rule in names and application in short.get(effect.rule, ()) and field not in choices:
            choices[field] = Choice(effect.rule, effect.value)
