"""OpenSSF Scorecard: practices of a repository that make it open to attack. Each check scores from 0 to 10."""

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
    Severity,
    json_object,
    moment,
    parser,
    references,
)

_FULL = 10
_RISKS = {
    Severity.CRITICAL: "Dangerous-Workflow Webhooks",
    Severity.HIGH: "Binary-Artifacts Branch-Protection Code-Review Dependency-Update-Tool Maintained Signed-Releases "
    "Token-Permissions Vulnerabilities",
    Severity.MEDIUM: "Fuzzing Packaging Pinned-Dependencies SAST SBOM Security-Policy",
    Severity.LOW: "CI-Tests CII-Best-Practices Contributors License",
}
_RISK_OF = {name: risk for risk, names in _RISKS.items() for name in names.split()}
"""The risk that Scorecard's documentation gives each check."""


class Documentation(Struct):
    short: str = ""
    url: str = ""


class Check(Struct):
    name: str
    score: int
    reason: str = ""
    details: list[str] | None = None
    documentation: Documentation | None = None


class Repository(Struct):
    name: str
    commit: str = ""


class Tool(Struct):
    version: str = ""


class Report(Struct):
    repo: Repository
    checks: list[Check] | None
    date: str = ""
    scorecard: Tool = field(default_factory=Tool)


@parser(
    "scorecard",
    title="OpenSSF Scorecard",
    kind=Kind.MISCONFIGURATION,
    looks=json_object("scorecard", "repo.name", "checks"),
    made_with="scorecard --repo=github.com/OWNER/NAME --show-details --format json",
    url="https://github.com/ossf/scorecard/blob/main/docs/checks.md",
    versions="4.0 to 5.3",
)
def read(report: Report) -> Iterator[Item]:
    checks = report.checks or []
    failed = tuple(f"{check.name}: {check.reason}" for check in checks if check.score < 0)
    yield Run(
        tool="OpenSSF Scorecard",
        version=report.scorecard.version.removeprefix("v"),
        complete=False if failed else None,
        problems=failed[:50],
        ruleset=frozenset(check.name for check in checks if check.score >= 0) or None,
        repository=report.repo.name,
        commit=report.repo.commit,
        finished=moment(report.date),
    )
    for check in checks:
        if 0 <= check.score < _FULL:
            yield _finding(check, report.repo.name)


def _finding(check: Check, repository: str) -> Finding:
    told = check.documentation or Documentation()
    return Finding(
        rule=check.name,
        title=f"{check.name}: {check.reason}" if check.reason else check.name,
        severity=_RISK_OF.get(check.name, Severity.MEDIUM),
        location=ResourceLocation(resource=repository, type="repository"),
        about=Rule(id=check.name, title=told.short, references=references(told.url)),
        description="\n".join((f"Score: {check.score} of 10", *(check.details or ()))),
    )
