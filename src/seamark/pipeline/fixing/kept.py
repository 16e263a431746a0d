"""Plans for an application from what is kept of it: inventories, advisories that were fetched, findings of scanners, scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from django.conf import settings
from msgspec.structs import replace

from seamark.analysis.correlation.fixes import BASE_IMAGE
from seamark.core.advisory import Advisory
from seamark.core.assets import AssetKind, image_name
from seamark.core.component import Component, DependsOn, parse_purl
from seamark.core.finding import Finding as Full
from seamark.core.kind import KIND_CODES, Kind
from seamark.core.location import ImageLocation
from seamark.pipeline.deployment.advisories import advisories_about
from seamark.pipeline.fixing.tree import Load, Plans, plan_all
from seamark.response.remediation import reported
from seamark.response.remediation.project import Node, Project, package_of_purl
from seamark.response.remediation.projects import manager_of, project_of
from seamark.store import evidence
from seamark.store.access import Visible
from seamark.store.models import Application, Finding, Issue, Sbom, SbomComponent, SbomEdge

PLANNED: Final = frozenset({"cargo", "composer", "gem", "golang", "maven", "npm", "nuget", "pypi", "apk", "deb", "rpm"})
MOST_ISSUES: Final = 20_000
MOST_INVENTORIES: Final = 2_000
_PACKAGES: Final = (KIND_CODES[Kind.DEPENDENCY], KIND_CODES[Kind.CONTAINER])


class Said(NamedTuple):
    """What scanners say of an application's packages, and what that is worth."""

    load: Load
    findings: list[tuple[str, Full]]
    """In full, by tool."""
    risks: dict[str, dict[tuple[str, str], float]]
    """By asset, package and any name of the vulnerability."""
    bases: dict[str, list[Component]]
    """What was found in base images, by their names."""
    below: dict[str, dict[str, set[str]]]
    """By image and asset the packages that come with that image, so that another version of it is what clears them."""

    @property
    def all_risks(self) -> dict[tuple[str, str], float]:
        """Return the highest risk of each flaw of a package, wherever it is."""
        found: dict[tuple[str, str], float] = {}
        for told in self.risks.values():
            for key, risk in told.items():
                found[key] = max(found.get(key, 0.0), risk)
        return found


def said_of(visible: Visible, application: Application) -> Said:
    """Return what scanners say of an application. An issue that was dismissed weighs nothing; one that none found what its rating says."""
    issues = visible.issues().filter(application=application, kind__in=_PACKAGES, merged_into=None, branch_only=False)
    chosen = {one.pk: one for one in issues.select_related("asset", "fix").order_by("-open", "-risk", "-id")[:MOST_ISSUES]}  # fmt: skip
    rows = list(Finding.objects.filter(closed_in=None, issue__in=list(chosen)).select_related("stream").order_by("id"))
    full = evidence.read(rows, texts=False)
    risks: dict[str, dict[tuple[str, str], float]] = defaultdict(dict)
    bases: dict[str, list[Component]] = defaultdict(list)
    below: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        issue, one = chosen[row.issue_id], full.get(row.pk)
        package = package_of_purl(one.component.purl) if one is not None and one.component is not None else ""
        if one is None or one.component is None or not package:
            continue
        for name in (*one.vulnerabilities, one.rule):
            known = risks[issue.asset.key].get((package, name), 0.0)
            risks[issue.asset.key][package, name] = max(known, _weight(issue))
        if issue.fix is not None and issue.fix.kind == BASE_IMAGE:
            bases[issue.fix.key].append(one.component)
            below[issue.fix.key][issue.asset.key].add(package)
        if isinstance(one.location, ImageLocation):
            image = image_name(one.location.image)
            based = issue.fix.key if issue.fix is not None and issue.fix.kind == BASE_IMAGE else image
            below[based][image].add(package)
    told = [(row.stream.tool, full[row.pk]) for row in rows if row.pk in full]
    load = loader_of(reported.advisories(full.values()))
    return Said(load, told, dict(risks), dict(bases), {base: dict(assets) for base, assets in below.items()})


def packages_of(
    visible: Visible, application: Application, said: Said, *, images: Collection[str] = (), most_changes: int | None = None
) -> Plans:  # fmt: skip
    """Return the plans for all that an application's repositories and images install, weighed by the scores of its open issues.

    Registries are not asked. `images` names those that have plans of their own: what comes with them is left to these.
    """
    below: dict[str, set[str]] = defaultdict(set)
    for image in images:
        for asset, packages in said.below.get(image, {}).items():
            below[asset] |= packages
    installed = [one for each in _projects(visible, application) if (one := _above(each, below)) is not None]
    by_place = {one.place: said.risks.get(one.place.partition("//")[0], {}) for one in installed}
    return plan_all(installed, said.load, risks=by_place, most_changes=most_changes)


def _above(project: Project, below: Mapping[str, set[str]]) -> Project | None:
    """Return a project without what comes with an image; None where nothing else is in it."""
    gone = below.get(project.place.partition("//")[0], set())
    return _rest(project, {part.node for part in project.parts if part.package in gone})


def _rest(project: Project, gone: Collection[Node]) -> Project | None:
    """Return a project without some of its packages; None where nothing else is in it."""
    parts = tuple(one for one in project.parts if one.node not in gone)
    if len(parts) == len(project.parts):
        return project
    edges = {node: tuple(one for one in targets if one not in gone) for node, targets in project.edges.items() if node not in gone}  # fmt: skip
    return replace(project, parts=parts, edges=edges) if parts else None


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
    told = [one for place, one in found.items() if one.edges or (place.rpartition("/")[0], one.ecosystem) not in locks]
    # An inventory of a whole repository says again what its manifests and locks list.
    listed: dict[str, set[Node]] = defaultdict(set)
    for one in told:
        if one.manifests:
            listed[one.place.partition("//")[0]] |= {part.node for part in one.parts}
    again = ((one, listed[one.place.partition("//")[0]] if not one.manifests else set()) for one in told)
    return [rest for one, nodes in again if (rest := _rest(one, nodes)) is not None]


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


def _weight(issue: Issue) -> float:
    return issue.risk / 10 if issue.open else 0.0


def loader_of(said: tuple[Advisory, ...]) -> Load:
    """Return who gives advisories: those that were fetched, and what scanners say of flaws that these do not know."""

    def load(packages: Collection[str]) -> Iterable[Advisory]:
        known = advisories_about(packages, Path(settings.SEAMARK_HOME) / "feeds").advisories
        return reported.joined(known, said, packages)

    return load
