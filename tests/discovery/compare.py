"""Measure discovery against what a careful reader finds: `python -m tests.discovery.compare FOLDER EXPECTED`.

FOLDER is the working tree of a repository, fetched by whoever measures. EXPECTED is a list of `kind key` (an asset) or `source kind target`
(a relation), one a line, keys relative to the repository; `#` begins a comment, and `kinds: …` names the kinds that are listed in full: only
for those is told what discovery finds beyond the list. Ends with 1 where fewer than 95 % of a kind are found.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from seamark.core.assets import AssetKind, Discovery, RelationKind
from seamark.intake.discovery.discover import discover

REPOSITORY = "repository"
LEAST = 0.95


@dataclass
class Expected:
    """What a list demands."""

    assets: set[tuple[str, str]] = field(default_factory=set)
    relations: set[tuple[str, str, str]] = field(default_factory=set)
    whole: tuple[str, ...] = ()
    """Kinds that are listed in full."""


def read_expected(text: str) -> Expected:
    """Return what a list demands. Raises `ValueError` for a line that is neither an asset nor a relation."""
    found = Expected()
    for row in text.splitlines():
        line = row.partition("  #")[0].strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("kinds:"):
            found.whole = tuple(line.removeprefix("kinds:").split())
            continue
        kind, _, key = line.partition(" ")
        if kind in set(AssetKind) and key.partition(" ")[0] not in set(RelationKind):
            found.assets.add((kind, key))
            continue
        relation = next((f" {each} " for each in RelationKind if f" {each} " in line), "")
        if not relation:
            raise ValueError(f"neither an asset nor a relation: {line}")
        source, _, target = line.partition(relation)
        found.relations.add((source, relation.strip(), target))
    return found


def short(key: str) -> str:
    """Return a key relative to the repository."""
    return key.removeprefix(f"{REPOSITORY}//")


def told(found: Discovery) -> tuple[set[tuple[str, str]], set[tuple[str, str, str]]]:
    """Return assets and relations of a discovery in the form of a list."""
    assets = {(str(each.ref.kind), short(each.ref.key)) for each in found.assets}
    relations = {(short(each.source.key), str(each.kind), short(each.target.key)) for each in found.relations}
    return assets, relations


def compare(found: Discovery, expected: Expected) -> tuple[list[str], bool]:
    """Return a table with every miss, and whether enough was found."""
    assets, relations = told(found)
    wanted: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    for asset in expected.assets:
        wanted[asset[0]].add(asset)
    for relation in expected.relations:
        wanted[f"… {relation[1]} …"].add(relation)
    rows, enough = ["kind                found  of  share"], True
    for kind, several in sorted(wanted.items()):
        there: Iterable[tuple[str, ...]] = relations if kind.startswith("…") else assets
        missed = sorted(several - set(there))
        hit = len(several) - len(missed)
        share = hit / len(several)
        enough = enough and share >= LEAST
        rows.append(f"{kind:<20}{hit:>5}{len(several):>4}  {share:6.1%}")
        rows += [f"    missed: {' '.join(each)}" for each in missed]
        if kind in expected.whole:
            rows += [
                f"    beyond: {' '.join(each)}"
                for each in sorted(each for each in assets if each[0] == kind and each not in several)
            ]
    return rows, enough


def main(words: list[str]) -> int:
    """Print the comparison."""
    if len(words) != 2:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    expected = read_expected(Path(words[1]).read_text("utf-8"))
    rows, enough = compare(discover(Path(words[0]), REPOSITORY), expected)
    sys.stdout.write("\n".join(rows) + "\n")
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
