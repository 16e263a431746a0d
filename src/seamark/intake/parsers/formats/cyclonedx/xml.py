"""CycloneDX XML, and its vulnerability extension of 2020, in the shape of the JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from lxml import etree

from seamark.intake.parsers.formats.cyclonedx import model
from seamark.intake.parsers.formats.cyclonedx.inventory import reference
from seamark.intake.parsers.kit import UnreadableReport
from seamark.intake.parsers.kit.shapes import local_name

P = TypeVar("P", bound=model.Part)
Element = etree._Element  # noqa: SLF001 - the only name lxml has for it


def child(element: Element | None, name: str) -> Element | None:
    """Return the first child of a local name."""
    return next(children(element, name), None)


def children(element: Element | None, name: str) -> Iterator[Element]:
    """Yield the children of a local name."""
    for one in element if element is not None else ():
        if isinstance(one.tag, str) and local_name(one) == name:
            yield one


def listed(element: Element | None, wrapper: str, name: str) -> Iterator[Element]:
    """Yield the elements of a list: `<cwes><cwe/><cwe/></cwes>`."""
    yield from children(child(element, wrapper), name)


def text(element: Element | None, name: str) -> str:
    """Return the text of a child, or nothing."""
    found = child(element, name)
    return (found.text or "").strip() if found is not None else ""


def own_text(element: Element) -> str:
    """Return an element's own text."""
    return (element.text or "").strip()


def metadata(bom: Element) -> model.Metadata:
    """Return when and by what the document was made, and what it is about."""
    found = child(bom, "metadata")
    tools = child(found, "tools")
    rows = [*children(tools, "tool"), *listed(tools, "components", "component"), *listed(tools, "services", "service")]
    subject = child(found, "component")
    return model.Metadata(
        timestamp=text(found, "timestamp"),
        tools=[model.Tool(name=text(row, "name"), version=text(row, "version")) for row in rows],
        component=_subject(subject) if subject is not None else None,
        properties=_properties(found),
    )


def _subject(element: Element) -> model.Subject:
    links = [
        model.Link(row.get("type", ""), text(row, "url")) for row in listed(element, "externalReferences", "reference")
    ]
    return _fill(model.Subject(name=text(element, "name"), external_references=links), element)


def _properties(element: Element | None) -> list[model.Property]:
    return [model.Property(row.get("name", ""), own_text(row)) for row in listed(element, "properties", "property")]


def component(element: Element) -> model.Component:
    """Return a component with all that is nested in it."""
    if child(element, "name") is None:
        raise UnreadableReport("A component has no name", where=f"line {element.sourceline}")
    return _fill(model.Component(name=text(element, "name")), element)


def _fill(part: P, element: Element) -> P:
    supplier = child(element, "supplier")
    occurrences = listed(child(element, "evidence"), "occurrences", "occurrence")
    part.type = element.get("type", "")
    part.version = text(element, "version")
    part.group = text(element, "group")
    part.purl = text(element, "purl")
    part.bom_ref = element.get("bom-ref", "")
    part.scope = text(element, "scope")
    part.supplier = model.Named(text(supplier, "name")) if supplier is not None else None
    part.publisher = text(element, "publisher")
    part.licenses = [*_licences(element)]
    part.hashes = [model.Hash(row.get("alg", ""), own_text(row)) for row in listed(element, "hashes", "hash")]
    part.properties = _properties(element)
    part.evidence = model.Evidence(
        [model.Occurrence(text(row, "location"), _whole(text(row, "line"))) for row in occurrences]
    )
    part.components = [component(row) for row in listed(element, "components", "component")]
    return part


def _licences(element: Element) -> Iterator[model.Licence]:
    for row in listed(element, "licenses", "license"):
        yield model.Licence(model.LicenceText(text(row, "id"), text(row, "name")))
    for row in listed(element, "licenses", "expression"):
        yield model.Licence(expression=own_text(row))


def service(element: Element) -> model.Service:
    """Return a service with those nested in it."""
    return model.Service(
        name=text(element, "name"),
        version=text(element, "version"),
        group=text(element, "group"),
        bom_ref=element.get("bom-ref", ""),
        services=[service(row) for row in listed(element, "services", "service")],
    )


def dependencies(bom: Element) -> list[model.Dependency]:
    """Return the edges."""
    return [
        model.Dependency(row.get("ref", ""), [one.get("ref", "") for one in children(row, "dependency")])
        for row in listed(bom, "dependencies", "dependency")
    ]


def vulnerabilities(bom: Element) -> Iterator[model.Vulnerability]:
    """Yield all vulnerabilities. The extension puts them into their component as well; its `ref` may then be anything."""
    for element in bom.iter("{*}vulnerability"):
        owner = next((one for one in element.iterancestors() if local_name(one) == "component"), None)
        row = _vulnerability(element)
        if owner is not None:
            row.affects = [model.Affected(reference(component(owner)))]
        yield row


def _vulnerability(element: Element) -> model.Vulnerability:
    targets = [
        model.Affected(text(row, "ref"), [_version(one) for one in listed(row, "versions", "version")])
        for row in listed(element, "affects", "target")
    ]
    if ref := element.get("ref", ""):
        targets.append(model.Affected(ref))
    analysis = child(element, "analysis")
    recommendations = [own_text(row) for row in listed(element, "recommendations", "recommendation")]
    return model.Vulnerability(
        id=text(element, "id"),
        bom_ref=element.get("bom-ref", ""),
        source=_origin(element),
        references=[
            model.Reference(text(row, "id"), _origin(row)) for row in listed(element, "references", "reference")
        ],
        ratings=[_rating(row) for row in listed(element, "ratings", "rating")],
        cwes=[own_text(row) for row in listed(element, "cwes", "cwe")],
        description=text(element, "description"),
        detail=text(element, "detail"),
        recommendation=text(element, "recommendation") or "; ".join(recommendations),
        workaround=text(element, "workaround"),
        advisories=[
            model.Advisory(text(row, "url") or own_text(row)) for row in listed(element, "advisories", "advisory")
        ],
        created=text(element, "created"),
        analysis=_analysis(analysis) if analysis is not None else None,
        affects=targets,
    )


def _analysis(element: Element) -> model.Analysis:
    responses = [own_text(row) for row in listed(element, "responses", "response")]
    return model.Analysis(text(element, "state"), text(element, "justification"), responses, text(element, "detail"))


def _version(element: Element) -> model.Version:
    return model.Version(text(element, "version"), text(element, "range"), text(element, "status") or "affected")


def _rating(element: Element) -> model.Rating:
    base = text(child(element, "score"), "base")
    return model.Rating(
        score=_number(base or text(element, "score")),
        severity=text(element, "severity"),
        method=text(element, "method"),
        vector=text(element, "vector"),
        source=_origin(element),
    )


def _origin(element: Element) -> model.Origin | None:
    found = child(element, "source")
    if found is None:
        return None
    return model.Origin(text(found, "name") or found.get("name", ""), text(found, "url"))


def _number(written: str) -> float | None:
    try:
        return float(written)
    except ValueError:
        return None


def _whole(written: str) -> int | None:
    return int(written) if written.isdecimal() and len(written) < 10 else None
