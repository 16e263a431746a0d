"""Scout Suite: checks of cloud accounts; its results file, as JavaScript or as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from seamark.intake.parsers.formats._hosts import flat
from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Probe,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    Text,
    UnreadableReport,
    json_object,
    moment,
    parser,
    references,
    variant,
)
from seamark.intake.parsers.kit.texts import described

LEVELS = {"danger": Severity.HIGH, "warning": Severity.MEDIUM, "success": Severity.INFO}


class Control(Struct):
    name: str | None = ""
    reference: str | float | None = ""
    version: str | float | None = ""


class Check(Struct):
    description: str | None = ""
    level: str | None = ""
    flagged_items: int | None = 0
    checked_items: int | None = 0
    items: list[str] | None = None
    rationale: str | None = ""
    remediation: str | None = ""
    references: list[str | None] | None = None
    compliance: list[Control] | None = None
    service: str | None = ""
    dashboard_name: str | None = ""


class LastRun(Struct):
    time: str | None = ""
    version: str | None = ""
    ruleset_name: str | None = ""


class Report(Struct):
    services: dict[str, dict[str, Any] | None]
    last_run: LastRun
    provider_code: str = ""
    account_id: str | int | None = ""


@parser(
    "scout-suite",
    title="Scout Suite",
    kind=Kind.CLOUD,
    looks=json_object("provider_code", "services", "last_run"),
    made_with="scout aws --result-format json",
    url="https://github.com/nccgroup/ScoutSuite/wiki",
    versions="5.0 to 5.14",
)
def read(report: Report) -> Iterator[Item]:
    yield from _items(report)


def _is_script(probe: Probe) -> bool:
    return probe.form in {"text", "csv"} and probe.source.head(64).lstrip().startswith(b"scoutsuite_results")


@variant("scout-suite", looks=_is_script)
def read_script(text: Text) -> Iterator[Item]:
    whole = text.read()
    start = whole.find("{")
    if start < 0:
        raise UnreadableReport("The results file is cut off", hint="run Scout Suite again")
    yield from _items(msgspec.json.decode(whole[start:].strip().rstrip(";"), type=Report, strict=False))


def _items(report: Report) -> Iterator[Item]:
    checks: list[tuple[str, Check]] = []
    for service in report.services.values():
        found = (service or {}).get("findings")
        if isinstance(found, dict):
            checks += [(name, msgspec.convert(one, Check, strict=False)) for name, one in found.items()]
    yield Run(
        tool="Scout Suite",
        version=report.last_run.version or "",
        configuration=report.last_run.ruleset_name or "",
        ruleset=frozenset(name for name, _ in checks) or None,
        finished=moment(report.last_run.time),
    )
    for name, check in checks:
        if check.flagged_items:
            about = _about(name, check, report.provider_code)
            for item in check.items or [""]:
                yield _finding(name, check, about, item, report)


def _about(name: str, check: Check, provider: str) -> Rule:
    controls = (f"{one.name} {one.version}: {one.reference}" for one in check.compliance or ())
    return Rule(
        id=name,
        title=flat(check.description),
        description=flat(check.rationale),
        remedy=flat(check.remediation),
        tags=tuple(dict.fromkeys(tag for tag in (provider, check.service or "", *controls) if tag))[:50],
        references=references([link for link in check.references or () if link]),
    )


def _finding(name: str, check: Check, about: Rule, item: str, report: Report) -> Finding:
    known = _walk(report.services, item)
    shown = next((str(known[key]) for key in ("arn", "id") if isinstance(known.get(key), str)), "")
    region = known.get("region")
    return Finding(
        rule=name,
        title=about.title or name,
        severity=LEVELS.get((check.level or "").lower(), Severity.MEDIUM),
        severity_given=check.level or "",
        location=ResourceLocation(
            resource=item or str(report.account_id or check.service or name),
            type=check.dashboard_name or "",
            region=region if isinstance(region, str) else "",
            account=str(report.account_id or ""),
        ),
        about=about,
        description=described(
            ("Name", known.get("name") if isinstance(known.get("name"), str) else ""), ("Resource", shown)
        ),
    )


def _walk(services: dict[str, dict[str, Any] | None], path: str) -> dict[str, Any]:
    """Return the innermost described resource on a dotted path; ids with dots in them end the walk."""
    found: dict[str, Any] = {}
    here: Any = services
    for step in path.split("."):
        if not isinstance(here, dict) or step not in here:
            break
        here = here[step]
        if isinstance(here, dict) and ("name" in here or "arn" in here or "id" in here):
            found = here
    return found
