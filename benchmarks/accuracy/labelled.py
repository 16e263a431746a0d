"""Labelled findings: what several tools say of code whose weaknesses are known."""

from __future__ import annotations

import csv
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from seamark.analysis.correlation.evidence import Sighting
from seamark.analysis.correlation.sighting import sighting
from seamark.core.finding import Finding
from seamark.intake.parsers.kit.read import open_report


class Labelled(NamedTuple):
    """A finding and the issue that it belongs to in truth."""

    sighting: Sighting
    truth: str
    case: str
    category: str


_CASE = re.compile(r"BenchmarkTest\d{5}")
REPORTS = {
    "bandit-upstream": "BenchmarkPython-Bandit.sarif",
    "bandit-local": "BenchmarkPython-bandit-local.json",
    "ruff-S-local": "BenchmarkPython-ruff-S-local.sarif",
    "semgrep-1.182-local": "BenchmarkPython-semgrep-oss-local.json",
}
"""Reports in formats of ours, by the name under which the truth knows their tools."""


def read(path: Path) -> Iterator[Finding]:
    """Return the findings of a report."""
    return (item for item in open_report(path).items() if isinstance(item, Finding))


def benchmark(folder: Path) -> list[Labelled]:
    """Return the findings of the OWASP Benchmark for Python that have a truth: those of their test case's category.

    Same test case and same category is the same issue.
    """
    truth = truth_of(folder)
    results = folder / "python_results"
    streams: dict[str, Iterable[Sighting]] = {
        name: [sighting(finding, name.partition("-")[0]) for finding in read(results / file)]
        for name, file in REPORTS.items()
    }
    streams["dlint-local"] = _dlint(results / "BenchmarkPython-dlint-local.txt")
    streams["bearer-1.51.1"] = _bearer(results / "Benchmark-Bearer-v1.51.1.json")
    found = []
    for number, (name, rows) in enumerate(streams.items(), start=1):
        for row in rows:
            case = _CASE.search(row.path)
            category = truth.get((name, case[0], row.rule, row.line)) if case else None
            if case and category:
                placed = row._replace(path=f"{case[0]}.py", asset="benchmark", stream=number)
                found.append(Labelled(placed, f"{case[0]} {category}", case[0], category))
    return found


def case_of(path: str) -> str:
    """Return the test case that a file is of, empty where it is of none."""
    case = _CASE.search(path)
    return case[0] if case else ""


def truth_of(folder: Path) -> dict[tuple[str, str, str, int], str]:
    """Return the category of each labelled finding by tool, test case, rule and line."""
    with (folder / "normalized-python.csv").open(encoding="utf-8", newline="") as file:
        return {
            (row["tool"], row["test"], row["rule"], int(row["line"])): row["truth_category"]
            for row in csv.DictReader(file)
            if row["on_category"] == "True"
        }


_DLINT = re.compile(r"(\S+?):(\d+):(\d+): (DUO\d+) (.*)")


def _dlint(path: Path) -> Iterator[Sighting]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if (told := _DLINT.match(line)) is not None:
            yield Sighting(
                tool="dlint", rule=told[4], path=told[1], line=int(told[2]), column=int(told[3]), title=told[5]
            )


def _bearer(path: Path) -> Iterator[Sighting]:
    for row in json.loads(path.read_text(encoding="utf-8"))["findings"]:
        yield Sighting(
            tool="bearer",
            rule=row["id"],
            path=row["filename"],
            line=row["line_number"],
            end_line=row["sink"]["end"],
            column=row["sink"]["column"]["start"],
            cwes=tuple(int(number) for number in row["cwe_ids"]),
            title=row["title"],
        )


def nameless(rows: Iterable[Labelled]) -> list[Labelled]:
    """Return the findings as if of tools that the table of rules does not know: only the reports' own weaknesses count."""
    return [row._replace(sighting=row.sighting._replace(tool=f"unknown {row.sighting.tool}")) for row in rows]


