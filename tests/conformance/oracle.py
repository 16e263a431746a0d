"""Compares what we read with what an established platform reads out of the same real reports.

`python -m tests.conformance.oracle [TOOL]` prints a line for each report of the tools whose name contains the words. The other
platform is an oracle with faults: where it is wrong, the reason why stands in `deviations/*.toml`.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from seamark.core.errors import UnreadableReport
from seamark.core.finding import Finding
from seamark.core.location import CodeLocation
from seamark.intake.parsers.kit.read import ParserBug, open_report

DEVIATIONS = Path(__file__).with_name("deviations")
FIELDS = ("severity", "ids", "cwes", "file", "line")
_CANDIDATES = 400


class Verdict(NamedTuple):
    """How one report compares: the format that took it (empty: none did), both counts, and agreeing and compared values by field."""

    file: str
    tool: str
    format: str
    error: str
    ours: int
    theirs: int
    agree: dict[str, tuple[int, int]]
    deviation: str

    @property
    def counted(self) -> bool:
        """Tell whether the counts agree, or differ for a written reason."""
        return bool(self.deviation) or (not self.error and self.ours == self.theirs)


def deviations() -> dict[str, dict[str, Any]]:
    """Return the written deviations by the report's file. A file may be named once only."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(DEVIATIONS.glob("*.toml")):
        for file, entry in tomllib.loads(path.read_text("utf-8")).items():
            assert file not in found, f"{file} stands twice"
            assert len(entry["reason"]) > 20, f"{file}: {entry['reason']!r} is no reason"
            found[file] = entry
    return found


