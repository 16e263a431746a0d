"""Verdicts: what a violation comes to by stage, mode, newness, grace, exceptions and missing facts; and that they are always the same."""

from __future__ import annotations

import random
from datetime import timedelta

import msgspec
import pytest

from seamark.core.severity import Severity
from seamark.governance.policy.evaluate import Verdict, Violation, breaches, evaluate, matches
from seamark.governance.policy.facts import (
    Application,
    Asset,
    Component,
    Coverage,
    Facts,
    Issue,
    decode_all,
    encode_all,
)
from seamark.governance.policy.model import Effect, Mode, Stage

from .written import MATCH, NOW, bundle, record, text


def ask(policy: str, *facts: Facts, stage: Stage = Stage.PULL_REQUEST, days: int = 0) -> Verdict:
    """Ask one policy."""
    return evaluate(bundle(policy), stage, facts or (record(),), now=NOW + timedelta(days=days))


def only(verdict: Verdict) -> Violation:
    """Return the one violation of a verdict."""
    (one,) = verdict.violations
    return one


def test_stages() -> None:
    assert ask(text()).outcome == "block"
    monitor = ask(text(), stage=Stage.MONITOR)
    assert (monitor.outcome, only(monitor).effect) == ("pass", Effect.TICKET)
    build = ask(text(), stage=Stage.BUILD)
    assert (build.outcome, build.violations, build.policies) == ("pass", (), ())
    assert ask(text(), record(exposure="internal")).outcome == "pass"


@pytest.mark.parametrize(
    ("mode", "effect", "outcome"),
    [
        ("off", None, "pass"),
        ("log", Effect.LOG, "pass"),
        ("warn", Effect.WARN, "warn"),
        ("enforce", Effect.BLOCK, "block"),
    ],
)
def test_modes(mode: str, effect: Effect | None, outcome: str) -> None:
    verdict = ask(text(MATCH, f"mode: {mode}"))
    assert verdict.outcome == outcome
    assert [one.effect for one in verdict.violations] == ([effect] if effect else [])


def test_modes_move_by_themselves() -> None:
    policy = text(MATCH, "mode: off", "schedule: {log: 2026-11-23, enforce: 2026-12-01, warn: 2026-11-25}")
    (one,) = bundle(policy).policies
    assert [one.mode((NOW + timedelta(days=day)).date()) for day in (0, 1, 2, 3, 8, 9, 400)] == [
        Mode.OFF, Mode.LOG, Mode.LOG, Mode.WARN, Mode.WARN, Mode.ENFORCE, Mode.ENFORCE,
    ]  # fmt: skip
    assert [ask(policy, days=day).outcome for day in (0, 1, 3, 9)] == ["pass", "pass", "warn", "block"]


def test_existing_debt_does_not_block() -> None:
    policy = text(MATCH, "newOnly: true")
    assert ask(policy, record(new=True)).outcome == "block"
    old = ask(policy, record(new=False))
    assert (old.outcome, only(old).effect, only(old).because) == ("pass", Effect.LOG, "existing")
    assert only(ask(policy, record(new=False), stage=Stage.MONITOR)).effect is Effect.TICKET


def test_whether_it_is_new_is_a_fact_as_well() -> None:
    verdict = ask(text(MATCH, "newOnly: true"), record())
    assert verdict.outcome == "indeterminate"
    assert only(verdict).unknown == ("issue.new",)
    assert ask(text(MATCH, "newOnly: true", "onError: warn"), record()).outcome == "warn"


@pytest.mark.parametrize(
    ("on_error", "outcome", "effect"),
    [("closed", "indeterminate", Effect.BLOCK), ("warn", "warn", Effect.WARN), ("open", "pass", Effect.LOG)],
)
def test_what_cannot_be_decided(on_error: str, outcome: str, effect: Effect) -> None:
    verdict = ask(text(MATCH, f"onError: {on_error}"), record(exposure=None))
    one = only(verdict)
    assert (verdict.outcome, one.effect, one.decided, one.unknown) == (outcome, effect, False, ("asset.exposure",))
    assert verdict.counts["indeterminate"] == 1


