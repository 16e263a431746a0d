"""Charts of a tree: what they are, what they depend on, and the objects that their templates give with their values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final

import yaml
from msgspec import Struct

from seamark.intake.discovery import bounded
from seamark.intake.discovery.infrastructure.helm.functions import below
from seamark.intake.discovery.infrastructure.helm.render import Renderer
from seamark.intake.discovery.infrastructure.helm.syntax import Node, TemplateFailure, parse
from seamark.intake.discovery.infrastructure.values import (
    MOST_PARTS,
    dig,
    first_document,
    fits,
    is_false,
    is_true,
    mapping,
    plain,
    sequence,
)
from seamark.intake.discovery.tree import Tree, folder_of, joined

_VALUES: Final = re.compile(r"(?:values[-._].{1,80}|.{1,80}[-._]values)\.ya?ml")
_MOST_FILES, _MOST_LAYERS, _DEEPEST = 500, 12, 5


class Chart(Struct, frozen=True, kw_only=True):
    """A chart: its folder, what Chart.yaml says, and its own values."""

    folder: str
    about: dict[str, Any]
    values: dict[str, Any]
    layers: tuple[str, ...]
    """Further files of values, each of which lies over its own."""

    @property
    def name(self) -> str:
        """Its name."""
        return plain(self.about.get("name")) or self.folder.rpartition("/")[2] or "chart"

    @property
    def dependencies(self) -> list[dict[str, Any]]:
        """What it says it depends on."""
        return [mapping(each) for each in sequence(self.about.get("dependencies"))[:200]]


class Rendered(Struct, frozen=True):
    """A document that a template gave, the template, and whether everything in it was understood."""

    value: Any
    path: str
    complete: bool


class Charts:
    """The charts of a tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._parsed: dict[str, tuple[list[Node], dict[str, list[Node]]] | None] = {}

    @cached_property
    def all(self) -> dict[str, Chart]:
        """Every chart by its folder."""
        return {folder_of(path): self._chart(path) for path in self._tree.matching("Chart.yaml", "Chart.yml")}

    @cached_property
    def tops(self) -> list[Chart]:
        """Those that are no part of another one."""
        inner = {
            folder
            for folder, chart in self.all.items()
            for each in self.all.values()
            if each.folder != folder and self._holds(each, chart)
        }
        return [
            chart for folder, chart in self.all.items() if folder not in inner and chart.about.get("type") != "library"
        ]

    def _holds(self, outer: Chart, inner: Chart) -> bool:
        return inner.folder.startswith(f"{outer.folder}/charts/".lstrip("/")) or any(
            plain(each.get("repository")).startswith("file://") and joined(outer.folder, plain(each["repository"]).removeprefix("file://")) == inner.folder
            for each in outer.dependencies
        )  # fmt: skip

    def _chart(self, path: str) -> Chart:
        folder = folder_of(path)
        beside = [
            each
            for each in self._tree.files
            if folder_of(each)
            in {
                folder,
                f"{folder}/values".lstrip("/"),
                f"{folder}/environments".lstrip("/"),
                f"{folder}/ci".lstrip("/"),
            }
        ]
        layers = sorted(
            each
            for each in beside
            if each.endswith((".yaml", ".yml"))
            and (_VALUES.fullmatch(each.rpartition("/")[2]) or (folder_of(each) != folder and "/ci/" not in f"/{each}"))
        )
        legacy = self._first(f"{folder}/requirements.yaml".lstrip("/"))
        about = self._first(path)
        if legacy and not about.get("dependencies"):
            about = {**about, "dependencies": legacy.get("dependencies")}
        values = self._first(f"{folder}/values.yaml".lstrip("/"))
        return Chart(folder=folder, about=about, values=values, layers=tuple(layers[:_MOST_LAYERS]))

    def _first(self, path: str) -> dict[str, Any]:
        return first_document(self._tree, path) if self._tree.has(path) else {}

    def layer(self, path: str) -> dict[str, Any]:
        """Return what a file of values says."""
        return self._first(path)

    def enabled(self, dependency: dict[str, Any], values: dict[str, Any]) -> bool:
        """Tell whether a dependency is deployed with some values."""
        for condition in plain(dependency.get("condition")).split(","):
            found = dig(values, *[step for step in condition.strip().split(".") if step]) if condition.strip() else None
            if is_false(found) or is_true(found):
                return is_true(found)
        tags = [dig(values, "tags", plain(each)) for each in sequence(dependency.get("tags"))]
        return not any(is_false(each) for each in tags) or any(is_true(each) for each in tags)

    def subcharts(self, chart: Chart, values: dict[str, Any]) -> Iterator[tuple[str, Chart]]:
        """Yield the charts inside of one that are deployed with it, by the name under which it gives them values."""
        said = set()
        for each in chart.dependencies:
            name, alias = plain(each.get("name")), plain(each.get("alias")) or plain(each.get("name"))
            repository = plain(each.get("repository"))
            folder = (
                joined(chart.folder, repository.removeprefix("file://"))
                if repository.startswith("file://")
                else f"{chart.folder}/charts/{name}".lstrip("/")
            )
            said.add(folder)
            if folder in self.all and self.enabled(each, values):
                yield alias, self.all[folder]
        for folder, inner in self.all.items():
            if folder_of(folder) == f"{chart.folder}/charts".lstrip("/") and folder not in said:
                yield inner.name, inner

    def render(self, chart: Chart, values: dict[str, Any], release: str, depth: int = 0) -> Iterator[Rendered]:
        """Yield the documents that a chart and those inside of it give with some values."""
        yield from self._own(chart, values, release)
        if depth < _DEEPEST:
            for alias, inner in self.subcharts(chart, values):
                given = below(inner.values, mapping(values.get(alias)), 0)
                if isinstance(values.get("global"), dict):
                    given["global"] = below(mapping(given.get("global")), values["global"], 0)
                yield from self.render(inner, given, release, depth + 1)

    def _own(self, chart: Chart, values: dict[str, Any], release: str) -> Iterator[Rendered]:
        defined: dict[str, list[Node]] = {}
        for folder in (
            chart.folder,
            *(
                each.folder
                for each in self.all.values()
                if self._holds(chart, each) or each.about.get("type") == "library"
            ),
        ):
            for path in self._templates(folder):
                if (read := self._parse(path)) is not None:
                    defined |= {**read[1], **defined}
        context = _context(chart, values, release)
        for path in self._templates(chart.folder):
            read = self._parse(path)
            if (
                read is None
                or path.rpartition("/")[2].startswith("_")
                or not path.endswith((".yaml", ".yml", ".tpl"))
                or "/tests/" in path
            ):
                continue
            renderer = Renderer(defined)
            context["Template"] = {"Name": path, "BasePath": f"{chart.folder}/templates"}
            try:
                text = renderer.render(read[0], context)
            except (TemplateFailure, RecursionError) as failure:
                self._tree.trouble(path, f"this template was not read: {failure}")
                continue
            for value in _documents(text):
                yield Rendered(value, path, not renderer.unknown)

    def _templates(self, folder: str) -> list[str]:
        start = f"{folder}/templates/".lstrip("/")
        return [each for each in self._tree.files if each.startswith(start)][:_MOST_FILES]

    def _parse(self, path: str) -> tuple[list[Node], dict[str, list[Node]]] | None:
        if path not in self._parsed:
            text = self._tree.text(path) if path.endswith((".yaml", ".yml", ".tpl")) else None
            try:
                self._parsed[path] = parse(text) if text is not None and len(text) < 1_000_000 else None
            except (TemplateFailure, RecursionError) as failure:
                self._tree.trouble(path, f"this template was not read: {failure}")
                self._parsed[path] = None
        return self._parsed[path]


def _context(chart: Chart, values: dict[str, Any], release: str) -> dict[str, Any]:
    about = {key[:1].upper() + key[1:]: value for key, value in chart.about.items()}
    return {
        "Values": values, "Chart": {**about, "Name": chart.name}, "Files": {},
        "Release": {"Name": release, "Namespace": "default", "Service": "Helm", "IsInstall": True, "IsUpgrade": False, "Revision": 1},
        "Capabilities": {"KubeVersion": {"Version": "v1.31.0", "GitVersion": "v1.31.0", "Major": "1", "Minor": "31"}, "APIVersions": ["networking.k8s.io/v1/Ingress"], "HelmVersion": {"Version": "v3.16.0"}},
    }  # fmt: skip


def _documents(text: str) -> Iterator[Any]:
    """Yield the documents of rendered text; one that is broken hides no other."""
    for part in re.split(r"^---.*$", text, flags=re.MULTILINE)[:500]:
        if "apiVersion" not in part:
            continue
        try:
            value = bounded.load(part)
        except (yaml.YAMLError, ValueError, RecursionError, TypeError):
            continue
        if fits(value, MOST_PARTS):
            yield value
