"""Writes what rules make of issues, and puts back what was there: only what differs, with an event and an entry in the ledger."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from django.db.models import QuerySet
from django.utils import timezone

from seamark.governance.automation import resolve
from seamark.governance.automation.resolve import Choice, Wish
from seamark.governance.automation.rules import Rule
from seamark.governance.ledger.entry import Attested, Decision
from seamark.governance.ledger.record import name_of, record_all
from seamark.governance.triage.confirming import CONFIRMED, DOUBTED
from seamark.pipeline.ingest.issues import write_events
from seamark.store import writer
from seamark.store.models import Event, Issue, RuleEffect, RuleWish
from seamark.store.models.issues import State

_PIECE: Final = 5_000
_ENTRY: Final = 20_000
"""Issues that one entry of the ledger speaks of."""
_COLUMNS: Final = (
    "id", "application_id", "state", "resolution", "justification", "dismissal_unconfirmed", "owner", "assignee_id", "priority", "due",
    "branch_only", "merged_into_id", "opened_at", "resolved_at",
)  # fmt: skip
_SET: Final = (
    "state", "resolution", "justification", "dismissal_unconfirmed", "open", "resolved_at", "owner", "assignee", "priority", "due",
)  # fmt: skip


class Row(NamedTuple):
    """An issue's row, in the order of `_COLUMNS`."""

    id: int
    application: int
    state: int
    resolution: str
    justification: str
    unconfirmed: bool
    owner: str
    assignee: int | None
    priority: int
    due: date | None
    branch_only: bool
    merged_into: int | None
    opened_at: datetime
    resolved_at: datetime | None

    def fields(self) -> dict[str, Any]:
        """Return what rules may set, in the form in which effects keep it."""
        stand = resolve.state_value(self.state, self.resolution, self.justification, unconfirmed=self.unconfirmed)
        return {
            resolve.STATE: stand, resolve.OWNER: self.owner, resolve.ASSIGNEE: self.assignee, resolve.PRIORITY: self.priority,
            resolve.DUE: self.due.isoformat() if self.due is not None else None,
        }  # fmt: skip


class Effect(NamedTuple):
    """A row of `RuleEffect`."""

    pk: int
    field: str
    rule: str
    digest: str
    before: Any
    value: Any
    held: bool
    event: int


class Planned(NamedTuple):
    """What is to become of an issue."""

    row: Row
    known: list[Effect]
    """All that is kept of what rules did to it."""
    before: dict[str, Effect]
    """What rules had made of it, but for what people decided since."""
    held: frozenset[str]
    """Fields that people decided."""
    base: dict[str, Any]
    """Its fields without rules, of those that rules touch."""
    choices: dict[str, Choice]
    wishes: frozenset[Wish]


class Decided(NamedTuple):
    """A field that a person decided, with the newest event that says so."""

    field: str
    event: int


def rows_of(numbers: Sequence[int]) -> dict[int, Row]:
    """Return issues, locked until the transaction ends."""
    return _rows(numbers, Issue.objects.select_for_update())


def read(numbers: Sequence[int]) -> dict[int, Row]:
    """Return issues as they are now."""
    return _rows(numbers, Issue.objects.all())


def _rows(numbers: Sequence[int], issues: QuerySet[Issue]) -> dict[int, Row]:
    found = {}
    for at in range(0, len(numbers), _PIECE):
        piece = sorted(numbers[at : at + _PIECE])
        for values in issues.filter(pk__in=piece).order_by("pk").values_list(*_COLUMNS):
            found[values[0]] = Row(*values)
    return found


def applications_of(numbers: Sequence[int]) -> list[int]:
    """Return the applications of some issues."""
    rows = writer.select_in("SELECT DISTINCT application_id FROM store_issue WHERE id {values}", list(numbers))
    return sorted({row[0] for row in rows})