def test_a_real_violation_outweighs_what_is_not_decided() -> None:
    assert ask(text(), record(), record("SM-2", exposure=None)).outcome == "block"


def test_grace() -> None:
    policy = text(MATCH, "grace: 7d")
    young = ask(policy, record(opened_at="2026-11-20T00:00:00Z"))
    assert (young.outcome, only(young).because, only(young).grace_until) == ("warn", "grace", "2026-11-27T00:00:00Z")
    assert ask(policy, record(opened_at="2026-11-20T00:00:00Z"), days=6).outcome == "block"
    assert ask(policy, record(opened_at="2026-11-20T00:00:00Z", new=True)).outcome == "block"
    assert ask(policy, record()).outcome == "block"
    assert ask(policy, record(opened_at="long ago")).outcome == "block"
    assert only(ask(policy, record(opened_at="2026-11-20T00:00:00Z"), stage=Stage.MONITOR)).effect is Effect.LOG


def test_exceptions() -> None:
    covered = msgspec.structs.replace(record(), waived=(("one", "W-7"),))
    verdict = ask(text(), covered)
    assert (verdict.outcome, only(verdict).waiver, only(verdict).because) == ("pass", "W-7", "waived")
    assert ask(text(name="two"), covered).outcome == "block"
    everything = msgspec.structs.replace(record(), waived=(("*", "W-8"),))
    assert only(ask(text(name="two"), everything)).waiver == "W-8"


def test_selectors() -> None:
    policy = text(MATCH, "appliesTo: {applications: [shop*], units: [Retail], exclude: [shop-test]}")
    shop = Application(name="Shop EU", ref="shop-eu", units=("Web", "Retail"))
    assert ask(policy, record(application=shop)).outcome == "block"
    assert ask(policy, record(application=Application(name="Bank", units=("Retail",)))).outcome == "pass"
    assert (
        ask(policy, record(application=Application(name="Shop test", ref="shop-test", unit="Retail"))).outcome == "pass"
    )
    unsure = ask(policy, record(application=Application(name="Shop")))
    assert (unsure.outcome, only(unsure).unknown) == ("indeterminate", ("application",))
    tagged = text(MATCH, "appliesTo: {tags: [tier-1]}")
    assert ask(tagged, record(application=Application(tags=("tier-1",)))).outcome == "block"
    assert ask(tagged, record(application=Application(tags=()))).outcome == "pass"


def test_policies_look_at_what_they_are_about() -> None:
    policy = text('asset.exposure == "internet"')
    asset = Asset(ref="image:a", exposure="internet")
    verdict = ask(
        policy, Facts(asset=asset), Facts(issue=Issue(ref="SM-1"), asset=asset), Facts(coverage=Coverage(), asset=asset)
    )
    assert [one.ref for one in verdict.violations] == ["image:a"]
    assert verdict.policies[0].looked_at == 1


def test_message() -> None:
    policy = text(
        MATCH, "message: '{issue.ref}: {issue.severity}, {issue.tools}, {issue.waived}, {issue.cwe}, {issue.title}'"
    )
    verdict = ask(policy, record(tools=("A", "B"), title="x\n{issue.ref}" + "y" * 1000))
    assert only(verdict).message == "SM-1: critical, A, B, no, unknown, x {issue.ref}" + "y" * 287


def test_the_order_of_records_and_policies_changes_nothing() -> None:
    policies = [text(name=f"p{number}") for number in range(4)]
    facts = [record(f"SM-{number}", exposure=dice) for number, dice in enumerate(["internet", None, "none"] * 30)]
    first = evaluate(bundle(*policies), Stage.DEPLOY, facts, now=NOW)
    random.Random(3).shuffle(facts)
    second = evaluate(bundle(*reversed(policies)), Stage.DEPLOY, facts, now=NOW)
    assert first.canonical() == second.canonical()
    assert (first.records, len(first.violations)) == (90, 240)


def test_a_verdict_is_recomputed_from_what_was_kept() -> None:
    facts = [record("SM-1"), record("SM-2", exposure=None), record("SM-3", epss=0.25, title="é")]
    verdict = evaluate(bundle(text()), Stage.DEPLOY, facts, now=NOW)
    kept = encode_all(facts)
    again = evaluate(bundle(text()), Stage.DEPLOY, decode_all(kept), now=NOW)
    assert again.canonical() == verdict.canonical()
    assert msgspec.json.decode(verdict.canonical(), type=Verdict) == verdict


