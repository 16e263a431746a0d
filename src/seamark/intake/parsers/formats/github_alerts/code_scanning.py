"""GitHub code scanning alerts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.formats.github_alerts.common import dismissal, repository_of, text
from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    cwe_ids,
    json_rows,
    moment,
    parser,
    references,
    severity,
)

LEVELS = {"error": Severity.HIGH, "warning": Severity.MEDIUM, "note": Severity.LOW, "none": Severity.INFO}


class AlertRule(Struct):
    id: str | None = ""
    name: str | None = ""
    severity: str | None = ""
    security_severity_level: str | None = ""
    description: str | None = ""
    full_description: str | None = ""
    help: str | None = ""
    help_uri: str | None = ""
    tags: list[str] | None = None


class Tool(Struct):
    name: str = ""
    version: str | None = ""


class Message(Struct):
    text: str = ""


class Place(Struct):
    path: str = ""
    start_line: int | None = None
    end_line: int | None = None
    start_column: int | None = None
    end_column: int | None = None


class Instance(Struct):
    ref: str | None = ""
    category: str | None = ""
    commit_sha: str | None = ""
    message: Message | None = None
    location: Place | None = None
    classifications: list[str | None] | None = None


class Alert(Struct):
    number: int
    state: str
    rule: AlertRule
    tool: Tool
    instance: Instance = field(name="most_recent_instance")
    html_url: str = ""
    url: str = ""
    created_at: str = ""
    dismissed_reason: str | None = ""
    dismissed_comment: str | None = ""


@parser(
    "github-code-scanning",
    title="GitHub code scanning",
    kind=Kind.CODE,
    looks=json_rows("most_recent_instance", "rule", "tool", "state"),
    made_with="gh api --paginate repos/OWNER/NAME/code-scanning/alerts",
    url="https://docs.github.com/en/rest/code-scanning/code-scanning",
)
def read(alerts: list[Alert]) -> Iterator[Item]:
    runs: dict[tuple[str, str, str], list[Alert]] = {}
    for alert in alerts:
        key = (repository_of(alert.html_url), alert.tool.name, text(alert.instance.category))
        runs.setdefault(key, []).append(alert)
    for (repository, tool, category), group in runs.items():
        yield _run(repository, tool, category, group)
        for alert in group:
            if alert.state.lower() != "fixed":
                yield _finding(alert)


def _run(repository: str, tool: str, category: str, alerts: list[Alert]) -> Run:
    """Return the run of a tool, named as in the SARIF that it uploaded, with what all of its alerts agree on."""
    commits = {text(alert.instance.commit_sha) for alert in alerts}
    refs = {text(alert.instance.ref) for alert in alerts}
    versions = {text(alert.tool.version) for alert in alerts}
    return Run(
        tool=tool or "GitHub code scanning",
        version=versions.pop() if len(versions) == 1 else "",
        configuration=category,
        commit=commits.pop() if len(commits) == 1 else "",
        ref=refs.pop() if len(refs) == 1 else "",
        repository=repository,
    )


def _finding(alert: Alert) -> Finding:
    rule, instance = alert.rule, alert.instance
    place = instance.location or Place()
    identifier = text(rule.id) or text(rule.name) or str(alert.number)
    given = text(rule.security_severity_level) or text(rule.severity)
    message = instance.message.text if instance.message else ""
    about = _about(identifier, _words(rule), tuple(rule.tags or ()))
    return Finding(
        rule=identifier,
        title=text(rule.description) or text(rule.name) or identifier,
        severity=severity(text(rule.security_severity_level) or None, LEVELS.get(text(rule.severity), Severity.MEDIUM)),
        severity_given=given,
        location=CodeLocation(
            path=place.path,
            line=place.start_line,
            column=place.start_column or None,
            end_line=place.end_line,
            end_column=place.end_column or None,
        ),
        about=about,
        description=message,
        cwes=about.cwes,
        suppression=dismissal(alert.dismissed_reason, alert.dismissed_comment)
        if alert.state.lower() == "dismissed"
        else None,
        references=references(alert.html_url),
        tags=tuple(word for word in instance.classifications or () if word),
        seen_at=moment(alert.created_at),
    )


def _words(rule: AlertRule) -> tuple[str, ...]:
    words = (rule.name, rule.description, rule.full_description, rule.help, rule.help_uri)
    return tuple(text(word) for word in words)


@lru_cache(maxsize=2048)
def _about(rule: str, words: tuple[str, ...], tags: tuple[str, ...]) -> Rule:
    name, title, full, help_text, link = words
    return Rule(
        id=rule,
        name=name,
        title=title,
        description=full or title,
        remedy=help_text,
        cwes=cwe_ids(tags),
        tags=tuple(tag for tag in tags if not tag.startswith("external/cwe/")),
        references=references(link),
    )
