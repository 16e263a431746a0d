"""n0s1: secrets in Jira, Confluence, Slack and other places where people write."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    WebLocation,
    json_object,
    moment,
    parser,
)


class Pattern(Struct):
    id: str
    description: str | None = ""
    tags: list[str] | None = None


class Details(Struct):
    matched_regex_config: Pattern | None = None
    platform: str | None = ""
    ticket_field: str | None = ""


class Leak(Struct):
    id: str
    url: str | None = ""
    secret: str | None = ""
    details: Details | None = None


class Arguments(Struct):
    scan_target: str | None = ""
    scan_scope: str | dict[str, str] | None = ""


class Tool(Struct):
    version: str | None = ""
    scan_arguments: Arguments | None = None


class When(Struct):
    timestamp: float | None = None


class Config(Struct):
    rules: list[Pattern] | None = None


class Report(Struct):
    tool: Tool
    findings: dict[str, Leak]
    scan_date: When | None = None
    regex_config: Config | None = None


@parser(
    "n0s1",
    title="n0s1",
    kind=Kind.SECRET,
    looks=json_object(
        "tool.name", "findings", "regex_config", where=lambda probe: str(probe.get("tool.name")).lower() == "n0s1"
    ),
    made_with="n0s1 confluence_scan --report-file n0s1.json",
    url="https://github.com/spark1security/n0s1",
    versions="1.0",
)
def read(report: Report) -> Iterator[Item]:
    rules = (report.regex_config.rules if report.regex_config else None) or []
    arguments = report.tool.scan_arguments
    yield Run(
        tool="n0s1",
        version=report.tool.version or "",
        configuration=(arguments.scan_target if arguments else "") or "",
        ruleset=frozenset(rule.id for rule in rules) if rules else None,
        finished=moment(report.scan_date.timestamp) if report.scan_date else "",
    )
    abouts: dict[str, Rule] = {}
    for leak in report.findings.values():
        details = leak.details or Details()
        pattern = details.matched_regex_config or Pattern(id="secret")
        about = abouts.setdefault(pattern.id, _about(pattern))
        yield Finding(
            rule=pattern.id,
            title=pattern.description or pattern.id,
            severity=Severity.HIGH,
            location=WebLocation(url=leak.url, parameter=details.ticket_field or "") if leak.url else None,
            about=about,
            description=f"Platform: {details.platform}" if details.platform else "",
            cwes=(798,),
            fingerprints=(("n0s1", leak.id),),
            # The words around the secret, which itself is blotted out unless it was asked for.
            secret=leak.secret or "",
        )


def _about(pattern: Pattern) -> Rule:
    return Rule(id=pattern.id, title=pattern.description or "", cwes=(798,), tags=tuple(pattern.tags or ()))
