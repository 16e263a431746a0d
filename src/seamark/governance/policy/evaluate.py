"""Asks policies at a stage: records of facts in, a verdict out. The same input gives the same verdict, to the byte."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import msgspec
from msgspec import Struct

from seamark.governance.policy.bundle import Bundle, Policy
from seamark.governance.policy.condition import Condition
from seamark.governance.policy.facts import Facts, encode_all
from seamark.governance.policy.message import pattern, told
from seamark.governance.policy.model import Effect, Mode, OnError, Stage
from seamark.governance.policy.prefilter import Columns, sifted

_Because: TypeAlias = Literal["", "existing", "grace", "waived", "unknown"]
_CHANGES: Final = frozenset({Stage.PULL_REQUEST, Stage.BUILD, Stage.DEPLOY})
"""Stages at which a change is judged, so that what was there before can be told from what it brings."""
_RANK: Final = {effect: number for number, effect in enumerate(Effect)}
_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


class Violation(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A record that violates a policy, or of which that could not be decided."""

    policy: str
    subject: str
    """The group of facts: `issue`, `coverage` …"""
    ref: str
    """What violates it: `SM-1042`."""
    application: str = ""
    """Short name of the application."""
    effect: Effect
    """What it comes to here and now."""
    severity: str
    decided: bool = True
    """False: facts were missing, and `onError` decided."""
    message: str = ""
    unknown: tuple[str, ...] = ()
    """Where it was not decided: the facts that are not known."""
    because: _Because = ""
    """Why the effect is less than the policy's: the change did not bring it, grace, an approved exception, `onError`."""
    grace_until: str = ""
    """Where grace counts: until when."""
    waiver: str = ""
    """Reference of the exception."""