def rows(corpus: Path) -> Iterator[dict[str, Any]]:
    """Yield what the other platform reads, a report at a time."""
    with (corpus / "peer/oracle.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def compare(corpus: Path, row: dict[str, Any], known: dict[str, dict[str, Any]]) -> Verdict:
    """Read a report and compare it."""
    error, name, ours = "", "", list[Finding]()
    try:
        opened = open_report(corpus / "peer/reports" / row["file"])
        name = opened.parser.name
        ours = [item for item in opened.items() if isinstance(item, Finding) and item.baseline != "absent"]
    except ParserBug as failure:
        error = f"BUG {failure}"
    except UnreadableReport as failure:
        error = str(failure)
    entry = known.get(row["file"], {})
    return Verdict(
        row["file"], row["tool"], name, error, len(ours), row["count"] or 0, _agreement(ours, row["findings"] or [], entry.get("fields", ())),
        entry.get("reason", ""),
    )  # fmt: skip


def _agreement(ours: list[Finding], theirs: list[dict[str, Any]], excused: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return for each field how many of their values we have too, each finding beside the one of ours that it is most like."""
    left = dict.fromkeys(range(len(ours)))
    index: dict[object, list[int]] = defaultdict(list)
    for at, one in enumerate(ours):
        for key in _keys_of_ours(one):
            index[key].append(at)
    counts: dict[str, tuple[int, int]] = {}
    hits: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for other in theirs:
        said = _said(other)
        near = {at for key in _keys(other) for at in index.get(key, ())[:_CANDIDATES] if at in left}
        pool = near or list(left)[:_CANDIDATES]
        best = max(
            pool,
            key=lambda at: (_matches(ours[at], said).total(), _title(ours[at].title) == _title(other.get("title") or ""), -at),
            default=None,
        )
        asked.update(said.keys())
        if best is not None:
            hits.update(_matches(ours[best], said))
            del left[best]
    for name in FIELDS:
        if name not in excused and asked[name]:
            counts[name] = (hits[name], asked[name])
    return counts


def _title(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())[:40]


def _said(other: dict[str, Any]) -> dict[str, Any]:
    """Return those of the compared fields that the other platform fills."""
    said: dict[str, Any] = {"severity": str(other.get("severity") or "").lower()}
    if ids := other.get("vulnerability_ids"):
        said["ids"] = {str(one).upper() for one in ids}
    if cwes := other.get("cwes"):
        said["cwes"] = {
            int(str(one).removeprefix("CWE-")) for one in cwes if str(one).removeprefix("CWE-").isdigit()
        } - {0}
        if not said["cwes"]:
            del said["cwes"]
    if path := other.get("file_path"):
        said["file"] = str(path)
    if line := other.get("line"):
        said["line"] = int(line)
    return said


def _matches(one: Finding, said: dict[str, Any]) -> Counter[str]:
    """Return the fields in which a finding of ours agrees."""
    found: Counter[str] = Counter()
    if one.severity.word == said["severity"]:
        found["severity"] = 1
    if "ids" in said and said["ids"] <= {name.upper() for name in (*one.vulnerabilities, one.rule)}:
        found["ids"] = 1
    if "cwes" in said and said["cwes"] <= {*one.cwes, *(one.about.cwes if one.about else ())}:
        found["cwes"] = 1
    place = one.location
    if "file" in said and any(_same_path(said["file"], path) for path in _paths(one)):
        found["file"] = 1
    if "line" in said and isinstance(place, CodeLocation) and said["line"] in {place.line, place.end_line}:
        found["line"] = 1
    return found


def _paths(one: Finding) -> list[str]:
    place = one.location
    return [
        text for name in ("path", "resource", "url", "host", "image") if (text := str(getattr(place, name, "") or ""))
    ]


def _same_path(theirs: str, ours: str) -> bool:
    left, right = (text.replace("\\", "/").removeprefix("./").strip("/") for text in (theirs, ours))
    return bool(right) and (left == right or left.endswith("/" + right) or right.endswith("/" + left))


def _keys(other: dict[str, Any]) -> list[object]:
    keys: list[object] = [("title", _title(other.get("title") or ""))]
    keys += [("id", str(one).upper()) for one in other.get("vulnerability_ids") or ()]
    if other.get("file_path"):
        keys.append(("file", str(other["file_path"]).rpartition("/")[2], other.get("line")))
    if other.get("component_name"):
        keys.append(("component", str(other["component_name"]).lower().rpartition("/")[2]))
    return keys


def _keys_of_ours(one: Finding) -> list[object]:
    keys: list[object] = [("title", _title(one.title))]
    keys += [("id", name.upper()) for name in (*one.vulnerabilities, one.rule)]
    place = one.location
    keys += [("file", path.rpartition("/")[2], getattr(place, "line", None)) for path in _paths(one)]
    if one.component is not None:
        keys.append(("component", one.component.name.lower().rpartition("/")[2]))
    return keys


def main(words: list[str]) -> int:
    """Print the comparison of the tools whose name contains the words (all without any)."""
    from tests.conformance.conftest import CORPUS

    wanted, known = " ".join(words).lower(), deviations()
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    verdicts = []
    for row in rows(CORPUS):
        if wanted and wanted not in row["tool"].lower() and wanted not in row["file"].lower():
            continue
        one = compare(CORPUS, row, known)
        verdicts.append(one)
        told = ", ".join(f"{name} {hits}/{asked}" for name, (hits, asked) in one.agree.items())
        sign = "ok " if one.counted and not one.error else ("dev" if one.deviation else "NO ")
        sys.stdout.write(
            f"{sign} {one.file}: {one.format or '-'} {one.ours} of {one.theirs}  {told}  {one.error[:160]}\n"
        )
        if one.error and not one.deviation:
            continue
        for name, (hits, asked) in one.agree.items():
            totals[name][0] += hits
            totals[name][1] += asked
    detected = sum(bool(one.format) for one in verdicts)
    counted = sum(one.counted for one in verdicts)
    sys.stdout.write(
        f"\n{len(verdicts)} reports, {detected} detected, counts agree (or differ for a reason) in {counted}\n"
    )
    for name, (hits, asked) in totals.items():
        sys.stdout.write(f"{name}: {hits} of {asked} ({100 * hits / max(asked, 1):.1f} %)\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
