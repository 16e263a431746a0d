"""Legitify: insecure settings of organisations, repositories and runners on GitHub and GitLab."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    ResourceLocation,
    Rule,
    Run,
    json_object,
    parser,
    references,
    severity,
    variant,
)


class Policy(Struct, rename="camel"):
    policy_name: str
    title: str = ""
    description: str = ""
    full_name: str = field(default="", name="fullyQualifiedPolicyName")
    severity: str = ""
    threat: list[str] | None = None
    remediation_steps: list[str] | None = None
    namespace: str = ""


class Violation(Struct, rename="camel"):
    status: str
    violation_entity_type: str = ""
    canonical_link: str = ""
    aux: dict[str, object] | None = None


class Outcome(Struct, rename="camel"):
    policy_info: Policy
    violations: list[Violation] | None


class Report(Struct):
    content: dict[str, Outcome]


class Grouped(Struct):
    content: dict[str, dict[str, Outcome]]


@parser(
    "legitify",
    title="Legitify",
    kind=Kind.MISCONFIGURATION,
    looks=json_object("type", "content", where=lambda probe: probe.get("type") == "flattened"),
    made_with="legitify analyze --output-format json",
    url="https://legitify.dev/",
    versions="0.2 to 1.0",
)
def read(report: Report) -> Iterator[Item]:
    yield from _items(list(report.content.values()))


@variant(
    "legitify",
    looks=json_object("type", "content", where=lambda probe: probe.get("type") == "group-by-namespace"),
)
def read_grouped(report: Grouped) -> Iterator[Item]:
    yield from _items([outcome for group in report.content.values() for outcome in group.values()])


def _items(outcomes: list[Outcome]) -> Iterator[Item]:
    skipped = [
        outcome.policy_info.policy_name
        for outcome in outcomes
        if any(row.status == "SKIPPED" for row in outcome.violations or ())
    ]
    yield Run(
        tool="Legitify",
        complete=False if skipped else None,
        problems=tuple(f"{name} was skipped for some" for name in skipped[:50]),
    )
    for outcome in outcomes:
        about = _about(outcome.policy_info)
        for row in outcome.violations or ():
            if row.status == "FAILED":
                yield _finding(row, outcome.policy_info, about)


def _about(policy: Policy) -> Rule:
    threat = "\n".join(policy.threat or ())
    return Rule(
        id=policy.policy_name,
        name=policy.full_name,
        title=policy.title,
        description="\n\n".join(text for text in (policy.description, threat) if text),
        remedy="\n".join(policy.remediation_steps or ()),
        tags=(policy.namespace,) if policy.namespace else (),
    )


def _finding(row: Violation, policy: Policy, about: Rule) -> Finding:
    details = [f"{key}: {value}" for key, value in (row.aux or {}).items() if isinstance(value, str)]
    return Finding(
        rule=policy.policy_name,
        title=policy.title or policy.policy_name,
        severity=severity(policy.severity or None),
        severity_given=policy.severity,
        location=ResourceLocation(resource=row.canonical_link, type=row.violation_entity_type),
        about=about,
        description="\n".join(details),
        references=references(row.canonical_link),
    )
