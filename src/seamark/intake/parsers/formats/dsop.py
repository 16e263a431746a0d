"""DSOP: the workbook with the results of all scanners that Platform One's pipeline runs over a container.

Each sheet is a run of the scanner it is named after. A justification is what was asked for, not what was granted.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator

from seamark.intake.parsers.kit import (
    Component,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Probe,
    Run,
    Suppression,
    UnreadableReport,
    Xml,
    first_line,
    parser,
    references,
    severity,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, rating
from seamark.intake.parsers.kit.source import Source
from seamark.intake.parsers.kit.unpack import BLOCK, ZIP_FAILURES, Unpacked

Row = dict[str, str]

_WORKBOOK, _RELATIONS, _TEXTS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml"
_LETTERS = re.compile(r"[A-Z]{1,3}")
_GRADE = re.compile(r"\((Critical|Important|Moderate|Low)\)\s*$")


def _is_workbook(probe: Probe) -> bool:
    if probe.form != "zip":
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(probe.source.data)) as archive, archive.open(_WORKBOOK) as member:
            text = member.read(65536)
    except ZIP_FAILURES:
        return False
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
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            texts = _texts(archive, source)
            sheets = _sheets(archive, source)
            for name, (tool, make) in _SHEETS.items():
                if name in sheets:
                    yield Run(tool=tool, configuration="DSOP")
                    for row in _rows(archive, source, sheets[name], texts):
                        if (finding := make(row)) is not None:
                            yield finding
    except ZIP_FAILURES as error:
        raise UnreadableReport(f"The workbook is damaged: {error}", hint="download it again") from None


def _xml(archive: zipfile.ZipFile, source: Source, name: str) -> Xml:
    with Unpacked(len(source)) as unpacked:
        with archive.open(name) as member:
            while block := member.read(BLOCK):
                unpacked.write(block)
        data = unpacked.finish()
    return Xml(Source(name=name, data=data, size=len(data)))


def _texts(archive: zipfile.ZipFile, source: Source) -> list[str]:
    """Return the texts that cells refer to by their number."""
    if _TEXTS not in archive.namelist():
        return []
    return ["".join(str(part) for part in item.itertext()) for item in _xml(archive, source, _TEXTS).each("si")]


def _sheets(archive: zipfile.ZipFile, source: Source) -> dict[str, str]:
    """Return the members that hold the sheets, by the sheets' names."""
    targets = {
        element.get("Id"): str(element.get("Target") or "").removeprefix("/xl/")
        for element in _xml(archive, source, _RELATIONS).each("Relationship")
    }
    found = {}
    for sheet in _xml(archive, source, _WORKBOOK).each("sheet"):
        reference = next((value for name, value in sheet.attrib.items() if str(name).endswith("}id")), "")
        if target := targets.get(reference):
            found[str(sheet.get("name"))] = f"xl/{target}"
    return found


def _rows(archive: zipfile.ZipFile, source: Source, name: str, texts: list[str]) -> Iterator[Row]:
    header: Row = {}
    for element in _xml(archive, source, name).each("row"):
        cells = {}
        for cell in element:
            column = _LETTERS.match(str(cell.get("r") or ""))
            if column and (text := _text(cell, texts)):
                cells[column[0]] = text
        if not header:
            header = {column: text.strip() for column, text in cells.items()}
        elif cells:
            yield {header[column]: text for column, text in cells.items() if column in header}


def _text(cell: object, texts: list[str]) -> str:
    value = "".join(str(part) for part in cell.itertext())  # type: ignore[attr-defined]
    if cell.get("t") != "s":  # type: ignore[attr-defined]
        return value.strip()
    number = int(value[:9]) if value.isascii() and value.isdigit() else -1
    return texts[number].strip() if 0 <= number < len(texts) else ""


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
