"""SPDX 3: a graph of elements, among them packages, vulnerabilities and assessments of the one for the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Component,
    Cvss,
    DependsOn,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Vex,
    VexState,
    canonical_purl,
    cwe_ids,
    moment,
    references,
)
from seamark.intake.parsers.kit.packages import (
    graded,
    identifiers,
    of_system,
    probability,
    purl_kind,
    rating,
    stable_name,
    tool_title,
)

_PACKAGES = frozenset({"software_Package", "ai_AIPackage", "dataset_DatasetPackage"})
_STATES = {
    "security_VexAffectedVulnAssessmentRelationship": VexState.AFFECTED,
    "security_VexNotAffectedVulnAssessmentRelationship": VexState.NOT_AFFECTED,
    "security_VexFixedVulnAssessmentRelationship": VexState.FIXED,
    "security_VexUnderInvestigationVulnAssessmentRelationship": VexState.UNDER_INVESTIGATION,
}
_CVSS = {
    "security_CvssV2VulnAssessmentRelationship": "2.0",
    "security_CvssV3VulnAssessmentRelationship": "3",
    "security_CvssV4VulnAssessmentRelationship": "4.0",
}
_SCOPES = {"development": "development", "build": "development", "test": "test", "runtime": "runtime"}


class ExternalIdentifier(Struct, rename="camel"):
    external_identifier_type: str = ""
    identifier: str = ""
    identifier_locator: list[str] | None = None


class ExternalRef(Struct, rename="camel"):
    locator: list[str] | str | None = None


class Digest(Struct, rename="camel"):
    algorithm: str = ""
    hash_value: str = ""


class Created(Struct, rename="camel"):
    created: str = ""
    created_using: list[str] | None = None


class Element(Struct, rename="camel"):
    """Any element; which fields it has depends on its type."""

    type: str = ""
    long_type: str = field(default="", name="@type")
    spdx_id: str = ""
    long_id: str = field(default="", name="@id")
    name: str | None = ""
    summary: str | None = ""
    description: str | None = ""
    created: str = ""
    created_using: list[str] | None = None
    from_: str = field(default="", name="from")
    to: list[str] | str | None = None
    relationship_type: str = ""
    scope: str = ""
    root_element: list[str] | None = None
    version: str | None = field(default="", name="software_packageVersion")
    purl: str | None = field(default="", name="software_packageUrl")
    supplied_by: str | None = ""
    verified_using: list[Digest] | None = None
    external_identifier: list[ExternalIdentifier] | None = None
    external_ref: list[ExternalRef] | None = None
    licence: str | None = field(default="", name="simplelicensing_licenseExpression")
    licence_id: str | None = field(default="", name="expandedlicensing_licenseId")
    score: float | str | None = field(default=None, name="security_score")
    severity: str | None = field(default="", name="security_severity")
    vector: str | None = field(default="", name="security_vectorString")
    probability: float | str | None = field(default=None, name="security_probability")
    status_notes: str | None = field(default="", name="security_statusNotes")
    action: str | None = field(default="", name="security_actionStatement")
    justification: str | None = field(default="", name="security_justificationType")
    impact: str | None = field(default="", name="security_impactStatement")

    @property
    def kind(self) -> str:
        """The element's type."""
        return self.type or self.long_type

    @property
    def key(self) -> str:
        """The element's id."""
        return self.spdx_id or self.long_id

    @property
    def targets(self) -> tuple[str, ...]:
        """The far ends of a relationship."""
        return (self.to,) if isinstance(self.to, str) else tuple(self.to or ())


class Assessment(Struct):
    """What is said about one vulnerability in one package."""

    ratings: dict[Cvss, None] = field(default_factory=dict)
    word: str = ""
    epss: float | None = None
    vex: Vex | None = None
    remedy: str = ""