def effects_of(numbers: Sequence[int]) -> dict[int, list[Effect]]:
    """Return what rules made of some issues, by issue."""
    found: dict[int, list[Effect]] = defaultdict(list)
    for at in range(0, len(numbers), _PIECE):
        rows = RuleEffect.objects.filter(issue__in=numbers[at : at + _PIECE]).order_by("field")
        for issue, *values in rows.values_list(
            "issue", "pk", "field", "rule", "digest", "before", "value", "held", "event"
        ):
            found[issue].append(Effect._make(values))
    return found


def decided_by_people(numbers: Sequence[int]) -> dict[int, list[Decided]]:
    """Return the fields of issues that people decided, by issue. A person's change keeps its id in the event, when its author is gone."""
    newest: dict[tuple[int, str], int] = {}
    fields = {"state": resolve.STATE, CONFIRMED: resolve.STATE, DOUBTED: resolve.STATE, "assigned": resolve.ASSIGNEE}
    for at in range(0, len(numbers), _PIECE):
        rows = Event.objects.filter(issue__in=numbers[at : at + _PIECE], kind__in=list(fields)).order_by("id")
        told: Iterable[tuple[int, int | None, str, int | None, dict[str, Any]]] = rows.values_list(
            "id", "issue", "kind", "actor", "details"
        )
        for number, issue, kind, actor, details in told:
            if issue is not None and "rule" not in details and (actor is not None or "change" in details):
                newest[issue, fields[kind]] = number
    found: dict[int, list[Decided]] = defaultdict(list)
    for (issue, field), number in newest.items():
        found[issue].append(Decided(field, number))
    return found


def wished_of(numbers: Sequence[int]) -> set[int]:
    """Return the issues among some about which a rule wanted others to do something."""
    rows = writer.select_in("SELECT DISTINCT issue_id FROM store_rulewish WHERE issue_id {values}", list(numbers))
    return {row[0] for row in rows}


class _Move(NamedTuple):
    """A field of an issue that is set, or put back."""

    row: Row
    field: str
    before: Any
    after: Any
    rule: str
    digest: str
    """Empty where it is put back."""


class Applied(NamedTuple):
    """What was done."""

    changed: int
    """Fields of issues that were set, or put back."""
    back: tuple[int, ...]
    """Issues that stand again where they did without rules."""


def apply(planned: Iterable[Planned], rules: Mapping[str, Rule], event: int, now: datetime) -> Applied:
    """Carry out what was planned. Call it inside the transaction of the plan."""
    every = list(planned)
    moves: list[_Move] = []
    effects = _Effects(event, now)
    for one in every:
        moves += _moves(one, one.known, rules, effects)
    effects.write()
    _write_issues(moves, every)
    _tell(moves, rules, now)
    _wish(every, rules, now)
    back = tuple(one.row.id for one in moves if one.field == resolve.STATE and not one.digest)
    return Applied(len(moves), back)


def _moves(one: Planned, known: Sequence[Effect], rules: Mapping[str, Rule], effects: _Effects) -> Iterable[_Move]:
    there = {each.field: each for each in known if not each.held}
    now = one.row.fields()
    for field, choice in one.choices.items():
        label = field.startswith((resolve.TAG, resolve.GROUP))
        digest = rules[choice.rule].digest
        base = None if label else one.base[field]
        effects.set(one.row.id, field, there.get(field), choice.rule, digest, base, choice.value)
        before = (True if field in one.before else None) if label else now[field]
        if before != choice.value:
            yield _Move(one.row, field, before, choice.value, choice.rule, digest)
    for field, each in there.items():
        if field in one.choices:
            continue
        if field not in one.before:
            # Somebody changed it since: a person keeps it for good, a scan only until the rule asks again.
            effects.leave(each, held=field in one.held)
            continue
        effects.leave(each, held=False)
        label = field.startswith((resolve.TAG, resolve.GROUP))
        yield _Move(one.row, field, each.value, None if label else one.base[field], each.rule, "")
    if resolve.DUE not in one.choices and resolve.DUE not in there and now[resolve.DUE] != one.base[resolve.DUE]:
        yield _Move(one.row, resolve.DUE, now[resolve.DUE], one.base[resolve.DUE], "", "")