def test_a_verdict_holds_no_floating_numbers() -> None:
    def numbers(value: object) -> list[float]:
        if isinstance(value, dict):
            return [found for each in value.values() for found in numbers(each)]
        if isinstance(value, list):
            return [found for each in value for found in numbers(each)]
        return [value] if isinstance(value, float) else []

    verdict = ask(text(MATCH, "message: '{issue.risk}'"), record(risk=91.5, epss=0.5))
    assert only(verdict).message == "91.5"
    assert numbers(msgspec.json.decode(verdict.canonical())) == []


def test_every_other_fact_changes_the_digest() -> None:
    assert ask(text(), record(epss=0.1)).facts != ask(text(), record(epss=0.2)).facts


def test_rules_that_act_are_told_what_they_are_about() -> None:
    sla = text("issue.priority == 0", "type: sla", "sla: {days: 7}", stages="")
    found = list(
        matches(bundle(sla).policies, [record(priority=0), record("SM-2", priority=3), record("SM-3")], now=NOW)
    )
    assert [(one.facts.ref, one.decided) for one in found] == [("SM-1", True), ("SM-3", False)]
    assert found[0].policy.spec.sla is not None
    off = text("issue.priority == 0", "type: sla", "sla: {days: 7}", "mode: off", stages="")
    assert not list(matches(bundle(off).policies, [record(priority=0)], now=NOW))


def test_long_lists_are_told_apart_by_what_they_are() -> None:
    policy = text("issue.vulnerabilities.exists(v, v == 'CVE-9')")
    short = tuple(f"CVE-{number}" for number in range(9))
    verdict = ask(policy, record(vulnerabilities=(*short, "CVE-9")), record("SM-2", vulnerabilities=(*short, "CVE-8")))
    assert [one.ref for one in verdict.violations] == ["SM-1"]
    assert record().issue is not None
    assert record(severity=Severity.LOW).issue != record().issue


def test_records_of_the_same_name_keep_one_order_and_what_each_says() -> None:
    policy = bundle(
        text(
            "component.licence_class == 'other'", "message: '{component.ref} 100% {component.version} of {asset.name}'"
        )
    )
    records = [
        Facts(component=Component(ref="pkg:npm/a", version=str(number), licence_class="other" if number else None), asset=Asset(name=f"s{number}"))
        for number in range(3)
    ]  # fmt: skip
    verdict = evaluate(policy, Stage.MONITOR, records, now=NOW)
    assert [(one.message, one.decided) for one in verdict.violations] == [
        ("pkg:npm/a 100% 0 of s0", False), ("pkg:npm/a 100% 1 of s1", True), ("pkg:npm/a 100% 2 of s2", True),
    ]  # fmt: skip
    assert evaluate(policy, Stage.MONITOR, records[::-1], now=NOW) == verdict
    pairs = list(breaches(policy, Stage.MONITOR, records, now=NOW))
    assert [(one.message, facts.asset.name) for one, facts in pairs if facts.asset is not None] == [
        (one.message, f"s{number}") for number, one in enumerate(verdict.violations)
    ]


def test_a_message_is_the_same_one_by_one_and_all_at_once() -> None:
    """Where few records violate a policy, each is put into words by itself; where many do, the whole column is."""
    policy = bundle(
        text("issue.risk > 50.0", "message: '{issue.ref} {issue.severity} {issue.waived} {issue.tools} {issue.title}'")
    )
    told = {}
    for many in (False, True):
        records = [
            record(f"SM-{number}", risk=90.0 if many or number < 3 else 1.0, tools=("A", "B"), title=f" t\n{number} ")
            for number in range(40)
        ]
        found = evaluate(policy, Stage.MONITOR, records, now=NOW).violations
        told[many] = {one.ref: one.message for one in found}
    assert len(told[True]) == 40
    assert told[False] == {ref: told[True][ref] for ref in told[False]}
    assert told[False]["SM-2"] == "SM-2 critical no A, B t 2"
