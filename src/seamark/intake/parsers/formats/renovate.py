"""Renovate: its report on repositories: the packages that they declare, and those it updates because they are vulnerable.

Which flaw a package has stands in the pull request, hardly ever in the report: a finding says that Renovate knows of one, and
the version that fixes it. An update is known as such by `vulnerabilityFixVersion`, by `isVulnerabilityAlert`, and where a branch
keeps the marks that Renovate gives by default. All other packages are an inventory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.formats._sca import first_versions
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Finding,
    Item,
    Kind,
    Probe,
    Run,
    Severity,
    json_object,
    parser,
    severity,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.packages import package

TOOL = "Renovate"
RULE = "vulnerable-dependency"
_MOST_PROBLEMS = 50
_ERROR = 50
"""From this level on a line of Renovate's log is an error; 40 is a warning."""
_ECOSYSTEMS = {
    "crate": "cargo", "dart": "pub", "docker": "docker",
    "go": "golang", "hex": "hex", "maven": "maven", "sbt-package": "maven", "clojure": "maven", "npm": "npm", "nuget": "nuget",
    "packagist": "composer", "pypi": "pypi", "rubygems": "gem", "conan": "conan", "conda": "conda", "hackage": "hackage", "pod": "cocoapods",
}  # fmt: skip
_SCOPES = {
    "devDependencies": "development", "dev-dependencies": "development", "require-dev": "development", "dev": "development",
    "test": "test", "testImplementation": "test", "optionalDependencies": "optional", "provided": "optional",
    "dependencies": "runtime", "require": "runtime", "compile": "runtime", "implementation": "runtime",
}  # fmt: skip


class Update(Struct, rename="camel"):
    new_version: str | None = ""
    new_value: str | None = ""
    is_vulnerability_alert: bool | None = None
    vulnerability_severity: str | None = ""
    pr_body_notes: list[str] | None = None


class Dependency(Struct, rename="camel"):
    dep_name: str | None = ""
    package_name: str | None = ""
    datasource: str | None = ""
    dep_type: str | None = ""
    current_value: str | None = ""
    current_version: str | None = ""
    locked_version: str | None = ""
    updates: list[Update] | None = None
    vulnerability_fix_version: str | None = ""
    vulnerability_severity: str | None = ""
    is_vulnerability_alert: bool | None = None


class PackageFile(Struct, rename="camel"):
    package_file: str | None = ""
    deps: list[Dependency] | None = None


class Upgrade(Struct, rename="camel"):
    dep_name: str | None = ""
    package_name: str | None = ""
    datasource: str | None = ""
    package_file: str | None = ""
    current_version: str | None = ""
    current_value: str | None = ""
    new_version: str | None = ""
    new_value: str | None = ""
    is_vulnerability_alert: bool | None = None
    vulnerability_severity: str | None = ""


class Branch(Struct, rename="camel"):
    branch_name: str | None = ""
    pr_title: str | None = ""
    pr_no: int | None = None
    upgrades: list[Upgrade] | None = None


class Problem(Struct):
    level: int = 0
    msg: str | None = ""
    message: Any = None


class Repository(Struct, rename="camel"):
    problems: list[Problem] | None = None
    branches: list[Branch] | None = None
    package_files: dict[str, list[PackageFile]] | None = None


class Report(Struct):
    repositories: dict[str, Repository]
    problems: list[Problem] | None = None


class Known(Struct, frozen=True):
    """What tells one vulnerable package of a repository from another."""

    datasource: str
    name: str
    version: str
    file: str


class Alert(Struct, kw_only=True):
    """What the report says of a package that is vulnerable; its parts come from two places of the report."""

    component: Component
    fixed: tuple[str, ...] = ()
    word: str = ""
    ids: tuple[str, ...] = ()
    branch: Branch | None = None


def _is_report(probe: Probe) -> bool:
    held = probe.get("repositories")
    first = next(iter(held.values()), None) if isinstance(held, dict) else None
    if isinstance(held, dict) and not held:
        return probe.keys <= {"problems", "repositories"} and isinstance(probe.get("problems"), list)
    return isinstance(first, dict) and {"problems", "branches", "packageFiles"} <= first.keys()


@parser(
    "renovate",
    title=TOOL,
    kind=Kind.DEPENDENCY,
    looks=json_object("problems", "repositories", where=_is_report),
    made_with="renovate --report-type=file --report-path=renovate.json OWNER/NAME",
    url="https://docs.renovatebot.com/self-hosted-configuration/#reporttype",
)
def read(report: Report) -> Iterator[Item]:
    for name, repository in report.repositories.items():
        yield from _repository(name, repository, report.problems or [])
    if not report.repositories:
        yield Run(tool=TOOL, complete=False, problems=_problems(report.problems or []))


