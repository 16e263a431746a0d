"""CSAF: security advisories and VEX documents of vendors.

Each product that a vulnerability's status names is a finding that carries the status. Products that are only recommended are
the fixed versions.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats._sca import of_coordinates
from seamark.intake.parsers.kit import (
    Component,
    Cvss,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    Vex,
    VexState,
    cwe_ids,
    json_object,
    moment,
    parser,
    references,
    severity,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, probability, rating

_STATUS = {
    "known_affected": VexState.AFFECTED,
    "first_affected": VexState.AFFECTED,
    "last_affected": VexState.AFFECTED,
    "known_not_affected": VexState.NOT_AFFECTED,
    "fixed": VexState.FIXED,
    "first_fixed": VexState.FIXED,
    "under_investigation": VexState.UNDER_INVESTIGATION,
    "unknown": VexState.UNDER_INVESTIGATION,
}
_DEEPEST = 60


class Helper(Struct):
    purl: str | None = ""
    purls: list[str] | None = None


class Product(Struct):
    product_id: str
    name: str
    helper: Helper | None = field(default=None, name="product_identification_helper")


class Branch(Struct):
    name: str = ""
    category: str = ""
    branches: list[Branch] | None = None
    product: Product | None = None


class Relationship(Struct):
    product_reference: str
    full_product_name: Product


class Group(Struct):
    group_id: str
    product_ids: list[str] | None = None


class Tree(Struct):
    branches: list[Branch] | None = None
    full_product_names: list[Product] | None = None
    relationships: list[Relationship] | None = None
    product_groups: list[Group] | None = None


class Note(Struct):
    text: str = ""
    category: str = ""


class Score(Struct, rename="camel"):
    vector_string: str | None = ""
    base_score: float | None = None
    base_severity: str | None = ""
    version: str | None = ""


class Scores(Struct):
    cvss_v2: Score | None = None
    cvss_v3: Score | None = None
    cvss_v4: Score | None = None
    products: list[str] | None = None


class Epss(Struct):
    probability: float | str | None = None


class Content(Struct):
    cvss_v2: Score | None = None
    cvss_v3: Score | None = None
    cvss_v4: Score | None = None
    epss: Epss | None = None
    qualitative: str | None = field(default="", name="qualitative_severity_rating")


class Metric(Struct):
    content: Content
    products: list[str] | None = None
    source: str | None = ""


class Remediation(Struct):
    details: str = ""
    category: str = ""
    product_ids: list[str] | None = None
    group_ids: list[str] | None = None
    url: str | None = ""


class Flag(Struct):
    label: str
    product_ids: list[str] | None = None
    group_ids: list[str] | None = None


class Threat(Struct):
    details: str = ""
    category: str = ""
    product_ids: list[str] | None = None
    group_ids: list[str] | None = None


class Id(Struct):
    text: str = ""


class Weakness(Struct):
    id: str = ""


class Reference(Struct):
    url: str | None = ""


class Vulnerability(Struct):
    cve: str | None = ""
    ids: list[Id] | None = None
    title: str | None = ""
    cwe: Weakness | None = None
    cwes: list[Weakness] | None = None
    notes: list[Note] | None = None
    product_status: dict[str, list[str]] | None = None
    scores: list[Scores] | None = None
    metrics: list[Metric] | None = None
    remediations: list[Remediation] | None = None
    flags: list[Flag] | None = None
    threats: list[Threat] | None = None
    references: list[Reference] | None = None
    discovery_date: str | None = ""
    release_date: str | None = ""


class Aggregate(Struct):
    text: str = ""


class Tracking(Struct):
    id: str = ""
    version: str = ""
    current_release_date: str = ""


class Document(Struct):
    csaf_version: str
    title: str = ""
    tracking: Tracking | None = None
    aggregate_severity: Aggregate | None = None


class Report(Struct):
    document: Document
    product_tree: Tree | None = None
    vulnerabilities: list[Vulnerability] | None = None


@parser(
    "csaf",
    title="CSAF",
    kind=Kind.DEPENDENCY,
    looks=json_object("document.csaf_version"),
    made_with="the vendor's CSAF provider, or a generator of CSAF 2.0 or 2.1 documents",
    url="https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html",
    versions="2.0, 2.1",
)
def read(report: Report) -> Iterator[Item]:
    tracking = report.document.tracking or Tracking()
    # An advisory states what its author knows; it is no scan, and what it leaves out is not gone.
    yield Run(
        tool="CSAF",
        configuration=tracking.id,
        complete=False,
        finished=moment(tracking.current_release_date),
    )
    products = _products(report.product_tree or Tree())
    groups = {group.group_id: group.product_ids or [] for group in (report.product_tree or Tree()).product_groups or ()}
    whole = report.document.aggregate_severity
    for number, row in enumerate(report.vulnerabilities or (), start=1):
        yield from _Statements(row, products, groups, whole.text if whole else "", f"{tracking.id}#{number}").findings()


def _products(tree: Tree) -> dict[str, Component]:
    """Return what the tree's product ids stand for."""
    found: dict[str, Component] = {}
    for product in tree.full_product_names or ():
        found[product.product_id] = _component(product, "", "")
    for branch in tree.branches or ():
        _walk(branch, "", "", found, 0)
    for relation in tree.relationships or ():
        whole = relation.full_product_name
        part = found.get(relation.product_reference)
        own = _component(whole, "", "")
        # What is at fault is the component; the platform it is part of stays in the full name.
        found[whole.product_id] = part if part is not None and not own.purl else own
    return found