class Graph:
    """Sorts the elements, which may come in any order, and then tells what they say."""

    def __init__(self, elements: Iterable[Element]) -> None:
        self._named: dict[str, Element] = {}
        self._packages: list[Element] = []
        self._creation = Created()
        self._document = Element()
        self._edges: dict[str, dict[str, None]] = {}
        self._scopes: dict[str, str] = {}
        self._licences: dict[str, list[str]] = {}
        self._assessed: dict[tuple[str, str], Assessment] = {}
        for element in elements:
            self._sort(element)

    def _sort(self, element: Element) -> None:
        kind = element.kind
        if kind in _PACKAGES:
            self._packages.append(element)
        elif kind == "CreationInfo":
            self._creation = Created(element.created, element.created_using)
        elif kind == "SpdxDocument":
            self._document = element
        elif element.from_:
            self._relate(element)
        if element.key:
            self._named[element.key] = element

    def _relate(self, element: Element) -> None:
        relation = element.relationship_type
        for target in element.targets:
            if element.kind.startswith("security_"):
                self._assess(self._assessed.setdefault((element.from_, target), Assessment()), element)
            elif relation == "hasAssociatedVulnerability":
                self._assessed.setdefault((target, element.from_), Assessment())
            elif relation in {"dependsOn", "contains", "hasDynamicLink", "hasStaticLink"}:
                self._edges.setdefault(element.from_, {})[target] = None
                if element.scope in _SCOPES:
                    self._scopes.setdefault(target, _SCOPES[element.scope])
            elif relation in {"hasConcludedLicense", "hasDeclaredLicense"}:
                self._licences.setdefault(element.from_, []).append(target)

    @staticmethod
    def _assess(found: Assessment, element: Element) -> None:
        if element.kind in _CVSS:
            if one := rating(element.vector, element.score, _CVSS[element.kind]):
                found.ratings[one] = None
            found.word = found.word or element.severity or ""
        elif element.kind == "security_EpssVulnAssessmentRelationship":
            found.epss = probability(element.probability)
        elif element.kind in _STATES:
            detail = element.impact or element.status_notes or ""
            found.vex = Vex(state=_STATES[element.kind], justification=element.justification or "", detail=detail)
            found.remedy = element.action or ""

    def __iter__(self) -> Iterator[Item]:
        """Yield the run, the components, the edges and the findings."""
        yield self._run()
        known = {element.key: self._component(element) for element in self._packages}
        yield from known.values()
        for source, targets in self._edges.items():
            kept = tuple(target for target in targets if target in known)
            if source in known and kept:
                yield DependsOn(source, kept)
        for (vulnerability, package), assessment in self._assessed.items():
            element = self._named.get(vulnerability, Element(spdx_id=vulnerability))
            yield self._finding(element, known.get(package) or self._unknown(package), assessment)

    def _run(self) -> Run:
        tools = [self._named[key] for key in self._creation.created_using or () if key in self._named]
        roots = [self._named[key] for key in self._document.root_element or () if key in self._named]
        name = self._document.name or (roots[0].name if roots else "") or ""
        return Run(
            tool=tool_title((tools[0].name if tools else "") or "SPDX"),
            configuration=stable_name(name),
            ruleset=None if self._assessed else frozenset(),
            finished=moment(self._creation.created),
        )

    def _component(self, element: Element) -> Component:
        purl = element.purl or next(
            (
                one.identifier
                for one in element.external_identifier or ()
                if one.external_identifier_type in {"packageUrl", "purl"}
            ),
            "",
        )
        supplier = self._named.get(element.supplied_by or "")
        licences = (self._licence(key) for key in self._licences.get(element.key, ()))
        return Component(
            name=element.name or element.key,
            version=element.version or "",
            purl=canonical_purl(purl),
            licences=tuple(dict.fromkeys(text for text in licences if text)),
            ref=element.key,
            scope=self._scopes.get(element.key, ""),
            hashes=tuple((one.algorithm, one.hash_value) for one in element.verified_using or () if one.hash_value),
            supplier=(supplier.name if supplier else "") or "",
        )

    def _licence(self, key: str) -> str:
        """Return a licence's expression; the listed licences are known by their address alone."""
        element = self._named.get(key)
        if element is not None:
            return element.licence or element.licence_id or element.name or ""
        return key.rpartition("/")[2] if "spdx.org/licenses/" in key else ""

    def _unknown(self, key: str) -> Component:
        element = self._named.get(key)
        return Component(
            name=(element.name if element else "") or key,
            purl=canonical_purl(key) if key.startswith("pkg:") else "",
            ref=key,
        )

    @staticmethod
    def _finding(element: Element, component: Component, said: Assessment) -> Finding:
        given = element.external_identifier or ()
        ids = identifiers(
            [one.identifier for one in given if one.external_identifier_type in {"cve", "securityOther", "other"}]
        )
        name = (element.name or "").strip()
        rule_id = ids[0] if ids else name or element.key
        links = [text for one in given for text in one.identifier_locator or ()]
        for ref in element.external_ref or ():
            links += [ref.locator] if isinstance(ref.locator, str) else ref.locator or []
        ratings = tuple(said.ratings)
        return Finding(
            rule=rule_id,
            title=element.summary or f"{rule_id} in {component.name}",
            severity=graded(said.word, ratings),
            severity_given=said.word,
            kind=Kind.CONTAINER if of_system(purl_kind(component.purl)) else Kind.DEPENDENCY,
            component=component,
            about=Rule(
                id=rule_id,
                title=element.summary or "",
                description=element.description or "",
                references=references(links),
            ),
            remedy=said.remedy,
            cwes=cwe_ids([one.identifier for one in given if one.external_identifier_type == "cwe"]),
            vulnerabilities=ids or identifiers(name),
            cvss=ratings,
            epss=said.epss,
            vex=said.vex,
        )
