"""Brings elements of the XML into the shape of the JSON. The schema's versions differ in a few names."""

from __future__ import annotations

from functools import lru_cache
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
    found: list[model.Vulnerability] = []
    suppressed: list[model.Vulnerability] = []
    evidence: etree._Element | None = None
    fields: Values = {}
    for child in element:
        _, name = _parted(child.tag)
        if name == "vulnerabilities":
            for row in child:
                _, kind = _parted(row.tag)
                if kind == "vulnerability":
                    found.append(_vulnerability(row))
                elif kind == "suppressedVulnerability":
                    suppressed.append(_vulnerability(row))
        elif name == "evidenceCollected":
            evidence = child
        else:
            fields[name] = to_value(child)
    identifiers = _values(fields.get("identifiers"))
    identifiers = _values(identifiers.get("identifiers")) | identifiers
    packages = [*_identifiers(identifiers, "package"), *_identifiers(identifiers, "identifier")]
    shaped: Values = {name: text for name, text in fields.items() if isinstance(text, str)}
    shaped |= {
        "projectReferences": _texts(fields, "projectReferences", "projectReference"),
        "packages": packages,
        "vulnerabilityIds": _identifiers(identifiers, "vulnerabilityIds"),
        "relatedDependencies": [
            _related(row) for row in _rows(_values(fields.get("relatedDependencies")), "relatedDependency")
        ],
    }
    if evidence is not None and not any(one["id"] for one in packages):
        shaped["evidenceCollected"] = _evidence(evidence)
    made = _converted(shaped, model.Dependency, element)
    made.vulnerabilities, made.suppressed_vulnerabilities = found, suppressed
    return made


def _evidence(element: etree._Element) -> Values:
    """Return the clues to product and version, which only a file that no package manager knows is named by."""
    clues = _rows(_values(to_value(element)), "evidence")
    return {
        "productEvidence": [_clue(row) for row in clues if row.get("@type") == "product"],
        "versionEvidence": [_clue(row) for row in clues if row.get("@type") == "version"],
    }


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
        raise _misfit(error, element) from None


def _misfit(error: msgspec.ValidationError, element: etree._Element) -> UnreadableReport:
    return UnreadableReport(f"{error} in <{local_name(element)}>", where=f"line {element.sourceline}")


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


def _vulnerability(element: etree._Element) -> model.Vulnerability:
    """Return the vulnerability in an element, read without a detour over plain values: reports hold thousands."""
    row = model.Vulnerability(name="", source=element.get("source", ""), cwes=[])
    flat: Values = {}
    for child in element:
        space, name = _parted(child.tag)
        if name in _TEXTS:
            setattr(row, name, (child.text or "").strip())
        elif name == "references":
            row.references = [model.Reference((one.text or "").strip()) for one in child.iter(f"{space}url")]
        elif name == "cwes":
            row.cwes = [text for one in child if (text := (one.text or "").strip())]
        elif name == "vulnerableSoftware":
            row.vulnerable_software = [model.MatchedSoftware(_software(one)) for one in child.iter(f"{space}software")]
        elif name == "cvssV3":
            row.cvss3 = _rating(child, model.CvssThree)
        elif name == "cvssV2":
            row.cvss2 = _rating(child, model.CvssTwo)
        elif name == "cvssV4":
            row.cvss4 = _rating(child, model.CvssFour)
        elif name == "cwe":
            row.cwes = row.cwes or [(child.text or "").strip()]
        elif name == "knownExploitedVulnerability":
            row.known_exploited_vulnerability = model.Exploited(_text(_values(to_value(child)).get("dateAdded")))
        elif name.startswith("cvss"):
            flat[name] = to_value(child)
    if row.cvss2 is None and flat.get("cvssScore"):
        row.cvss2 = _converted(_flat(flat), model.CvssTwo, element)
    return row


@lru_cache(maxsize=1024)
def _parted(tag: Any) -> tuple[str, str]:
    """Return what stands before an element's local name, and the name itself."""
    space, mark, name = str(tag).rpartition("}")
    return space + mark, name


_TEXTS = frozenset({"name", "severity", "description", "notes"})


def _rating(element: etree._Element, shape: type[T]) -> T:
    try:
        wanted: Any = shape
        rating: T = _rating_of(wanted, tuple([(child.tag, child.text) for child in element]))
        return rating
    except msgspec.ValidationError as error:
        raise _misfit(error, element) from None


@lru_cache(maxsize=4096)
def _rating_of(shape: Any, metrics: tuple[tuple[Any, str | None], ...]) -> Any:
    """Return the rating of a CVSS element's children. There are far fewer than vulnerabilities, and nobody changes them."""
    values = {_parted(tag)[1]: text.strip() for tag, text in metrics if text and text.strip()}
    return msgspec.convert(values, shape, strict=False)


def _software(element: etree._Element) -> model.Software:
    return model.Software(
        (element.text or "").strip(),
        element.get("vulnerabilityIdMatched", "false"),
        element.get("versionEndExcluding", ""),
    )


def _flat(row: Values) -> Values:
    """Return the rating that schema 1 has as fields of the vulnerability itself (`cvssAccessVector`)."""
    found = {"score": _text(row.get("cvssScore"))}
    for name, value in row.items():
        if name != "cvssScore" and isinstance(value, str):
            rest = name.removeprefix("cvss")
            found[rest[:1].lower() + rest[1:]] = value
    return found
