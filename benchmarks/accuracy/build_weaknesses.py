"""Build `cwe.json` of the matcher from the CSV tables of MITRE's list: `python -m benchmarks.accuracy.build_weaknesses`."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

from benchmarks.accuracy.corpus import corpus

NOTICE = (
    "CWE™ names and relations, copyright The MITRE Corporation; "
    "terms of use https://cwe.mitre.org/about/termsofuse.html"
)
VERSION = "4.15"
TARGET = Path(__file__).parents[2] / "src/seamark/analysis/correlation/data/cwe.json"
_GROUPS = {"View", "Category"}


def build(folder: Path) -> str:
    """Return the JSON text: per weakness its name, `!` where MITRE advises against using it, and its parents."""
    with (folder / "cwe_nodes.csv").open(encoding="utf-8", newline="") as file:
        nodes = {int(row["id"]): row for row in csv.DictReader(file) if row["abstraction"].strip() not in _GROUPS}
    parents: dict[int, set[int]] = {number: set() for number in nodes}
    with (folder / "cwe_relations.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            child, parent = int(row["child"]), int(row["parent"])
            if row["nature"] == "ChildOf" and row["view"] == "1000" and child in nodes and parent in nodes:
                parents[child].add(parent)
    lines = [
        f'"{number}":'
        + json.dumps(
            [
                row["name"],
                "!" if row["mapping_usage"] in {"Prohibited", "Discouraged"} else "",
                *sorted(parents[number]),
            ],
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for number, row in sorted(nodes.items())
    ]
    head = json.dumps({"notice": NOTICE, "version": VERSION}, ensure_ascii=False)[:-1]
    return head + ', "weaknesses": {\n' + ",\n".join(lines) + "\n}}\n"


def main() -> int:
    """Write the file."""
    folder = corpus()
    if folder is None:
        sys.stderr.write("The folder of real data is not there; set SEAMARK_CORPUS.\n")
        return 1
    TARGET.write_text(build(folder / "cwe"), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
