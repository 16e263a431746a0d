"""Says in sentences what was decided, for people who wait for a deployment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from seamark.governance.policy.evaluate import Violation
from seamark.governance.policy.model import Effect
from seamark.pipeline.deployment.decide import Decided

_SHOWN: Final = 5
"""Violations that a sentence names."""


def reasons(decided: Decided, effect: Effect) -> list[str]:
    """Return the violations of an effect, worst first, each as a sentence with the policy in front."""
    return [reason(one) for one in decided.verdict.violations if one.effect is effect]


def reason(one: Violation) -> str:
    """Return a violation as a sentence."""
    if one.decided:
        return f"{one.policy}: {one.message}"
    unknown = ", ".join(one.unknown) or "facts"
    return f"{one.policy}: cannot be decided for {one.ref or one.subject}, since {unknown} is not known"


def refusal(several: Sequence[Decided], address: str) -> str:
    """Return why something may not be deployed; `address` is where verdicts are shown, empty where that is not known."""
    parts = []
    for one in several:
        if one.allowed:
            continue
        told = reasons(one, Effect.BLOCK)
        more = f"; and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
        where = f" ({link(one, address)})" if link(one, address) else ""
        parts.append(f"{one.ref}: {'; '.join(told[:_SHOWN])}{more}{where}")
    return f"Seamark refuses this deployment. {' | '.join(parts)}"


def warnings(several: Iterable[Decided]) -> list[str]:
    """Return what does not stop a deployment and should be known."""
    found = []
    for one in several:
        found += [f"Seamark: {text}" for text in (*reasons(one, Effect.WARN), *one.notes)]
    return list(dict.fromkeys(found))


def audited(several: Sequence[Decided]) -> dict[str, str]:
    """Return what the audit log keeps: the outcome, numbers of verdicts and entries of the ledger, and the policies."""
    if not several:
        return {}
    outcomes = {one.verdict.outcome for one in several}
    worst = next(word for word in ("block", "indeterminate", "warn", "pass") if word in outcomes)
    told = {
        "outcome": worst,
        "verdicts": ",".join(str(one.kept.verdict) for one in several if one.kept.verdict is not None),
        "ledger": ",".join(str(one.kept.entry) for one in several if one.kept.entry is not None),
        "bundle": several[0].verdict.bundle,
        "violated": ",".join(sorted({each.policy for one in several for each in one.verdict.violations if each.effect is Effect.BLOCK})),
    }  # fmt: skip
    return {name: value for name, value in told.items() if value}


def link(decided: Decided, address: str) -> str:
    """Return where a verdict is shown; empty where it is not kept, or nobody knows the server's address."""
    return (
        f"{address}/api/v1/gate/{decided.kept.verdict}?exact=true"
        if address and decided.kept.verdict is not None
        else ""
    )
