"""Compares what we read with what an established platform reads out of the same real reports.

`python -m tests.conformance.oracle [TOOL]` prints a line for each report of the tools whose name contains the words, `--table` a
line for each tool, and `--floors` writes `floors.toml`, below which no figure may fall. The other platform is an oracle with faults:
where it is wrong, the reason why stands in `deviations/*.toml`; numbers of weaknesses that a report does not hold are not compared.
"""

from __future__ import annotations

import argparse
import json
import re
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
FLOORS = Path(__file__).with_name("floors.toml")
FIELDS = ("severity", "ids", "cwes", "file", "line")
_CANDIDATES = 400
_NUMBERS = re.compile(rb"(?<!\d)\d{1,4}(?!\d)")
_SYSTEM = re.compile(r" \([\w .-]+\)$")
"""What Trivy writes behind an image's name: `shop:1.0 (debian 12.1)`."""


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
    excused: dict[str, tuple[int, int]]
    """The fields that differ for the written reason, as `agree`."""

    @property
    def counted(self) -> bool:
        """Tell whether the counts agree, or differ for a written reason that names them."""
        return self.same_count or "count" in self.excused

    @property
    def same_count(self) -> bool:
        """Tell whether the report is read, with as many findings as there."""
        return not self.error and self.ours == self.theirs

    @property
    def needless(self) -> bool:
        """Tell whether the written deviation excuses what agrees, or what is not compared: each named field has to differ."""
        return bool(self.deviation) and not (
            self.excused and all(hits < asked for hits, asked in self.excused.values())
        )


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
    error, name, ours, numbers = "", "", list[Finding](), None
    try:
        opened = open_report(corpus / "peer/reports" / row["file"])
        name = opened.parser.name
        ours = [item for item in opened.items() if isinstance(item, Finding) and item.baseline != "absent"]
        if not opened.source.archive:
            numbers = {int(number) for number in _NUMBERS.findall(bytes(opened.source.data))}
    except ParserBug as failure:
        error = f"BUG {failure}"
    except UnreadableReport as failure:
        error = str(failure)
    entry = known.get(row["file"], {})
    said = [(other, _said(other, numbers)) for other in row["findings"] or ()]
    counts, excused = _agreement(ours, said), dict[str, tuple[int, int]]()
    for field in entry.get("fields", ()):
        same = not error and len(ours) == row["count"]
        excused[field] = (int(same), 1) if field == "count" else counts.pop(field, (0, 0))
    reason = entry.get("reason", "")
    return Verdict(row["file"], row["tool"], name, error, len(ours), row["count"] or 0, counts, reason, excused)


Said = tuple[dict[str, Any], dict[str, Any]]
"""A finding of the other platform, and those of its fields that are compared."""


def _agreement(ours: list[Finding], theirs: list[Said]) -> dict[str, tuple[int, int]]:
    """Return for each field how many of their values we have too, each finding beside the one of ours that it is most like."""
    left = dict.fromkeys(range(len(ours)))
    index: dict[object, list[int]] = defaultdict(list)
    for at, one in enumerate(ours):
        for key in _keys_of_ours(one):
            index[key].append(at)
    hits: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    later = []
    for other, said in theirs:
        asked.update(said.keys())
        # Those that agree in all are taken first, so that no other finding takes their place.
        best = _most_like(other, said, ours, _near(other, index, left))
        if best is not None and _matches(ours[best], said).total() == len(said):
            hits.update(said.keys())
            del left[best]
        else:
            later.append((other, said))
    for other, said in later:
        best = _most_like(other, said, ours, _near(other, index, left) or list(left)[:_CANDIDATES])
        if best is not None:
            hits.update(_matches(ours[best], said))
            del left[best]
    return {name: (hits[name], asked[name]) for name in FIELDS if asked[name]}


def _near(other: dict[str, Any], index: dict[object, list[int]], left: dict[int, None]) -> list[int]:
    """Return those of our findings, not yet taken, that share a title, id, place or package with one of theirs."""
    return sorted({at for key in _keys(other) for at in index.get(key, ()) if at in left})[:_CANDIDATES]


def _most_like(other: dict[str, Any], said: dict[str, Any], ours: list[Finding], pool: list[int]) -> int | None:
    """Return which of our findings agrees in most fields; the first of those that are as good."""
    title = _title(other.get("title") or "")
    best, score = None, (-1, False)
    for at in pool:
        found = (_matches(ours[at], said).total(), _title(ours[at].title) == title)
        if found > score:
            best, score = at, found
    return best


def _title(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())[:40]


def _said(other: dict[str, Any], numbers: set[int] | None) -> dict[str, Any]:
    """Return those of the compared fields that the other platform fills; of weaknesses only numbers that the report holds.

    It gives every dependency CWE-1035 and every cloud check CWE-1032, which are no weaknesses but categories, and by no tool's word.
    """
    said: dict[str, Any] = {"severity": str(other.get("severity") or "").lower()}
    if ids := other.get("vulnerability_ids"):
        said["ids"] = {str(one).upper() for one in ids}
    if cwes := other.get("cwes"):
        said["cwes"] = {
            int(str(one).removeprefix("CWE-")) for one in cwes if str(one).removeprefix("CWE-").isdigit()
        } - {0}
        if numbers is not None:
            said["cwes"] &= numbers
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
    found = [
        text for name in ("path", "resource", "url", "host", "image") if (text := str(getattr(place, name, "") or ""))
    ]
    # It writes the way to a dependency where a file's path belongs, without versions.
    return found + [">".join(_unversioned(step) for step in way) for way in one.dependency_paths]