class Asked(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A policy as it was when it was asked."""

    name: str
    digest: str
    mode: Mode
    looked_at: int = 0
    """How many records it is for."""


class Verdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of asking. Holds whole numbers, texts and truth values only."""

    outcome: Literal["pass", "warn", "block", "indeterminate"]
    """`indeterminate`: nothing blocks, but something that fails closed could not be decided."""
    stage: Stage
    at: str
    """The time that was taken for now."""
    bundle: str
    """Digest of the bundle."""
    commit: str = ""
    policies: tuple[Asked, ...] = ()
    violations: tuple[Violation, ...] = ()
    """Worst first, then by policy and reference."""
    facts: str
    """SHA-256 of the records."""
    records: int = 0
    counts: dict[str, int] = {}
    """Violations by effect, and those that were not decided as `indeterminate`."""

    def canonical(self) -> bytes:
        """Return it as JSON with sorted keys: what the ledger keeps, and a replay compares."""
        return _ENCODER.encode(self)


def evaluate(bundle: Bundle, stage: Stage, facts: Iterable[Facts], *, now: datetime) -> Verdict:
    """Ask all policies of a bundle at a stage about some records. `now` has a time zone."""
    moment = now.astimezone(UTC)
    records = list(facts)
    asked: list[Asked] = []
    ranked: dict[Effect, list[Violation]] = defaultdict(list)
    for judged in _judge(bundle, stage, records, moment):
        asked.append(judged.asked)
        for effect, several in judged.found.items():
            ranked[effect] += several
    found = tuple(chain.from_iterable(ranked[effect] for effect in reversed(Effect)))
    undecided = [one.effect for one in found if not one.decided]
    return Verdict(
        outcome=_outcome(ranked, undecided), stage=stage, at=_text(moment), bundle=bundle.digest, commit=bundle.commit, policies=tuple(asked),
        violations=found, facts=hashlib.sha256(encode_all(records)).hexdigest(), records=len(records), counts=_counts(ranked, undecided),
    )  # fmt: skip


def breaches(
    bundle: Bundle, stage: Stage, facts: Iterable[Facts], *, now: datetime
) -> Iterator[tuple[Violation, Facts]]:
    """Yield what `evaluate` finds, each with its record, policy by policy: for whoever keeps violations and needs no verdict."""
    for judged in _judge(bundle, stage, list(facts), now.astimezone(UTC)):
        for effect, several in judged.found.items():
            yield from zip(several, judged.records[effect], strict=True)


class Match(NamedTuple):
    """A record that a policy is about: for policies that act on issues instead of judging them."""

    policy: Policy
    facts: Facts
    decided: bool


def matches(policies: Iterable[Policy], facts: Iterable[Facts], *, now: datetime) -> Iterator[Match]:
    """Yield what some policies hold for, policy by policy: what SLA and triage rules act on. Policies that are off are left out.

    Undecided ones are among them with `decided` false, for the caller to leave alone or to tell.
    """
    moment = now.astimezone(UTC)
    groups = _by_subject(list(facts))
    for policy in policies:
        group = groups.get(policy.subject)
        if group is not None and policy.mode(moment.date()) is not Mode.OFF:
            for number, held in _answers(policy, group, moment)[1]:
                yield Match(policy, group.records[number], held)


class _Group:
    """Records that are about the same sort of thing."""

    def __init__(self, records: Sequence[Facts]) -> None:
        self.records = records
        self.columns = Columns(records)
        self._words: dict[tuple[str, str], list[str]] = {}

    @cached_property
    def applications(self) -> list[Any]:
        """Each record's application."""
        return [one.application for one in self.records]

    @cached_property
    def names(self) -> list[tuple[str, str]]:
        """Each record's reference, and its application's."""
        return [_name(one) for one in self.records]

    @cached_property
    def twins(self) -> bool:
        """Whether two records have the same names."""
        return len(set(self.names)) < len(self.names)

    def ordered(self) -> _Group:
        """Return the group in the order of its names: what is found in it then stands in order by itself."""
        return _Group([one for _, one in sorted(zip(self.names, self.records, strict=True), key=itemgetter(0))])

    def messages(self, policy: Policy, numbers: Sequence[int]) -> Iterable[str]:
        """Return what a policy says to some of the records."""
        form, facts = pattern(policy.template)
        if not facts:
            return [form % ()] * len(numbers)
        return map(form.__mod__, zip(*(self._picked(fact, numbers) for fact in facts), strict=True))

    def _picked(self, fact: tuple[str, str], numbers: Sequence[int]) -> list[str]:
        """Return a fact of some records in words: where it is asked for again and again it is put into words once."""
        whole = self._words.get(fact)
        if whole is None and len(numbers) < len(self.records) / 4:
            return [told(value) for (value,) in self.columns.rows([fact], numbers)]
        if whole is None:
            whole = self._words[fact] = list(map(told, self.columns.values(*fact)))
        return [whole[number] for number in numbers]


class _Judged(NamedTuple):
    """What came of asking one policy: violations by effect, in the order of their names, and their records beside them."""

    asked: Asked
    found: dict[Effect, list[Violation]]
    records: dict[Effect, list[Facts]]


def _by_subject(records: Sequence[Facts]) -> dict[str, _Group]:
    found: dict[str, list[Facts]] = defaultdict(list)
    for one in records:
        found[one.subject].append(one)
    return {subject: _Group(group) for subject, group in found.items()}


def _judge(bundle: Bundle, stage: Stage, records: Sequence[Facts], now: datetime) -> Iterator[_Judged]:
    groups = {subject: group.ordered() for subject, group in _by_subject(records).items()}
    for policy in bundle.policies:
        effect = policy.effect(stage, now.date())
        if effect is Effect.OFF:
            continue
        looked = 0
        found: dict[Effect, list[Violation]] = {}
        beside: dict[Effect, list[Facts]] = {}
        group = groups.get(policy.subject)
        if group is not None:
            looked, answers = _answers(policy, group, now)
            found, beside = _violations(policy, stage, effect, group, answers, now)
        asked = Asked(name=policy.name, digest=policy.digest, mode=policy.mode(now.date()), looked_at=looked)
        yield _Judged(asked, found, beside)


def _answers(policy: Policy, group: _Group, now: datetime) -> tuple[int, list[tuple[int, bool]]]:
    """Return how many records a policy is for, and the numbers of those that it holds for; False with those that cannot be decided."""
    scope = _scope(policy, group)
    found = [
        (number, held and applies is True)
        for number, held in _held(policy.condition, group, now)
        if (applies := True if scope is None else scope[number]) is not False
    ]
    looked = len(group.records) if scope is None else sum(1 for applies in scope if applies is not False)
    return looked, found


def _held(condition: Condition, group: _Group, now: datetime) -> list[tuple[int, bool]]:
    """Return the numbers of the records for which a condition does not come out false; False with those that cannot be decided."""
    sure, rest = sifted(condition.tree, group.columns)
    known: dict[tuple[Any, ...], bool | None] = {}
    found = [(number, True) for number in sure]
    for number, values in zip(rest, group.columns.rows(condition.uses, rest), strict=True):
        key = _key(values) if condition.lists else values
        if key in known:
            held = known[key]
        else:
            held = known[key] = condition.decide_values(values, now)
        if held is not False:
            found.append((number, held is True))
    if sure and rest:
        found.sort()
    return found


def _key(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what tells values apart: for longer lists which one it is, since comparing them costs more than deciding."""
    return tuple(("list", id(value)) if type(value) is tuple and len(value) > 8 else value for value in values)


def _scope(policy: Policy, group: _Group) -> list[bool | None] | None:
    """Return for each record whether the policy is for its application; None where it is for all."""
    if policy.applies_to(None) is True:
        return None
    # Records of one application share its facts, which may be long: they are told apart by what they are, not by what they say.
    apart = {id(one): one for one in group.applications}
    answers = {number: policy.applies_to(one) for number, one in apart.items()}
    return [answers[id(one)] for one in group.applications]


class _Stand(NamedTuple):
    """What a violation comes to, and why that is less than the policy says."""

    effect: Effect
    decided: bool = True
    unknown: tuple[str, ...] = ()
    because: _Because = ""
    grace_until: str = ""
    waiver: str = ""


def _violations(
    policy: Policy, stage: Stage, effect: Effect, group: _Group, answers: Sequence[tuple[int, bool]], now: datetime
) -> tuple[dict[Effect, list[Violation]], dict[Effect, list[Facts]]]:
    found: dict[Effect, list[Violation]] = defaultdict(list)
    beside: dict[Effect, list[Facts]] = defaultdict(list)
    plain = _Stand(effect)
    simple = not policy.grace_days and not (policy.spec.new_only and stage in _CHANGES)
    name, subject, severity = policy.name, policy.subject, policy.spec.severity
    messages = group.messages(policy, [number for number, _ in answers])
    for (number, decided), message in zip(answers, messages, strict=True):
        facts = group.records[number]
        ref, application = group.names[number]
        usual = simple and decided and not facts.waived
        stand = plain if usual else _stand(policy, stage, effect, facts, decided, now)
        found[stand.effect].append(
            Violation(
                policy=name, subject=subject, ref=ref, application=application, effect=stand.effect, severity=severity, decided=stand.decided,
                message=message, unknown=stand.unknown, because=stand.because, grace_until=stand.grace_until, waiver=stand.waiver,
            )
        )  # fmt: skip
        beside[stand.effect].append(facts)
    if group.twins:
        for each, several in found.items():
            pairs = sorted(zip(several, beside[each], strict=True), key=lambda pair: _rest(pair[0]))
            found[each], beside[each] = [one for one, _ in pairs], [one for _, one in pairs]
    return found, beside


def _stand(policy: Policy, stage: Stage, effect: Effect, facts: Facts, decided: bool, now: datetime) -> _Stand:
    unknown = () if decided else _unknown(policy, facts)
    because: _Because = ""
    until, waiver = "", _waiver(policy, facts)
    comes_to = effect
    if not decided:
        comes_to, because = _on_error(policy, effect)
    if waiver:
        comes_to, because = Effect.LOG, "waived"
    changed_only = policy.spec.new_only and stage in _CHANGES
    if changed_only and not waiver:
        new = getattr(getattr(facts, policy.subject), "new", None)
        if new is False:
            comes_to, because = Effect.LOG, "existing"
        elif new is None and decided:
            # Whether the change brings it is a fact as well: without it the gate cannot tell.
            decided, unknown = False, (f"{policy.subject}.new",)
            comes_to, because = _on_error(policy, effect)
    if policy.grace_days and not changed_only and comes_to in {Effect.BLOCK, Effect.WARN, Effect.TICKET}:
        until = _grace_until(policy, facts, now)
        if until:
            comes_to, because = (
                min(comes_to, Effect.WARN if stage in _CHANGES else Effect.LOG, key=_RANK.__getitem__),
                "grace",
            )
    return _Stand(comes_to, decided, unknown, because, until, waiver)


def _name(facts: Facts) -> tuple[str, str]:
    application = facts.application
    return facts.ref, (application.ref or application.name or "") if application is not None else ""


def _unknown(policy: Policy, facts: Facts) -> tuple[str, ...]:
    missing = policy.condition.unknown(facts)
    return missing if policy.applies_to(facts.application) is not None else (*missing, "application")


def _on_error(policy: Policy, effect: Effect) -> tuple[Effect, _Because]:
    match policy.spec.on_error:
        case OnError.CLOSED:
            return effect, ""
        case OnError.WARN:
            return min(effect, Effect.WARN, key=_RANK.__getitem__), "unknown"
    return Effect.LOG, "unknown"


def _waiver(policy: Policy, facts: Facts) -> str:
    """Return the reference of the exception that covers a record."""
    return next((reference for name, reference in facts.waived if name in {policy.name, "*"}), "")


def _grace_until(policy: Policy, facts: Facts, now: datetime) -> str:
    """Return until when grace lasts; empty where it has passed, the change brings the issue, or nobody knows since when it stands."""
    issue = facts.issue
    new = getattr(getattr(facts, policy.subject), "new", None)
    if issue is None or issue.opened_at is None or new is True:
        return ""
    try:
        until = datetime.fromisoformat(issue.opened_at) + timedelta(days=policy.grace_days)
    except (ValueError, OverflowError):
        return ""
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return _text(until) if until > now else ""


def _rest(one: Violation) -> tuple[Any, ...]:
    """Return what violations of one policy and effect are ordered by; two with the same are the same."""
    return one.ref, one.application, one.message, one.decided, one.unknown, one.because, one.grace_until, one.waiver


def _outcome(
    ranked: Mapping[Effect, Sequence[Violation]], undecided: Sequence[Effect]
) -> Literal["pass", "warn", "block", "indeterminate"]:
    open_to_doubt = undecided.count(Effect.BLOCK)
    if len(ranked[Effect.BLOCK]) > open_to_doubt:
        return "block"
    if open_to_doubt:
        return "indeterminate"
    return "warn" if ranked[Effect.WARN] else "pass"


def _counts(ranked: Mapping[Effect, Sequence[Violation]], undecided: Sequence[Effect]) -> dict[str, int]:
    counts = {effect.value: len(several) for effect, several in ranked.items()} | {"indeterminate": len(undecided)}
    return {name: number for name, number in sorted(counts.items()) if number}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