class _Effects:
    """Collects changes of the rows of effects, and writes them at once."""

    def __init__(self, event: int, now: datetime) -> None:
        self._event, self._now = event, now
        self._fresh: list[tuple[Any, ...]] = []
        self._changed: list[tuple[Any, ...]] = []
        self._gone: list[int] = []
        self._held: list[int] = []

    def set(
        self, issue: int, field: str, known: Effect | None, rule: str, digest: str, before: Any, value: Any
    ) -> None:
        """Let an effect be there."""
        same = known is not None and (known.rule, known.digest, known.before, known.value) == (rule, digest, before, value)  # fmt: skip
        if same:
            return
        row = (rule, digest, json.dumps(before), json.dumps(value), self._event, self._now)
        if known is None:
            self._fresh.append((issue, field, False, *row))
        else:
            self._changed.append((known.pk, *row))

    def leave(self, known: Effect, *, held: bool) -> None:
        """Let an effect go, or be a person's word from now on."""
        (self._held if held else self._gone).append(known.pk)

    def write(self) -> None:
        """Write what was collected."""
        for at in range(0, len(self._gone), _PIECE):
            RuleEffect.objects.filter(pk__in=self._gone[at : at + _PIECE]).delete()
        for at in range(0, len(self._held), _PIECE):
            RuleEffect.objects.filter(pk__in=self._held[at : at + _PIECE]).update(held=True)
        writer.update(RuleEffect, ["rule", "digest", "before", "value", "event", "at"], self._changed)
        numbers = writer.reserve(RuleEffect, len(self._fresh))
        writer.insert(
            RuleEffect,
            ["id", "issue", "field", "held", "rule", "digest", "before", "value", "event", "at"],
            [(number, *row) for number, row in zip(numbers, self._fresh, strict=True)],
        )


def _write_issues(moves: Sequence[_Move], planned: Sequence[Planned]) -> None:
    wanted: dict[int, dict[str, Any]] = defaultdict(dict)
    for one in moves:
        if not one.field.startswith((resolve.TAG, resolve.GROUP)):
            wanted[one.row.id][one.field] = one.after
    rows = {one.row.id: one.row for one in planned}
    now = timezone.now()
    writer.update(Issue, list(_SET), [_columns(rows[number], fields, now) for number, fields in wanted.items()])


def _columns(row: Row, fields: Mapping[str, Any], now: datetime) -> tuple[Any, ...]:
    whole = {**row.fields(), **fields}
    stand = whole[resolve.STATE]
    works = stand["state"] <= State.IN_PROGRESS
    resolved = row.resolved_at
    if resolve.STATE in fields:
        resolved = None if works else now
    due = whole[resolve.DUE]
    return (
        row.id, stand["state"], stand["resolution"], stand["justification"], stand["unconfirmed"], works and not row.branch_only, resolved,
        whole[resolve.OWNER], whole[resolve.ASSIGNEE], whole[resolve.PRIORITY], date.fromisoformat(due) if due else None,
    )  # fmt: skip


def _tell(moves: Sequence[_Move], rules: Mapping[str, Rule], now: datetime) -> None:
    """Write an event for each thing that a rule did or took back, and enter moves of states in the ledger."""
    told = [one for one in moves if one.rule]
    write_events(
        ((one.row.id, one.row.application, "state" if one.field == resolve.STATE else "rule", _words(one, rules)) for one in told),
        scan=None,
        now=now,
    )  # fmt: skip
    groups: dict[tuple[str, str, str], list[_Move]] = defaultdict(list)
    for one in told:
        if one.field == resolve.STATE:
            groups[one.rule, one.digest, json.dumps(one.after, sort_keys=True)].append(one)
    record_all(
        _decision(rule, digest, several[at : at + _ENTRY])
        for (rule, digest, _), several in sorted(groups.items())
        for at in range(0, len(several), _ENTRY)
    )


