"""What the reports that a gate is asked about say. Knows no database."""

from __future__ import annotations

from pathlib import Path

from seamark.core.assets import Relation
from seamark.core.component import Component
from seamark.core.finding import Finding
from seamark.core.report import Run
from seamark.intake.parsers.kit.read import open_report
from seamark.intake.parsers.kit.registry import Parser
from seamark.pipeline.correlated import Listed
from seamark.pipeline.gather import Gathered, Told


class Reports(Gathered):
    """Reports with the components that their inventories list."""

    def __init__(self) -> None:
        super().__init__()
        self.components: dict[str, Component] = {}
        """By purl, or by name and version where they have none."""
        self.inventories = 0
        """How many of the reports list components."""

    def read(self, path: Path, name: str, format: str | Parser = "auto") -> None:
        """Take a report in under a name. Raises `UnreadableReport`; nothing is then taken of it."""
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
            elif type(item) is Component:
                components.setdefault(item.purl or f"{item.name}@{item.version}", item)
        self.told += told
        self.runs += runs
        self.relations += relations
        self.components |= components
        self.inventories += bool(components)
        tools = tuple(dict.fromkeys(run.tool for run in runs))
        self.reports.append(Listed(path=name, format=opened.parser.name, tools=tools, findings=len(told)))