def _unversioned(step: str) -> str:
    name, _, _ = step.rpartition("@")
    return name or step


def _same_path(theirs: str, ours: str) -> bool:
    theirs = _SYSTEM.sub("", theirs).replace(" > ", ">")
    left, right = (text.replace("\\", "/").removeprefix("./").strip("/") for text in (theirs, ours))
    if ">" in left:  # a way to a dependency: it begins with the project itself, which is none
        return left == right or left.endswith(">" + right)
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


def verdicts(corpus: Path, words: str = "") -> Iterator[Verdict]:
    """Yield the comparison of each report of the tools whose name, or of the files whose path, contains the words."""
    known = deviations()
    for row in rows(corpus):
        if words in row["tool"].lower() or words in row["file"].lower():
            yield compare(corpus, row, known)


def figures(found: Iterable[Verdict]) -> dict[str, int]:
    """Return what the floors hold down: reports detected, counts agreeing, and of each field the values that agree."""
    totals = Counter({"detected": 0, "counted": 0, **dict.fromkeys(FIELDS, 0)})
    for one in found:
        totals["detected"] += bool(one.format)
        totals["counted"] += one.counted
        for name, (hits, _) in (*one.agree.items(), *one.excused.items()):
            if name in FIELDS:
                totals[name] += hits
    return dict(totals)


def floors() -> dict[str, int]:
    """Return the figures below which nothing may fall."""
    return tomllib.loads(FLOORS.read_text("utf-8")) if FLOORS.exists() else {}


def raise_floors(found: dict[str, int]) -> None:
    """Write the floors anew; one that would fall stays."""
    old = floors()
    lines = ["# Written by `python -m tests.conformance.oracle --floors`: no figure may fall below these."]
    lines += [f"{name} = {max(value, old.get(name, 0))}" for name, value in found.items()]
    FLOORS.write_text("\n".join(lines) + "\n", "utf-8")


def table(found: Iterable[Verdict]) -> Iterator[str]:
    """Yield a line for each tool: its reports, those detected, those whose count agrees, and the shares of values that agree."""
    by_tool: dict[str, list[Verdict]] = defaultdict(list)
    for one in found:
        by_tool[one.tool].append(one)
    yield f"{'tool':44}{'reports':>8}{'read':>6}{'counts':>8}" + "".join(f"{name:>10}" for name in FIELDS)
    for tool, group in sorted(by_tool.items(), key=lambda entry: entry[0].lower()):
        yield _line(tool, group)
    yield _line("all", [one for group in by_tool.values() for one in group])


def _line(name: str, group: list[Verdict]) -> str:
    shares = [_share(group, field) for field in FIELDS]
    read, counted = sum(bool(one.format) for one in group), sum(one.counted for one in group)
    return f"{name[:43]:44}{len(group):>8}{read:>6}{counted:>8}" + "".join(f"{share:>10}" for share in shares)


def _share(group: list[Verdict], field: str) -> str:
    pairs = [one.agree[field] for one in group if field in one.agree and not one.error]
    asked = sum(asked for _, asked in pairs)
    return f"{100 * sum(hits for hits, _ in pairs) / asked:.1f} %" if asked else "-"


def _told(one: Verdict) -> str:
    """Return a report's line."""
    fields = ", ".join(f"{name} {hits}/{asked}" for name, (hits, asked) in one.agree.items())
    sign = "ok " if one.same_count else ("dev" if one.deviation else "NO ")
    return f"{sign} {one.file}: {one.format or '-'} {one.ours} of {one.theirs}  {fields}  {one.error[:160]}"


def main() -> int:
    """Print the comparison, or write the floors."""
    from tests.conformance.conftest import CORPUS

    asked = argparse.ArgumentParser(description=main.__doc__)
    asked.add_argument("words", nargs="*", help="only tools whose name contains them")
    asked.add_argument("--table", action="store_true", help="a line for each tool instead of each report")
    asked.add_argument("--floors", action="store_true", help="write the floors anew")
    given = asked.parse_args()
    words = " ".join(given.words).lower()
    if given.floors and words:
        asked.error("floors are of all tools")
    found = list(verdicts(CORPUS, words))
    for line in table(found) if given.table else map(_told, found):
        sys.stdout.write(line + "\n")
    if given.floors:
        raise_floors(figures(found))
    totals = figures(found)
    sys.stdout.write(
        f"\n{len(found)} reports, {totals['detected']} detected, counts agree (or differ for a reason) in {totals['counted']}\n"
    )
    for name in FIELDS:
        differing = sum(asked - hits for one in found for hits, asked in [one.excused.get(name, (0, 0))])
        unread = sum(asked - hits for one in found if one.error for hits, asked in [one.agree.get(name, (0, 0))])
        sys.stdout.write(
            f"{name}: {_share(found, name)} of what is read and not excused ({differing} differ for a reason, {unread} unread)\n"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