def _repository(name: str, repository: Repository, general: list[Problem]) -> Iterator[Item]:
    files = [one for some in (repository.package_files or {}).values() for one in some]
    problems = [*(repository.problems or ()), *general]
    yield Run(
        tool=TOOL,
        configuration=name,
        successful=False if any(one.level >= _ERROR for one in problems) else None,
        # What has no fix gets no update, and so is never told.
        complete=False,
        problems=_problems(problems),
        scope=tuple(dict.fromkeys(one.package_file for one in files if one.package_file)) or None,
    )
    alerts: dict[Known, Alert] = {}
    for file in files:
        for dependency in file.deps or ():
            if not (dependency.dep_name or dependency.package_name):
                continue
            component = _component(dependency)
            yield component
            if _is_vulnerable(dependency):
                alerts[_known(dependency, component, file.package_file or "")] = _alert(dependency, component)
    for branch in repository.branches or ():
        for upgrade in branch.upgrades or ():
            if upgrade.is_vulnerability_alert or _is_marked(branch):
                _add(alerts, branch, upgrade)
    for known, alert in alerts.items():
        yield _finding(known, alert)


def _problems(given: list[Problem]) -> tuple[str, ...]:
    texts = (one.msg or (one.message if isinstance(one.message, str) else "") for one in given)
    return tuple(dict.fromkeys(text for text in texts if text))[:_MOST_PROBLEMS]


def _component(row: Dependency | Upgrade) -> Component:
    version = (row.locked_version if isinstance(row, Dependency) else "") or row.current_version or ""
    kind = _ECOSYSTEMS.get(row.datasource or "", row.datasource or "")
    if isinstance(row, Dependency) and row.dep_type == "action":
        kind = "githubactions"
    known = package(kind, row.package_name or row.dep_name or "", version)
    scope = _SCOPES.get(row.dep_type or "", "") if isinstance(row, Dependency) else ""
    return Component(name=known.name, version=known.version, purl=known.purl, direct=True, scope=scope)


def _is_vulnerable(row: Dependency) -> bool:
    told = row.vulnerability_fix_version or row.vulnerability_severity or row.is_vulnerability_alert
    return bool(told) or any(one.is_vulnerability_alert for one in row.updates or ())


def _is_marked(branch: Branch) -> bool:
    """Tell a branch that fixes a flaw by the topic and the suffix of its title that Renovate gives by default."""
    return (branch.branch_name or "").endswith("-vulnerability") or "[SECURITY]" in (branch.pr_title or "")


def _known(row: Dependency | Upgrade, component: Component, file: str) -> Known:
    return Known(row.datasource or "", component.name, component.version, file)


def _alert(row: Dependency, component: Component) -> Alert:
    updates = [one for one in row.updates or () if one.is_vulnerability_alert] or row.updates or []
    notes = [text for one in updates for text in one.pr_body_notes or ()]
    versions = [one.new_version or one.new_value or "" for one in updates]
    words = [row.vulnerability_severity or "", *[one.vulnerability_severity or "" for one in updates]]
    return Alert(
        component=component,
        fixed=first_versions(row.vulnerability_fix_version or "") or tuple(dict.fromkeys(filter(None, versions))),
        word=next(filter(None, words), ""),
        ids=vulnerability_ids(notes),
    )


def _add(alerts: dict[Known, Alert], branch: Branch, row: Upgrade) -> None:
    """Note that a branch updates a vulnerable package, which the list of packages may or may not have told of."""
    component = _component(row)
    if not component.name:
        return
    known = _known(row, component, row.package_file or "")
    alert = alerts.setdefault(known, Alert(component=component))
    alert.branch = alert.branch or branch
    new = row.new_version or row.new_value or ""
    alert.fixed = alert.fixed or ((new,) if new else ())
    alert.word = alert.word or row.vulnerability_severity or ""


def _finding(known: Known, alert: Alert) -> Finding:
    branch, component = alert.branch, alert.component
    fixed = f", fixed in {alert.fixed[0]}" if alert.fixed else ""
    number = f" (#{branch.pr_no})" if branch and branch.pr_no else ""
    told = f"{branch.pr_title or branch.branch_name or ''}{number}" if branch else ""
    return Finding(
        rule=alert.ids[0] if len(alert.ids) == 1 else RULE,
        title=f"{component.name} {component.version} is vulnerable{fixed}".replace("  ", " "),
        severity=severity(alert.word) if alert.word.upper() not in {"", "UNKNOWN"} else Severity.MEDIUM,
        severity_given=alert.word,
        location=CodeLocation(path=known.file) if known.file else None,
        component=component,
        description=f"Renovate puts it right with: {told}" if told else "",
        vulnerabilities=alert.ids,
        fixed_versions=alert.fixed,
    )
