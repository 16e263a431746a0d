"""Plans for an application from what is kept of it: inventories, advisories that were fetched, findings of scanners, scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from django.conf import settings
from msgspec.structs import replace

from seamark.core.advisory import Advisory
from seamark.core.assets import AssetKind
from seamark.core.component import Component, DependsOn, parse_purl
from seamark.core.kind import KIND_CODES, Kind
from seamark.pipeline.deployment.advisories import advisories_about
from seamark.pipeline.fixing.tree import Load, Plans, plan_all
from seamark.response.remediation import reported
from seamark.response.remediation.project import Project, package_of_purl
from seamark.response.remediation.projects import manager_of, project_of
from seamark.store import evidence
from seamark.store.access import Visible
from seamark.store.models import Application, Finding, Issue, Sbom, SbomComponent, SbomEdge

PLANNED: Final = frozenset({"cargo", "composer", "gem", "golang", "maven", "npm", "nuget", "pypi", "apk", "deb", "rpm"})
MOST_ISSUES: Final = 20_000
MOST_INVENTORIES: Final = 2_000
_PACKAGES: Final = (KIND_CODES[Kind.DEPENDENCY], KIND_CODES[Kind.CONTAINER])


def plans_of(visible: Visible, application: Application, *, most_changes: int | None = None) -> Plans:
    """Return the plans for all that an application's repositories and images install, weighed by the scores of its open issues.

    Registries are not asked. An issue that was dismissed weighs nothing; a flaw that no scanner found weighs what its rating says.
    """
    installed = _projects(visible, application)
    said, risks = _told(visible, application)
    by_place = {one.place: risks.get(one.place.partition("//")[0], {}) for one in installed}
    return plan_all(installed, _loader(said), risks=by_place, most_changes=most_changes)


def _projects(visible: Visible, application: Application) -> list[Project]:
    boms = Sbom.objects.filter(
        replaced_at=None, asset__in=visible.assets().filter(application=application, gone_at=None).values("id")
    )
    found: dict[str, Project] = {}
    for bom in boms.select_related("asset").order_by("asset__kind", "asset__key", "id")[:MOST_INVENTORIES]:
        for project in _of(bom):
            found.setdefault(project.place, project)
    # A manifest whose lock beside it is kept too says no more than that.
    locks = {(place.rpartition("/")[0], one.ecosystem) for place, one in found.items() if one.edges}
    return [one for place, one in found.items() if one.edges or (place.rpartition("/")[0], one.ecosystem) not in locks]


def _of(bom: Sbom) -> Iterable[Project]:
    rows = SbomComponent.objects.filter(sbom=bom).select_related("component").order_by("id")
    parts: dict[str, list[Component]] = defaultdict(list)
    for row in rows.iterator():
        one = row.component
        parsed = parse_purl(one.purl)
        if parsed is not None and parsed.type in PLANNED:
            parts[parsed.type].append(
                Component(name=one.name, version=one.version, purl=one.purl, ref=row.ref or one.purl, direct=row.direct, scope=row.scope)
            )  # fmt: skip
    drawn: dict[str, list[str]] = defaultdict(list)
    for source, target in SbomEdge.objects.filter(sbom=bom).order_by("id").values_list("source", "target").iterator():
        drawn[source].append(target)
    edges = [DependsOn(source, tuple(targets)) for source, targets in drawn.items()]
    manifest = bom.asset.kind == AssetKind.MANIFEST
    path = bom.asset.key.partition("//")[2] if manifest else ""
    for ecosystem, components in sorted(parts.items()):
        place = bom.asset.key if manifest else f"{bom.asset.key}//{ecosystem}"
        project = project_of(components, edges, place=place, ecosystem=ecosystem)
        if project is not None:
            yield _named(project, path)


def _named(project: Project, path: str) -> Project:
    if not path:
        return project
    lock = path if project.edges else ""
    return replace(project, manifests=(path,), lock=lock, manager=manager_of(path, project.ecosystem))


def _told(
    visible: Visible, application: Application
) -> tuple[tuple[Advisory, ...], dict[str, dict[tuple[str, str], float]]]:
    """Return what scanners say of packages, and the scores of issues by asset, package and vulnerability."""
    issues = visible.issues().filter(application=application, kind__in=_PACKAGES, merged_into=None, branch_only=False)
    chosen = {one.pk: one for one in issues.select_related("asset").order_by("-open", "-risk", "-id")[:MOST_ISSUES]}
    rows = Finding.objects.filter(closed_in=None, issue__in=list(chosen)).order_by("id")
    owner = {row.pk: chosen[row.issue_id] for row in rows}
    risks: dict[str, dict[tuple[str, str], float]] = defaultdict(dict)
    full = evidence.read(rows, texts=False)
    for number, one in full.items():
        issue = owner[number]
        package = package_of_purl(one.component.purl) if one.component is not None else ""
        for name in (*one.vulnerabilities, one.rule) if package else ():
            known = risks[issue.asset.key].get((package, name), 0.0)
            risks[issue.asset.key][package, name] = max(known, _weight(issue))
    return reported.advisories(full.values()), dict(risks)


def _weight(issue: Issue) -> float:
    return issue.risk / 10 if issue.open else 0.0


def _loader(said: tuple[Advisory, ...]) -> Load:
    def load(packages: Collection[str]) -> Iterable[Advisory]:
        known = advisories_about(packages, Path(settings.SEAMARK_HOME) / "feeds").advisories
        return reported.joined(known, said, packages)

    return load
