"""Helm charts: what they deploy with the values that lie in the tree, and the charts they bring in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from seamark.core.assets import AssetKind, AssetRef, Found, Listing, Relation
from seamark.core.component import Component, DependsOn, make_purl
from seamark.intake.discovery.infrastructure.helm.charts import Chart, Charts, Rendered
from seamark.intake.discovery.infrastructure.helm.functions import below
from seamark.intake.discovery.infrastructure.images import STORES
from seamark.intake.discovery.infrastructure.kube.deployed import read_cluster
from seamark.intake.discovery.infrastructure.kube.objects import read_objects
from seamark.intake.discovery.infrastructure.places import environment_of
from seamark.intake.discovery.infrastructure.values import dig, first_document, mapping, plain, sequence, without_empty
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree

_NAME: Final = "helm"
_OWN, _LAYERED, _PRODUCTION, _PARTLY = 0.8, 0.7, 0.85, 0.6
"""How sure a rendered object is: the release's name and namespace are not known, and values may be set from outside."""


@extractor(_NAME, title="Helm charts: workloads with the values of the tree, and dependencies")
def extract(tree: Tree) -> Iterator[Found | Relation | Listing]:
    """Yield what each chart deploys with its own values, and with each further file of values over them."""
    charts = Charts(tree)
    for chart in charts.all.values():
        yield from _about(tree, chart)
    for chart in charts.tops:
        yield from _deployed(tree, charts, chart, chart.values, "", _OWN)
        for path in chart.layers:
            environment = environment_of(path.rpartition("/")[2])
            values = below(chart.values, charts.layer(path), 0)
            sure = _PRODUCTION if environment == "production" else _LAYERED
            yield from _deployed(tree, charts, chart, values, environment, sure)


def _about(tree: Tree, chart: Chart) -> Iterator[Found | Listing]:
    path = f"{chart.folder}/Chart.yaml".lstrip("/")
    manifest = tree.ref(AssetKind.MANIFEST, path)
    facts: dict[str, Any] = {
        "ecosystem": "helm", "locked": False, "name": chart.name, "version": plain(chart.about.get("version")), "app_version": plain(chart.about.get("appVersion")),
        "ranges": {plain(each.get("name")): plain(each.get("version")) for each in chart.dependencies if each.get("version")},
    }  # fmt: skip
    yield Found(ref=manifest, name=chart.name, origin=_NAME, at=f"{path}:1", facts=without_empty(facts))
    yield _listing(manifest, chart.dependencies, locked=False)
    lock = f"{chart.folder}/Chart.lock".lstrip("/")
    if lock in tree.files:
        locked = [mapping(each) for each in sequence(first_document(tree, lock).get("dependencies"))[:200]]
        ref = tree.ref(AssetKind.MANIFEST, lock)
        yield Found(ref=ref, name=chart.name, origin=_NAME, at=f"{lock}:1", facts={"ecosystem": "helm", "locked": True})
        yield _listing(ref, locked, locked=True)


def _listing(manifest: AssetRef, dependencies: list[dict[str, Any]], *, locked: bool) -> Listing:
    components = []
    for index, each in enumerate(dependencies):
        name, version = plain(each.get("name")), plain(each.get("version"))
        exact = version if locked or version.replace(".", "").isdigit() else ""
        if name and not plain(each.get("repository")).startswith("file:"):
            components.append(
                Component(
                    name=name,
                    version=exact,
                    purl=make_purl("helm", name, exact),
                    ref=f"{index}:{name}",
                    direct=True,
                    scope="runtime",
                )
            )
    edges = (DependsOn("", tuple(each.ref for each in components)),) if components else ()
    return Listing(manifest=manifest, ecosystem="helm", locked=locked, components=tuple(components), edges=edges)


def _deployed(
    tree: Tree, charts: Charts, chart: Chart, values: dict[str, Any], environment: str, sure: float
) -> Iterator[Found | Relation]:
    objects = []
    for each in charts.render(chart, values, chart.name):
        certain = sure if each.complete else _PARTLY
        objects += list(
            read_objects(
                each.value,
                path=each.path,
                line=_line(tree, each),
                origin=_NAME,
                confidence=certain,
                environment=environment,
            )
        )
    yield from read_cluster(tree, objects)
    for dependency in chart.dependencies:
        yield from _brought(tree, charts, chart, dependency, values, environment, sure)


def _brought(
    tree: Tree, charts: Charts, chart: Chart, dependency: dict[str, Any], values: dict[str, Any], environment: str, sure: float
) -> Iterator[Found]:  # fmt: skip
    """Yield the data store that a chart from elsewhere brings."""
    name = plain(dependency.get("name"))
    alias = plain(dependency.get("alias")) or name
    engine = next(
        (
            STORES[word]
            for word in (name, name.removesuffix("-ha"), name.removesuffix("-cluster"), name.removesuffix("-operator"))
            if word in STORES
        ),
        "",
    )
    if (
        not engine
        or name.endswith("-operator")
        or not charts.enabled(dependency, values)
        or f"{chart.folder}/charts/{name}".lstrip("/") in charts.all
    ):
        return
    given = mapping(values.get(alias))
    facts = {
        "engine": engine, "chart": name, "version": plain(dependency.get("version")), "environment": environment,
        "database": plain(dig(given, "auth", "database")) or plain(given.get("postgresqlDatabase")), "image_tag": plain(dig(given, "image", "tag")),
        "persistent": dig(given, "primary", "persistence", "enabled"),
    }  # fmt: skip
    path = f"{chart.folder}/Chart.yaml".lstrip("/")
    yield Found(
        ref=tree.ref(AssetKind.DATA_STORE, chart.folder, alias), name=alias, origin=_NAME, at=f"{path}:1", confidence=sure, facts=without_empty(facts)
    )  # fmt: skip


def _line(tree: Tree, each: Rendered) -> int:
    """Return the line of the template that says what a rendered object is; the first where that is left open."""
    kind = plain(mapping(each.value).get("kind"))
    text = tree.text(each.path) or ""
    lines = text.split("\n")
    return next((at for at, line in enumerate(lines, 1) if line.startswith("kind:") and line[5:].strip() == kind), 1)
