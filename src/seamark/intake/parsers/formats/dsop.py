"""DSOP: the workbook with the results of all scanners that Platform One's pipeline runs over a container.

Each sheet is a run of the scanner it is named after. A justification is what was asked for, not what was granted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from seamark.intake.parsers.formats import _workbook
from seamark.intake.parsers.formats._workbook import Row, Workbook
from seamark.intake.parsers.kit import (
    Component,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Probe,
    Run,
    Suppression,
    first_line,
    parser,
    references,
    severity,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, rating
from seamark.intake.parsers.kit.source import Source

_GRADE = re.compile(r"\((Critical|Important|Moderate|Low)\)\s*$")


def _is_workbook(probe: Probe) -> bool:
    text = _workbook.start(probe)
    return b"Twistlock Vulnerability Results" in text and b"Anchore CVE Results" in text


@parser(
    "dsop",
    title="DSOP",
    kind=Kind.CONTAINER,
    looks=_is_workbook,
    made_with="the pipeline of Platform One's DevSecOps (a workbook, .xlsx)",
    url="https://p1.dso.mil/",
    versions="2019 to 2021",
)
def read(source: Source) -> Iterator[Item]:
    workbook = Workbook(source)
    for name, (tool, make) in _SHEETS.items():
        if name in workbook.sheets:
            yield Run(tool=tool, configuration="DSOP")
            for row in workbook.rows(name):
                if (finding := make(row)) is not None:
                    yield finding


def _asked(row: Row) -> Suppression | None:
    text = row.get("JUSTIFICATION", "")
    return Suppression(origin="tool", justification=text, accepted=False) if text else None


def _twistlock(row: Row) -> Finding | None:
    name, package = row.get("cve", ""), row.get("packageName", "")
    if not name:
        return None
    found = rating(row.get("vecStr"), row.get("cvss"), "2.0" if row.get("vecStr", "").count("Au:") else "3.0")
    fixed = row.get("status", "")
    return Finding(
        rule=name,
        title=f"{name} in {package}" if package else name,
        severity=graded(row.get("severity"), (found,) if found else ()),
        severity_given=row.get("severity", ""),
        component=Component(name=package, version=row.get("packageVersion", "")) if package else None,
        description=row.get("desc", ""),
        vulnerabilities=identifiers(name),
        cvss=(found,) if found else (),
        fixed_versions=(fixed[9:].strip(),) if fixed.lower().startswith("fixed in ") else (),
        suppression=_asked(row),
        references=references(row.get("link")),
    )


def _anchore(row: Row) -> Finding | None:
    name, package = row.get("cve", ""), row.get("package", "")
    if not name:
        return None
    path, fixed = row.get("package_path", ""), row.get("fix", "")
    return Finding(
        rule=name,
        title=f"{name} in {package}" if package else name,
        severity=graded(row.get("severity")),
        severity_given=row.get("severity", ""),
        location=ImageLocation(image=row.get("tag", ""), path="" if path == "None" else path),
        # The package's version is only told at the end of its file's name.
        component=Component(name=package, version=_version(row.get("vuln", ""))) if package else None,
        vulnerabilities=identifiers(name),
        fixed_versions=() if fixed in {"", "None"} else (fixed,),
        suppression=_asked(row),
        # The address is written as a link of a page.
        references=references(row.get("url", "").replace("'", " ").replace('"', " ")),
    )


def _version(name: str) -> str:
    rest = name.rpartition("-")[2]
    return rest if rest[:1].isdigit() else ""


def _anchore_compliance(row: Row) -> Finding | None:
    gate = row.get("gate", "")
    # The sheet of vulnerabilities has them with more detail.
    if gate in {"", "vulnerabilities"}:
        return None
    return Finding(
        rule=f"{gate}:{row.get('trigger', '')}",
        title=first_line(row.get("check_output", "")) or gate,
        severity=severity({"stop": "high", "warn": "medium", "go": "info"}.get(row.get("gate_action", ""))),
        severity_given=row.get("gate_action", ""),
        kind=Kind.MISCONFIGURATION,
        location=ImageLocation(image=row.get("repo_tag", "")),
        fingerprints=(("anchore-trigger", row["trigger_id"]),) if row.get("trigger_id") else (),
        suppression=_asked(row),
    )


def _disa(row: Row) -> Finding | None:
    if row.get("result") != "fail" or not row.get("ruleid"):
        return None
    words = row.get("identifiers", "").replace(",", " ").split()
    return Finding(
        rule=row["ruleid"],
        title=row.get("title") or row["ruleid"],
        severity=severity(row.get("severity")),
        severity_given=row.get("severity", ""),
        kind=Kind.MISCONFIGURATION,
        description="\n\n".join(text for text in (row.get("desc", ""), row.get("rationale", "")) if text),
        suppression=_asked(row),
        tags=tuple(words),
    )


def _oval(row: Row) -> Finding | None:
    if row.get("result") != "true" or row.get("cls") not in {"patch", "vulnerability"} or not row.get("ref"):
        return None
    title = row.get("title", "")
    grade = _GRADE.search(title)
    return Finding(
        rule=row["ref"],
        title=title or row["ref"],
        severity=graded(grade[1] if grade else ""),
        severity_given=grade[1] if grade else "",
        vulnerabilities=identifiers(row["ref"], title.partition(": ")[0]),
        suppression=_asked(row),
    )


_SHEETS: dict[str, tuple[str, Callable[[Row], Finding | None]]] = {
    "OpenSCAP - DISA Compliance": ("OpenSCAP", _disa),
    "OpenSCAP - OVAL Results": ("OpenSCAP OVAL", _oval),
    "Twistlock Vulnerability Results": ("Prisma Cloud", _twistlock),
    "Anchore CVE Results": ("Anchore", _anchore),
    "Anchore Compliance Results": ("Anchore Policy", _anchore_compliance),
}
