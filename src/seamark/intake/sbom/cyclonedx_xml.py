"""CycloneDX as XML, 1.0 to 1.7, element by element in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from seamark.core.errors import UnreadableReport
from seamark.core.finding import Vex
from seamark.core.sbom import Sbom, Statement
from seamark.intake.parsers.formats.cyclonedx import model
from seamark.intake.parsers.formats.cyclonedx.xml import Element, child, children, listed, own_text, text
from seamark.intake.parsers.kit.shapes import local_name, transcoded
from seamark.intake.parsers.kit.source import Source
from seamark.intake.sbom import cyclonedx
from seamark.intake.sbom.rows import Problems

_LISTS = frozenset({"components", "services", "dependencies", "vulnerabilities"})


def elements(source: Source) -> Iterator[Element]:
    """Yield the document's root, before anything in it is read, then its parts: the rows of its lists, and whatever else it holds.

    A part is gone from memory once the next is asked for. Raises `UnreadableReport`.
    """
    if b"<!DOCTYPE" in source.head(1024 * 1024):
        raise UnreadableReport("The XML declares a document type, which no SBOM needs", hint="remove it")
    try:
        parsed = etree.iterparse(
            source.stream(),
            events=("start", "end"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
            encoding=transcoded(source.head(200)),
        )
        depth = 0
        above = ""
        for event, element in parsed:
            if event == "start":
                depth += 1
                if depth == 1:
                    if element.getroottree().docinfo.internalDTD is not None:
                        raise UnreadableReport("The XML declares a document type, which no SBOM needs")
                    yield element
                elif depth == 2:
                    above = local_name(element)
                continue
            depth -= 1
            if (depth == 2 and above in _LISTS) or (depth == 1 and above not in _LISTS):
                yield element
            if depth == 1 or (depth == 2 and above in _LISTS):
                element.clear(keep_tail=False)
                while element.getprevious() is not None and (parent := element.getparent()) is not None:
                    del parent[0]
    except etree.XMLSyntaxError as error:
        raise UnreadableReport(
            f"The XML is damaged or cut off: {error.msg}", where=f"line {error.lineno}", hint="write the document again"
        ) from None


def read(source: Source) -> Sbom:
    """Return a document. Raises `UnreadableReport`."""
    bom = cyclonedx.Bom()
    gathered = cyclonedx.Gathered()
    statements: list[Statement] = []
    problems = Problems()
    for number, element in enumerate(elements(source)):
        name = local_name(element)
        if number == 0:
            bom.spec_version = str(element.tag).partition("}")[0].rpartition("/")[2]
            bom.serial_number = element.get("serialNumber", "")
        elif name == "metadata":
            bom.metadata = _metadata(element)
            subject = bom.metadata.component
            for nested in (subject.components if subject else None) or ():
                gathered.add(nested, cyclonedx.reference(subject) if subject else "")
        elif name == "component":
            gathered.add(_row(element), "")
        elif name == "service":
            provider = text(child(element, "provider"), "name")
            row = cyclonedx.Row(
                name=text(element, "name"),
                type="service",
                group=text(element, "group"),
                version=text(element, "version"),
                bom_ref=element.get("bom-ref", ""),
                supplier=cyclonedx.Organisation(provider),
            )
            gathered.add(row, "")
        elif name == "dependency":
            for target in children(element, "dependency"):
                gathered.edge(element.get("ref", ""), target.get("ref", ""))
        elif name == "vulnerability" and (one := _statement(element)):
            statements.append(one)
    return cyclonedx.assemble(bom, gathered, tuple(statements), problems, "xml")


def _row(element: Element) -> cyclonedx.Row:
    """Return a component with those nested in it; libxml2 itself bounds the depth."""
    parts: dict[str, Element] = {}
    for one in element:
        if isinstance(one.tag, str):
            parts.setdefault(one.tag.rpartition("}")[2], one)

    def words(name: str) -> str:
        return own_text(parts[name]) if name in parts else ""

    def organisation(name: str) -> cyclonedx.Organisation | None:
        return cyclonedx.Organisation(text(parts[name], "name")) if name in parts else None

    return cyclonedx.Row(
        name=words("name"),
        type=element.get("type", ""),
        version=words("version"),
        group=words("group"),
        purl=words("purl"),
        cpe=words("cpe"),
        swid=cyclonedx.Swid(parts["swid"].get("tagId", "")) if "swid" in parts else None,
        omnibor_id=[own_text(one) for one in children(element, "omniborId")] if "omniborId" in parts else None,
        swhid=[own_text(one) for one in children(element, "swhid")] if "swhid" in parts else None,
        bom_ref=element.get("bom-ref", ""),
        scope=words("scope"),
        supplier=organisation("supplier"),
        manufacturer=organisation("manufacturer"),
        publisher=words("publisher"),
        author=words("author"),
        authors=_people(element) if "authors" in parts else None,
        licenses=[*_licences(parts.get("licenses"))],
        hashes=[model.Hash(one.get("alg", ""), own_text(one)) for one in children(parts.get("hashes"), "hash")],
        properties=[
            model.Property(one.get("name", ""), own_text(one)) for one in children(parts.get("properties"), "property")
        ],
        components=[_row(one) for one in children(parts.get("components"), "component")],
    )


def _licences(element: Element | None) -> Iterator[model.Licence]:
    for one in element if element is not None else ():
        if local_name(one) == "expression":
            yield model.Licence(expression=own_text(one))
        else:
            yield model.Licence(model.LicenceText(text(one, "id"), text(one, "name")))


def _people(element: Element) -> list[cyclonedx.Person]:
    return [cyclonedx.Person(text(one, "name"), text(one, "email")) for one in listed(element, "authors", "author")]


def _metadata(element: Element) -> cyclonedx.Metadata:
    tools = child(element, "tools")
    rows = [*children(tools, "tool"), *listed(tools, "components", "component"), *listed(tools, "services", "service")]
    subject = child(element, "component")
    return cyclonedx.Metadata(
        timestamp=text(element, "timestamp"),
        tools=[model.Tool(name=text(one, "name"), version=text(one, "version")) for one in rows],
        authors=_people(element),
        component=_row(subject) if subject is not None else None,
        manufacture=cyclonedx.Organisation(text(child(element, "manufacture"), "name")),
        manufacturer=cyclonedx.Organisation(text(child(element, "manufacturer"), "name")),
    )


def _statement(element: Element) -> Statement | None:
    analysis = child(element, "analysis")
    state = cyclonedx.STATES.get(text(analysis, "state"))
    name = text(element, "id")
    if state is None or not name:
        return None
    return Statement(
        vulnerability=name,
        aliases=tuple(
            one for row in listed(element, "references", "reference") if (one := text(row, "id")) and one != name
        ),
        vex=Vex(
            state=state,
            justification=text(analysis, "justification"),
            detail=text(analysis, "detail"),
            response=tuple(own_text(one) for one in listed(analysis, "responses", "response")),
        ),
        refs=tuple(text(row, "ref") for row in listed(element, "affects", "target")),
    )