def _words(one: _Move, rules: Mapping[str, Rule]) -> dict[str, Any]:
    told: dict[str, Any] = {"rule": one.rule, "digest": one.digest}
    rule = rules.get(one.rule)
    if not one.digest:
        told["taken_back"] = True
    elif rule is not None:
        told["comment"] = rule.act.comment or rule.policy.spec.description
        told["holder"] = rule.stand.holder_id
    if one.field != resolve.STATE:
        return {**told, "field": one.field, "before": one.before, "after": one.after}
    told |= {
        "before": State(one.before["state"]).label, "after": State(one.after["state"]).label, "reason": one.after["resolution"],
    }  # fmt: skip
    more = {name: one.after[name] for name in ("justification", "unconfirmed") if one.after[name]}
    return {**told, **more}


def _decision(rule: str, digest: str, several: Sequence[_Move]) -> Decision:
    after = several[0].after
    body = {
        "rule": rule, "digest": digest, "taken_back": not digest, **after, "issues": [f"SM-{one.row.id}" for one in several],
    }  # fmt: skip
    by_merge: dict[int | None, list[int]] = defaultdict(list)
    for one in several:
        by_merge[one.row.merged_into].append(one.row.id)
    fields = {"state": after["state"], "resolution": after["resolution"], "dismissal_unconfirmed": after["unconfirmed"]}
    rows = [Attested("store_issue", sorted(ids), {**fields, "merged_into_id": into}) for into, ids in by_merge.items()]
    subject = f"SM-{several[0].row.id}" if len(several) == 1 else f"{len(several)} issues"
    inputs = {"before": sorted({json.dumps(one.before, sort_keys=True) for one in several})}
    return Decision("triage", subject, body, name_of(f"rule {rule}"), inputs, rows)


def _wish(planned: Sequence[Planned], rules: Mapping[str, Rule], now: datetime) -> None:
    """Keep what rules want others to do: each thing is wished for once, whatever becomes of the rule's version."""
    numbers = [one.row.id for one in planned]
    known: dict[tuple[int, str, str, str], RuleWish] = {}
    for at in range(0, len(numbers), _PIECE):
        for row in RuleWish.objects.filter(issue__in=numbers[at : at + _PIECE]):
            known[row.issue_id, row.kind, row.rule, row.target] = row
    wanted = {(one.row.id, wish.kind, wish.rule, wish.target) for one in planned for wish in one.wishes}
    fresh = [
        RuleWish(issue_id=issue, kind=kind, rule=rule, digest=rules[rule].digest, target=target, at=now)
        for issue, kind, rule, target in sorted(wanted - known.keys())
    ]
    RuleWish.objects.bulk_create(fresh, batch_size=1_000)
    gone = [known[key] for key in known.keys() - wanted]
    _end([row.pk for row in gone if row.taken_at is None], [row.pk for row in gone if row.taken_at is not None and row.ended_at is None], now)  # fmt: skip
    back = [row.pk for key, row in known.items() if key in wanted and row.ended_at is not None]
    for at in range(0, len(back), _PIECE):
        RuleWish.objects.filter(pk__in=back[at : at + _PIECE]).update(ended_at=None)


def _end(waiting: Collection[int], taken: Sequence[int], now: datetime) -> None:
    listed = sorted(waiting)
    for at in range(0, len(listed), _PIECE):
        RuleWish.objects.filter(pk__in=listed[at : at + _PIECE], taken_at=None).delete()
    for at in range(0, len(taken), _PIECE):
        RuleWish.objects.filter(pk__in=taken[at : at + _PIECE]).update(ended_at=now)
