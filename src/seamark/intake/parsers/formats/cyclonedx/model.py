"""CycloneDX 1.2 to 1.7 as its JSON has it; the XML is brought into this shape."""

from __future__ import annotations

from msgspec import Raw, Struct, field


class Named(Struct, gc=False):
    name: str | None = ""


class Hash(Struct, gc=False):
    alg: str = ""
    content: str = ""


class LicenceText(Struct, gc=False):
    id: str | None = ""
    name: str | None = ""


class Licence(Struct, gc=False):
    license: LicenceText | None = None
    expression: str | None = ""


class Property(Struct, gc=False):
    name: str = ""
    value: str | None = ""


class Occurrence(Struct, gc=False):
    location: str = ""
    line: int | None = None


class Evidence(Struct, gc=False):
    occurrences: list[Occurrence] | None = None


class Part(Struct, gc=False, rename="kebab", kw_only=True):
    """What components and the subject of a document have in common."""

    type: str = ""
    version: str | None = ""
    group: str | None = ""
    purl: str | None = ""
    bom_ref: str | None = ""
    scope: str | None = ""
    supplier: Named | None = None
    publisher: str | None = ""
    licenses: list[Licence] | None = None
    hashes: list[Hash] | None = None
    properties: list[Property] | None = None
    evidence: Evidence | None = None
    components: list[Component] | None = None


class Component(Part, kw_only=True):
    name: str


class Link(Struct, gc=False):
    type: str | None = ""
    url: str | None = ""


class Subject(Part, kw_only=True):
    """What the document is about; some tools leave its name out."""

    name: str | None = ""
    external_references: list[Link] | None = field(default=None, name="externalReferences")


class Service(Struct, gc=False, rename="kebab"):
    name: str
    version: str | None = ""
    group: str | None = ""
    bom_ref: str | None = ""
    services: list[Service] | None = None


class Tool(Struct, gc=False):
    name: str | None = ""
    version: str | None = ""


class Tools(Struct, gc=False):
    """How tools are listed since 1.5."""

    components: list[Tool] | None = None
    services: list[Tool] | None = None


class Metadata(Struct, gc=False):
    timestamp: str = ""
    tools: list[Tool] | Tools | None = None
    component: Subject | None = None
    properties: list[Property] | None = None


class Dependency(Struct, gc=False, rename="camel"):
    ref: str
    depends_on: list[str] | None = None


class Origin(Struct, gc=False):
    name: str | None = ""
    url: str | None = ""


class Reference(Struct, gc=False):
    id: str | None = ""
    source: Origin | None = None


class Rating(Struct, gc=False):
    score: float | None = None
    severity: str | None = ""
    method: str | None = ""
    vector: str | None = ""
    source: Origin | None = None


class Advisory(Struct, gc=False):
    url: str | None = ""


class Analysis(Struct, gc=False):
    state: str | None = ""
    justification: str | None = ""
    response: list[str] | None = None
    detail: str | None = ""


class Version(Struct, gc=False):
    version: str | None = ""
    range: str | None = ""
    status: str | None = "affected"


class Affected(Struct, gc=False):
    ref: str
    versions: list[Version] | None = None


class Vulnerability(Struct, gc=False, rename="kebab"):
    id: str | None = ""
    bom_ref: str | None = ""
    source: Origin | None = None
    references: list[Reference] | None = None
    ratings: list[Rating] | None = None
    cwes: list[int | str] | None = None
    description: str | None = ""
    detail: str | None = ""
    recommendation: str | None = ""
    workaround: str | None = ""
    advisories: list[Advisory] | None = None
    created: str | None = ""
    analysis: Analysis | None = None
    affects: list[Affected] | None = None


class Bom(Struct, gc=False, rename="camel"):
    spec_version: str
    serial_number: str | None = ""
    metadata: Metadata | None = None
    components: Raw = field(default_factory=Raw)
    services: list[Service] | None = None
    dependencies: list[Dependency] | None = None
    vulnerabilities: Raw = field(default_factory=Raw)
