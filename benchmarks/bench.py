"""One run of the benchmark: how large, how often, on which databases; and the figures that come out."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from benchmarks.child import run_fresh
from benchmarks.databases import Databases
from benchmarks.lines import LINES, Line
from benchmarks.watch import Sample


class Figure(Struct, omit_defaults=True, kw_only=True):
    """One line's median over the runs, with the least and the most, and what stands beside it."""

    line: str
    database: str = ""
    size: int
    value: float
    low: float
    high: float
    cpu: float | None = None
    """Processor seconds of the median run: ours and the database server's."""
    limit: float | None = None
    note: str = ""

    @property
    def about(self) -> Line:
        """Return what is measured."""
        return LINES[self.line]

    @property
    def ratio(self) -> float | None:
        """Return the figure by its limit."""
        return self.value / self.limit if self.limit else None

    @property
    def met(self) -> bool | None:
        """Tell whether the target is reached."""
        return self.about.met(self.value, self.ratio)


def figure(
    line: str, size: int, values: Sequence[float], *, database: str = "", cpu: Sequence[float] = (),
    limits: Sequence[float] = (), note: str = "",
) -> Figure:  # fmt: skip
    """Return the figure of a line from the values of its runs."""
    return Figure(
        line=LINES[line].key, database=database, size=size, value=_rounded(statistics.median(values)),
        low=_rounded(min(values)), high=_rounded(max(values)), cpu=_rounded(statistics.median(cpu)) if cpu else None,
        limit=_rounded(statistics.median(limits)) if limits else None, note=note,
    )  # fmt: skip


def _rounded(value: float) -> float:
    """Return four digits: more would be noise."""
    return float(f"{value:.4g}")


@dataclass
class Bench:
    """What all measurements of a run share."""

    size: int
    """How many findings or issues."""
    large: int
    """How many findings the large report has."""
    runs: int
    databases: Sequence[Databases]
    tell: Callable[[str], None] = lambda _: None
    details: list[str] = field(default_factory=list)
    """Lines for people that are no figures."""

    def sample(self, function: Callable[..., Sample], *, database: str = "", **arguments: Any) -> Sample:
        """Run a measurement in a fresh process."""
        where = database.split(":", 1)[0]
        self.tell(f"{function.__module__.rsplit('.', 1)[-1]}: {function.__name__.replace('_', ' ')} {where}")
        return run_fresh(function, database=database, **arguments)


def rates(samples: Sequence[Sample]) -> list[float]:
    """Return findings a second."""
    return [sample["findings"] / sample["seconds"] for sample in samples]


def cpus(samples: Sequence[Sample]) -> list[float]:
    """Return the processor seconds, those of the database's server included."""
    return [sample["cpu"] + (sample.get("server_cpu") or 0.0) for sample in samples]
