"""sqlmap: parameters that take SQL, as the table of several targets and as the log of one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Csv,
    Finding,
    Item,
    Kind,
    Location,
    Rule,
    Run,
    Severity,
    Text,
    UnreadableReport,
    Verification,
    WebLocation,
    csv_header,
    parser,
    text_start,
    variant,
)
from seamark.intake.parsers.kit.texts import described

ABOUT = Rule(id="sql-injection", name="sql-injection", title="SQL injection", cwes=(89,))
TECHNIQUES = {
    "B": "boolean-based blind",
    "E": "error-based",
    "U": "UNION query",
    "S": "stacked queries",
    "T": "time-based blind",
    "Q": "inline queries",
}
_PARAMETER = re.compile(r"^Parameter: (?P<name>.+?) \((?P<place>.+)\)\s*$")
_SAID = re.compile(r"^\s+(?P<name>Type|Title|Payload|Vector): (?P<text>.*)$")
_METHODS = {"GET", "POST", "PUT", "DELETE", "PATCH"}
START = "sqlmap identified the following injection point(s)"
RESUMED = "sqlmap resumed the following injection point(s)"


class Row(Struct):
    url: str = field(name="Target URL")
    place: str = field(name="Place")
    parameter: str = field(name="Parameter")
    techniques: str = field(name="Technique(s)", default="")
    notes: str = field(name="Note(s)", default="")


@parser(
    "sqlmap",
    title="sqlmap",
    kind=Kind.WEB,
    looks=csv_header("Target URL", "Place", "Parameter", "Technique(s)"),
    made_with="sqlmap -m targets.txt --batch; the file results-*.csv in its output folder",
    url="https://github.com/sqlmapproject/sqlmap/wiki",
    versions="1.0 to 1.9",
)
def read(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="sqlmap")
    for row in rows:
        if row.parameter:  # targets without an injection stand in the table with their notes only
            ways = [TECHNIQUES.get(letter, letter) for letter in row.techniques if letter.isalpha()]
            said = described(("Techniques", ", ".join(ways)), ("Notes", row.notes))
            yield _finding(
                WebLocation(url=row.url, method=_method(row.place), parameter=row.parameter), row.place, said
            )


@variant("sqlmap", looks=text_start(START, RESUMED))
def read_log(lines: Text) -> Iterator[Item]:
    """Read the log, which does not name the address: it is the folder that the log lies in."""
    yield Run(tool="sqlmap")
    name, place, said, seen = "", "", list[str](), 0
    for line in lines:
        parameter = _PARAMETER.match(line)
        if parameter or line.startswith("---"):
            if name:
                seen += 1
                yield _finding(_in_log(name, place), place, "\n".join(said))
            name, place = (parameter["name"], parameter["place"]) if parameter else ("", "")
            said = []
        elif name and (detail := _SAID.match(line)):
            said.append(f"{detail['name']}: {detail['text']}")
        elif line.startswith("back-end DBMS:") and not seen:
            break
    if name:
        seen += 1
        yield _finding(_in_log(name, place), place, "\n".join(said))
    if not seen:
        raise UnreadableReport("The log announces injection points but names none")


def _in_log(name: str, place: str) -> Location:
    return WebLocation(url="", method=_method(place), parameter=name)


def _method(place: str) -> str:
    word = place.rsplit(maxsplit=1)[-1].upper() if place.split() else ""
    return word if word in _METHODS else ""


def _finding(location: Location, place: str, said: str) -> Finding:
    return Finding(
        rule=ABOUT.id,
        title=f"SQL injection in a parameter ({place})" if place else "SQL injection in a parameter",
        severity=Severity.HIGH,
        location=location,
        about=ABOUT,
        description=said,
        cwes=ABOUT.cwes,
        verification=Verification.VERIFIED,
    )
