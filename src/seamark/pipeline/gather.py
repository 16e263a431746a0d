"""Takes reports in to look at them together, without keeping anything. Knows no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from msgspec.structs import replace

from seamark.analysis.correlation.roots import Edge, Lineage
from seamark.analysis.correlation.signals import of_package
from seamark.core.assets import AssetKind, AssetRef, Relation, image_name
from seamark.core.component import Component
from seamark.core.errors import ImportRefused
from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation, ImageLocation
from seamark.core.report import Run
from seamark.intake.discovery.checkout import WorkingTree, enrich
from seamark.intake.parsers.kit.read import open_report
from seamark.intake.parsers.kit.registry import Parser
from seamark.pipeline.correlated import Listed
from seamark.pipeline.paths import AS_IT_IS, Shift, shifts
from seamark.pipeline.target import repository_key

_REPOSITORY: Final = AssetRef(AssetKind.REPOSITORY, "")
"""Where everything is that names no image and no repository of its own."""


class Told(NamedTuple):
    """A finding with where it stands: the report's name, its number in it from 0, its run."""

    report: str
    number: int
    format: str
    run: int
    finding: Finding


class Gathered:
    """What several reports about one application say."""

    def __init__(self, *, listing: bool = False) -> None:
        """Take nothing in yet; with `listing` components are kept as well."""
        self._listing = listing
        self.reports: list[Listed] = []
        self.told: list[Told] = []
        self.runs: list[Run] = []
        self.relations: list[Relation] = []
        self.components: dict[str, Component] = {}
        """By purl, or by name and version where they have none."""
        self.inventories = 0
        """How many of the reports list components."""

    def read(self, path: Path, name: str, format: str | Parser = "auto") -> None:
        """Take a report in under a name. Raises `UnreadableReport`; nothing is then taken of it.

        Findings are numbered from 0 as `seamark read` numbers them.
        """
        opened = open_report(path, format)
        told: list[Told] = []
        runs: list[Run] = []
        relations: list[Relation] = []
        components: dict[str, Component] = {}
        for item in opened.items():
            if type(item) is Finding:
                told.append(Told(name, len(told), opened.parser.name, len(self.runs) + len(runs) - 1, item))
            elif type(item) is Run:
                runs.append(item)
            elif type(item) is Relation:
                relations.append(item)
            elif type(item) is Component and self._listing:
                components.setdefault(item.purl or f"{item.name}@{item.version}", item)
        self.told += told
        self.runs += runs
        self.relations += relations
        self.components |= components
        self.inventories += bool(components)
        tools = tuple(dict.fromkeys(run.tool for run in runs))
        self.reports.append(Listed(path=name, format=opened.parser.name, tools=tools, findings=len(told)))

    def streams(self) -> list[int]:
        """Return the stream of each run: runs of one tool with one configuration are of one stream, whatever their order."""
        names = sorted({(run.tool, run.configuration) for run in self.runs})
        numbers = {name: number for number, name in enumerate(names, start=1)}
        return [numbers[run.tool, run.configuration] for run in self.runs]

    def placed(self, source: WorkingTree | None = None) -> list[Finding]:
        """Return the findings in their order, one file under one path. `source` gives scopes and code where the reports do not."""
        findings = [told.finding for told in self.told]
        if source is not None:
            findings = [_in_tree(finding, source) for finding in findings]
        named: dict[int, set[str]] = defaultdict(set)
        for told, finding in zip(self.told, findings, strict=True):
            if type(finding.location) is CodeLocation:
                named[told.run].add(finding.location.path)
        known = shifts(named)
        if not known:
            return findings
        return [
            _shifted(finding, known.get(told.run, AS_IT_IS))
            for told, finding in zip(self.told, findings, strict=True)
        ]  # fmt: skip


def _in_tree(finding: Finding, source: WorkingTree) -> Finding:
    finding = enrich(finding, source)
    place = finding.location
    if type(place) is not CodeLocation or not (path := source.resolve(place.path)) or path == place.path:
        return finding
    return replace(finding, location=replace(place, path=path))


