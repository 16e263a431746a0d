"""Measures how fast policies decide: `python -m benchmarks.policies`, by default the starter bundle over 100,000 records.

The records are made up with a fixed seed: issues of 200 applications (nine in ten), components, coverage and workloads, with the
shares of severity, exposure and exploitation that large companies have, and one fact in twenty not known.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from seamark.core.severity import Severity
from seamark.governance.policy.bundle import Bundle, starter
from seamark.governance.policy.evaluate import evaluate
from seamark.governance.policy.facts import (
    Application,
    Asset,
    Component,
    Coverage,
    Deployment,
    Facts,
    Issue,
    encode_all,
)
from seamark.governance.policy.model import Stage

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def records(count: int, seed: int = 7) -> Iterator[Facts]:
    """Yield records, the same for the same seed."""
    dice = random.Random(seed)  # noqa: S311 - figures, no secrets
    applications = [
        Application(
            ref=f"app-{number}", name=f"App {number}", criticality=dice.choice([1, 2, 3, 4, None]), units=("Retail",),
            exposure=dice.choice(["internet", "internal", None]), open_issues=count // 200, mean_age_days=dice.randrange(400),
        )
        for number in range(200)
    ]  # fmt: skip
    for number in range(count):
        application = dice.choice(applications)
        asset = Asset(
            ref=f"repository:{number % 900}",
            kind="repository",
            name=f"repo-{number % 900}",
            exposure=application.exposure,
        )
        share = dice.random()
        if share < 0.9:
            yield Facts(issue=_issue(dice, number), asset=asset, application=application)
        elif share < 0.96:
            licence = dice.choice(["permissive"] * 8 + ["strong_copyleft", None])
            yield Facts(
                component=Component(
                    ref=f"pkg:npm/p{number}",
                    purl=f"pkg:npm/p{number}",
                    licence_class=licence,
                    shipped=dice.random() < 0.7,
                ),
                asset=asset,
                application=application,
            )
        elif share < 0.98:
            kind = dice.choice(["code", "secret", "dependency", "container"])
            yield Facts(
                coverage=Coverage(ref=f"{number}", kind=kind, scanned=dice.random() < 0.8, age_days=dice.randrange(60)),
                asset=asset,
                application=application,
            )
        else:
            yield Facts(
                deployment=Deployment(ref=f"w{number}", privileged=dice.random() < 0.02, host_network=False),
                asset=asset,
                application=application,
            )


def _issue(dice: random.Random, number: int) -> Issue:
    def known(value: Any) -> Any:
        return None if dice.random() < 0.05 else value

    kind = dice.choice(["code"] * 4 + ["dependency"] * 8 + ["secret", "misconfiguration", "container", "web"])
    return Issue(
        ref=f"SM-{number}", title=f"Problem {number}", kind=kind, severity=Severity(dice.choices([1, 2, 3, 4, 5], [10, 30, 35, 20, 5])[0]),
        risk=dice.random() * 100, priority=dice.choices([0, 1, 2, 3, 4], [1, 5, 20, 40, 34])[0], state="open", open=True,
        new=dice.random() < 0.05, regression=dice.random() < 0.01, waived=dice.random() < 0.02, kev=known(dice.random() < 0.01),
        kev_overdue_days=dice.randrange(-30, 300) if dice.random() < 0.01 else None, ransomware=known(dice.random() < 0.003),
        epss=known(dice.random() ** 6), fixable=dice.random() < 0.6, reach=dice.choice(["static", "unreachable", None, None]),
        verification=dice.choice(["unverified", "verified", None]), test=dice.random() < 0.1, corroborated=dice.random() < 0.01,
        path=f"src/part{number % 700}/file{number % 31}.py", path_classes=("payment",) if dice.random() < 0.05 else (), line=number % 900 + 1,
        owasp=dice.choice(["A01", "A03", None, None]), opened_at="2026-01-01T00:00:00Z", age_days=dice.randrange(500),
        overdue_days=dice.randrange(-90, 30) if dice.random() < 0.5 else None, ai_written=None,
    )  # fmt: skip


def worst(count: int) -> Iterator[Facts]:
    """Yield issues that nearly every policy finds something about."""
    for one in records(count):
        if one.issue is None or one.application is None or one.asset is None:
            continue
        issue = replace(
            one.issue, severity=Severity.CRITICAL, risk=95.0, priority=0, new=True, regression=True, waived=False, kev=True, kev_overdue_days=30,
            ransomware=True, epss=0.9, fixable=True, reach="static", verification="verified", test=False, owasp="A03", overdue_days=5,
        )  # fmt: skip
        exposed = {"exposure": "internet"}
        yield replace(
            one, issue=issue, asset=replace(one.asset, **exposed), application=replace(one.application, **exposed)
        )


def main() -> int:
    """Print the figures; the exit code is 1 where the target is missed."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.policies", description=__doc__)
    words.add_argument("--records", type=int, default=100_000)
    words.add_argument(
        "--policies", type=int, default=25, help="the first so many of the starter bundle that ask at the stage"
    )
    words.add_argument("--stage", choices=[stage.value for stage in Stage], default="monitor")
    words.add_argument("--worst", action="store_true", help="issues that nearly every policy finds something about")
    words.add_argument("--runs", type=int, default=3)
    given = words.parse_args()
    stage = Stage(given.stage)
    whole = Bundle.compile(starter())
    asking = [one for one in whole.policies if stage in one.spec.stages]
    bundle = Bundle(asking[: given.policies])
    facts = list(worst(given.records) if given.worst else records(given.records))
    began = time.perf_counter()
    encode_all(facts)
    digest = time.perf_counter() - began
    times = []
    for _ in range(given.runs):
        began = time.perf_counter()
        verdict = evaluate(bundle, stage, facts, now=NOW)
        times.append(time.perf_counter() - began)
    middle = statistics.median(times)
    sys.stdout.write(
        f"{len(bundle.policies)} policies x {len(facts):,} records at {stage.value}: {middle:.2f} s (least {min(times):.2f}, most {max(times):.2f}); "
        f"target 3 s; {len(verdict.violations):,} violations, outcome {verdict.outcome}; writing the records out for the digest {digest:.2f} s\n"
    )
    return 0 if middle <= 3 else 1


if __name__ == "__main__":
    sys.exit(main())
