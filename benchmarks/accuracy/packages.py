"""Labelled findings in packages: three scanners over one image. Same CVE, package and version is the same issue."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.accuracy.labelled import read
from benchmarks.accuracy.score import Score
from seamark.analysis.correlation.aliases import AliasGroups
from seamark.analysis.correlation.matching import match
from seamark.analysis.correlation.sighting import flaws_of, sighting
from seamark.core.component import Component
from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.core.severity import Severity

_EPOCH = re.compile(r"^\d+:")
_DISTRIBUTION = re.compile(r"^(RH[SBE]A|ELSA|ALAS|USN|DSA|SUSE)-")
_NAMES = re.compile(r"CVE-\d{4}-\d+|RH[SBE]A-\d{4}:\d+")


class Row(NamedTuple):
    """A finding, who made it, and the issues that it speaks of in truth."""

    tool: str
    finding: Finding
    truth: frozenset[tuple[str, str, str]]


def image(folder: Path) -> list[Row]:
    """Return what Trivy, Grype and Clair say of one image."""
    rows = [(tool, finding) for tool in ("trivy", "grype") for finding in read(folder / f"{tool}.json")]
    rows += [("clair", finding) for finding in _clair(folder / "clair.json")]
    return [Row(tool, finding, _truth(finding)) for tool, finding in rows]


def apart(rows: list[Row]) -> list[Row]:
    """Return the rows with an advisory of several CVEs as one row for each, as the labels count them."""
    found = []
    for row in rows:
        named = [name for name in row.finding.vulnerabilities if name.startswith("CVE-")]
        if len(named) < 2:
            found.append(row)
            continue
        for name in named:
            finding = msgspec.structs.replace(row.finding, vulnerabilities=(name,))
            found.append(Row(row.tool, finding, _truth(finding)))
    return found


def _clair(path: Path) -> Iterator[Finding]:
    report = json.loads(path.read_text(encoding="utf-8"))
    for package, flaws in report["package_vulnerabilities"].items():
        about = report["packages"][package]
        for number in flaws:
            flaw = report["vulnerabilities"][number]
            told = f"{flaw['name']} {flaw.get('links', '')} {flaw.get('description', '')}"
            names = sorted(set(_NAMES.findall(told)), key=lambda name: (not name.startswith("CVE"), name))
            yield Finding(
                rule=flaw["name"], title=flaw["name"], severity=Severity.MEDIUM, kind=Kind.CONTAINER,
                vulnerabilities=tuple(names or [flaw["name"]]),
                component=Component(name=about["name"], version=about["version"]),
            )  # fmt: skip


def _truth(finding: Finding) -> frozenset[tuple[str, str, str]]:
    component = finding.component
    if component is None:
        return frozenset()
    names = [name for name in finding.vulnerabilities if name.startswith("CVE-")] or list(finding.vulnerabilities)
    package = component.name.rpartition("/")[2].lower()
    return frozenset((name, package, _EPOCH.sub("", component.version)) for name in names)


def score(rows: list[Row]) -> Score:
    """Return how often two findings are rightly taken for one issue.

    A finding that names several CVEs (an advisory of a distribution) speaks of several issues, and is matched as such: a pair is one
    issue where the two share one.
    """
    parts = [(at, row.tool, part) for at, row in enumerate(rows) for part in flaws_of(row.finding)]
    groups = AliasGroups()
    for _, _, part in parts:
        groups.join(name for name in part.vulnerabilities if not _DISTRIBUTION.match(name))
    heads = {name: at for at, name in enumerate(sorted(groups.groups()), start=1)}
    outcome = match([
        sighting(
            part, tool, asset="image",
            group=heads.get(groups.head(part.vulnerabilities[0]), 0) if part.vulnerabilities else 0,
        )
        for _, tool, part in parts
    ])  # fmt: skip
    true = _pairs_in_truth(rows)
    said = {
        (parts[left][0], parts[right][0]) if parts[left][0] < parts[right][0] else (parts[right][0], parts[left][0])
        for members in outcome.clusters
        for nth, left in enumerate(members)
        for right in members[nth + 1 :]
    }
    good = len(said & true)
    return Score(
        len(rows), len(true), round(good / len(said), 4), round(good / len(true), 4), len(outcome.suggestions), 1.0
    )


def _pairs_in_truth(rows: list[Row]) -> set[tuple[int, int]]:
    holders: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        for issue in row.truth:
            holders[issue].append(at)
    return {(left, right) for places in holders.values() for left in places for right in places if left < right}
