"""Snyk Open Source, Container and Infrastructure as Code. Snyk Code writes SARIF.

Each project of a report is a run of its own, so that testing one project never closes findings of another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seamark.intake.parsers.formats.snyk import model
from seamark.intake.parsers.formats.snyk.findings import Context, Findings
from seamark.intake.parsers.kit import (
    AssetKind,
    AssetRef,
    Finding,
    Item,
    Kind,
    Probe,
    Reading,
    Relation,
    RelationKind,
    Run,
    UnreadableReport,
    json_object,
    json_rows,
    parser,
    variant,
)
from seamark.intake.parsers.kit.packages import stable_name

_OWN = frozenset({"dependencyCount", "packageManager", "projectName", "org", "summary", "uniqueCount"})
_TWICE = re.compile(r"^(.+:[^/:]+)/[^/:]+$")


def _is_project(probe: Probe) -> bool:
    return isinstance(probe.get("ok"), bool) and bool(probe.keys & _OWN)


def _is_failure(probe: Probe) -> bool:
    return (
        probe.get("ok") is False
        and isinstance(probe.get("error"), str)
        and not probe.keys & {"vulnerabilities", "infrastructureAsCodeIssues"}
    )


def _has_project(probe: Probe) -> bool:
    return isinstance(probe.get("0.ok"), bool) and bool(probe.first & (_OWN | {"error"}))


@parser(
    "snyk",
    title="Snyk",
    kind=Kind.DEPENDENCY,
    looks=json_object("vulnerabilities", "ok", where=_is_project),
    made_with="snyk test --all-projects --json-file-output=snyk.json",
    url="https://docs.snyk.io/snyk-cli",
    versions="CLI 1.400 to 1.1300",
    lift=("vulnerabilities",),
)
def read(project: model.Project, reading: Reading) -> Iterator[Item]:
    yield from _Projects(reading).of(project, where="$")


@variant("snyk", looks=json_rows("ok", where=_has_project), lift=("[]",))
def read_projects(projects: list[model.Project], reading: Reading) -> Iterator[Item]:
    read_any = False
    failures: list[Run] = []
    known = _Projects(reading)
    for number, project in enumerate(projects):
        if project.error is not None:
            failures.append(_failed(project))
            continue
        read_any = True
        yield from known.of(project, where=f"$[{number}]")
    if failures and not read_any:
        raise UnreadableReport(
            f"This is no report: Snyk failed: {'; '.join(failures[0].problems)}", hint="run snyk test again"
        )
    yield from failures or ([] if read_any else [Run(tool="Snyk")])


@variant("snyk", looks=json_object("infrastructureAsCodeIssues", "ok"))
def read_infrastructure(project: model.Project, reading: Reading) -> Iterator[Item]:
    yield from _Projects(reading).of(project, where="$")


@variant("snyk", looks=json_object("ok", "error", where=_is_failure))
def refuse(project: model.Project) -> Iterator[Item]:
    reason = _failed(project).problems[0]
    raise UnreadableReport(f"This is no report: Snyk failed: {reason}", hint="run snyk test again")


def _failed(project: model.Project) -> Run:
    error = project.error
    reason = error if isinstance(error, str) else str((error or {}).get("message", "without a reason"))
    name = project.display_target_file or project.target_file or project.project_name or project.path or ""
    return Run(tool="Snyk", configuration=name, successful=False, problems=(reason.strip() or "without a reason",))


class _Projects:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._findings = Findings()

    def of(self, project: model.Project, where: str, image: str = "") -> Iterator[Item]:
        """Yield a project's run and findings, and those of the applications in an image."""
        if project.error is not None:
            yield _failed(project)
            return
        if project.misconfigurations is not None:
            yield from self._infrastructure(project)
            return
        inside = bool(image)
        image = image or (_image(project) if project.docker is not None else "")
        file = project.display_target_file or project.target_file or ""
        yield _run(project, image, file, inside=inside)
        yield from _base(project, image)
        context = Context(project.package_manager or "", file, image, _advice(project))
        for row in self._reading.rows(project.vulnerabilities, model.Vulnerability, where=f"{where}.vulnerabilities"):
            yield self._findings.of(row, context)
        for row in (project.filtered.ignore if project.filtered else None) or ():
            yield self._findings.ignored(row, context)
        yield from self._binaries(project, context)
        for number, application in enumerate(project.applications or ()):
            yield from self.of(application, f"{where}.applications[{number}]", image)

    def _infrastructure(self, project: model.Project) -> Iterator[Item]:
        path = project.target_file or project.display_target_file or project.path or ""
        yield Run(tool="Snyk", configuration="iac", scope=(path,) if path else None)
        for row in project.misconfigurations or ():
            yield self._findings.misconfiguration(row, path)

    def _binaries(self, project: model.Project, context: Context) -> Iterator[Finding]:
        binaries = project.docker.binaries_vulns if project.docker else None
        if binaries is None:
            return
        known = binaries.issues_data or {}
        for affected in (binaries.affected_pkgs or {}).values():
            for name in affected.issues or ():
                if name in known and affected.pkg:
                    row = known[name]
                    row.name, row.version = affected.pkg.name, affected.pkg.version
                    yield self._findings.of(row, Context("binary", context.path, context.image, context.advice))


def _run(project: model.Project, image: str, file: str, *, inside: bool) -> Run:
    name = project.project_name or project.path or ""
    if not image:
        return Run(tool="Snyk", configuration=file or name)
    of_image = f"container {stable_name(image)}"
    return Run(tool="Snyk", configuration=f"{of_image}: {file or name}" if inside else of_image, image=image)


def _image(project: model.Project) -> str:
    """Return the image's reference; Snyk writes its last part behind the tag once more (`acme/shop:1.0/shop`)."""
    path = project.path or (project.project_name or "").rpartition("|")[2]
    twice = _TWICE.match(path)
    return twice[1] if twice else path


def _base(project: model.Project, image: str) -> Iterator[Relation]:
    if image and project.docker and project.docker.base_image:
        target = AssetRef(AssetKind.IMAGE, project.docker.base_image)
        yield Relation(
            kind=RelationKind.BASED_ON, source=AssetRef(AssetKind.IMAGE, image), target=target, origin="Snyk"
        )


def _advice(project: model.Project) -> str:
    advice = project.docker.base_image_remediation if project.docker else None
    return "\n".join(one.message.strip() for one in (advice.advice if advice else None) or () if one.message.strip())
