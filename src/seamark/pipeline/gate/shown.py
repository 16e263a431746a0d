"""From a verdict to what people read of it. Knows no database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from seamark.governance.policy.bundle import Bundle
from seamark.governance.policy.evaluate import Verdict, Violation
from seamark.insight.exports.gate.outcome import Asked, Breach, Outcome


class About(NamedTuple):
    """What is to be said of a record beside its violation."""

    title: str = ""
    severity: str = ""
    path: str = ""
    line: int = 0
    end_line: int = 0
    tools: tuple[str, ...] = ()
    rule: str = ""
    fix: str = ""
    url: str = ""


NOTHING = About()


def outcome_of(
    verdict: Verdict, bundle: Bundle, about: Mapping[str, About], *, application: str = "", issues: int = 0, new: int = 0, compared: bool = True,
    set_aside: int = 0, notes: tuple[str, ...] = (),
) -> Outcome:  # fmt: skip
    """Return a verdict with words and places; `about` is by the reference of what was judged."""
    policies = []
    for one in verdict.policies:
        known = bundle.named(one.name)
        said = known.metadata if known is not None else None
        policies.append(
            Asked(
                name=one.name, digest=one.digest, mode=one.mode.value, severity=known.spec.severity if known is not None else "medium",
                description=known.spec.description if known is not None else "", explanation=said.explanation if said is not None else "",
                remediation=said.remediation if said is not None else "",
            )
        )  # fmt: skip
    return Outcome(
        outcome=verdict.outcome, stage=verdict.stage.value, at=verdict.at, bundle=verdict.bundle, facts=verdict.facts, commit=verdict.commit,
        application=application, issues=issues, new=new, compared=compared, set_aside=set_aside, policies=tuple(policies),
        breaches=tuple(_breach(one, about.get(one.ref, NOTHING)) for one in verdict.violations), counts=verdict.counts, notes=notes,
    )  # fmt: skip


def _breach(one: Violation, about: About) -> Breach:
    return Breach(
        policy=one.policy, subject=one.subject, ref=one.ref, effect=one.effect.value, severity=one.severity, message=one.message,
        title=about.title, issue_severity=about.severity, path=about.path, line=about.line, end_line=about.end_line, tools=about.tools,
        rule=about.rule, fix=about.fix, decided=one.decided, unknown=one.unknown, because=one.because, grace_until=one.grace_until,
        waiver=one.waiver, url=about.url,
    )  # fmt: skip