def strangers(rows: Sequence[Labelled], seed: int, hidden: int = 2) -> tuple[list[Labelled], list[str]]:
    """Return the findings with some of the tools, drawn by seed, as if the table did not know them; and which these are."""
    tools = sorted({row.sighting.tool for row in rows})
    drawn = sorted(random.Random(seed).sample(tools, hidden))  # noqa: S311 - repeatable
    return [nameless([row])[0] if row.sighting.tool in drawn else row for row in rows], drawn


def thinned(rows: Iterable[Labelled], seed: int, share: float = 0.3) -> list[Labelled]:
    """Return the findings of tools that overlook most: each has seen `share` of the test cases, drawn by seed."""
    dice = random.Random(seed)  # noqa: S311 - repeatable
    drawn: dict[tuple[str, str], bool] = {}
    return [row for row in rows if drawn.setdefault((row.sighting.tool, row.case), dice.random() < share)]


def shifted(rows: Iterable[Labelled], seed: int, share: float = 0.4, most: int = 10) -> list[Labelled]:
    """Return the findings as if tools pointed at different lines of one flow: in `share` of the categories a tool is off by up to `most`.

    It is off by about the same everywhere, as it points at a call where another points at what goes into it; by two lines more or less
    from case to case. What the reports quote of the source is left out, as it would be of other lines.
    """
    dice = random.Random(seed)  # noqa: S311 - repeatable
    offsets: dict[tuple[str, str], int] = {}
    drawn: dict[tuple[str, str], int] = {}
    found = []
    for row in rows:
        one = row.sighting
        kind, key = (one.tool, row.category), (one.tool, row.case)
        if kind not in offsets:
            offsets[kind] = dice.randint(-most, most) if dice.random() < share else 0
        if key not in drawn:
            drawn[key] = offsets[kind] and offsets[kind] + dice.randint(-2, 2)
        line, end = max(1, one.line + drawn[key]), one.end_line and max(1, one.end_line + drawn[key])
        found.append(row._replace(sighting=one._replace(line=line, end_line=end, column=0, snippet="")))
    return found


def held_out(rows: Iterable[Labelled]) -> tuple[list[Labelled], list[Labelled]]:
    """Return two thirds of the test cases to tune numbers on, and one third that the sweeps did not see."""
    tune: list[Labelled] = []
    held: list[Labelled] = []
    for row in rows:
        (held if int(row.case[-5:]) % 3 == 0 else tune).append(row)
    return tune, held


def stacked(rows: Iterable[Labelled], gap: int, seed: int, height: int = 10) -> list[Labelled]:
    """Return the findings with `height` test cases of one category in one file, their spans `gap` lines apart.

    Every finding's lines are rewritten alike, whatever tool it is of. What the reports quote of the source is left out:
    the cases resemble each other to the letter, and quotes with their neighbouring lines would give the truth away.
    """
    cases: dict[tuple[str, str], list[Labelled]] = defaultdict(list)
    for row in rows:
        cases[row.category, row.case].append(row)
    by_category: dict[str, list[str]] = defaultdict(list)
    for category, case in sorted(cases):
        by_category[category].append(case)
    dice = random.Random(seed)  # noqa: S311 - a reproducible order, no secret
    found = []
    for category, names in sorted(by_category.items()):
        dice.shuffle(names)
        for start in range(0, len(names), height):
            line = 20
            for name in names[start : start + height]:
                told = cases[category, name]
                first = min(row.sighting.line for row in told)
                last = max(max(row.sighting.line, row.sighting.end_line) for row in told)
                for row in told:
                    moved = row.sighting._replace(
                        path=f"{category}-{start}.py",
                        line=row.sighting.line - first + line,
                        end_line=row.sighting.end_line - first + line if row.sighting.end_line else 0,
                        snippet="",
                        flow=tuple(step - first + line for step in row.sighting.flow),
                    )
                    found.append(row._replace(sighting=moved))
                line += last - first + gap
    return found