def _shifted(finding: Finding, shift: Shift) -> Finding:
    place = finding.location
    if type(place) is not CodeLocation or (path := shift.of(place.path)) == place.path:
        return finding
    return replace(finding, location=replace(place, path=path))


class Assets:
    """The assets of one application, by number, as its reports tell them apart.

    Where they name one image at most, everything is one asset. Where they name several, each image is one, and a package's flaw
    belongs to the asset that owns its fix, as far as the reports' relations say.
    """

    def __init__(self, gathered: Gathered) -> None:
        self._gathered = gathered
        images = {image_name(run.image) for run in gathered.runs} | set(self._scanned())
        images.discard("")
        self._one = len(images) < 2
        self._image = next(iter(images), "") if self._one else ""
        """The one image, empty where there is none or are several."""
        ends = [ref for said in gathered.relations for ref in (said.source, said.target)]
        named = [ref.key for ref in ends if ref.kind is AssetKind.REPOSITORY]
        repositories = {_repository(key) for key in (*(run.repository for run in gathered.runs), *named)}
        self._one_repository = len(repositories - {""}) < 2
        self._numbers: dict[AssetRef, int] = {_REPOSITORY: 1}
        self._keys: dict[int, str] = {1: ""}
        self._own = [1 if self._one else self._number(self._of_run(run)) for run in gathered.runs]
        self._lineage = Lineage((), {}) if self._one else self._related()

    def of(self, run: int, finding: Finding) -> int:
        """Return the asset that a finding of a run belongs to, from 1."""
        location, asset = finding.location, self._own[run]
        if type(location) is ImageLocation and location.image:
            name = image_name(location.image)
            # An alert may come from a container that no other report speaks of.
            asset = 1 if self._one and name.endswith(self._image) else self._number(AssetRef(AssetKind.IMAGE, name))
        return self._lineage.root_of(asset, finding).asset if self._lineage and of_package(finding) else asset

    def _scanned(self) -> Iterator[str]:
        """Yield the images that findings name; those of alerts say nothing of what was scanned."""
        for told in self._gathered.told:
            location = told.finding.location
            if type(location) is ImageLocation and told.finding.kind is not Kind.RUNTIME:
                yield image_name(location.image)

    def name(self, asset: int) -> str:
        """Return what an asset is called; empty for the repository, and where all is one."""
        return self._keys[asset]

    def _number(self, ref: AssetRef) -> int:
        number = self._numbers.get(ref)
        if number is None:
            number = self._numbers[ref] = len(self._numbers) + 1
            self._keys[number] = ref.key
        return number

    def _of_run(self, run: Run) -> AssetRef:
        if name := image_name(run.image):
            return AssetRef(AssetKind.IMAGE, name)
        return self._known(AssetRef(AssetKind.REPOSITORY, run.repository))

    def _known(self, ref: AssetRef) -> AssetRef:
        """Return a reference with its natural key."""
        if ref.kind is AssetKind.IMAGE:
            return AssetRef(ref.kind, image_name(ref.key))
        if ref.kind is AssetKind.REPOSITORY:
            return _REPOSITORY if self._one_repository else AssetRef(ref.kind, _repository(ref.key))
        return ref

    def _related(self) -> Lineage:
        edges = [
            Edge(said.kind, self._number(self._known(said.source)), self._number(self._known(said.target)), said.confidence)
            for said in self._gathered.relations
        ]  # fmt: skip
        layers: dict[int, set[str]] = defaultdict(set)
        for own, run in zip(self._own, self._gathered.runs, strict=True):
            layers[own].update(run.layers)
        numbers = self._numbers.items()
        return Lineage(
            edges,
            {number: ref.kind for ref, number in numbers},
            {number: known for number, known in layers.items() if known},
            {number: ref.key for ref, number in numbers if ref.kind is AssetKind.IMAGE},
        )


def _repository(text: str) -> str:
    """Return a repository's natural key, empty where the text is none."""
    try:
        return repository_key(text) if text.strip() else ""
    except (ImportRefused, ValueError):
        return ""
