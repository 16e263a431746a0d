"""OpenVEX: statements about whether a vulnerability affects a product.

Each statement about each product, or each of its subcomponents where they are named, is a finding that carries the statement.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats._sca import of_coordinates, shared_rule
from seamark.intake.parsers.kit import (
    Component,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Location,
    Probe,
    Run,
    Severity,
    UnreadableReport,
    Vex,
    VexState,
    json_object,
    moment,
    parser,
    references,
)
from seamark.intake.parsers.kit.packages import identifiers, of_system, purl_kind

_STATES = {
    "affected": VexState.AFFECTED,
    "not_affected": VexState.NOT_AFFECTED,
    "fixed": VexState.FIXED,
    "under_investigation": VexState.UNDER_INVESTIGATION,
}
_IMAGES = frozenset({"oci", "docker"})


class Flaw(Struct):
    name: str = ""
    id: str = field(default="", name="@id")
    description: str = ""
    aliases: list[str] | None = None


class Names(Struct):
    purl: str = ""
    cpe_23: str = field(default="", name="cpe23")
    cpe_22: str = field(default="", name="cpe22")


class Part(Struct):
    id: str = field(default="", name="@id")
    identifiers: Names | None = None
    hashes: dict[str, str] | None = None


class Product(Part):
    subcomponents: list[Part | str] | None = None


class Statement(Struct):
    status: str
    vulnerability: Flaw | str
    products: list[Product | str] | None = None
    subcomponents: list[str] | None = None
    justification: str = ""
    impact_statement: str = ""
    action_statement: str = ""
    status_notes: str = ""
    timestamp: str = ""
    vuln_description: str = ""


class Document(Struct):
    statements: list[Statement]
    author: str = ""
    timestamp: str = ""
    last_updated: str = ""


def _is_openvex(probe: Probe) -> bool:
    context = probe.get("@context")
    return isinstance(context, str) and "openvex.dev/ns" in context


@parser(
    "openvex",
    title="OpenVEX",
    kind=Kind.DEPENDENCY,
    looks=json_object("@context", "statements", where=_is_openvex),
    made_with="vexctl create --product=PURL --vuln=CVE --status=not_affected > openvex.json",
    url="https://github.com/openvex/spec",
    versions="0.0.1 to 0.2.0",
)
def read(document: Document) -> Iterator[Item]:
    # A VEX document states what its author knows; it is no scan, and what it leaves out is not gone.
    yield Run(
        tool="OpenVEX",
        configuration=document.author,
        complete=False,
        finished=moment(document.last_updated or document.timestamp),
    )
    for statement in document.statements:
        if statement.status not in _STATES:
            raise UnreadableReport(f"The status {statement.status!r} is none of OpenVEX")
        for product in statement.products or [Product()]:
            yield from _of_product(statement, product, document.timestamp)


def _of_product(statement: Statement, given: Product | str, written: str) -> Iterator[Finding]:
    product = Product(id=given) if isinstance(given, str) else given
    whole = _component(product)
    # Version 0.0.1 names the subcomponents beside the products.
    parts = product.subcomponents or statement.subcomponents or ()
    if not parts:
        yield _finding(statement, whole, _place(whole), written)
    for part in parts:
        one = _component(Part(id=part) if isinstance(part, str) else part)
        yield _finding(statement, one, _place(whole), written)


def _component(part: Part) -> Component | None:
    names = part.identifiers or Names()
    name = names.purl or part.id or names.cpe_23 or names.cpe_22
    if not name:
        return None
    if name.startswith("pkg:"):
        found = of_coordinates(name)
        return Component(
            name=found.name,
            version=found.version,
            purl=found.purl,
            hashes=tuple((part.hashes or {}).items()),
        )
    words = name.split(":")
    if name.startswith("cpe:2.3:") and len(words) > 5:
        return Component(name=words[4], version="" if words[5] in {"*", "-"} else words[5])
    return Component(name=name)


def _place(product: Component | None) -> Location | None:
    if product is not None and purl_kind(product.purl) in _IMAGES:
        return ImageLocation(
            image=product.name, digest=product.version if product.version.startswith("sha256:") else ""
        )
    return None


def _finding(statement: Statement, component: Component | None, place: Location | None, written: str) -> Finding:
    flaw = Flaw(name=statement.vulnerability) if isinstance(statement.vulnerability, str) else statement.vulnerability
    name = flaw.name or flaw.id
    if not name:
        raise UnreadableReport("A statement names no vulnerability")
    system = component is not None and of_system(purl_kind(component.purl))
    detail = "\n".join(text for text in (statement.impact_statement, statement.status_notes) if text)
    return Finding(
        rule=name,
        title=f"{name} in {component.name}" if component else name,
        severity=Severity.MEDIUM,
        kind=Kind.CONTAINER if system else Kind.DEPENDENCY,
        location=place,
        component=component,
        about=shared_rule(
            id=name,
            description=flaw.description or statement.vuln_description,
            references=references(flaw.id),
        ),
        remedy=statement.action_statement,
        vulnerabilities=identifiers(name, flaw.aliases),
        vex=Vex(
            state=_STATES[statement.status],
            justification=statement.justification,
            detail=detail,
            response=(statement.action_statement,) if statement.action_statement else (),
        ),
        seen_at=moment(statement.timestamp or written),
    )
