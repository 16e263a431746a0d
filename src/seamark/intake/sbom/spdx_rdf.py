"""SPDX 2 as RDF/XML: elements may be nested in each other or refer to each other; both come to the same rows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seamark.core.errors import UnreadableReport
from seamark.core.sbom import Sbom
from seamark.intake.parsers.formats.cyclonedx.xml import Element, child, children, own_text, text
from seamark.intake.parsers.formats.spdx import inventory
from seamark.intake.parsers.kit.shapes import Xml, local_name
from seamark.intake.parsers.kit.source import Source
from seamark.intake.sbom import spdx2
from seamark.intake.sbom.rows import Problems

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_MARKS = ("about", "ID", "nodeID", "resource")


def read(source: Source) -> Sbom:
    """Return a document. Raises `UnreadableReport`."""
    root = Xml(source).root
    head = next(root.iter("{*}SpdxDocument"), None)
    if head is None:
        raise UnreadableReport("This RDF describes no SPDX document")
    info = next(head.iter("{*}CreationInfo"), None)
    packages: dict[str, inventory.Package] = {}
    for element in root.iter("{*}Package"):
        row = _package(element)
        # A package may be told in one place and only be named at others.
        if row.name or row.ref not in packages:
            packages[row.ref] = row
    described = [_target(one) for one in children(head, "describesPackage")]
    return spdx2.assemble(
        spdx2.Document(
            spdx_version=text(head, "specVersion"),
            name=text(head, "name"),
            document_namespace=_identifier(head).partition("#")[0],
            creation_info=inventory.CreationInfo(
                created=text(info, "created"), creators=[own_text(one) for one in children(info, "creator")]
            ),
            document_describes=[one for one in described if one],
        ),
        packages.values(),
        _relationships(root),
        frozenset(_name(one) for one in root.iter("{*}File")),
        Problems(),
        "rdf",
    )


def _identifier(element: Element) -> str:
    """Return an element's address, however it is written."""
    return next((value for mark in _MARKS if (value := element.get(_RDF + mark))), "")


def _name(element: Element) -> str:
    """Return an element's own name in the document: `SPDXRef-…`."""
    return _identifier(element).rpartition("#")[2]


def _target(element: Element) -> str:
    """Return whom a property points to: by reference, or by what is nested in it."""
    nested = next((one for one in element if isinstance(one.tag, str)), None)
    return _name(element) or (_name(nested) if nested is not None else "")


def _last(element: Element | None, name: str) -> str:
    """Return the last word of what a property points to, or its text."""
    found = child(element, name)
    if found is None:
        return ""
    pointed = found.get(_RDF + "resource", "")
    return pointed.replace("#", "/").rpartition("/")[2] if pointed else own_text(found)


def _relationships(root: Element) -> Iterator[inventory.Relationship]:
    for element in root.iter("{*}Relationship"):
        holder = element.getparent()
        owner = holder.getparent() if holder is not None else None
        target = child(element, "relatedSpdxElement")
        if owner is None or target is None:
            continue
        kind = _CAPITAL.sub("_", _last(element, "relationshipType").removeprefix("relationshipType_")).upper()
        source = spdx2.DOCUMENT if local_name(owner) == "SpdxDocument" else _name(owner)
        yield inventory.Relationship(source, kind, _target(target))


def _package(element: Element) -> inventory.Package:
    checksums = [
        inventory.Checksum(
            _last(one, "algorithm").removeprefix("checksumAlgorithm_").upper(), text(one, "checksumValue")
        )
        for holder in children(element, "checksum")
        for one in children(holder, "Checksum")
    ]
    refs = [
        inventory.ExternalRef(
            reference_type=_last(one, "referenceType"),
            reference_locator=text(one, "referenceLocator"),
            reference_category=_last(one, "referenceCategory").removeprefix("referenceCategory_"),
        )
        for holder in children(element, "externalRef")
        for one in children(holder, "ExternalRef")
    ]
    return inventory.Package(
        name=text(element, "name"),
        ref=_name(element),
        version_info=text(element, "versionInfo"),
        supplier=text(element, "supplier"),
        originator=text(element, "originator"),
        license_concluded=_expression(child(element, "licenseConcluded")),
        license_declared=_expression(child(element, "licenseDeclared")),
        external_refs=refs,
        checksums=checksums,
    )


def _expression(element: Element | None) -> str:
    """Return a licence as an expression, without brackets around the whole of it."""
    found = _licence(element)
    return found[1:-1] if element is not None and len(element) and found.startswith("(") else found


def _licence(element: Element | None) -> str:
    """Return a licence as an expression: referred to, or a set of members nested in it."""
    if element is None:
        return ""
    pointed = element.get(_RDF + "resource", "")
    if pointed:
        word = pointed.replace("#", "/").rpartition("/")[2]
        return {"noassertion": "NOASSERTION", "none": "NONE"}.get(word.lower(), word)
    nested = next((one for one in element if isinstance(one.tag, str)), None)
    if nested is None:
        return own_text(element)
    sort = local_name(nested)
    if sort in {"ConjunctiveLicenseSet", "DisjunctiveLicenseSet"}:
        members = [_licence(one) for one in children(nested, "member")]
        return f"({(' AND ' if sort.startswith('Con') else ' OR ').join(one for one in members if one)})"
    return text(nested, "licenseId") or _name(nested)
