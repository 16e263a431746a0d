"""What all of Prowler's forms have in common: one check on one resource."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    ResourceLocation,
    Rule,
    Run,
    Suppression,
    moment,
    references,
    severity,
)

FAILED = {"FAIL", "FAILED", "FAILURE"}
MUTED = {"MUTED", "WARNING", "SUPPRESSED"}
"""Version 3 first called what its allow-list set aside a warning."""


class Outcome(Struct, gc=False):
    """One check on one resource, whichever form it was written in."""

    check: str
    title: str
    status: str
    severity: str = ""
    detail: str = ""
    provider: str = ""
    resource: str = ""
    name: str = ""
    type: str = ""
    region: str = ""
    account: str = ""
    muted: bool = False
    uid: str = ""
    time: str = ""
    description: str = ""
    risk: str = ""
    remedy: str = ""
    links: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


def items(
    outcomes: Iterable[Outcome], names: Iterable[tuple[str, str]], version: str = "", time: str = ""
) -> Iterator[Item]:
    """Yield the run and what failed. `names` are the pairs of check and status of the whole report."""
    named = set(names)
    checks = {check for check, _ in named}
    all_failed = all(status.upper() in FAILED for _, status in named)
    # Where only failures are listed, the report was filtered, and does not say which checks ran.
    yield Run(
        tool="Prowler",
        version=version,
        ruleset=frozenset(checks) if checks and not all_failed else None,
        finished=moment(time),
    )
    rules: dict[str, Rule] = {}
    for outcome in outcomes:
        if is_finding(outcome):
            about = rules.get(outcome.check) or rules.setdefault(outcome.check, _about(outcome))
            yield _finding(outcome, about, muted=outcome.muted or outcome.status.upper() in MUTED)


def is_finding(outcome: Outcome) -> bool:
    """Tell whether a check has failed, muted or not."""
    status = outcome.status.upper()
    return status in FAILED or status in MUTED


def _finding(outcome: Outcome, about: Rule, *, muted: bool) -> Finding:
    return Finding(
        rule=outcome.check,
        title=outcome.title or outcome.check,
        severity=severity(outcome.severity or None),
        severity_given=outcome.severity,
        kind=Kind.MISCONFIGURATION if outcome.provider.lower() in {"kubernetes", "iac"} else None,
        location=_location(outcome),
        about=about,
        description=outcome.detail,
        fingerprints=(("prowler", outcome.uid),) if outcome.uid else (),
        suppression=Suppression(origin="tool") if muted else None,
        seen_at=moment(outcome.time),
    )


def _about(outcome: Outcome) -> Rule:
    texts = [text for text in (outcome.description, outcome.risk) if text]
    return Rule(
        id=outcome.check,
        title=outcome.title,
        description="\n\n".join(dict.fromkeys(texts)),
        remedy=outcome.remedy,
        tags=outcome.tags,
        references=references(outcome.links),
    )


def _location(outcome: Outcome) -> ResourceLocation:
    region = outcome.region
    resource = outcome.resource or outcome.name or outcome.account
    if outcome.provider.lower() == "kubernetes" and outcome.name:
        namespace = region.removeprefix("namespace:").strip() if region.startswith("namespace:") else ""
        kind = outcome.type.removeprefix("Kubernetes") or "Resource"
        resource = "/".join(part for part in (namespace, kind, outcome.name) if part)
        region = "" if namespace else region
    return ResourceLocation(resource=resource, type=outcome.type, region=region, account=outcome.account)
