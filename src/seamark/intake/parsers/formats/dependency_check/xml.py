"""Brings elements of the XML into the shape of the JSON. The schema's versions differ in a few names."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from lxml import etree

from seamark.intake.parsers.formats.dependency_check import model
from seamark.intake.parsers.kit import UnreadableReport
from seamark.intake.parsers.kit.shapes import convert, local_name, to_value

Values = dict[str, Any]
T = TypeVar("T")


def dependency(element: etree._Element) -> model.Dependency:
    """Return the dependency in an element."""
    value = to_value(element)
    fields = _values(value)
    identifiers = _values(fields.get("identifiers"))
    identifiers = _values(identifiers.get("identifiers")) | identifiers
    found = _values(fields.get("vulnerabilities"))
    shaped: Values = {name: text for name, text in fields.items() if isinstance(text, str)}
    clues = _rows(_values(fields.get("evidenceCollected")), "evidence")
    shaped |= {
        "evidenceCollected": {
            "productEvidence": [_clue(row) for row in clues if row.get("@type") == "product"],
            "versionEvidence": [_clue(row) for row in clues if row.get("@type") == "version"],
        },
        "projectReferences": _texts(fields, "projectReferences", "projectReference"),
        "packages": [*_identifiers(identifiers, "package"), *_identifiers(identifiers, "identifier")],
        "vulnerabilityIds": _identifiers(identifiers, "vulnerabilityIds"),
        "vulnerabilities": [_vulnerability(row) for row in _rows(found, "vulnerability")],
        "suppressedVulnerabilities": [_vulnerability(row) for row in _rows(found, "suppressedVulnerability")],
        "relatedDependencies": [
            _related(row) for row in _rows(_values(fields.get("relatedDependencies")), "relatedDependency")
        ],
    }
    return _converted(shaped, model.Dependency, element)


def scan_info(element: etree._Element) -> model.ScanInfo:
    """Return the engine's version and its failures."""
    value = _values(to_value(element))
    failures = _rows(_values(value.get("analysisExceptions")), "exception")
    shaped = {
        "engineVersion": _text(value.get("engineVersion")),
        "analysisExceptions": [{"exception": {"message": _text(row.get("message"))}} for row in failures],
    }
    return _converted(shaped, model.ScanInfo, element)


def project_info(element: etree._Element) -> model.ProjectInfo:
    """Return the project's name and the date."""
    return convert(element, model.ProjectInfo)


def _converted(shaped: Values, shape: type[T], element: etree._Element) -> T:
    try:
        return msgspec.convert(shaped, shape, strict=False)
    except msgspec.ValidationError as error:
        raise UnreadableReport(f"{error} in <{local_name(element)}>", where=f"line {element.sourceline}") from None


def _values(value: Any) -> Values:
    return value if isinstance(value, dict) else {}


def _rows(values: Values, name: str) -> list[Values]:
    found = values.get(name)
    rows = found if isinstance(found, list) else [found]
    return [row for row in rows if isinstance(row, dict)]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(_values(value).get("#text", ""))


def _texts(values: Values, outer: str, inner: str) -> list[str]:
    found = _values(values.get(outer)).get(inner)
    return [text for one in (found if isinstance(found, list) else [found]) if (text := _text(one))]


def _identifiers(values: Values, name: str) -> list[Values]:
    """Return identifiers; those of schemas before 2.0 have a `name` and a type in place of a package URL."""
    rows = []
    for row in _rows(values, name):
        text = _text(row.get("id")) or _text(row.get("name"))
        kind = str(row.get("@type", ""))
        if kind == "cpe" or text.startswith("cpe:"):
            if name == "identifier":
                continue
        elif kind and not text.startswith("pkg:"):
            text = f"{kind}:{text.strip('()')}"
        rows.append({"id": text, "confidence": str(row.get("@confidence", ""))})
    return rows


def _clue(row: Values) -> Values:
    return {"value": _text(row.get("value")), "confidence": str(row.get("@confidence", ""))}


def _related(row: Values) -> Values:
    return {
        "fileName": _text(row.get("fileName")),
        "filePath": _text(row.get("filePath")),
        "packageIds": [
            identifier
            for name in ("package", "identifier")
            for identifier in _identifiers(_values(row.get("identifiers")) or row, name)
        ],
    }


def _vulnerability(row: Values) -> Values:
    cwes = _texts(row, "cwes", "cwe") or ([_text(row.get("cwe"))] if row.get("cwe") else [])
    shaped: Values = {
        "name": _text(row.get("name")),
        "source": str(row.get("@source", "")),
        "severity": _text(row.get("severity")),
        "cwes": cwes,
        "description": _text(row.get("description")),
        "notes": _text(row.get("notes")),
        "references": [{"url": _text(one.get("url"))} for one in _rows(_values(row.get("references")), "reference")],
        "vulnerableSoftware": [{"software": _software(one)} for one in _software_rows(row)],
    }
    for name in ("cvssV2", "cvssV3", "cvssV4"):
        if isinstance(row.get(name), dict):
            shaped[name.lower()] = {key: text for key, text in row[name].items() if isinstance(text, str) and text}
    if "cvssv2" not in shaped and row.get("cvssScore"):
        shaped["cvssv2"] = _flat(row)
    if isinstance(row.get("knownExploitedVulnerability"), dict):
        shaped["knownExploitedVulnerability"] = {
            "dateAdded": _text(row["knownExploitedVulnerability"].get("dateAdded"))
        }
    return shaped


def _flat(row: Values) -> Values:
    """Return the rating that schema 1 has as fields of the vulnerability itself (`cvssAccessVector`)."""
    found = {"score": _text(row.get("cvssScore"))}
    for name, value in row.items():
        if name.startswith("cvss") and name != "cvssScore" and isinstance(value, str):
            rest = name.removeprefix("cvss")
            found[rest[:1].lower() + rest[1:]] = value
    return found


def _software_rows(row: Values) -> list[Any]:
    found = _values(row.get("vulnerableSoftware")).get("software")
    return found if isinstance(found, list) else [found] if found else []


def _software(one: Any) -> Values:
    values = _values(one)
    return {
        "id": _text(one),
        "vulnerabilityIdMatched": str(values.get("@vulnerabilityIdMatched", "false")),
        "versionEndExcluding": str(values.get("@versionEndExcluding", "")),
    }