def _walk(branch: Branch, name: str, version: str, found: dict[str, Component], depth: int) -> None:
    if branch.category == "product_name":
        name = branch.name
    elif branch.category in {"product_version", "product_version_range"}:
        version = branch.name
    if branch.product is not None:
        found[branch.product.product_id] = _component(branch.product, name, version)
    for inner in branch.branches or () if depth < _DEEPEST else ():
        _walk(inner, name, version, found, depth + 1)


def _component(product: Product, name: str, version: str) -> Component:
    helper = product.helper or Helper()
    purl = helper.purl or next(iter(helper.purls or ()), "")
    if purl:
        found = of_coordinates(purl)
        if found.purl:
            return found
    return Component(name=name or product.name, version=version)


class _Statements:
    """What one vulnerability's entry says about each product."""

    def __init__(
        self,
        row: Vulnerability,
        products: dict[str, Component],
        groups: dict[str, list[str]],
        whole: str,
        fallback: str,
    ) -> None:
        self._row = row
        self._products = products
        self._groups = groups
        self._whole = whole
        ids = identifiers(row.cve, (one.text for one in row.ids or ()))
        self._ids = ids
        self._rule = row.cve or next((one.text for one in row.ids or () if one.text), "") or row.title or fallback
        notes = sorted(row.notes or (), key=lambda note: note.category != "description")
        self._about = Rule(
            id=self._rule,
            title=row.title or "",
            description="\n\n".join(
                note.text for note in notes if note.category in {"description", "summary", "details"}
            ),
            cwes=cwe_ids(row.cwe.id if row.cwe else None, *(one.id for one in row.cwes or ())),
            references=references(*(one.url for one in row.references or ())),
        )
        self._fixed = self._versions()
        self._ratings: dict[str, list[Cvss]] = {}
        self._words: dict[str, str] = {}
        self._epss: dict[str, float | None] = {}
        self._rate()
        self._flags = self._by_product(row.flags)
        self._threats = self._by_product([one for one in row.threats or () if one.category == "impact"])
        self._remedies = self._by_product(row.remediations)

    def _versions(self) -> tuple[str, ...]:
        status = self._row.product_status or {}
        ids = [one for name in ("first_fixed", "fixed", "recommended") for one in status.get(name, ())]
        versions = dict.fromkeys(self._products[one].version for one in ids if one in self._products)
        return tuple(version for version in versions if version)[:20]

    def _by_product(
        self, rows: list[Flag] | list[Threat] | list[Remediation] | None
    ) -> dict[str, list[Flag | Threat | Remediation]]:
        """Return rows by the products they are about; those that name none, under an empty name, are about all."""
        found: dict[str, list[Flag | Threat | Remediation]] = {}
        for row in rows or ():
            named = [
                *(row.product_ids or ()),
                *(one for group in row.group_ids or () for one in self._groups.get(group, ())),
            ]
            for product in named or [""]:
                found.setdefault(product, []).append(row)
        return found

    def _rate(self) -> None:
        for scores in self._row.scores or ():
            self._keep(scores.products, (scores.cvss_v4, scores.cvss_v3, scores.cvss_v2), "")
        for metric in self._row.metrics or ():
            content = metric.content
            self._keep(metric.products, (content.cvss_v4, content.cvss_v3, content.cvss_v2), metric.source or "")
            for product in metric.products or [""]:
                if content.qualitative:
                    self._words[product] = content.qualitative
                if content.epss:
                    self._epss[product] = probability(content.epss.probability)

    def _keep(self, products: list[str] | None, scores: tuple[Score | None, ...], source: str) -> None:
        rated = [
            (found, one)
            for one, version in zip(scores, ("4.0", "3", "2"), strict=True)
            if one is not None and (found := rating(one.vector_string, one.base_score, one.version or version, source))
        ]
        for product in products or [""]:
            for found, one in rated:
                self._ratings.setdefault(product, []).append(found)
                if one.base_severity:
                    self._words.setdefault(product, one.base_severity)

    def findings(self) -> Iterator[Finding]:
        seen: set[tuple[str, VexState]] = set()
        for name, state in _STATUS.items():
            for product in (self._row.product_status or {}).get(name, ()):
                if (product, state) not in seen:
                    seen.add((product, state))
                    yield self._finding(product, state)

    def _finding(self, product: str, state: VexState) -> Finding:
        component = self._products.get(product) or Component(name=product)
        ratings = tuple(self._ratings.get(product) or self._ratings.get("") or ())
        impact = [one.details for one in self._of(self._threats, product) if isinstance(one, Threat) and one.details]
        remedies = [one for one in self._of(self._remedies, product) if isinstance(one, Remediation)]
        flags = [one.label for one in self._of(self._flags, product) if isinstance(one, Flag)]
        given = self._words.get(product) or self._words.get("") or ""
        return Finding(
            rule=self._rule,
            title=self._row.title or f"{self._rule} in {component.name}",
            severity=self._severity(given, impact, ratings),
            severity_given=given,
            component=component,
            about=self._about,
            remedy="\n".join(one.details for one in remedies if one.details),
            vulnerabilities=self._ids,
            cvss=ratings,
            epss=self._epss.get(product, self._epss.get("")),
            fixed_versions=self._fixed if state is not VexState.FIXED else (),
            vex=Vex(
                state=state,
                justification=", ".join(flags),
                detail="\n".join(impact),
                response=tuple(dict.fromkeys(one.category for one in remedies if one.category)),
            ),
            references=references(*(one.url for one in remedies)),
            seen_at=moment(self._row.discovery_date or self._row.release_date),
        )

    def _severity(self, given: str, impact: list[str], ratings: tuple[Cvss, ...]) -> Severity:
        if given or ratings:
            return graded(given, ratings)
        word = next((text for text in impact if text.strip().isalpha()), "") or self._whole
        return severity(word)

    @staticmethod
    def _of(rows: dict[str, list[Flag | Threat | Remediation]], product: str) -> list[Flag | Threat | Remediation]:
        return [*rows.get(product, ()), *(rows.get("", ()) if product else ())]
